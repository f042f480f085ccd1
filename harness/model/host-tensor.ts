/** A tensor outside any backend. */
export interface HostTensor {
  readonly shape: readonly number[];
  readonly values: Float32Array;
}

/** Frozen weights by timm's names (`blocks.0.attn.qkv.weight`…), which decoders share as far as they go. */
export type WeightSet = ReadonlyMap<string, HostTensor>;

/** Weights that do not fit the model: what is missing or of another shape, all at once. */
export class WeightError extends Error {
  override readonly name = 'WeightError';
  readonly code = 'weights';
}
