export * from './bandwidth/index.js';
export * from './bound/index.js';
