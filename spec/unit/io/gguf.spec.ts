import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import {
  dequantized,
  fromFloat32,
  readGguf,
  readShardIndex,
  readShards,
  TensorFileError,
  writeSafetensors,
} from '../../../lib/io/tensors/index.js';
import { randomStream } from '../../../lib/random/index.js';

/** Written by `bench/peers/gguf_reference.py`: files and values of PyPI's gguf. */
const folder = new URL('../../fixtures/gguf/', import.meta.url);
const file = (name: 'llama' | 'gpt2') => new Uint8Array(readFileSync(new URL(`${name}.gguf`, folder)));
const reference = JSON.parse(readFileSync(new URL('reference.json', folder), 'utf8')) as Readonly<
  Record<'llama' | 'gpt2', { dequantized: Record<string, string> }>
>;
const llama = file('llama');

describe.each(['llama', 'gpt2'] as const)('the GGUF file of a %s', (name) => {
  it('has the values of the reference, bit for bit', () => {
    const { tensors } = readGguf(file(name));
    const found = tensors.map((tensor) => {
      const values = dequantized(tensor);
      expect(values.length).toBe(tensor.shape.reduce((product, extent) => product * extent, 1));
      return [tensor.name, createHash('sha256').update(new Uint8Array(values.buffer)).digest('hex')];
    });
    expect(Object.fromEntries(found)).toEqual(reference[name].dequantized);
  });
});

/** Written by `bench/peers/gguf_types_reference.py`. */
const hashes = JSON.parse(readFileSync(new URL('types.json', folder), 'utf8')) as Readonly<Record<string, string>>;

it('values of every type are those of the reference, bit for bit', () => {
  const { tensors } = readGguf(new Uint8Array(readFileSync(new URL('types.gguf', folder))));
  for (const tensor of tensors) {
    expect(tensor).toMatchObject({ type: tensor.name, shape: [3, 512] });
    const values = dequantized(tensor);
    expect(createHash('sha256').update(new Uint8Array(values.buffer)).digest('hex'), tensor.name).toBe(
      hashes[tensor.name],
    );
  }
  const types = ['F32', 'F16', 'BF16', 'Q8_0', 'Q4_0', 'Q4_1', 'Q5_0', 'Q5_1', 'Q4_K', 'Q5_K', 'Q6_K'];
  expect(tensors.map(({ name }) => name)).toEqual(types);
});

/** A file by hand: metadata and tensor entries as bytes, then data. */
class Bytes {
  private readonly parts: Buffer[] = [];
  u32(...values: number[]): this {
    for (const value of values) this.parts.push(Buffer.from(Uint32Array.of(value).buffer));
    return this;
  }
  u64(...values: (number | bigint)[]): this {
    for (const value of values) this.parts.push(Buffer.from(BigUint64Array.of(BigInt(value)).buffer));
    return this;
  }
  text(value: string | Uint8Array): this {
    const bytes = Buffer.from(value as string);
    this.u64(bytes.length).parts.push(bytes);
    return this;
  }
  raw(bytes: Uint8Array): this {
    this.parts.push(Buffer.from(bytes));
    return this;
  }
  get all(): Uint8Array {
    return new Uint8Array(Buffer.concat(this.parts));
  }
}

interface Made {
  readonly version?: number;
  readonly tensors?: readonly { name: string; shape: (number | bigint)[]; type?: number; offset?: number | bigint }[];
  readonly tensorCount?: number | bigint;
  readonly keys?: readonly ((bytes: Bytes) => void)[];
  readonly keyCount?: number | bigint;
  readonly data?: number;
}

function made({ version = 3, tensors = [], tensorCount, keys = [], keyCount, data = 0 }: Made): Uint8Array {
  const bytes = new Bytes().u32(0x46554747, version).u64(tensorCount ?? tensors.length, keyCount ?? keys.length);
  for (const key of keys) key(bytes);
  for (const { name, shape, type = 0, offset = 0 } of tensors) {
    bytes
      .text(name)
      .u32(shape.length)
      .u64(...shape)
      .u32(type)
      .u64(offset);
  }
  const { length } = bytes.all;
  const padding = data > 0 ? (32 - (length % 32)) % 32 : 0;
  return bytes.raw(new Uint8Array(padding + data)).all;
}

const key = (name: string, type: number, value: (bytes: Bytes) => void) => (bytes: Bytes) => {
  value(bytes.text(name).u32(type));
};
const huge = 2n ** 63n;

