import type { TransformerShape } from '../../models/index.js';
import type { CheckedSections } from './checks/index.js';
import { resolveShape } from './resolve/index.js';
import { accuracySection, type ProblemFile } from './schema/index.js';
import { valueAt } from './source/index.js';

type Accuracy = ProblemFile['accuracy'];

/** Next words named by the small decoder: `sft-opt fit study/embedded-decoder.csv --paired`. */
const decoderLosses: Pick<Accuracy, 'limit' | 'up'> = {
  limit: 0.8466713,
  up: { family: 'power', scale: 4.122194e-5, exponent: 2.314257, cut: 'constant' },
};

/** Sections in which a decoder has a decoder's losses and limit where the file gives none. */
export function withFamilyLosses(sections: CheckedSections, document: unknown): CheckedSections {
  const { model, accuracy } = sections;
  if (!model || !accuracy || !isDecoder(resolveShape(model))) return sections;
  const isGiven = (key: string) => valueAt(document, ['accuracy', key]) !== undefined;
  const { limit, up } = decoderLosses;
  return {
    ...sections,
    accuracy: { ...accuracy, ...(!isGiven('limit') && { limit }), ...(!isGiven('up') && { up }) },
  };
}

function isDecoder({ embedding, causal, head }: TransformerShape): boolean {
  return embedding.kind === 'tokens' && (causal || head.kind === 'language-model');
}

/**
 * What the losses of a file were measured on where they are default ones, in words; undefined for others, and for the model
 * itself.
 */
export function defaultLossModel(up: Accuracy['up'], name: string, shape: TransformerShape): string | undefined {
  const isSame = (other: Accuracy['up']) => JSON.stringify(up) === JSON.stringify(other);
  if (isSame(accuracySection.parse({}).up)) return name === 'deit-tiny' ? undefined : 'deit-tiny';
  if (!isSame(decoderLosses.up)) return undefined;
  const { blocks, width, heads, mlpWidth, embedding } = shape;
  const isOwn =
    [blocks, width, heads, mlpWidth].join() === '6,64,4,176' &&
    embedding.kind === 'tokens' &&
    embedding.vocabulary === 118;
  return isOwn ? undefined : 'the small decoder that comes with sft-opt';
}
