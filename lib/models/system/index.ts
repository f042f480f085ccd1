export * from './problem.js';
export * from './choices.js';
export * from './delay.js';
export * from './feasibility.js';
export * from './tolerance.js';
export * from './usage.js';
export * from './source.js';
export * from './moving-cell.js';
