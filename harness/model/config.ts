import type { TransformerShape } from '../../lib/models/index.js';

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

/** Tokens of one image [S]. */
export function tokenCount(config: VitConfig): number {
  return gridSize(config) ** 2 + (config.pooling === 'class-token' ? 1 : 0);
}

/** Problems that make a configuration unusable; empty if there are none. */
export function configProblems(config: VitConfig): string[] {
  const problems: string[] = [];
  const whole = ['imageSize', 'patchSize', 'channels', 'width', 'blocks', 'heads', 'mlpWidth', 'classes'] as const;
  for (const field of whole) {
    if (!Number.isSafeInteger(config[field]) || config[field] < 1) {
      problems.push(`${field} must be a whole number from 1 on, found ${config[field]}`);
    }
  }
  if (config.imageSize % config.patchSize !== 0) {
    problems.push(`imageSize ${config.imageSize} is no multiple of patchSize ${config.patchSize}`);
  }
  if (config.width % config.heads !== 0) problems.push(`width ${config.width} is no multiple of heads ${config.heads}`);
  if (!(config.layerNormEpsilon > 0))
    problems.push(`layerNormEpsilon must be above 0, found ${config.layerNormEpsilon}`);
  return problems;
}

/** The same model in the terms of the delay and memory models. */
export function transformerShape(config: VitConfig): TransformerShape {
  return {
    blocks: config.blocks,
    width: config.width,
    heads: config.heads,
    keyValueHeads: config.heads,
    mlpWidth: config.mlpWidth,
    gatedMlp: false,
    tokens: tokenCount(config),
    biases: true,
    norm: 'layer',
    finalNorm: true,
    causal: false,
    embedding: {
      kind: 'patches',
      patchSize: config.patchSize,
      channels: config.channels,
      classToken: config.pooling === 'class-token',
    },
    head: { kind: 'classifier', classes: config.classes },
  };
}
