import * as z from 'zod';
import { TensorFileError } from '../tensors/index.js';
import { gpt2Block, llamaBlock, sampleTokens, type DecoderConfig } from './config.js';

const size = z
  .int()
  .min(1)
  .max(2 ** 24);
const blocks = z.int().min(1).max(1000);
const off = z.literal([false, null]).optional();
const on = z.literal([true, null]).optional();

/** What each field may be for the model to compute what a decoder here computes; fields that compute nothing are passed over. */
const gpt2 = z.looseObject({
  model_type: z.literal('gpt2'),
  activation_function: z.literal(['gelu_new', 'gelu_pytorch_tanh']).default('gelu_new'),
  n_embd: size.default(768),
  n_layer: blocks.default(12),
  n_head: size.default(12),
  n_inner: size.nullish(),
  n_positions: size.default(1024),
  vocab_size: size.default(50_257),
  layer_norm_epsilon: z.number().positive().default(1e-5),
  scale_attn_weights: on,
  scale_attn_by_inverse_layer_idx: off,
  add_cross_attention: off,
  tie_word_embeddings: z.boolean().default(true),
});

const rope = z.looseObject({
  rope_type: z.literal('default').optional(),
  type: z.literal('default').optional(),
  rope_theta: z.number().positive().optional(),
  partial_rotary_factor: z.literal(1).optional(),
});

const llama = z.looseObject({
  model_type: z.literal('llama'),
  hidden_act: z.literal('silu').default('silu'),
  hidden_size: size,
  intermediate_size: size,
  num_hidden_layers: blocks,
  num_attention_heads: size,
  num_key_value_heads: size.nullish(),
  head_dim: size.nullish(),
  max_position_embeddings: size.default(2048),
  vocab_size: size,
  rms_norm_eps: z.number().positive().default(1e-6),
  rope_theta: z.number().positive().optional(),
  rope_scaling: rope.nullish(),
  rope_parameters: rope.nullish(),
  attention_bias: off,
  mlp_bias: off,
  tie_word_embeddings: z.boolean().default(false),
});

/**
 * A decoder from Hugging Face's `config.json` of a GPT-2 or Llama; `tokens` is the length of a sample, the longest where it
 * is absent. Throws `TensorFileError` naming every field of another model.
 */
export function readDecoderConfig(text: string, tokens?: number): DecoderConfig {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw new TensorFileError(`the configuration of the model is not JSON: ${(cause as Error).message}`);
  }
  const parsed = z.discriminatedUnion('model_type', [gpt2, llama]).safeParse(json);
  if (!parsed.success) {
    const problems = parsed.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`);
    throw new TensorFileError(`the configuration of the model cannot be used: ${problems.join('; ')}`);
  }
  const fields = parsed.data;
  const head = { kind: 'language-model', tied: fields.tie_word_embeddings } as const;
  if (fields.model_type === 'gpt2') {
    return {
      ...gpt2Block,
      width: fields.n_embd,
      blocks: fields.n_layer,
      heads: fields.n_head,
      keyValueHeads: fields.n_head,
      mlpWidth: fields.n_inner ?? 4 * fields.n_embd,
      vocabulary: fields.vocab_size,
      tokens: sampleTokens(tokens, fields.n_positions),
      learnedPositions: fields.n_positions,
      normEpsilon: fields.layer_norm_epsilon,
      head,
    };
  }
  const { hidden_size: width, num_attention_heads: heads, head_dim: headWidth } = fields;
  if (headWidth && headWidth !== width / heads) {
    throw new TensorFileError(`head_dim ${headWidth} is not hidden_size / num_attention_heads = ${width / heads}`);
  }
  return {
    ...llamaBlock,
    width,
    blocks: fields.num_hidden_layers,
    heads,
    keyValueHeads: fields.num_key_value_heads ?? heads,
    mlpWidth: fields.intermediate_size,
    vocabulary: fields.vocab_size,
    tokens: sampleTokens(tokens, fields.max_position_embeddings),
    normEpsilon: fields.rms_norm_eps,
    rotaryBase: fields.rope_parameters?.rope_theta ?? fields.rope_scaling?.rope_theta ?? fields.rope_theta ?? 10_000,
    head,
  };
}
