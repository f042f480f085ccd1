/** Shape of a transformer, as far as work, memory and traffic depend on it. */
export interface TransformerShape {
  /** Blocks [L]. */
  readonly blocks: number;
  /** Model width [D]. */
  readonly width: number;
  /** Attention heads [H]; `width` is a multiple of it. */
  readonly heads: number;
  /** Key/value heads where they are grouped, else `heads`. */
  readonly keyValueHeads: number;
  /** Width of the MLP's hidden layer [D_ff]. */
  readonly mlpWidth: number;
  /** True for a gated MLP (three matrices instead of two). */
  readonly gatedMlp: boolean;
  /** Tokens of one sample [S], class token included. */
  readonly tokens: number;
  /** Bias vectors in the blocks' linear layers. */
  readonly biases: boolean;
  /** Layer norm has a gain and a bias, root-mean-square norm a gain only. */
  readonly norm: 'layer' | 'rms';
  /** A norm after the last block. */
  readonly finalNorm: boolean;
  /** Attention looks back only; its work may then be counted half. */
  readonly causal: boolean;
  /** What comes before the first block. */
  readonly embedding: Embedding;
  /** What comes after the last block. */
  readonly head: Head;
}

/** How inputs become tokens, for the count of parameters and work. */
export type Embedding =
  | {
      readonly kind: 'patches';
      /** Side of a square patch, pixels. */
      readonly patchSize: number;
      /** Channels of the picture. */
      readonly channels: number;
      /** Whether a token is put before those of the picture. */
      readonly classToken: boolean;
    }
  | {
      readonly kind: 'tokens';
      /** Tokens that there are. */
      readonly vocabulary: number;
      /** Learned positions; 0 for rotary or none. */
      readonly positions: number;
      /** Learned token types (BERT: 2). */
      readonly types: number;
      /** A norm after the embedding. */
      readonly norm: boolean;
    };

/** What acts on the last block’s output. */
export type Head =
  /** Acts on one token a sample. */
  | {
      readonly kind: 'classifier';
      /** Classes told apart, ≥ 2. */
      readonly classes: number;
    }
  /** Acts on every token; `tied` shares its matrix with the embedding. */
  | {
      readonly kind: 'language-model';
      /** Whether the head's weights are the embedding's: then none of its own are stored. */
      readonly tied: boolean;
    }
  /** A dense layer of width × width on one token (BERT's pooler). */
  | { readonly kind: 'pooler' };

/**
 * Width of keys and of values.
 *
 * @param shape - Blocks, widths, heads and tokens of the model.
 * @example
 * ```ts
 * import { keyValueWidth, transformerPresets } from 'sft-opt/models';
 *
 * console.log(keyValueWidth(transformerPresets['deit-tiny'])); // 192
 * ```
 */
export function keyValueWidth(shape: TransformerShape): number {
  return (shape.width / shape.heads) * shape.keyValueHeads;
}
