export * from './context.js';
export * from './stop.js';
export * from './evaluator.js';
export * from './conclusion.js';
export * from './start-point.js';
export * from './incumbent.js';
