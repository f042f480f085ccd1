export * from './problem-file/index.js';
export * from './plan-file/index.js';
export * from './measured-profile/index.js';
export * from './scenario-file/index.js';
