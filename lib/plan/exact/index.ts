export * from './plan-exact.js';
