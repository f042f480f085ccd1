export * from './fit/index.js';
export * from './model.js';
