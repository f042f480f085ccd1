import * as z from '../../../schema/index.js';
import { defineOptions } from '../../../solver/index.js';

/** Options of `fitAccuracy`: types, defaults and meanings. */
export const fitOptions = defineOptions({
  family: z
    .enum(['auto', 'power', 'exponential', 'logistic'])
    .default('auto')
    .describe('Family of the loss; `auto` compares all and takes the least AICc.'),
  cut: z
    .enum(['auto', 'constant', 'decaying', 'measured'])
    .default('auto')
    .describe('Influence of the cut: none, falling exponentially, or free for each measured cut.'),
  directions: z
    .enum(['auto', 'one', 'additive', 'product'])
    .default('auto')
    .describe('Whether one ratio counts, or the losses of both add up, or what they keep multiplies.'),
  loss: z
    .enum(['huber', 'squares'])
    .default('huber')
    .describe('`huber` bounds the influence of outliers; `squares` is plain least squares.'),
  weights: z
    .enum(['repeats', 'equal'])
    .default('repeats')
    .describe('Weights from the spread of repeated seeds, or all alike.'),
  confidence: z.number().gt(0).lt(1).default(0.95).describe('Of intervals and bands.'),
  seed: z.int().min(0).default(1).describe('Of the random ones among the starts.'),
});
/** Options of `fitAccuracy`, all filled in. */
export type FitOptions = typeof fitOptions.defaults;
