export { certify, type CertifyRequest, type PlanCertificate } from './certify.js';
export { stateProblem } from './state-problem.js';
export { verifyPlan } from './verify-plan.js';
