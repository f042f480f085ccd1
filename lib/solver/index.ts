export { ArgumentError } from '../errors/index.js';
export * from './options.js';
export * from './result.js';
export * from './budget.js';
