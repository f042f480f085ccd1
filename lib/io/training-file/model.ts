import * as z from 'zod';
import { section } from '../reading/index.js';
import { targetOrder } from '../peft/index.js';

const size = (maximum: number) => z.int().min(1).max(maximum);

/** Sizes of models by name. */
export const shapePresets = {
  embedded: { imageSize: 32, patchSize: 8, width: 96, blocks: 6, heads: 3, mlpWidth: 384 },
  'deit-tiny': { imageSize: 224, patchSize: 16, width: 192, blocks: 12, heads: 3, mlpWidth: 768 },
  'deit-small': { imageSize: 224, patchSize: 16, width: 384, blocks: 12, heads: 6, mlpWidth: 1536 },
  'vit-b16': { imageSize: 224, patchSize: 16, width: 768, blocks: 12, heads: 12, mlpWidth: 3072 },
} as const;

const shapeNames = Object.keys(shapePresets) as (keyof typeof shapePresets)[];

const explicitShape = section(() => ({
  patchSize: size(1024).describe('Side of a patch, pixels.'),
  width: size(16384).describe('Width of a token.'),
  blocks: size(1000).describe('Number of blocks L.'),
  heads: size(256).describe('Attention heads; they divide the width.'),
  mlpWidth: size(65536).describe('Inner width of the MLP.'),
  pooling: z.enum(['class-token', 'mean']).default('class-token').describe('What the head sees.'),
}));

const channel = z.number().min(-1).max(2);
const normalisationEntry = z
  .union(
    [
      z.enum(['imagenet', 'plain']),
      section(() => ({
        mean: z.tuple([channel, channel, channel]).describe('Of red, green and blue, 0 … 1.'),
        deviation: z.tuple([channel.positive(), channel.positive(), channel.positive()]).describe('Likewise.'),
      })),
    ],
    { error: () => 'must be `imagenet`, `plain` (−1 … 1) or `{ mean: […], deviation: […] }`' },
  )
  .describe(
    'How the weights want their pixels. Default: `preprocessor_config.json` beside the weights, else that of the shape.',
  );

const modelSection = section(() => ({
  weights: z
    .string()
    .min(1)
    .optional()
    .describe('Safetensors file (timm or Hugging Face names), relative to this file.'),
  seed: z.int().min(0).optional().describe('Draws the weights instead of reading them.'),
  shape: z
    .union([z.enum(shapeNames), explicitShape])
    .default('embedded')
    .describe('Sizes: of a known model, or one by one.'),
  normalisation: normalisationEntry.optional(),
  imageSize: size(4096).optional().describe('Side of the images, pixels; position embeddings are interpolated.'),
}));

const decoderShape = section(() => ({
  width: size(16384).describe('Width of a token.'),
  blocks: size(1000).describe('Number of blocks L.'),
  heads: size(256).describe('Attention heads; they divide the width.'),
  keyValueHeads: size(256).optional().describe('Heads of keys and values; they divide the heads. Default: as many.'),
  mlpWidth: size(65536).describe('Inner width of the MLP.'),
  norm: z.enum(['layer', 'rms']).default('rms').describe('Layer norm or root-mean-square norm.'),
  normEpsilon: z.number().positive().max(1).default(1e-5).describe('Added to the variance.'),
  activation: z.enum(['gelu', 'gelu-tanh', 'silu']).default('silu').describe('Of the MLP.'),
  gatedMlp: z.boolean().default(true).describe('Three matrices in the MLP instead of two.'),
  biases: z.boolean().default(false).describe('Bias vectors of the linear layers.'),
  positions: z.enum(['rotary', 'learned']).default('rotary').describe('How a token’s place is told.'),
  rotaryBase: z.number().gt(1).max(1e9).default(10_000).describe('Base of rotary positions.'),
  tiedHead: z.boolean().default(true).describe('The words’ matrix is that of the embedding.'),
}));

const decoderSection = section(() => ({
  family: z.literal('decoder').describe('A decoder as GPT-2 and Llama are.'),
  weights: z
    .string()
    .min(1)
    .optional()
    .describe(
      'Relative to this file: a .gguf file, a .bin of llama2.c, or a Hugging Face folder, its .safetensors or .safetensors.index.json with config.json beside it. With `shape`: a safetensors file of that shape.',
    ),
  seed: z.int().min(0).optional().describe('Draws the weights of `shape` instead of reading them.'),
  shape: decoderShape
    .optional()
    .describe('Sizes, one by one; words and tokens are those of the data. Default: what the files of `weights` say.'),
  tokenizer: z
    .string()
    .min(1)
    .optional()
    .describe(
      'Of `set: text`, relative to this file: a .gguf, a tokenizer.bin of llama2.c, or a tokenizer.json. Default: inside or beside `weights`.',
    ),
}));

export const modelEntry = z
  .union([z.enum(['embedded', 'embedded-decoder']), decoderSection, modelSection], {
    error: () => 'must be `embedded`, `embedded-decoder`, or a section with `weights` or `seed`',
  })
  .describe(
    '`embedded`, a vision transformer, and `embedded-decoder` come with the project; or weights from a file or a seed.',
  );

export const loraSection = section(() => ({
  rank: size(4096).default(8).describe('Rank r.'),
  alpha: z.number().positive().max(1e6).default(16).describe('Adapters count alpha / rank.'),
  targets: z.array(z.enum(targetOrder)).min(1).default(['query', 'value']).describe('Layers that carry an adapter.'),
  dropout: z.number().min(0).max(0.99).default(0).describe('Share of an adapter’s inputs dropped in training.'),
  trainHead: z
    .boolean()
    .optional()
    .describe(
      'Train the classifier too, with whoever holds the last block; default yes, as a new one knows nothing of the classes.',
    ),
})).meta({ id: 'lora', title: 'LoRA adapters' });

export type DecoderShape = z.output<typeof decoderShape>;
