import { describe, expect, it } from 'vitest';
import { ggufDecoder } from '../../../lib/io/decoders/index.js';
import { TensorFileError, type GgufFile, type GgufValue } from '../../../lib/io/tensors/index.js';

/** Keys as llama.cpp's converter writes them of a small Llama. */
const llama: Readonly<Record<string, GgufValue>> = {
  'general.architecture': 'llama',
  'general.type': 'model',
  'general.name': 'small',
  'general.file_type': 2,
  'general.quantization_version': 2,
  'llama.block_count': 2,
  'llama.context_length': 64,
  'llama.embedding_length': 32,
  'llama.feed_forward_length': 96,
  'llama.attention.head_count': 4,
  'llama.attention.head_count_kv': 2,
  'llama.attention.layer_norm_rms_epsilon': 1e-5,
  'llama.rope.dimension_count': 8,
  'llama.vocab_size': 50,
  'tokenizer.ggml.model': 'llama',
};
const gpt2: Readonly<Record<string, GgufValue>> = {
  'general.architecture': 'gpt2',
  'gpt2.block_count': 2,
  'gpt2.context_length': 64,
  'gpt2.embedding_length': 32,
  'gpt2.feed_forward_length': 128,
  'gpt2.attention.head_count': 4,
  'gpt2.attention.layer_norm_epsilon': 1e-5,
};
const file = (keys: Readonly<Record<string, GgufValue | undefined>>, ...names: string[]): GgufFile => ({
  metadata: new Map(Object.entries(keys).filter((entry): entry is [string, GgufValue] => entry[1] !== undefined)),
  tensors: names.map((name) => ({ name, type: 'F32', shape: [50, 32], bytes: new Uint8Array(6400) })),
});
const words = 'token_embd.weight';

describe('what GGUF files say of a Llama', () => {
  it('is its sizes', () => {
    expect(ggufDecoder(file(llama, words))).toMatchObject({
      ...{ blocks: 2, width: 32, heads: 4, keyValueHeads: 2, mlpWidth: 96, vocabulary: 50, tokens: 64 },
      ...{ normEpsilon: 1e-5, rotaryBase: 10_000, head: { kind: 'language-model', tied: true } },
    });
  });

  it.each<[string, Readonly<Record<string, GgufValue | undefined>>]>([
    ['each block by itself', { 'llama.attention.head_count': [4, 4], 'llama.feed_forward_length': [96, 96] }],
    ['the heads of keys of each block', { 'llama.attention.head_count_kv': [2, 2] }],
    ['no scaling of positions', { 'llama.rope.scaling.type': 'none', 'llama.rope.scaling.finetuned': false }],
    ['a scaling by one', { 'llama.rope.scaling.factor': 1, 'llama.rope.scale_linear': 1 }],
    ['the base of positions', { 'llama.rope.freq_base': 10_000 }],
    ['the width of heads', { 'llama.attention.key_length': 8, 'llama.attention.value_length': 8 }],
    ['no experts', { 'llama.expert_count': 0, 'llama.expert_used_count': 0 }],
    ['the order of rows', { 'llama.tensor_data_layout': 'Meta AI original pth' }],
    ['that it looks back', { 'llama.attention.causal': true }],
    ['that it is whole', { 'split.count': 1, 'split.no': 0 }],
    ['nothing of its kind', { 'general.type': undefined }],
    ['no vocabulary but the matrix', { 'llama.vocab_size': undefined }],
  ])('or %s', (_, keys) => {
    expect(ggufDecoder(file({ ...llama, ...keys }, words))).toEqual(ggufDecoder(file(llama, words)));
  });

  it('or keys as many as queries, a base of its own, and a matrix for its words', () => {
    const keys = { ...llama, 'llama.attention.head_count_kv': undefined, 'llama.rope.freq_base': 5e5 };
    expect(ggufDecoder(file(keys, words, 'output.weight'))).toMatchObject({
      keyValueHeads: 4,
      rotaryBase: 5e5,
      head: { tied: false },
    });
  });

  it.each<[string, Readonly<Record<string, GgufValue | undefined>>, string]>([
    ['a part of a model', { 'split.count': 3 }, 'one of 3 parts of a model'],
    ['an adapter', { 'general.type': 'adapter' }, 'general.type is "adapter"'],
    ['no family', { 'general.architecture': undefined }, 'general.architecture is undefined'],
    ['a family of great number', { 'general.architecture': 2n ** 63n }, 'general.architecture is 9223372036854775808'],
    ['another family', { 'general.architecture': 'qwen2' }, 'general.architecture is "qwen2"'],
    ['unlike blocks', { 'llama.attention.head_count_kv': [2, 4] }, 'llama.attention.head_count_kv'],
    ['no blocks', { 'llama.block_count': 0 }, 'llama.block_count'],
    ['blocks without end', { 'llama.block_count': 2 ** 31 }, 'llama.block_count'],
    ['a width beyond numbers', { 'llama.embedding_length': 2n ** 63n }, 'llama.embedding_length'],
    ['scaled positions', { 'llama.rope.scaling.type': 'linear' }, 'llama.rope.scaling.type'],
    ['positions scaled the old way', { 'llama.rope.scale_linear': 4 }, 'llama.rope.scale_linear'],
    ['a window', { 'llama.attention.sliding_window': 4096 }, 'sliding_window'],
    ['experts', { 'llama.expert_count': 8 }, 'llama.expert_count'],
    ['heads of another width', { 'llama.attention.key_length': 16 }, 'llama.attention.key_length 16'],
    ['a scale of its logits', { 'llama.logit_scale': 2 }, 'logit_scale'],
    ['an epsilon that is no number', { 'llama.attention.layer_norm_rms_epsilon': NaN }, 'layer_norm_rms_epsilon'],
    ['an epsilon of zero', { 'llama.attention.layer_norm_rms_epsilon': 0 }, 'layer_norm_rms_epsilon'],
    ['a base without end', { 'llama.rope.freq_base': Infinity }, 'llama.rope.freq_base'],
    ['a look ahead', { 'llama.attention.causal': false }, 'llama.attention.causal'],
    ['rows in another order', { 'llama.tensor_data_layout': 'other' }, 'llama.tensor_data_layout'],
  ])('and %s is refused', (_, keys, reason) => {
    const reading = () => ggufDecoder(file({ ...llama, ...keys }, words));
    expect(reading).toThrow(TensorFileError);
    expect(reading).toThrow(reason);
  });

  it('all that is wrong at once', () => {
    const keys = { ...llama, 'llama.block_count': -1, 'llama.expert_count': 8, 'llama.logit_scale': 2 };
    expect(() => ggufDecoder(file(keys, words))).toThrow(/block_count[^]*expert_count[^]*logit_scale/u);
  });
});

it('what a GGUF file says of a GPT-2 are its sizes; its words may have a matrix of their own', () => {
  const sizes = { learnedPositions: 64, keyValueHeads: 4, vocabulary: 50, mlpWidth: 128 };
  expect(ggufDecoder(file(gpt2, words))).toMatchObject({ ...sizes, head: { tied: true } });
  expect(ggufDecoder(file(gpt2, words, 'output.weight'))).toMatchObject({ ...sizes, head: { tied: false } });
});
