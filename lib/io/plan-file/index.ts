export * from './decisions.js';
export * from './schema.js';
export * from './read.js';
export * from './names.js';
