/** Layers of a block that may carry an adapter, in the order of their masks; `gate` is of gated MLPs alone. */
export const targetOrder = ['query', 'key', 'value', 'output', 'up', 'down', 'gate'] as const;
export type AdapterTarget = (typeof targetOrder)[number];

/** A matrix or vector on the host. */
export interface AdapterTensor {
  readonly shape: readonly number[];
  readonly values: Float32Array;
}

/** LoRA (Hu et al. 2021): y = x·W + (alpha / rank)·dropout(x)·A·B. */
export interface AdapterSettings {
  readonly rank: number;
  readonly alpha: number;
  readonly targets: readonly AdapterTarget[];
  /** Probability with which an input of an adapter is dropped in training, 0 … < 1. */
  readonly dropout: number;
  /** The classifier is trained with the adapters, by whoever holds the last block; default not. */
  readonly trainHead?: boolean;
}

/** Adapters on the host, by `<block>.<target>.<down|up>`; a trained classifier by `head.weight` and `head.bias`. */
export type AdapterState = ReadonlyMap<string, AdapterTensor>;
