export * from './stored-tensor.js';
export { readNpy, writeNpy } from './npy.js';
export { type SafetensorsFile, readSafetensors, writeSafetensors } from './safetensors.js';
export { type GgufFile, type GgufTensor, type GgufType, type GgufValue, dequantized, readGguf } from './gguf.js';
export { type ShardIndex, readShardIndex, readShards } from './safetensors-index.js';
