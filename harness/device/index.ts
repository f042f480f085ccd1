export * from './device.js';
export * from './image-cache.js';
export * from './remote-device.js';
