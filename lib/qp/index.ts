export { qpOptions, type QpOptions, type QpOptionsInput } from './options.js';
export * from './result.js';
export * from './evidence.js';
export * from './dual-active-set.js';
export { solveQp } from './solve-qp.js';
export type { QpContext } from './run.js';
