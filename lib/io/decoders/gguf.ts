import * as z from 'zod';
import { TensorFileError, type GgufFile, type GgufValue } from '../tensors/index.js';
import { gpt2Block, llamaBlock, sampleTokens, type DecoderConfig } from './config.js';

const size = z
  .int()
  .min(1)
  .max(2 ** 24);
const blocks = z.int().min(1).max(1000);
const positive = z.number().positive();
/** One number, or as many alike as there are blocks: what some converters write of every block. */
const perBlock = z.preprocess((value) => {
  const isUniform = Array.isArray(value) && value.length > 0 && value.every((item) => item === value[0]);
  return isUniform ? (value[0] as unknown) : value;
}, size);
const shared = {
  block_count: blocks,
  context_length: size,
  embedding_length: size,
  feed_forward_length: perBlock,
  'attention.head_count': perBlock,
  'attention.head_count_kv': perBlock.optional(),
  'attention.causal': z.literal(true).optional(),
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
    // What leaves the positions as they are.
    'rope.scaling.type': z.literal('none').optional(),
    'rope.scaling.factor': z.literal(1).optional(),
    'rope.scaling.finetuned': z.literal(false).optional(),
    'rope.scale_linear': z.literal(1).optional(),
    // The order of rows that every GGUF of a Llama has.
    tensor_data_layout: z.literal('Meta AI original pth').optional(),
    expert_count: z.literal(0).optional(),
    expert_used_count: z.literal(0).optional(),
  }),
  gpt2: z.strictObject({ ...shared, 'attention.layer_norm_epsilon': positive }),
};

/**
 * What a GGUF file says of its Llama or GPT-2; `tokens` is the length of a sample, the longest that the model allows where it
 * is absent. Throws `TensorFileError` naming every key of another model.
 */
export function ggufDecoder({ metadata, tensors }: GgufFile, tokens?: number): DecoderConfig {
  const parts = metadata.get('split.count') ?? 1;
  if (parts !== 1 && parts !== 0) {
    throw new TensorFileError(
      `the file is one of ${String(parts)} parts of a model: join them with gguf-split --merge`,
    );
  }
  const kind = metadata.get('general.type') ?? 'model';
  if (kind !== 'model') throw new TensorFileError(`the file holds no model: general.type is ${shown(kind)}`);
  const family = metadata.get('general.architecture');
  if (family !== 'llama' && family !== 'gpt2') {
    throw new TensorFileError(`general.architecture is ${shown(family)}: read are llama and gpt2`);
  }
  const keys = [...metadata].filter(([key]) => key.startsWith(`${family}.`));
  const parsed = families[family].safeParse(
    Object.fromEntries(keys.map(([key, value]) => [key.slice(family.length + 1), value])),
  );
  if (!parsed.success) {
    const problems = parsed.error.issues.map(({ path, message }) => `${[family, ...path].join('.')}: ${message}`);
    throw new TensorFileError(problems.join('\n'));
  }
  const sizes = parsed.data;
  const heads = sizes['attention.head_count'];
  const width = sizes.embedding_length;
  const shapeOf = (name: string) => tensors.find((tensor) => tensor.name === name)?.shape;
  const common = {
    blocks: sizes.block_count,
    width,
    heads,
    keyValueHeads: sizes['attention.head_count_kv'] ?? heads,
    mlpWidth: sizes.feed_forward_length,
    vocabulary: sizes.vocab_size ?? shapeOf('token_embd.weight')?.[0] ?? 1,
    tokens: sampleTokens(tokens, sizes.context_length),
    head: { kind: 'language-model', tied: !shapeOf('output.weight') },
  } as const;
  if (!('rope.freq_base' in sizes)) {
    const normEpsilon = sizes['attention.layer_norm_epsilon'];
    return { ...gpt2Block, ...common, learnedPositions: sizes.context_length, normEpsilon };
  }
  for (const key of ['attention.key_length', 'attention.value_length', 'rope.dimension_count'] as const) {
    const found = sizes[key];
    if (found !== undefined && found !== width / heads) {
      throw new TensorFileError(`llama.${key} ${found} is no head's width ${width / heads}`);
    }
  }
  const normEpsilon = sizes['attention.layer_norm_rms_epsilon'];
  return { ...llamaBlock, ...common, normEpsilon, rotaryBase: sizes['rope.freq_base'] };
}

/** A value as a message has it; bigints, which JSON knows not, as they are. */
function shown(value: GgufValue | undefined): string {
  return typeof value === 'string' ? JSON.stringify(value.slice(0, 100)) : String(value).slice(0, 100);
}
