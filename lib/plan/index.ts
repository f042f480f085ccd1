export * from './bandwidth/index.js';
export * from './bound/index.js';
export * from './exact/index.js';
