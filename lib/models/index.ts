export * from './accuracy/index.js';
export * from './codec-rate/index.js';
export * from './link/index.js';
export * from './system/index.js';
export * from './transformer/index.js';
export { randomStream, type RandomStream } from '../random/index.js';