describe('a GGUF file', () => {
  it('may hold metadata of every type, and no tensor', () => {
    const nested = key('nested', 9, (bytes) =>
      bytes.u32(9).u64(2).u32(8).u64(1).text('a').u32(0).u64(2).raw(Uint8Array.of(1, 2)),
    );
    const keys = [
      nested,
      key('big', 10, (bytes) => bytes.u64(huge)),
      key('yes', 7, (bytes) => bytes.raw(Uint8Array.of(1))),
      key('minus', 11, (bytes) => bytes.u64(2n ** 64n - 5n)),
      key('half', 12, (bytes) => bytes.raw(new Uint8Array(Float64Array.of(0.5).buffer))),
    ];
    const { metadata, tensors } = readGguf(made({ keys }));
    expect(Object.fromEntries(metadata)).toEqual({
      nested: [['a'], [1, 2]],
      big: huge,
      yes: true,
      minus: -5,
      half: 0.5,
    });
    expect(tensors).toEqual([]);
  });

  it('has its tensors in the order of their bytes, shapes outermost first', () => {
    const tensors = [
      { name: 'b', shape: [3, 2], offset: 32 },
      { name: 'a', shape: [5] },
    ];
    const found = readGguf(made({ tensors, data: 32 + 24 })).tensors;
    expect(found.map(({ name, shape }) => [name, shape])).toEqual([
      ['a', [5]],
      ['b', [2, 3]],
    ]);
  });

  const one = { name: 'a', shape: [4] };
  it.each<[string, Made, string]>([
    ['another version', { version: 1 }, 'version 1 of GGUF'],
    ['the bytes of a big machine', { version: 0x03000000 }, 'version 50331648'],
    ['more tensors than bytes', { tensorCount: huge }, 'the number of tensors is 9223372036854775808'],
    ['a great number of tensors', { tensorCount: 2 ** 40 }, 'more than the file can hold'],
    ['a great number of keys', { keyCount: 2 ** 40 }, 'more than the file can hold'],
    ['a long key', { keys: [(bytes) => bytes.u64(2 ** 40).u64(0)] }, 'the length of a metadata key is 1099511627776'],
    [
      'a key of any length',
      { keys: [key('k'.repeat(70_000), 4, (bytes) => bytes.u32(1))] },
      'a metadata key has 70000 bytes',
    ],
    [
      'a name of any length',
      { tensors: [{ ...one, name: 'n'.repeat(65) }], data: 16 },
      'the name of a tensor has 65 bytes',
    ],
    ['a long array', { keys: [key('k', 9, (bytes) => bytes.u32(8).u64(2 ** 32))] }, 'the length of k is 4294967296'],
    ['an unknown type', { keys: [key('k', 99, (bytes) => bytes.u64(0))] }, 'k has the unknown type 99'],
    ['no truth', { keys: [key('k', 7, (bytes) => bytes.raw(Uint8Array.of(2)))] }, 'neither true nor false'],
    ['no UTF-8', { keys: [key('k', 8, (bytes) => bytes.text(Uint8Array.of(0xff, 0xff)))] }, 'k is not UTF-8'],
    ['a key twice', { keys: [0, 1].map(() => key('k', 4, (bytes) => bytes.u32(1))) }, 'the metadata have k twice'],
    [
      'arrays in arrays without end',
      { keys: [key('k', 9, (bytes) => Array.from({ length: 50 }, () => bytes.u32(9).u64(1)))] },
      'nests arrays too deep',
    ],
    [
      'an odd alignment',
      { keys: [key('general.alignment', 4, (bytes) => bytes.u32(24))], tensors: [one], data: 16 },
      'general.alignment is 24',
    ],
    ['many extents', { tensors: [{ name: 'a', shape: [1, 1, 1, 1, 1] }], data: 4 }, 'has 5 extents'],
    ['a huge extent', { tensors: [{ name: 'a', shape: [huge] }], data: 4 }, 'an extent of tensor a is'],
    [
      'extents whose product is huge',
      { tensors: [{ name: 'a', shape: [2 ** 40, 2 ** 40] }], data: 4 },
      'too many elements',
    ],
    ['nothing in it', { tensors: [{ name: 'a', shape: [0] }], data: 4 }, 'tensor a is empty'],
    [
      'a type that is not read',
      { tensors: [{ ...one, type: 10 }], data: 16 },
      'tensor a has the type Q2_K; read are F32',
    ],
    [
      'a type that nobody knows',
      { tensors: [{ ...one, type: 99 }], data: 16 },
      'tensor a has the type of code 99; read',
    ],
    ['a type of other days', { tensors: [{ ...one, type: 4 }], data: 16 }, 'tensor a has the type of code 4; read are'],
    [
      'large blocks across rows',
      { tensors: [{ name: 'a', shape: [128, 2], type: 14 }], data: 210 },
      'no multiple of 256',
    ],
    [
      'an offset between the alignments',
      { tensors: [one, { ...one, name: 'b', offset: 16 }], data: 32 },
      'leaves a hole',
    ],
    ['a great offset', { tensors: [{ ...one, offset: 2 ** 52 }], data: 16 }, 'leaves a hole'],
    ['a first tensor that begins late', { tensors: [{ ...one, offset: 4 }], data: 32 }, 'leaves a hole'],
    [
      'a tensor larger than any file',
      { tensors: [{ name: 'a', shape: [2 ** 50], type: 0 }], data: 16 },
      'lies outside',
    ],
    ['no alignment', { keys: [key('general.alignment', 4, (bytes) => bytes.u32(0))] }, 'general.alignment is 0'],
    ['an alignment in words', { keys: [key('general.alignment', 8, (bytes) => bytes.text('32'))] }, 'alignment is 32'],
    [
      'an alignment beyond numbers',
      { keys: [key('general.alignment', 10, (bytes) => bytes.u64(huge))] },
      'alignment is 9',
    ],
    ['no header', { version: 3, tensorCount: 0, keyCount: 1 }, 'more than the file can hold'],
    ['blocks across rows', { tensors: [{ name: 'a', shape: [16, 2], type: 8 }], data: 34 }, 'no multiple of 32'],
    ['an offset outside', { tensors: [{ ...one, offset: huge }], data: 16 }, 'the offset of tensor a is'],
    ['a hole', { tensors: [{ ...one, offset: 32 }], data: 48 }, 'tensor a leaves a hole or overlaps'],
    [
      'tensors upon each other',
      { tensors: [one, { ...one, name: 'b' }], data: 16 },
      'tensor b leaves a hole or overlaps',
    ],
    ['two of a name', { tensors: [one, { ...one, offset: 32 }], data: 48 }, 'two tensors are named a'],
    ['too little data', { tensors: [one], data: 12 }, 'tensor a lies outside the file'],
    ['more data', { tensors: [one], data: 33 }, 'bytes after the last tensor'],
  ])('with %s is refused', (_, parts, reason) => {
    const reading = () => readGguf(made(parts));
    expect(reading).toThrow(TensorFileError);
    expect(reading).toThrow(reason);
  });

  it('cut short anywhere is refused', () => {
    for (let length = 0; length < llama.length; length += length < 3000 ? 7 : 501) {
      expect(() => readGguf(llama.slice(0, length))).toThrow(TensorFileError);
    }
  });

  it('of changed bytes is read or refused, in little time and memory', () => {
    const random = randomStream(1, 'gguf.spec');
    const header = 2600;
    const outcomes = { read: 0, refused: 0 };
    for (let trial = 0; trial < 3000; trial++) {
      const bytes = llama.slice();
      const changes = 1 + random.integer(4);
      // 0xff makes lengths and counts huge.
      for (let k = 0; k < changes; k++)
        bytes[random.integer(header)] = random.integer(3) === 0 ? 0xff : random.integer(256);
      try {
        for (const tensor of readGguf(bytes).tensors) expect(tensor.bytes.buffer).toBe(bytes.buffer);
        outcomes.read++;
      } catch (error) {
        expect(error).toBeInstanceOf(TensorFileError);
        outcomes.refused++;
      }
    }
    expect(outcomes.read).toBeGreaterThan(100);
    expect(outcomes.refused).toBeGreaterThan(1000);
  });
});

