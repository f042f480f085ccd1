export * from './data.js';
export * from './devices.js';
export * from './file.js';
export * from './model.js';
export * from './training.js';
