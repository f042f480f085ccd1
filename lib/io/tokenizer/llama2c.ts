import { TensorFileError } from '../tensors/index.js';
import { pieceTokenizer, type Piece } from './pieces.js';
import type { StoredTokenizer } from './stored-tokenizer.js';

const byteToken = /^<0x[0-9A-F]{2}>$/u;

/**
 * The tokeniser of a llama2.c model from its `tokenizer.bin` (the length of the longest piece, then pieces to the end of the
 * file). Throws `TensorFileError`.
 */
export function llama2cTokenizer(file: Uint8Array): StoredTokenizer {
  return tokenizerOfPieces(readPieces(file, 4, Infinity).pieces);
}

/** The tokeniser of pieces of which the first three are unknown, begin and end. */
export function tokenizerOfPieces(pieces: readonly Piece[]): StoredTokenizer {
  if (pieces.length < 3)
    throw new TensorFileError('the vocabulary lacks its first three pieces: unknown, begin and end');
  return pieceTokenizer(pieces, { addsSpace: true, begin: 1, end: 2 });
}

/** Pieces of llama2.c from `offset` on, at most `count`, and where they end: each a score in float32, a length in bytes, UTF-8. */
export function readPieces(file: Uint8Array, offset: number, count: number): { pieces: Piece[]; end: number } {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  const pieces: Piece[] = [];
  let at = offset;
  while (pieces.length < count && (at < file.length || count < Infinity)) {
    const length = at + 8 <= file.length ? view.getUint32(at + 4, true) : Infinity;
    if (at + 8 + length > file.length) throw new TensorFileError('the file ends within its vocabulary', at);
    const score = view.getFloat32(at, true);
    if (!Number.isFinite(score)) throw new TensorFileError('a piece has no score', at);
    let text: string;
    try {
      // tokenizer.bin has spaces as they are.
      text = decoder.decode(file.subarray(at + 8, at + 8 + length)).replaceAll(' ', '▁');
    } catch {
      throw new TensorFileError('a piece is not UTF-8', at);
    }
    const id = pieces.length;
    const kind = id === 0 ? 'unknown' : id < 3 ? 'control' : byteToken.test(text) ? 'byte' : 'normal';
    // Begin and end stand between line feeds there.
    pieces.push({ text: kind === 'control' ? text.trim() : text, score, kind });
    at += 8 + length;
  }
  return { pieces, end: at };
}