describe('a model in several safetensors files', () => {
  const tensor = (name: string) => fromFloat32(name, [2], Float32Array.of(1, 2));
  const shard = (...names: string[]) => writeSafetensors({ tensors: names.map(tensor), metadata: {} });
  const index = (map: unknown) => JSON.stringify({ metadata: { total_size: 24 }, weight_map: map });
  const [first, second] = ['model-00001-of-00002.safetensors', 'model-00002-of-00002.safetensors'];
  const map = { a: first, c: second, b: first };

  it('is read whole', () => {
    const files = new Map([
      [first, shard('a', 'b')],
      [second, shard('c')],
    ]);
    expect(readShards(readShardIndex(index(map)), files).map(({ name }) => name)).toEqual(['a', 'b', 'c']);
  });

  it('that lacks a tensor or holds one too many is refused, all of them at once', () => {
    const files = new Map([
      [first, shard('a', 'stray')],
      [second, shard('c', 'b')],
    ]);
    const reading = () => readShards(readShardIndex(index(map)), files);
    expect(reading).toThrow(`${first} lacks b`);
    expect(reading).toThrow(`${first} holds stray`);
    expect(reading).toThrow(`${second} holds b`);
  });

  it.each([
    ['{', 'not JSON'],
    ['[]', 'no weight_map'],
    ['{}', 'no weight_map'],
    [index({}), 'no weight_map'],
    [index({ a: '../../secret.safetensors' }), 'no plain name'],
    [index({ a: '/etc/secret.safetensors' }), 'no plain name'],
    [index({ a: 'C:\\secret.safetensors' }), 'no plain name'],
    [index({ a: '.hidden.safetensors' }), 'no plain name'],
    [index({ a: 7 }), 'no plain name'],
  ])('by the index %s is refused', (text, reason) => {
    expect(() => readShardIndex(text)).toThrow(reason);
    expect(() => readShardIndex(text)).toThrow(TensorFileError);
  });
});
