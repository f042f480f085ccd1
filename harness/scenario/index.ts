export * from './agreement.js';
export * from './device-process.js';
export * from './from-plan.js';
export * from './load.js';
export * from './read.js';
export * from './scenario.js';
export * from './server-process.js';
export * from './train.js';
