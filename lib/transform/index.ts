export * from './scaling.js';
export * from './fixed-variables.js';
