import { TensorFileError } from '../tensors/index.js';
import { readPieces, type Piece } from '../tokenizer/index.js';

/** A Llama as a file of llama2.c holds it; linear layers are outputs × inputs. */
export interface Llama2cFile {
  readonly sizes: Llama2cSizes;
  /** By `token_embed`, `norm`, `head` (where it is not the embedding's), and `blocks.<k>.` q, k, v, attn.proj, mlp.gate, mlp.fc1, mlp.fc2, norm1, norm2. */
  readonly tensors: ReadonlyMap<string, { readonly shape: readonly number[]; readonly values: Float32Array }>;
}

export interface Llama2cSizes {
  readonly width: number;
  readonly mlpWidth: number;
  readonly blocks: number;
  readonly heads: number;
  readonly keyValueHeads: number;
  readonly vocabulary: number;
  /** Longest text, tokens. */
  readonly tokens: number;
  /** The head is the embedding. */
  readonly tied: boolean;
}

/**
 * Forms of the file, all float32: the first (seven integers, then weights); version 1 (256 bytes of header, kinds of tensors in
 * another order); and one with its vocabulary inside, of version 1 as well, whose header names the family.
 */
type Form = 'first' | 'version 1' | 'with vocabulary';

const version1Magic = 0x616b3432;

interface Header {
  readonly form: Form;
  readonly sizes: Llama2cSizes;
  /** Where the header ends. */
  readonly end: number;
}

/**
 * Reads a model of llama2.c (Karpathy 2023). Throws `TensorFileError` for quantised versions, other files, and files of
 * another length than their header implies.
 */
export function readLlama2cFile(file: Uint8Array): Llama2cFile {
  const header = readHeader(file);
  const { sizes, form } = header;
  let offset = form === 'with vocabulary' ? readPieces(file, header.end, sizes.vocabulary).end : header.end;
  const tensors = new Map<string, { shape: readonly number[]; values: Float32Array }>();
  const read = (name: string, ...shape: readonly number[]) => {
    const bytes = 4 * shape.reduce((product, extent) => product * extent, 1);
    if (offset + bytes > file.length) throw new TensorFileError(`the file ends within ${name}`, offset);
    // Copied: the file's bytes need not lie on a multiple of four.
    tensors.set(name, {
      shape,
      values: new Float32Array(Uint8Array.from(file.subarray(offset, offset + bytes)).buffer),
    });
    offset += bytes;
  };
  for (const [name, shape, isOfBlock] of order(header)) {
    if (!isOfBlock) read(name, ...shape);
    else for (let block = 0; block < sizes.blocks; block++) read(`blocks.${block}.${name}`, ...shape);
  }
  // Of the first form, tables of rotary positions follow, which are computed today.
  if (form === 'first') read('rotary', sizes.tokens, sizes.width / sizes.heads);
  tensors.delete('rotary');
  if (!sizes.tied) read('head', sizes.vocabulary, sizes.width);
  if (offset !== file.length) throw new TensorFileError(`${file.length - offset} bytes follow the weights`, offset);
  return { sizes, tensors };
}

/** The vocabulary that a model of llama2.c has inside; undefined where it has none. */
export function readLlama2cPieces(file: Uint8Array): Piece[] | undefined {
  if (!isWithVocabulary(file)) return undefined;
  const { sizes, end } = readHeader(file);
  return readPieces(file, end, sizes.vocabulary).pieces;
}

/** One byte of version, then the length of the family's name and the name. */
function isWithVocabulary(file: Uint8Array): boolean {
  const start = [1, 5, 0, 0, 0, ...new TextEncoder().encode('llama')];
  return start.every((byte, k) => file[k] === byte);
}

function readHeader(file: Uint8Array): Header {
  if (file.length < 28) throw new TensorFileError('no model of llama2.c: the file is shorter than its header');
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  const form = isWithVocabulary(file)
    ? 'with vocabulary'
    : view.getUint32(0, true) === version1Magic
      ? 'version 1'
      : 'first';
  if (form !== 'first' && file.length < 256) throw new TensorFileError('the file is shorter than its header');
  if (form === 'version 1' && view.getInt32(4, true) !== 1) {
    throw new TensorFileError(`version ${view.getInt32(4, true)} of llama2.c is quantised: export it as float32`, 4);
  }
  const start = { first: 0, 'version 1': 8, 'with vocabulary': 10 }[form];
  const field = (k: number) => view.getInt32(start + 4 * k, true);
  // Width, MLP, then in the order of each form.
  const places = form === 'with vocabulary' ? [4, 5, 6, 3, 2] : [2, 3, 4, 5, 6];
  const [blocks, heads, keyValueHeads, words, tokens] = places.map(field) as [number, number, number, number, number];
  const sizes = {
    width: field(0),
    mlpWidth: field(1),
    blocks,
    heads,
    keyValueHeads,
    vocabulary: Math.abs(words),
    tokens,
    tied: form === 'first' ? words > 0 : file[form === 'version 1' ? 36 : 38] === 1,
  };
  const { width } = sizes;
  const areSizes = [width, sizes.mlpWidth, blocks, heads, keyValueHeads, sizes.vocabulary, tokens].every(
    (size) => size >= 1 && size <= 2 ** 24,
  );
  if (!areSizes || width % heads !== 0 || heads % keyValueHeads !== 0) {
    throw new TensorFileError('no model of llama2.c: its header makes no transformer');
  }
  return { form, sizes, end: form === 'first' ? 28 : 256 };
}

/** Tensors in the order of the file, each kind of layer for all blocks together: name, shape, whether every block has one. */
function order({ form, sizes }: Header): [string, readonly number[], boolean][] {
  const { width, mlpWidth, heads, keyValueHeads, vocabulary } = sizes;
  const shared = (width / heads) * keyValueHeads;
  const embedding: [string, number[], boolean] = ['token_embed', [vocabulary, width], false];
  const norm: [string, number[], boolean] = ['norm', [width], false];
  const norm1: [string, number[], boolean] = ['norm1', [width], true];
  const norm2: [string, number[], boolean] = ['norm2', [width], true];
  const attention: [string, number[], boolean][] = [
    ['q', [width, width], true],
    ['k', [shared, width], true],
    ['v', [shared, width], true],
    ['attn.proj', [width, width], true],
  ];
  const gate: [string, number[], boolean] = ['mlp.gate', [mlpWidth, width], true];
  const down: [string, number[], boolean] = ['mlp.fc2', [width, mlpWidth], true];
  const up: [string, number[], boolean] = ['mlp.fc1', [mlpWidth, width], true];
  if (form === 'version 1') return [norm1, norm2, norm, embedding, ...attention, gate, down, up];
  const mlp = form === 'first' ? [gate, down, up] : [gate, up, down];
  return [embedding, norm1, ...attention, norm2, ...mlp, norm];
}
