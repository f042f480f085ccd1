import type { Tf } from '../backend/tensorflow.js';
import { disposeBlock, uploadBlock, type BlockWeights } from './block.js';
import type { TransformerConfig } from './config.js';
import { disposeEmbedding, uploadEmbedding, type EmbeddingWeights } from './embedding.js';
import { disposeHead, uploadHead, type HeadWeights } from './head.js';
import type { WeightSet } from './weights.js';

/** A model's frozen weights on the backend: one copy for any number of parts, each uploaded when first used. */
export class FrozenWeights {
  private readonly blocks = new Map<number, BlockWeights>();
  private embeddingWeights: EmbeddingWeights | undefined;
  private headWeights: HeadWeights | undefined;

  constructor(
    private readonly tf: Tf,
    private readonly config: TransformerConfig,
    private readonly weights: WeightSet,
  ) {}

  block(k: number): BlockWeights {
    const found = this.blocks.get(k) ?? uploadBlock(this.tf, this.config, this.weights, k);
    this.blocks.set(k, found);
    return found;
  }

  // A tidy around the caller must not free what stays for later calls.
  embedding(): EmbeddingWeights {
    return (this.embeddingWeights ??= kept(this.tf, uploadEmbedding(this.tf, this.config, this.weights)));
  }

  head(): HeadWeights {
    return (this.headWeights ??= kept(this.tf, uploadHead(this.tf, this.config, this.weights)));
  }

  dispose(): void {
    for (const block of this.blocks.values()) disposeBlock(block);
    if (this.embeddingWeights) disposeEmbedding(this.embeddingWeights);
    if (this.headWeights) disposeHead(this.headWeights);
    this.blocks.clear();
    this.embeddingWeights = undefined;
    this.headWeights = undefined;
  }
}

function kept<T extends EmbeddingWeights | HeadWeights>(tf: Tf, weights: T): T {
  for (const tensor of Object.values(weights) as Parameters<Tf['keep']>[0][]) tf.keep(tensor);
  return weights;
}
