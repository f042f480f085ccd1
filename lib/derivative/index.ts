export * from './finite-difference.js';
export * from './colouring.js';
export * from './complete.js';
