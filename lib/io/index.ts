export * from './problem-file/index.js';
export * from './plan-file/index.js';
export * from './measured-profile/index.js';
