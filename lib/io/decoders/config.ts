import { TensorFileError } from '../tensors/index.js';

/** What a block computes, whatever model it belongs to. */
export interface BlockConfig {
  readonly width: number;
  /** Attention heads; they divide the width. */
  readonly heads: number;
  /** Heads of keys and values, each shared by `heads / keyValueHeads` query heads (Ainslie et al. 2023). */
  readonly keyValueHeads: number;
  readonly mlpWidth: number;
  /** Layer norm, or root-mean-square norm (Zhang & Sennrich 2019), which has no bias. */
  readonly norm: 'layer' | 'rms';
  readonly normEpsilon: number;
  /** Tokens see those before them alone. */
  readonly causal: boolean;
  /** GELU by the error function or by GPT-2's tanh; SiLU. */
  readonly activation: 'gelu' | 'gelu-tanh' | 'silu';
  /** A third matrix whose activated output multiplies that of the first (Shazeer 2020). */
  readonly gatedMlp: boolean;
  /** Bias vectors of the linear layers. */
  readonly biases: boolean;
  /** Base of rotary positions (Su et al. 2021); absent without them. */
  readonly rotaryBase?: number;
}

/** A pre-norm decoder over tokens, as GPT-2 and Llama are. */
export interface DecoderConfig extends BlockConfig {
  readonly blocks: number;
  readonly vocabulary: number;
  /** Tokens of one sample [S]. */
  readonly tokens: number;
  /** Learned positions that the embedding holds; 0 with rotary ones. */
  readonly learnedPositions: number;
  /**
   * What acts on each token that has a label: the vocabulary's matrix (`tied`: that of the embedding), or a classifier.
   */
  readonly head:
    | { readonly kind: 'language-model'; readonly tied: boolean }
    | { readonly kind: 'classifier'; readonly classes: number };
}

/** Tokens of a sample: as asked for, or the longest that a model allows. */
export function sampleTokens(asked: number | undefined, longest: number): number {
  if (asked !== undefined && asked > longest) {
    throw new TensorFileError(`${asked} tokens are more than the model's ${longest}`);
  }
  return asked ?? longest;
}

/** What every Llama computes alike. */
export const llamaBlock = {
  learnedPositions: 0,
  norm: 'rms',
  causal: true,
  activation: 'silu',
  gatedMlp: true,
  biases: false,
} as const;

/** What every GPT-2 computes alike. */
export const gpt2Block = {
  norm: 'layer',
  causal: true,
  activation: 'gelu-tanh',
  gatedMlp: false,
  biases: true,
} as const;
