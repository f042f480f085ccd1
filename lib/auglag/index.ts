export * from './options.js';
export * from './subproblem.js';
export * from './subproblem-state.js';
export * from './subproblem-model.js';
export * from './jacobian-rows.js';
export * from './newton-polish.js';
export * from './solve.js';
