import * as z from 'zod';
import { section, shownText } from '../reading/index.js';
import { dataSection } from './data.js';
import { codecEntry, deviceEntry, oneWayCodec, planSection, serverSection } from './devices.js';
import { loraSection, modelEntry } from './model.js';
import { checkpointSection, faultsSection, trainingSection } from './training.js';

export const scenarioSchema = section(() => ({
  version: z.literal(1).describe('Version of this format.'),
  name: shownText(200).optional().describe('Name of the scenario.'),
  description: shownText(10_000, { lines: true }).optional().describe('What it stands for.'),
  seed: z.int().min(0).default(1).describe('Seed of adapters, data, order and codec.'),
  data: dataSection.prefault({}).describe('What is learned.'),
  model: modelEntry.prefault('embedded'),
  lora: loraSection.prefault({}).describe('The adapters that are trained.'),
  training: trainingSection.prefault({}).describe('How it is learned.'),
  codec: codecEntry.prefault('identity').describe('What becomes of activations and gradients on their way.'),
  exchange: oneWayCodec
    .prefault('identity')
    .describe(
      'What becomes of adapters: as they are, or their differences to the last round through the codec, with error feedback.',
    ),
  server: serverSection.prefault({}).describe('The edge server.'),
  devices: z.array(deviceEntry).min(1).max(1000).optional().describe('Devices, one by one or as groups.'),
  plan: planSection.optional().describe('In place of `devices`, `codec`, `exchange` and `server.sharing`.'),
  clock: z
    .enum(['auto', 'emulated', 'wall'])
    .default('auto')
    .describe('`emulated`: parties take turns, an event clock tells the time. `auto`: with more parties than cores.'),
  evaluation: section(() => ({
    everyRounds: z.int().min(1).max(1e6).default(1).describe('Rounds between two measurements of accuracy.'),
  }))
    .prefault({})
    .describe('When accuracy is measured.'),
  record: z.string().min(1).optional().describe('Run record (JSON Lines), relative to this file.'),
  checkpoint: checkpointSection.optional().describe('Without it none is written.'),
  faults: faultsSection.prefault({}).describe('What counts as a fault.'),
})).meta({ title: 'sft-opt scenario', description: 'A split training that is run for real.' });

/** A checked scenario with its defaults filled in, all quantities in SI units. */
export type ScenarioFile = z.output<typeof scenarioSchema>;
