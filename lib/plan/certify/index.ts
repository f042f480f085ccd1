export { certify, type BoundClaim, type CertifyRequest, type PlanCertificate } from './certify.js';
export { stateProblem, type StatedProblem } from './state-problem.js';
export { verifyPlan } from './verify-plan.js';
