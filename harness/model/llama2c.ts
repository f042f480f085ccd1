import type { DecoderConfig } from './config.js';
import { stacked } from './decoder-names.js';
import { WeightError, type HostTensor, type WeightSet } from './host-tensor.js';

/** A model with its sizes, as one file holds it. */
export interface StoredModel {
  readonly config: DecoderConfig;
  readonly weights: WeightSet;
}

const version1Magic = 0x616b3432;

/**
 * A model of llama2.c (Karpathy 2023), in its first form (seven integers, then float32) or version 1 (256 bytes of header).
 * Throws `WeightError` for quantised versions, other files, and files of another length than their header implies.
 */
export function readLlama2c(file: Uint8Array, tokens?: number): StoredModel {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  if (file.length < 28) throw new WeightError('no model of llama2.c: the file is shorter than its header');
  const isVersion1 = view.getUint32(0, true) === version1Magic;
  if (isVersion1 && view.getInt32(4, true) !== 1) {
    throw new WeightError(`version ${view.getInt32(4, true)} of llama2.c is quantised: export it as float32`);
  }
  const field = (k: number) => view.getInt32((isVersion1 ? 8 : 0) + 4 * k, true);
  const [width, mlpWidth, blocks, heads, keyValueHeads, words, longest] = [0, 1, 2, 3, 4, 5, 6].map(field) as [
    number,
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  const sizes = [width, mlpWidth, blocks, heads, keyValueHeads, Math.abs(words), longest];
  if (!sizes.every((size) => size >= 1 && size <= 2 ** 24) || width % heads !== 0 || heads % keyValueHeads !== 0) {
    throw new WeightError('no model of llama2.c: its header makes no transformer');
  }
  const tied = isVersion1 ? file[36] === 1 : words > 0;
  const config: DecoderConfig = {
    width,
    mlpWidth,
    blocks,
    heads,
    keyValueHeads,
    vocabulary: Math.abs(words),
    tokens: tokens ?? longest,
    learnedPositions: 0,
    norm: 'rms',
    normEpsilon: 1e-5,
    causal: true,
    activation: 'silu',
    gatedMlp: true,
    biases: false,
    rotaryBase: 10_000,
    head: { kind: 'language-model', tied },
  };
  return { config, weights: readTensors(file, config, isVersion1, longest) };
}

/** In the order of the file, each kind of layer for all blocks together. */
function readTensors(file: Uint8Array, config: DecoderConfig, isVersion1: boolean, longest: number): WeightSet {
  const { width, mlpWidth, blocks, heads, keyValueHeads, vocabulary, head } = config;
  const shared = (width / heads) * keyValueHeads;
  const isTied = head.kind === 'language-model' && head.tied;
  const blockShapes: [string, number, number][] = [
    ['q', width, width],
    ['k', shared, width],
    ['v', shared, width],
    ['attn.proj', width, width],
  ];
  const mlpShapes: [string, number, number][] = [
    ['mlp.gate', mlpWidth, width],
    ['mlp.fc2', width, mlpWidth],
    ['mlp.fc1', mlpWidth, width],
  ];
  const values = new Map<string, HostTensor>();
  let offset = isVersion1 ? 256 : 28;
  const skip = (count: number) => (offset += 4 * count);
  const read = (name: string, shape: readonly number[]) => {
    const count = shape.reduce((product, extent) => product * extent, 1);
    if (offset + 4 * count > file.length) throw new WeightError(`the file ends within ${name}`);
    // Copied: the file's bytes need not lie on a multiple of four.
    const found = new Float32Array(Uint8Array.from(file.subarray(offset, offset + 4 * count)).buffer);
    skip(count);
    if (!found.every(Number.isFinite)) throw new WeightError(`${name} has values that are not finite`);
    values.set(name, { shape, values: found });
  };
  const eachBlock = (name: string, shape: readonly number[]) => {
    for (let block = 0; block < blocks; block++) read(`blocks.${block}.${name}`, shape);
  };
  if (isVersion1) {
    eachBlock('norm1.weight', [width]);
    eachBlock('norm2.weight', [width]);
    read('norm.weight', [width]);
    read('token_embed.weight', [vocabulary, width]);
    for (const [name, rows, columns] of [...blockShapes, ...mlpShapes]) eachBlock(`${name}.weight`, [rows, columns]);
  } else {
    read('token_embed.weight', [vocabulary, width]);
    eachBlock('norm1.weight', [width]);
    for (const [name, rows, columns] of blockShapes) eachBlock(`${name}.weight`, [rows, columns]);
    eachBlock('norm2.weight', [width]);
    for (const [name, rows, columns] of mlpShapes) eachBlock(`${name}.weight`, [rows, columns]);
    read('norm.weight', [width]);
    // Tables of rotary positions that are computed today.
    if (offset + 4 * longest * (width / heads) <= file.length) skip(longest * (width / heads));
  }
  if (!isTied) read('head.weight', [vocabulary, width]);
  if (offset !== file.length) throw new WeightError(`${file.length - offset} bytes follow the weights`);
  for (let block = 0; block < blocks; block++) {
    const take = (part: string) => {
      const name = `blocks.${block}.${part}.weight`;
      const tensor = values.get(name)!;
      values.delete(name);
      return tensor;
    };
    const parts = [halved(take('q'), heads), halved(take('k'), keyValueHeads), take('v')];
    values.set(`blocks.${block}.attn.qkv.weight`, stacked(parts));
  }
  return values;
}

/** Rows of each head that rotary positions turn in neighbouring pairs, as those that turn entry k against k + half. */
export function halved({ shape, values }: HostTensor, heads: number): HostTensor {
  const [rows, columns] = shape as [number, number];
  const perHead = rows / heads;
  const out = new Float32Array(values.length);
  for (let row = 0; row < rows; row++) {
    const k = row % perHead;
    const from = row - k + (k < perHead / 2 ? 2 * k : 2 * (k - perHead / 2) + 1);
    out.set(values.subarray(from * columns, (from + 1) * columns), row * columns);
  }
  return { shape, values: out };
}
