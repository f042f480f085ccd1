export * from './rate.js';
export * from './decibel.js';
export * from './path-loss.js';
export * from './fading.js';
export * from './budget.js';
export * from './energy.js';
export * from './moving/index.js';
export * from './scaled.js';
