export { isProvenConvex } from './convexity.js';
export { Dyadic } from './dyadic.js';
export { dualValue } from './bound.js';
export { readProgram, type Box, type ProgramStatement } from './statement.js';
export { verifyProgram, type ProgramVerdict } from './verify-program.js';
