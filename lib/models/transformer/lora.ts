import { keyValueWidth, type TransformerShape } from './shape.js';

/** Linear layers of a block that may carry an adapter (Hu et al. 2021). `gate` exists in gated MLPs only. */
export const loraTargets = ['query', 'key', 'value', 'output', 'gate', 'up', 'down'] as const;
/** Name of a matrix that may get an adapter. */
export type LoraTarget = (typeof loraTargets)[number];

/** Rank, targets and precision of LoRA adapters. */
export interface LoraSettings {
  /** Rank [r], ≥ 1. */
  readonly rank: number;
  /** Matrices of a block that have adapters. */
  readonly targets: readonly LoraTarget[];
  /** Bytes of one adapter parameter in memory and on the air (4 or 2). */
  readonly bytesPerParameter: number;
}

/**
 * Inputs and outputs of a linear layer of a block.
 *
 * @param shape - Blocks, widths, heads and tokens of the model.
 * @param target - Which layer.
 * @example
 * ```ts
 * import { targetWidths, transformerPresets } from 'sft-opt/models';
 *
 * console.log(targetWidths(transformerPresets['deit-tiny'], 'up')); // { inputs: 192, outputs: 768 }
 * ```
 */
export function targetWidths(shape: TransformerShape, target: LoraTarget): { inputs: number; outputs: number } {
  const { width, mlpWidth } = shape;
  switch (target) {
    case 'query':
    case 'output':
      return { inputs: width, outputs: width };
    case 'key':
    case 'value':
      return { inputs: width, outputs: keyValueWidth(shape) };
    case 'gate':
    case 'up':
      return { inputs: width, outputs: mlpWidth };
    case 'down':
      return { inputs: mlpWidth, outputs: width };
  }
}

/**
 * Adapter parameters of one block: Σ r·(d_in + d_out).
 *
 * @param shape - Blocks, widths, heads and tokens of the model.
 * @param lora - Rank and adapted layers.
 * @example
 * ```ts
 * import { adapterParameters, transformerPresets } from 'sft-opt/models';
 *
 * const shape = transformerPresets['deit-tiny'];
 * const lora = { rank: 8, targets: ['query', 'value'] as const, bytesPerParameter: 4 };
 * console.log(adapterParameters(shape, lora)); // 6144
 * ```
 */
export function adapterParameters(shape: TransformerShape, lora: LoraSettings): number {
  return lora.targets.reduce((sum, target) => {
    const { inputs, outputs } = targetWidths(shape, target);
    return sum + lora.rank * (inputs + outputs);
  }, 0);
}
