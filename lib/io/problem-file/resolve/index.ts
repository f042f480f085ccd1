export * from './accuracy.js';
export * from './devices.js';
export * from './draw.js';
export * from './links.js';
export * from './model.js';
export * from './points.js';
export * from './problem.js';
