export * from './table.js';
export * from './parse.js';
export * from './format.js';
