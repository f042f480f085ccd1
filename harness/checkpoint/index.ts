export * from './checkpoint.js';
export * from './format.js';
export * from './store.js';
