export { isProvenConvex } from './convexity.js';
export { Dyadic } from './dyadic.js';
export { dualValue, isImplied, type Box, type Tightening } from './bound.js';
export { programObligations, readProgram, type ProgramObligation, type ProgramStatement } from './statement.js';
export { verifyProgram, type ProgramVerdict } from './verify-program.js';
