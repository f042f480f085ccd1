export * from './batch-order.js';
export * from './cifar.js';
export * from './dataset.js';
export * from './fingerprint.js';
export * from './jpeg.js';
export * from './procedural.js';
export * from './resize.js';
export { type DataSplit, splitOverDevices } from './split.js';
export * from './tiny-imagenet.js';
