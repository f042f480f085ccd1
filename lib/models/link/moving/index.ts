export * from './motion.js';
export * from './shadowing.js';
export * from './jakes.js';
export * from './trace.js';
export * from './site.js';
