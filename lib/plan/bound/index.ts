export * from './contract.js';
export * from './bound-plan.js';
export * from './certificate.js';
export { confirmBound, verifyBound, type BoundVerification } from './verify.js';
export type { ChoiceColumns, CouplingRow } from './columns.js';
export { BoxOracle } from './box-oracle.js';
export { SeparateOracle } from './separate-oracle.js';
export { buildColumns, columnsOf } from './columns.js';
