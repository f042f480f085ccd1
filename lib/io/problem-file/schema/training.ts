import * as z from 'zod';
import { loraTargets } from '../../../models/index.js';
import { quantity, section } from './building-blocks.js';

export const loraSection = section(() => ({
  rank: z.int().min(1).max(4096).default(8).describe('Rank r of the adapters. 8 is the usual choice (range 2–64).'),
  targets: z
    .array(z.enum(loraTargets))
    .min(1)
    .default(['query', 'value'])
    .describe('Matrices that carry an adapter. Query and value are those of the original LoRA work (Hu et al. 2021).'),
  bytesPerParameter: z
    .union([z.literal(2), z.literal(4)])
    .default(4)
    .describe('Bytes of an adapter weight, in memory and on the link.'),
})).meta({ id: 'lora', title: 'LoRA adapters' });

export const trainingSection = section(() => ({
  batchSize: z.int().min(1).max(1e6).default(16).describe('Samples of one local step (typically 8–16).'),
  stepsPerRound: z
    .int()
    .min(1)
    .max(1e6)
    .default(10)
    .describe('Local steps K between two aggregations. Published set-ups use 5–10, LoRA codes up to 100.'),
  activations: z
    .enum(['keep', 'recompute'])
    .default('keep')
    .describe(
      'Keep every activation for the backward pass, or hold block inputs only and compute the rest again (less memory, one more forward).',
    ),
  attentionMemory: z
    .enum(['eager', 'fused'])
    .default('eager')
    .describe(
      'What attention keeps for its backward: the probabilities of all pairs of tokens, or (FlashAttention) its output and one number a row, forming the scores again.',
    ),
  lowestBlock: z
    .enum(['whole', 'pruned'])
    .default('whole')
    .describe(
      'Count the attention of the lowest trained block, and what that block keeps, as of any other, or without what no gradient needs there (with adapters on query and value: queries, and the gradient of keys).',
    ),
  gradientTemporaries: z
    .enum(['ignored', 'counted'])
    .default('ignored')
    .describe(
      'Count the gradients of activations that the backward of one block (or of the head) holds at once, beside what is kept for it.',
    ),
  trainedHead: z
    .boolean()
    .default(false)
    .describe(
      'Train the head too, as new classes need: its gradient and optimizer state, a copy for each device on the server, its exchange where the device holds it. Needs a classifier or pooler.',
    ),
  weightBytes: z
    .number()
    .positive()
    .max(8)
    .default(4)
    .describe('Bytes of a frozen weight: 4 for FP32, 2 for FP16, 0.5 for 4-bit weights.'),
  activationBytes: z.number().positive().max(8).default(4).describe('Bytes of an activation in memory.'),
  optimizer: z
    .enum(['adam', 'momentum', 'sgd'])
    .default('adam')
    .describe('Optimizer of the adapters: 2, 1 or 0 more numbers for each of their weights.'),
})).meta({ id: 'training', title: 'Training' });

const affineTime = section(() => ({
  fixed: quantity('time', { minimum: -1e6, maximum: 1e6 })
    .prefault(0)
    .describe('Part that does not depend on the split.'),
  perBlock: quantity('time', { minimum: 0, maximum: 1e6 }).describe('Time of each block.'),
})).meta({ id: 'affineTime', title: 'Time by blocks', description: 'fixed + perBlock · blocks.' });

const affineMemory = section(() => ({
  fixed: quantity('memory', { minimum: 0 }).prefault(0).describe('Part that does not depend on the split.'),
  perBlock: quantity('memory', { minimum: 0 }).describe('Memory of each block.'),
})).meta({ id: 'affineMemory', title: 'Memory by blocks', description: 'fixed + perBlock · blocks.' });

export const profileSection = section(() => ({
  forward: affineTime.describe('Device forward of one step: fixed + perBlock · blocks on the device.'),
  backward: affineTime.describe('Device backward of one step, by blocks on the device; a fixed part below 0 is usual.'),
  server: affineTime.describe(
    'Forward, loss and backward of one step at the full throughput of the server: fixed + perBlock · blocks on the server.',
  ),
  deviceMemory: affineMemory
    .extend({
      atOneBlock: quantity('memory', { minimum: 0 })
        .optional()
        .describe('With one block, where that is not fixed + perBlock: nothing below it needs a gradient.'),
    })
    .optional()
    .describe('Device memory by blocks on the device. Counted from the shape when absent.'),
  serverMemory: affineMemory
    .optional()
    .describe('Server memory by blocks on the server. Counted from the shape when absent.'),
  adapters: affineMemory
    .optional()
    .describe('Adapters of one upload by blocks on the device. Counted from the shape when absent.'),
})).meta({
  id: 'profile',
  title: 'Measured profile',
  description: 'Measured times in place of computed FLOP and throughputs, for the batch size in use.',
});
