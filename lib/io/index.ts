export * from './problem-file/index.js';
