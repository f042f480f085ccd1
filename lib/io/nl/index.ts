export * from './error.js';
export * from './graph.js';
export * from './model.js';
export * from './opcodes.js';
export * from './read.js';
export * from './compile.js';
