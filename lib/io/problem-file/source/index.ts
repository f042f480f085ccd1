export * from './issue.js';
export * from './document.js';
export * from './from-zod.js';
