import * as z from 'zod';
import { accuracySection } from './accuracy.js';
import { quantity, section, shownText } from './building-blocks.js';
import { codecSection, exchangeSection } from './codec.js';
import { deviceSection, pinnedSection, serverSection } from './devices.js';
import { modelSection } from './model.js';
import { radioSection } from './radio.js';
import { loraSection, trainingSection } from './training.js';

/** Sections of a problem file, each with its own schema. */
const fileShape = () => ({
  version: z.literal(1).describe('Version of this format.'),
  name: shownText(200).optional().describe('Name of the scenario.'),
  description: shownText(10_000, { lines: true }).optional().describe('What it stands for.'),
  seed: z
    .int()
    .min(0)
    .default(1)
    .describe('Seed of everything drawn. Every device and quantity has its own stream: a new group shifts no other.'),
  calibration: z
    .string()
    .min(1)
    .optional()
    .describe(
      'Profile that `sft-opt calibrate` measured, relative to this file. Takes the place of computed times and memory, of `codec` ratios, times and header; `throughput` then counts for nothing.',
    ),
  model: modelSection,
  lora: loraSection.prefault({}).describe('The adapters that are trained.'),
  training: trainingSection.prefault({}).describe('How a round goes.'),
  split: section(() => ({
    minimum: z.int().min(0).default(1).describe('Fewest blocks on a device; 0 sends the embedding.'),
    maximum: z
      .int()
      .min(0)
      .optional()
      .describe('Most blocks on a device, by default one less than the model has; all of them is federated LoRA.'),
  }))
    .prefault({})
    .describe('Numbers of blocks that a device may hold.'),
  codec: codecSection.prefault({}).describe('How activations and gradients may be compressed.'),
  exchange: exchangeSection
    .prefault({})
    .describe('How adapters, and a trained head that is on the device, go up and down at the end of a round.'),
  accuracy: accuracySection.prefault({}).describe('What compression costs, and what may be lost.'),
  radio: radioSection.prefault({}).describe('The band and how well it carries.'),
  server: serverSection.prefault({}).describe('The edge server.'),
  deadline: quantity('time', { above: 0 }).optional().describe('Longest round accepted.'),
  traffic: section(() => ({
    maximum: quantity('memory', { above: 0 })
      .optional()
      .describe('Most traffic of each device in a round, both directions and adapters together. No limit when absent.'),
    maximumTotal: quantity('memory', { above: 0 })
      .optional()
      .describe('Most traffic of all devices together in a round, counted alike. No limit when absent.'),
  }))
    .prefault({})
    .describe('What a round may send.'),
  pinned: pinnedSection.optional().describe('Decisions that are fixed for all devices.'),
  devices: z.array(deviceSection).min(1).max(100_000).describe('Devices, one by one or as groups.'),
});

/** What a problem file may hold, as a zod schema: the source of checks, types, docs/format.md and the JSON Schema. */
export const problemFileSchema = section(fileShape).meta({
  title: 'sft-opt problem file',
  description: 'A cell, its devices and the transformer they fine-tune together with an edge server.',
});

/** Sections in the order of the reference; parsed one by one so that every problem is reported. */
export function fileSections(): ReturnType<typeof fileShape> {
  return problemFileSchema.shape;
}

/** A checked problem file with its defaults filled in, all quantities in SI units. */
export type ProblemFile = z.output<typeof problemFileSchema>;
/** What a caller may write. */
export type ProblemFileInput = z.input<typeof problemFileSchema>;
export type DeviceEntry = ProblemFile['devices'][number];
export type PinnedEntry = NonNullable<ProblemFile['pinned']>;
