export * from './options.js';
export * from './result.js';
export * from './evidence.js';
export * from './dual-active-set.js';
export * from './solve-qp.js';
export * from './arrowhead-program.js';
export * from './arrowhead-solver.js';
export * from './equality-elimination.js';
