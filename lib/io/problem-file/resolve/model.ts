import {
  transformerPresets,
  type AttentionCount,
  type MemorySettings,
  type TransformerShape,
} from '../../../models/index.js';
import type { ProblemFile } from '../schema/index.js';

/** The shape that a file's model section stands for. */
export function resolveShape(model: ProblemFile['model']): TransformerShape {
  if (typeof model === 'string') return transformerPresets[model];
  if ('preset' in model) {
    const preset: TransformerShape = transformerPresets[model.preset];
    const head = model.classes === undefined ? preset.head : ({ kind: 'classifier', classes: model.classes } as const);
    return { ...preset, head, tokens: model.tokens ?? preset.tokens };
  }
  const { attention: _attention, keyValueHeads, ...shape } = model;
  return { ...shape, keyValueHeads: keyValueHeads ?? shape.heads };
}

/** How the model section counts the work of causal attention. */
export function resolveAttention(model: ProblemFile['model']): AttentionCount {
  return (typeof model === 'string' ? undefined : model.attention) ?? 'full';
}

const optimizerFloats = { adam: 2, momentum: 1, sgd: 0 } as const;

/** What memory and work depend on besides the device. */
export function resolveMemorySettings(file: ProblemFile, shape: TransformerShape): MemorySettings {
  const { training, lora } = file;
  return {
    shape,
    lora: { rank: lora.rank, targets: lora.targets, bytesPerParameter: lora.bytesPerParameter },
    batchSize: training.batchSize,
    memoryMode: training.activations,
    attentionMemory: training.attentionMemory,
    lowestBlock: training.lowestBlock,
    gradientTemporaries: training.gradientTemporaries,
    trainedHead: training.trainedHead,
    weightBytes: training.weightBytes,
    activationBytes: training.activationBytes,
    optimizerFloatsPerParameter: optimizerFloats[training.optimizer],
  };
}
