export * from './device.js';
export * from './image-cache.js';
