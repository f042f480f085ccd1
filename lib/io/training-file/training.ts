import * as z from 'zod';
import { quantity, section } from '../reading/index.js';

const share = (fallback: number) => z.number().min(0).lt(1).default(fallback);

const optimizerEntry = z
  .union(
    [
      z.enum(['adamw', 'sgd']),
      section(() => ({
        kind: z.literal('adamw'),
        beta1: share(0.9).describe('Decay of the mean of gradients.'),
        beta2: share(0.999).describe('Decay of the mean of their squares.'),
        epsilon: z.number().positive().max(1).default(1e-8).describe('Added to the deviation.'),
        weightDecay: z.number().min(0).max(1).default(0).describe('Decoupled decay.'),
      })),
      section(() => ({
        kind: z.literal('sgd'),
        momentum: share(0).describe('0 for none.'),
        weightDecay: z.number().min(0).max(1).default(0).describe('Decoupled decay.'),
      })),
    ],
    { error: () => 'must be `adamw`, `sgd`, or a section with its parameters' },
  )
  .default('adamw');

const scheduleEntry = z
  .union(
    [
      z.enum(['constant', 'cosine']),
      section(() => ({
        cosine: section(() => ({
          warmUpSteps: z.int().min(0).max(1e7).default(0).describe('Steps of linear warm-up.'),
          final: z.number().min(0).max(1).default(0).describe('Factor at the last step.'),
        })),
      })),
    ],
    { error: () => 'must be `constant`, `cosine` or `{ cosine: { warmUpSteps: 20 } }`' },
  )
  .default('constant')
  .describe('Learning rate over the steps of the training: constant, or a cosine down with linear warm-up before.');

export const trainingSection = section(() => ({
  rounds: z.int().min(1).max(1e6).default(10).describe('Rounds: each ends with the average of all adapters.'),
  stepsPerRound: z.int().min(1).max(1e6).default(5).describe('Local steps K of a round.'),
  batchSize: z.int().min(1).max(65536).default(16).describe('Images or texts of one local step.'),
  activations: z.enum(['keep', 'recompute']).default('keep').describe('Hold activations for backward, or recompute.'),
  optimizer: optimizerEntry.describe('Of the adapters, on both sides.'),
  learningRate: z.number().positive().max(10).default(1e-3).describe('Peak learning rate.'),
  schedule: scheduleEntry,
})).meta({ id: 'training', title: 'Training' });

export const checkpointSection = section(() => ({
  folder: z.string().min(1).describe('Where checkpoints go, relative to this file; made if absent.'),
  every: z.int().min(1).max(1e6).default(1).describe('Rounds between two checkpoints.'),
  keep: z.int().min(1).max(1000).default(3).describe('Checkpoints kept; older ones are removed.'),
})).meta({ id: 'checkpoint', title: 'Checkpoints' });

export const faultsSection = section(() => ({
  messageTimeout: quantity('time', { above: 0, maximum: 1e6 })
    .prefault('2 min')
    .describe('A device from which nothing comes for so long is out of the round.'),
  roundDeadline: quantity('time', { above: 0, maximum: 1e7 })
    .optional()
    .describe('The round closes after this time without the devices that are not done. Default: none.'),
  rejoinWait: quantity('time', { above: 0, maximum: 1e7 })
    .prefault('2 min')
    .describe('How long the server waits for devices when none is there, and devices for the server.'),
})).meta({ id: 'faults', title: 'Faults' });

export type TrainingEntry = z.output<typeof trainingSection>;
