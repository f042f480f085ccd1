export * from './device.js';
export * from './dataset-cache.js';
export * from './remote-device.js';
