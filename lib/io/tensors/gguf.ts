import { dequantizedBlocks, ggmlType, ggmlTypes, type GgufType } from './ggml-blocks.js';
import { elementCount, TensorFileError, toFloat32, type TensorDtype } from './stored-tensor.js';

export type { GgufType } from './ggml-blocks.js';

// Written here since @huggingface/gguf 0.4.6 parses headers alone, of a URL or a path but not of bytes, looks at neither
// offsets nor overlaps, and has no dequantisation.

/** Value of a metadata key; 64-bit integers that a number cannot hold are bigint. */
export type GgufValue = string | number | bigint | boolean | readonly GgufValue[];

/** A tensor as it lies in a GGUF file; the shape is row-major (outermost first), as everywhere else here. */
export interface GgufTensor {
  /** Name within the file. */
  readonly name: string;
  /** How its numbers are stored. */
  readonly type: GgufType;
  /** Extents, the outermost first. */
  readonly shape: readonly number[];
  /** Row-major, little-endian. */
  readonly bytes: Uint8Array;
}

/** Contents of a GGUF file: metadata, and tensors in the order of their bytes. */
export interface GgufFile {
  /** By key, as in `general.architecture`. */
  readonly metadata: ReadonlyMap<string, GgufValue>;
  /** In the order of their bytes. */
  readonly tensors: readonly GgufTensor[];
}

/** Types of metadata values in the order of their codes, with the least bytes of one. */
const valueTypes = [
  ['u8', 1],
  ['i8', 1],
  ['u16', 2],
  ['i16', 2],
  ['u32', 4],
  ['i32', 4],
  ['f32', 4],
  ['bool', 1],
  ['string', 8],
  ['array', 12],
  ['u64', 8],
  ['i64', 8],
  ['f64', 8],
] as const;

type ValueType = (typeof valueTypes)[number][0];

/** Arrays inside arrays, at most. */
const MAX_DEPTH = 4;
/** ggml's own limit. */
const MAX_EXTENTS = 4;
/** Bytes of a name and of a key at most, as the format has it. */
const MAX_NAME_BYTES = 64;
const MAX_KEY_BYTES = 2 ** 16 - 1;
/** Least bytes of a metadata entry (key's length, type, value) and of a tensor's entry (name's length, extents, type, offset). */
const LEAST_ENTRY = 13;
const LEAST_TENSOR = 24;

/** A place in the file; nothing is read or allocated that the rest of the file cannot hold. */
class Cursor {
  offset = 0;
  private readonly view: DataView;
  private readonly decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

  constructor(private readonly file: Uint8Array) {
    this.view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  }

  /** Moves past `bytes` and says where they began. */
  skip(bytes: number): number {
    const at = this.offset;
    if (bytes > this.file.length - at) throw new TensorFileError('the file ends within its header', at);
    this.offset += bytes;
    return at;
  }

  u32(): number {
    return this.view.getUint32(this.skip(4), true);
  }

  /** An unsigned 64-bit number that must be a safe integer. */
  size(what: string): number {
    const at = this.skip(8);
    const value = this.view.getBigUint64(at, true);
    if (value > BigInt(Number.MAX_SAFE_INTEGER)) throw new TensorFileError(`${what} is ${value}`, at);
    return Number(value);
  }

  /** A number of things of which each takes at least `least` bytes. */
  count(what: string, least: number): number {
    const at = this.offset;
    const count = this.size(what);
    if (count > (this.file.length - this.offset) / least) {
      throw new TensorFileError(`${what} is ${count}, more than the file can hold`, at);
    }
    return count;
  }

  string(what: string, most = Infinity): string {
    const length = this.count(`the length of ${what}`, 1);
    if (length > most)
      throw new TensorFileError(`${what} has ${length} bytes, at most ${most} are allowed`, this.offset);
    const at = this.skip(length);
    try {
      return this.decoder.decode(this.file.subarray(at, at + length));
    } catch {
      throw new TensorFileError(`${what} is not UTF-8`, at);
    }
  }

  value(type: ValueType, key: string, depth = 0): GgufValue {
    const { view } = this;
    switch (type) {
      case 'u8':
        return view.getUint8(this.skip(1));
      case 'i8':
        return view.getInt8(this.skip(1));
      case 'u16':
        return view.getUint16(this.skip(2), true);
      case 'i16':
        return view.getInt16(this.skip(2), true);
      case 'u32':
        return this.u32();
      case 'i32':
        return view.getInt32(this.skip(4), true);
      case 'f32':
        return view.getFloat32(this.skip(4), true);
      case 'f64':
        return view.getFloat64(this.skip(8), true);
      case 'u64':
        return plain(view.getBigUint64(this.skip(8), true));
      case 'i64':
        return plain(view.getBigInt64(this.skip(8), true));
      case 'bool': {
        const at = this.skip(1);
        const byte = view.getUint8(at);
        if (byte > 1) throw new TensorFileError(`${key} is neither true nor false but ${byte}`, at);
        return byte === 1;
      }
      case 'string':
        return this.string(key);
      case 'array': {
        if (depth === MAX_DEPTH) throw new TensorFileError(`${key} nests arrays too deep`, this.offset);
        const [item, least] = this.type(key);
        const length = this.count(`the length of ${key}`, least);
        return Array.from({ length }, () => this.value(item, key, depth + 1));
      }
    }
  }

  type(key: string): (typeof valueTypes)[number] {
    const at = this.offset;
    const code = this.u32();
    const found = valueTypes[code];
    if (!found) throw new TensorFileError(`${key} has the unknown type ${code}`, at);
    return found;
  }
}

function plain(value: bigint): number | bigint {
  return Number.isSafeInteger(Number(value)) ? Number(value) : value;
}

