export * from './contract.js';
export * from './bound-plan.js';
export * from './certificate.js';
export { verifyBound, type BoundVerification } from './verify.js';
export type { ChoiceColumns, CouplingRow } from './columns.js';
