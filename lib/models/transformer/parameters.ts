import { keyValueWidth, type TransformerShape } from './shape.js';

/** Parameters of the parts of a transformer; biases and norms included. */
export interface ParameterCounts {
  /** Parameters of the embedding. */
  readonly embedding: number;
  /** One block. */
  readonly block: number;
  /** Final norm and head; a tied head's matrix counts with the embedding. */
  readonly head: number;
  /** All parameters. */
  readonly total: number;
}

/**
 * Numbers of parameters of a transformer, by part.
 *
 * @param shape - Blocks, widths, heads and tokens of the model.
 * @example
 * ```ts
 * import { parameterCounts, transformerPresets } from 'sft-opt/models';
 *
 * console.log(parameterCounts(transformerPresets['deit-tiny']).total); // 5717416
 * ```
 */
export function parameterCounts(shape: TransformerShape): ParameterCounts {
  const embedding = embeddingParameters(shape);
  const block = blockParameters(shape);
  const head = headParameters(shape);
  return { embedding, block, head, total: embedding + shape.blocks * block + head };
}

/**
 * All parameters of the model.
 *
 * @param shape - Blocks, widths, heads and tokens of the model.
 * @example
 * ```ts
 * import { parameterCount, transformerPresets } from 'sft-opt/models';
 *
 * console.log(parameterCount(transformerPresets['vit-b16'])); // 86567656
 * ```
 */
export function parameterCount(shape: TransformerShape): number {
  return parameterCounts(shape).total;
}

function normParameters(shape: TransformerShape): number {
  return shape.norm === 'layer' ? 2 * shape.width : shape.width;
}

function linear(inputs: number, outputs: number, biases: boolean): number {
  return inputs * outputs + (biases ? outputs : 0);
}

function blockParameters(shape: TransformerShape): number {
  const { width, mlpWidth, biases, gatedMlp } = shape;
  const attention = 2 * linear(width, width, biases) + 2 * linear(width, keyValueWidth(shape), biases);
  const mlp = (gatedMlp ? 2 : 1) * linear(width, mlpWidth, biases) + linear(mlpWidth, width, biases);
  return attention + mlp + 2 * normParameters(shape);
}

function embeddingParameters(shape: TransformerShape): number {
  const { embedding, width, tokens } = shape;
  if (embedding.kind === 'patches') {
    const patch = embedding.patchSize ** 2 * embedding.channels;
    return linear(patch, width, true) + (embedding.classToken ? width : 0) + tokens * width;
  }
  const rows = embedding.vocabulary + embedding.positions + embedding.types;
  return rows * width + (embedding.norm ? normParameters(shape) : 0);
}

function headParameters(shape: TransformerShape): number {
  const finalNorm = shape.finalNorm ? normParameters(shape) : 0;
  switch (shape.head.kind) {
    case 'classifier':
      return finalNorm + linear(shape.width, shape.head.classes, true);
    case 'language-model':
      return finalNorm + (shape.head.tied ? 0 : shape.width * vocabulary(shape));
    case 'pooler':
      return finalNorm + linear(shape.width, shape.width, true);
  }
}

/**
 * Vocabulary of a token model; 0 for one that embeds patches.
 *
 * @param shape - Blocks, widths, heads and tokens of the model.
 * @example
 * ```ts
 * import { transformerPresets, vocabulary } from 'sft-opt/models';
 *
 * console.log(vocabulary(transformerPresets.gpt2), vocabulary(transformerPresets['vit-b16'])); // 50257 0
 * ```
 */
export function vocabulary(shape: TransformerShape): number {
  return shape.embedding.kind === 'tokens' ? shape.embedding.vocabulary : 0;
}