interface Entry {
  readonly name: string;
  readonly type: GgufType;
  readonly shape: readonly number[];
  readonly begin: number;
  readonly bytes: number;
}

/**
 * Reads a GGUF file (version 2 or 3, little-endian): metadata and tensors, whose bytes are views into `file`. Tensors must
 * follow each other, apart only by the alignment's padding, to the end of the file. Throws `TensorFileError` for what does
 * not hold, for types other than F32, F16, BF16, Q8_0, Q4_0, Q4_1, Q5_0, Q5_1, Q4_K, Q5_K and Q6_K among them.
 *
 * @param file - Content of the file.
 * @throws TensorFileError with the place where the file does not hold, and for types that are not taken.
 * @example
 * ```ts
 * import { TensorFileError, readGguf } from 'sft-opt/io/tensors';
 *
 * try {
 *   readGguf(new Uint8Array(8));
 * } catch (error) {
 *   console.log(error instanceof TensorFileError); // true
 * }
 * ```
 */
export function readGguf(file: Uint8Array): GgufFile {
  const cursor = new Cursor(file);
  if (file.length < 24 || cursor.u32() !== 0x46554747) throw new TensorFileError('not a GGUF file', 0);
  const version = cursor.u32();
  if (version !== 2 && version !== 3) {
    throw new TensorFileError(`version ${version} of GGUF is not read, 2 and 3 of little-endian machines are`, 4);
  }
  const tensorCount = cursor.count('the number of tensors', LEAST_TENSOR);
  const keyCount = cursor.count('the number of metadata keys', LEAST_ENTRY);
  const metadata = new Map<string, GgufValue>();
  for (let k = 0; k < keyCount; k++) {
    const at = cursor.offset;
    const key = cursor.string('a metadata key', MAX_KEY_BYTES);
    const shown = key.slice(0, 100);
    if (metadata.has(key)) throw new TensorFileError(`the metadata have ${shown} twice`, at);
    metadata.set(key, cursor.value(cursor.type(shown)[0], shown));
  }
  const entries = Array.from({ length: tensorCount }, () => readEntry(cursor));
  const alignment = metadata.get('general.alignment') ?? 32;
  if (
    typeof alignment !== 'number' ||
    alignment < 8 ||
    alignment > 2 ** 20 ||
    !Number.isInteger(Math.log2(alignment))
  ) {
    throw new TensorFileError(`general.alignment is ${String(alignment)}, no power of two from 8 on`);
  }
  return { metadata, tensors: placed(entries, file, cursor.offset, alignment) };
}

function readEntry(cursor: Cursor): Entry {
  const name = cursor.string('the name of a tensor', MAX_NAME_BYTES);
  const extents = cursor.u32();
  if (extents > MAX_EXTENTS) throw new TensorFileError(`tensor ${name} has ${extents} extents`, cursor.offset);
  const shape = Array.from({ length: extents }, () => cursor.size(`an extent of tensor ${name}`)).reverse();
  const code = cursor.u32();
  const found = ggmlType(code);
  if ('unread' in found) {
    throw new TensorFileError(
      `tensor ${name} has the type ${found.unread}; read are ${Object.keys(ggmlTypes).join(', ')}`,
      cursor.offset,
    );
  }
  const { type } = found;
  const begin = cursor.size(`the offset of tensor ${name}`);
  const { values, bytes } = ggmlTypes[type];
  // ggml counts no empty tensors, and blocks lie within rows.
  if (shape.includes(0)) throw new TensorFileError(`tensor ${name} is empty`, cursor.offset);
  if ((shape.at(-1) ?? 1) % values !== 0) {
    throw new TensorFileError(`tensor ${name} of ${type} has rows of ${shape.at(-1) ?? 1}, no multiple of ${values}`);
  }
  return { name, type, shape, begin, bytes: (elementCount(shape) / values) * bytes };
}

function placed(entries: readonly Entry[], file: Uint8Array, header: number, alignment: number): GgufTensor[] {
  const aligned = (offset: number) => Math.ceil(offset / alignment) * alignment;
  const data = file.subarray(Math.min(file.length, aligned(header)));
  const names = new Set<string>();
  let end = 0;
  const tensors = [...entries]
    .sort((a, b) => a.begin - b.begin)
    .map(({ name, type, shape, begin, bytes }) => {
      if (names.has(name)) throw new TensorFileError(`two tensors are named ${name}`);
      names.add(name);
      if (begin !== aligned(end)) throw new TensorFileError(`tensor ${name} leaves a hole or overlaps`, begin);
      end = begin + bytes;
      if (end > data.length) throw new TensorFileError(`tensor ${name} lies outside the file`, begin);
      return { name, type, shape, bytes: data.subarray(begin, end) };
    });
  // The last tensor may be padded too.
  if (data.length > aligned(end)) throw new TensorFileError('bytes after the last tensor', aligned(header) + end);
  return tensors;
}

/**
 * Values of a GGUF tensor as float32. F16 and BF16 are exact; of the block formats, products and sums are rounded to float32
 * one by one, as ggml's reference does.
 *
 * @param tensor - A tensor of the file.
 * @example
 * ```ts
 * import { dequantized } from 'sft-opt/io/tensors';
 *
 * const bytes = new Uint8Array(Float32Array.of(1, 2).buffer);
 * console.log(dequantized({ name: 'w', type: 'F32', shape: [2], bytes })); // Float32Array(2) [ 1, 2 ]
 * ```
 */
export function dequantized(tensor: GgufTensor): Float32Array {
  const { type, bytes } = tensor;
  if (type === 'F32' || type === 'F16' || type === 'BF16') {
    return toFloat32({ ...tensor, dtype: type satisfies TensorDtype });
  }
  return dequantizedBlocks(type, bytes);
}
