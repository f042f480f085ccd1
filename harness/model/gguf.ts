import * as z from 'zod';
import { dequantized, readGguf } from '../../lib/io/tensors/index.js';
import type { DecoderConfig } from './config.js';
import { fromGguf } from './decoder-names.js';
import { WeightError, weightsFrom, type StoredModel } from './weights.js';

const size = z
  .int()
  .min(1)
  .max(2 ** 24);
const blocks = z.int().min(1).max(1000);
const positive = z.number().positive();
const shared = {
  block_count: blocks,
  context_length: size,
  embedding_length: size,
  feed_forward_length: size,
  'attention.head_count': size,
  'attention.head_count_kv': size.optional(),
  vocab_size: size.optional(),
};

/** Every key that a family may have; any other would give the weights another meaning. */
const families = {
  llama: z.strictObject({
    ...shared,
    'attention.layer_norm_rms_epsilon': positive,
    'attention.key_length': size.optional(),
    'attention.value_length': size.optional(),
    'rope.freq_base': positive.default(10_000),
    'rope.dimension_count': size.optional(),
    'rope.scaling.type': z.literal('none').optional(),
    expert_count: z.literal(0).optional(),
    expert_used_count: z.literal(0).optional(),
  }),
  gpt2: z.strictObject({ ...shared, 'attention.layer_norm_epsilon': positive }),
};

/**
 * A Llama or GPT-2 from a GGUF file, dequantised. `tokens` is the length of a sample, the longest that the file allows where
 * it is absent. Throws `TensorFileError` if the file is not readable, `WeightError` naming all that is of another model.
 */
export function readGgufModel(file: Uint8Array, tokens?: number): StoredModel {
  const { metadata, tensors } = readGguf(file);
  const family = metadata.get('general.architecture');
  if (family !== 'llama' && family !== 'gpt2') {
    throw new WeightError(`general.architecture is ${JSON.stringify(family)}: read are llama and gpt2`);
  }
  const keys = [...metadata].filter(([key]) => key.startsWith(`${family}.`));
  const parsed = families[family].safeParse(
    Object.fromEntries(keys.map(([key, value]) => [key.slice(family.length + 1), value])),
  );
  if (!parsed.success) {
    const problems = parsed.error.issues.map(({ path, message }) => `${[family, ...path].join('.')}: ${message}`);
    throw new WeightError(problems.join('\n'));
  }
  const sizes = parsed.data;
  const isLlama = 'rope.freq_base' in sizes;
  const heads = sizes['attention.head_count'];
  const width = sizes.embedding_length;
  const shapeOf = (name: string) => tensors.find((tensor) => tensor.name === name)?.shape;
  const problems: string[] = [];
  if (isLlama) {
    for (const key of ['attention.key_length', 'attention.value_length', 'rope.dimension_count'] as const) {
      const found = sizes[key];
      if (found !== undefined && found !== width / heads)
        problems.push(`llama.${key} ${found} is no head's width ${width / heads}`);
    }
  }
  const longest = sizes.context_length;
  if (tokens !== undefined && tokens > longest) problems.push(`${tokens} tokens are more than the model's ${longest}`);
  if (problems.length > 0) throw new WeightError(problems.join('\n'));
  const config: DecoderConfig = {
    blocks: sizes.block_count,
    width,
    heads,
    keyValueHeads: sizes['attention.head_count_kv'] ?? heads,
    mlpWidth: sizes.feed_forward_length,
    vocabulary: sizes.vocab_size ?? shapeOf('token_embd.weight')?.[0] ?? 1,
    tokens: tokens ?? longest,
    causal: true,
    head: { kind: 'language-model', tied: !shapeOf('output.weight') },
    ...(isLlama
      ? {
          learnedPositions: 0,
          norm: 'rms',
          normEpsilon: sizes['attention.layer_norm_rms_epsilon'],
          activation: 'silu',
          gatedMlp: true,
          biases: false,
          rotaryBase: sizes['rope.freq_base'],
        }
      : {
          learnedPositions: longest,
          norm: 'layer',
          normEpsilon: sizes['attention.layer_norm_epsilon'],
          activation: 'gelu-tanh',
          gatedMlp: false,
          biases: true,
        }),
  };
  const stored = new Map(
    tensors.map((tensor) => [tensor.name, () => ({ shape: tensor.shape, values: dequantized(tensor) })]),
  );
  return { config, weights: weightsFrom(stored, config, fromGguf(config)) };
}
