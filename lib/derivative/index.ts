export * from './finite-difference.js';
export * from './colouring.js';
export * from './complete.js';
export * from './difference-hessian.js';
export * from './check.js';
