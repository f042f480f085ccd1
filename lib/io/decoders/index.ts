export { llamaBlock, sampleTokens, type BlockConfig, type DecoderConfig } from './config.js';
export { ggufDecoder } from './gguf.js';
export { readDecoderConfig } from './hugging-face.js';
export { fromDecoder, fromGguf, fromLlama2c, stacked, type Naming, type Take } from './names.js';
