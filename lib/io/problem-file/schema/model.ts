import * as z from 'zod';
import { transformerPresets, type PresetName } from '../../../models/index.js';
import { section } from './building-blocks.js';

/** Names of the models whose published sizes are known. */
export const presetNames = Object.keys(transformerPresets) as [PresetName, ...PresetName[]];

const size = (maximum: number) => z.int().min(1).max(maximum);
const tokens = size(1e6);
const attention = z
  .enum(['full', 'half'])
  .optional()
  .describe('Work of attention in a causal model: every product, or only the half that is needed.');

const presetModel = section(() => ({
  preset: z.enum(presetNames).describe('A model with published sizes.'),
  tokens: tokens.optional().describe('Tokens of one sample, in place of the usual number.'),
  classes: size(1e6).optional().describe('Classes of a classifier, in place of 1000.'),
  attention,
}));

const embedding = z
  .discriminatedUnion('kind', [
    section(() => ({
      kind: z.literal('patches').describe('Image patches.'),
      patchSize: size(1024).describe('Side of a patch, pixels.'),
      channels: size(64).default(3).describe('Channels of a pixel.'),
      classToken: z.boolean().default(true).describe('One more token for the class.'),
    })),
    section(() => ({
      kind: z.literal('tokens').describe('Text tokens.'),
      vocabulary: size(1e7).describe('Different tokens.'),
      positions: z.int().min(0).max(1e7).default(0).describe('Learned positions; 0 for rotary or none.'),
      types: z.int().min(0).max(1000).default(0).describe('Learned token types (BERT: 2).'),
      norm: z.boolean().default(false).describe('A norm after the embedding.'),
    })),
  ])
  .describe('What stands before the first block.');

const head = z
  .discriminatedUnion('kind', [
    section(() => ({
      kind: z.literal('classifier').describe('Acts on one token of a sample.'),
      classes: size(1e6).describe('Number of classes.'),
    })),
    section(() => ({
      kind: z.literal('language-model').describe('Acts on every token.'),
      tied: z.boolean().default(true).describe('Its matrix is that of the embedding.'),
    })),
    section(() => ({ kind: z.literal('pooler').describe('A dense layer on one token (BERT).') })),
  ])
  .describe('What stands after the last block.');

const explicitModel = section(() => ({
  blocks: size(1000).describe('Transformer blocks.'),
  width: size(1e6).describe('Width of the model, a multiple of `heads`.'),
  heads: size(1e4).describe('Attention heads.'),
  keyValueHeads: size(1e4).optional().describe('Key and value heads where they are grouped; by default `heads`.'),
  mlpWidth: size(1e7).describe('Width of the hidden layer of the MLP.'),
  gatedMlp: z.boolean().default(false).describe('Three matrices in the MLP instead of two.'),
  tokens: tokens.describe('Tokens of one sample, class token included.'),
  biases: z.boolean().default(true).describe('Bias vectors in the linear layers.'),
  norm: z.enum(['layer', 'rms']).default('layer').describe('Layer norm, or root-mean-square norm without bias.'),
  finalNorm: z.boolean().default(true).describe('A norm after the last block.'),
  causal: z.boolean().default(false).describe('Attention looks back only.'),
  attention,
  embedding,
  head,
}));

export const modelSection = z
  .union([z.enum(presetNames), presetModel, explicitModel], {
    error: () => `must be the name of a preset (${presetNames.join(', ')}) or a section with \`preset\` or \`blocks\``,
  })
  .describe('The transformer: the name of a preset, a preset with changes, or an explicit shape.');
