export * from './stored-tensor.js';
export { readNpy, writeNpy } from './npy.js';
export { type SafetensorsFile, readSafetensors, writeSafetensors } from './safetensors.js';
