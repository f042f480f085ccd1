export * from './acceptance.js';
export * from './filter.js';
export * from './merit.js';
