import { type StoredTensor, type TensorDtype, TensorFileError, dtypeBytes, elementCount } from './stored-tensor.js';

/** Contents of a `.safetensors` file: tensors in the order of their bytes, and the string metadata. */
export interface SafetensorsFile {
  /** In the order of the file. */
  readonly tensors: readonly StoredTensor[];
  /** Texts of the header; empty without any. */
  readonly metadata: Readonly<Record<string, string>>;
}

/** Header limit of the reference implementation. */
const MAX_HEADER_BYTES = 100_000_000;

/**
 * Reads a `.safetensors` file: u64 header length, JSON header, then the tensors' bytes, which must cover the rest of the
 * file without hole or overlap. The tensors' bytes are views into `file`.
 *
 * @param file - Content of the file.
 * @throws TensorFileError with the place where the file does not hold.
 * @example
 * ```ts
 * import { fromFloat32, readSafetensors, writeSafetensors } from 'sft-opt/io/tensors';
 *
 * const file = writeSafetensors({ tensors: [fromFloat32('w', [2], Float32Array.of(1, 2))], metadata: {} });
 * console.log(readSafetensors(file).tensors.map(({ name, shape }) => [name, shape])); // [ [ 'w', [ 2 ] ] ]
 * ```
 */
export function readSafetensors(file: Uint8Array): SafetensorsFile {
  if (file.length < 8) throw new TensorFileError('not a safetensors file: shorter than its length field', file.length);
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  const headerBytes = Number(view.getBigUint64(0, true));
  if (headerBytes > MAX_HEADER_BYTES || headerBytes > file.length - 8) {
    throw new TensorFileError(`the header claims ${headerBytes} bytes, the file has ${file.length - 8}`, 0);
  }
  const data = file.subarray(8 + headerBytes);
  const metadata: Record<string, string> = Object.create(null) as Record<string, string>;
  const placed: { begin: number; end: number; tensor: StoredTensor }[] = [];
  for (const [name, entry] of Object.entries(parseHeader(file.subarray(8, 8 + headerBytes)))) {
    if (!isRecord(entry)) throw new TensorFileError(`header entry ${name} is not an object`);
    if (name === '__metadata__') {
      for (const [key, value] of Object.entries(entry)) metadata[key] = String(value);
    } else {
      placed.push(readEntry(name, entry, data));
    }
  }
  placed.sort((a, b) => a.begin - b.begin || a.end - b.end);
  let covered = 0;
  for (const { begin, end, tensor } of placed) {
    if (begin !== covered) throw new TensorFileError(`tensor ${tensor.name} leaves a hole or overlaps`, begin);
    covered = end;
  }
  if (covered !== data.length) throw new TensorFileError('bytes after the last tensor', covered);
  return { tensors: placed.map(({ tensor }) => tensor), metadata: Object.fromEntries(Object.entries(metadata)) };
}

/**
 * Writes a `.safetensors` file; the header is padded with spaces to a multiple of 8 bytes.
 *
 * @param file - Tensors and metadata.
 * @throws TensorFileError for names that are no valid Unicode, used twice or kept for the metadata.
 * @example
 * ```ts
 * import { fromFloat32, readSafetensors, writeSafetensors } from 'sft-opt/io/tensors';
 *
 * const file = writeSafetensors({ tensors: [fromFloat32('w', [2], Float32Array.of(1, 2))], metadata: { format: 'pt' } });
 * console.log(readSafetensors(file).metadata); // { format: 'pt' }
 * ```
 */
