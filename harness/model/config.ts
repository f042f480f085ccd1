import type { BlockConfig, DecoderConfig } from '../../lib/io/decoders/index.js';
import type { TransformerShape } from '../../lib/models/index.js';

export type { BlockConfig, DecoderConfig } from '../../lib/io/decoders/index.js';

/** A pre-norm vision transformer (Dosovitskiy et al. 2021) as timm and Hugging Face store it. */
export interface VitConfig {
  /** Side of the square input, pixels; a multiple of `patchSize`. */
  readonly imageSize: number;
  readonly patchSize: number;
  readonly channels: number;
  readonly width: number;
  readonly blocks: number;
  readonly heads: number;
  readonly mlpWidth: number;
  readonly classes: number;
  /** What the head sees: the class token, or the mean of all tokens. */
  readonly pooling: 'class-token' | 'mean';
  readonly layerNormEpsilon: number;
}

export type TransformerConfig = VitConfig | DecoderConfig;

export function isDecoder(config: TransformerConfig): config is DecoderConfig {
  return 'vocabulary' in config;
}

/** The block of either family. */
export function blockConfig(config: TransformerConfig): BlockConfig {
  if (isDecoder(config)) return config;
  return {
    width: config.width,
    heads: config.heads,
    keyValueHeads: config.heads,
    mlpWidth: config.mlpWidth,
    norm: 'layer',
    normEpsilon: config.layerNormEpsilon,
    causal: false,
    activation: 'gelu',
    gatedMlp: false,
    biases: true,
  };
}

/** Outputs of the key and of the value layer. */
export function keyValueWidth({ width, heads, keyValueHeads }: BlockConfig): number {
  return (width / heads) * keyValueHeads;
}

/** What a label chooses from: classes, or words of the vocabulary. */
export function labelCount(config: TransformerConfig): number {
  if (!isDecoder(config)) return config.classes;
  return config.head.kind === 'classifier' ? config.head.classes : config.vocabulary;
}

/** DeiT-Tiny (Touvron et al. 2021) with the head of its published weights. */
export const deitTinyConfig: VitConfig = {
  imageSize: 224,
  patchSize: 16,
  channels: 3,
  width: 192,
  blocks: 12,
  heads: 3,
  mlpWidth: 768,
  classes: 1000,
  pooling: 'class-token',
  layerNormEpsilon: 1e-6,
};

/** Side of the grid of patches. */
export function gridSize(config: VitConfig): number {
  return config.imageSize / config.patchSize;
}

/** Tokens of one sample [S]. */
export function tokenCount(config: TransformerConfig): number {
  if (isDecoder(config)) return config.tokens;
  return gridSize(config) ** 2 + (config.pooling === 'class-token' ? 1 : 0);
}

/** Of one example: [side, side, channels] of an image, [tokens] of a text. */
export function exampleShape(config: TransformerConfig): readonly number[] {
  return isDecoder(config) ? [config.tokens] : [config.imageSize, config.imageSize, config.channels];
}

/** Targets of one example: one an image, one a token. */
export function targetCount(config: TransformerConfig): number {
  return isDecoder(config) ? config.tokens : 1;
}

/** Problems that make a configuration unusable; empty if there are none. */
export function configProblems(config: TransformerConfig): string[] {
  const problems: string[] = [];
  const whole = (field: string, value: number, least = 1) => {
    if (!Number.isSafeInteger(value) || value < least) {
      problems.push(`${field} must be a whole number from ${least} on, found ${value}`);
    }
  };
  const { blocks, width, heads, mlpWidth } = config;
  for (const [field, value] of Object.entries({ blocks, width, heads, mlpWidth })) whole(field, value);
  if (width % heads !== 0) problems.push(`width ${width} is no multiple of heads ${heads}`);
  if (isDecoder(config)) {
    const { keyValueHeads, vocabulary, tokens, learnedPositions, head, rotaryBase, normEpsilon } = config;
    for (const [field, value] of Object.entries({ keyValueHeads, vocabulary, tokens })) whole(field, value);
    whole('learnedPositions', learnedPositions, 0);
    if (head.kind === 'classifier') whole('classes', head.classes);
    if (heads % keyValueHeads !== 0) {
      problems.push(`heads ${heads} is no multiple of keyValueHeads ${keyValueHeads}`);
    }
    if (!(normEpsilon > 0)) problems.push(`normEpsilon must be above 0, found ${normEpsilon}`);
    if (rotaryBase !== undefined && !(rotaryBase > 1)) problems.push(`rotaryBase must be above 1, found ${rotaryBase}`);
    if (rotaryBase !== undefined && (width / heads) % 2 !== 0) {
      problems.push(`rotary positions need an even width of a head, found ${width / heads}`);
    }
    if (rotaryBase === undefined && learnedPositions < tokens) {
      problems.push(`${tokens} tokens need as many positions, the model has ${learnedPositions}`);
    }
    return problems;
  }
  const { imageSize, patchSize, channels, classes, layerNormEpsilon } = config;
  for (const [field, value] of Object.entries({ imageSize, patchSize, channels, classes })) whole(field, value);
  if (imageSize % patchSize !== 0) problems.push(`imageSize ${imageSize} is no multiple of patchSize ${patchSize}`);
  if (!(layerNormEpsilon > 0)) problems.push(`layerNormEpsilon must be above 0, found ${layerNormEpsilon}`);
  return problems;
}

/** The same model in the terms of the delay and memory models. */
export function transformerShape(config: TransformerConfig): TransformerShape {
  const { width, heads, keyValueHeads, mlpWidth, gatedMlp, biases, norm, causal } = blockConfig(config);
  return {
    blocks: config.blocks,
    width,
    heads,
    keyValueHeads,
    mlpWidth,
    gatedMlp,
    tokens: tokenCount(config),
    biases,
    norm,
    finalNorm: true,
    causal,
    ...(isDecoder(config)
      ? {
          embedding: {
            kind: 'tokens',
            vocabulary: config.vocabulary,
            positions: config.learnedPositions,
            types: 0,
            norm: false,
          },
          head: config.head,
        }
      : {
          embedding: {
            kind: 'patches',
            patchSize: config.patchSize,
            channels: config.channels,
            classToken: config.pooling === 'class-token',
          },
          head: { kind: 'classifier', classes: config.classes },
        }),
  };
}
