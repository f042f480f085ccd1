export { certify, type CertifyRequest, type PlanCertificate } from './certify.js';
export { stateProblem, type StatedProblem } from './state-problem.js';
export { verifyPlan } from './verify-plan.js';
export type { BoundClaim, ProofNode } from './proof.js';
