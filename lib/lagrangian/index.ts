export * from './problem.js';
export * from './master.js';
export * from './dual.js';
export * from './threshold.js';
