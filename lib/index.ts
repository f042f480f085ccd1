export * from './problem/index.js';
export * from './solver/index.js';