export function writeSafetensors(file: SafetensorsFile): Uint8Array<ArrayBuffer> {
  // Without a prototype any name is a plain key, `__proto__` as well.
  const header = Object.create(null) as Record<string, unknown>;
  if (Object.keys(file.metadata).length > 0) header['__metadata__'] = file.metadata;
  let offset = 0;
  for (const tensor of file.tensors) {
    if (tensor.name === '__metadata__') {
      throw new TensorFileError('a tensor is named __metadata__, which safetensors files keep for their metadata');
    }
    if (Object.hasOwn(header, tensor.name)) throw new TensorFileError(`two tensors are named ${tensor.name}`);
    checkName(tensor.name);
    checkLength(tensor);
    header[tensor.name] = {
      dtype: tensor.dtype,
      shape: tensor.shape,
      data_offsets: [offset, offset + tensor.bytes.length],
    };
    offset += tensor.bytes.length;
  }
  const json = new TextEncoder().encode(JSON.stringify(header));
  const headerBytes = Math.ceil(json.length / 8) * 8;
  const out = new Uint8Array(8 + headerBytes + offset);
  new DataView(out.buffer).setBigUint64(0, BigInt(headerBytes), true);
  out.fill(0x20, 8, 8 + headerBytes);
  out.set(json, 8);
  let position = 8 + headerBytes;
  for (const { bytes } of file.tensors) {
    out.set(bytes, position);
    position += bytes.length;
  }
  return out;
}

/** Throws unless the bytes are as many as the shape asks for. */
export function checkLength(tensor: StoredTensor): void {
  const expected = elementCount(tensor.shape) * dtypeBytes[tensor.dtype];
  if (expected !== tensor.bytes.length) {
    throw new TensorFileError(
      `tensor ${tensor.name || '(unnamed)'} of shape [${tensor.shape.join(', ')}] and type ${tensor.dtype} needs ${expected} bytes, has ${tensor.bytes.length}`,
    );
  }
}

function parseHeader(bytes: Uint8Array): Record<string, unknown> {
  let header: unknown;
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    header = JSON.parse(text);
  } catch (cause) {
    throw new TensorFileError(`the header is not JSON: ${cause instanceof Error ? cause.message : String(cause)}`, 8);
  }
  if (!isRecord(header)) throw new TensorFileError('the header is not an object', 8);
  refuseRepeatedKeys(text);
  for (const name of Object.keys(header)) checkName(name);
  return header;
}

/** A name of lone surrogates has no UTF-8: it would come back as another one. */
function checkName(name: string): void {
  if (/\p{Surrogate}/u.test(name)) throw new TensorFileError(`the name ${JSON.stringify(name)} is no valid Unicode`);
}

/** `JSON.parse` keeps the last of equal keys without a word. The text is valid JSON. */
function refuseRepeatedKeys(text: string): void {
  const open: Set<string>[] = [];
  for (const [token, key] of text.matchAll(/("(?:[^"\\]|\\.)*")\s*:|"(?:[^"\\]|\\.)*"|[{}]/gu)) {
    if (token === '{') open.push(new Set());
    else if (token === '}') open.pop();
    else if (key !== undefined) {
      const name = JSON.parse(key) as string;
      if (open.at(-1)!.has(name)) throw new TensorFileError(`the header has the key ${name} twice`, 8);
      open.at(-1)!.add(name);
    }
  }
}

function readEntry(
  name: string,
  entry: Record<string, unknown>,
  data: Uint8Array,
): { begin: number; end: number; tensor: StoredTensor } {
  const { dtype, shape, data_offsets: offsets } = entry;
  if (typeof dtype !== 'string' || !Object.hasOwn(dtypeBytes, dtype)) {
    throw new TensorFileError(`tensor ${name} has the unknown type ${String(dtype)}`);
  }
  if (!isNumbers(shape)) throw new TensorFileError(`tensor ${name} has no shape`);
  if (!isNumbers(offsets) || offsets.length !== 2) throw new TensorFileError(`tensor ${name} has no data_offsets`);
  const [begin, end] = offsets as [number, number];
  if (!Number.isSafeInteger(begin) || !Number.isSafeInteger(end) || begin < 0 || end < begin || end > data.length) {
    throw new TensorFileError(`tensor ${name} lies outside the file`, begin);
  }
  const tensor: StoredTensor = { name, dtype: dtype as TensorDtype, shape, bytes: data.subarray(begin, end) };
  checkLength(tensor);
  return { begin, end, tensor };
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isNumbers(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((item) => typeof item === 'number');
}
