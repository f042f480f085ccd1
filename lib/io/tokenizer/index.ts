export { ggufTokenizer } from './gguf.js';
export { llama2cTokenizer, readPieces, tokenizerOfPieces } from './llama2c.js';
export type { Piece } from './pieces.js';
export type { StoredTokenizer } from './stored-tokenizer.js';
