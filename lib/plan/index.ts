export * from './bandwidth/index.js';
