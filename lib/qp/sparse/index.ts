// All of `sft-opt/qp`, but for `solveQp` and its options, which have more methods here.
export * from '../index.js';
export { qpOptions, type QpOptions, type QpOptionsInput } from './options.js';
export { solveQp } from './solve-qp.js';
export * from './arrowhead-program.js';
export * from './arrowhead-solver.js';
export * from './equality-elimination.js';
