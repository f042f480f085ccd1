import * as z from 'zod';
import { buildings } from '../../../models/index.js';
import { quantity, sampled, section } from './building-blocks.js';
import { profileSection } from './training.js';

const distance = quantity('length', { above: 0, maximum: 1e6 });

export const pinnedSection = section(() => ({
  blocks: z.int().min(0).max(1000).optional().describe('Blocks on the device.'),
  point: z
    .union([z.string(), z.number()])
    .optional()
    .describe('Operating point of both directions: its name or its ratio.'),
  upPoint: z.union([z.string(), z.number()]).optional().describe('Operating point of activations; name or ratio.'),
  downPoint: z.union([z.string(), z.number()]).optional().describe('Operating point of gradients; name or ratio.'),
  bandwidth: z
    .union([z.literal('equal'), quantity('frequency', { above: 0 })], {
      error: () => 'must be `equal` or a frequency such as `2 MHz`',
    })
    .optional()
    .describe('Share of the band; `equal` for the band over the number of devices.'),
})).meta({ id: 'pinned', title: 'Pinned decisions', description: 'Decisions that are not to be optimised.' });

const deviceShape = () => ({
  name: z
    .string()
    .regex(/^[\p{L}\p{N}_][\p{L}\p{N}_ .:-]{0,79}$/u, {
      error: () => 'must start with a letter or digit and hold letters, digits, blanks and _ . : - only (80 at most)',
    })
    .describe('Name of the device; those of a group are numbered: `phone-1`, `phone-2`, ….'),
  count: z.int().min(1).max(100_000).optional().describe('Makes the entry a group of so many devices.'),
  throughput: sampled(quantity('throughput', { above: 0 }))
    .prefault('50 GFLOP/s')
    .describe('Effective throughput (phones and IoT devices 5–100 GFLOP/s, edge GPUs 1–2 TFLOP/s).'),
  memory: sampled(quantity('memory', { above: 0 }))
    .optional()
    .describe('Memory that fine-tuning may use. Unlimited when absent.'),
  memoryOverhead: quantity('memory', { minimum: 0 })
    .prefault(0)
    .describe('Memory of the runtime itself, beside the model; on top of the memory of a `profile` too.'),
  distance: z
    .union([
      sampled(distance),
      section(() => ({
        disc: section(() => ({
          radius: distance.describe('Outer radius.'),
          minimum: distance.prefault('10 m').describe('No device is nearer than this.'),
        })),
      })).describe('Positions evenly spread over a disc (or ring) around the base station.'),
    ])
    .prefault({ disc: { radius: '250 m', minimum: '50 m' } })
    .describe('Distance to the base station (50–500 m in published set-ups).'),
  building: z
    .enum(buildings)
    .optional()
    .describe(
      'The device is inside a building: loss of its wall and of the way inside by 3GPP TR 38.901, `low-loss` or `high-loss` (table 7.4.3-2) or `below-6-ghz` (table 7.4.3-3). Outdoors when absent.',
    ),
  gain: quantity('power ratio', { above: 0 })
    .optional()
    .describe('Measured channel gain in place of distance, path loss, shadowing and antenna gain; below 0 dB.'),
  uplinkRate: quantity('data rate', { above: 0 })
    .optional()
    .describe('Measured uplink rate over the whole band; a share of the band gets that share of the rate.'),
  downlinkRate: quantity('data rate', { above: 0 }).optional().describe('The same for the downlink.'),
  transmitPower: quantity('power', { above: 0, maximum: 1e6 })
    .prefault('23 dBm')
    .describe('Transmit power (20–23 dBm).'),
  computePower: quantity('power', { minimum: 0, maximum: 1e6 })
    .prefault('5 W')
    .describe('Power drawn while computing; for the energy of a round.'),
  energyLimit: quantity('energy', { above: 0 })
    .optional()
    .describe(
      'Most energy of a round, for computing and sending together. What computing leaves is spread over the bits sent. No limit when absent.',
    ),
  trafficLimit: quantity('memory', { above: 0 })
    .optional()
    .describe('Most traffic of a round in place of `traffic.maximum`.'),
  minimumBandwidth: quantity('frequency', { minimum: 0 }).prefault(0).describe('Least share of the band.'),
  maximumBandwidth: quantity('frequency', { above: 0 }).optional().describe('Largest share of the band.'),
  batchSize: z.int().min(1).max(1e6).optional().describe('Own mini-batch in place of `training.batchSize`.'),
  weight: z
    .number()
    .positive()
    .max(1e9)
    .default(1)
    .describe('Weight in the mean accuracy and in aggregation, for example the samples it holds.'),
  optional: z.boolean().default(false).describe('The device may be left out of the round when it holds others up.'),
  codecTimeFactor: z
    .number()
    .positive()
    .max(1e4)
    .optional()
    .describe(
      'Multiplies the times of the operating points and of `exchange`. By default 50 GFLOP/s over the throughput of the device.',
    ),
  profile: profileSection.optional().describe('Measured times in place of computed ones.'),
  profileFactor: z
    .number()
    .positive()
    .max(1e6)
    .default(1)
    .describe('Multiplies the device times of `profile` (2: a device half as fast as the measured one).'),
  pinned: pinnedSection.optional().describe('Decisions of this device that are fixed, before those for all.'),
});

/** Keys that all members of a group have in common: what they are drawn by, and what is measured for a batch size. */
const groupKeys = ['name', 'count', 'batchSize', 'profile'] as const;

type MemberShape = Omit<ReturnType<typeof deviceShape>, (typeof groupKeys)[number]>;
type MemberValues = { readonly [Key in keyof MemberShape]?: z.output<MemberShape[Key]> };

/** What one member of a group has in place of the group's. */
export type MemberOverride = MemberValues & { readonly absent?: boolean | undefined };

/** The schema of a key without its default: what a member does not say is the group's. */
function withoutDefault(schema: z.ZodType): z.ZodType {
  if (schema instanceof z.ZodDefault || schema instanceof z.ZodPrefault || schema instanceof z.ZodOptional) {
    return withoutDefault(schema.unwrap() as z.ZodType);
  }
  return schema;
}

const memberSection = section(() => ({
  absent: z.boolean().optional().describe('This member is not there; what is drawn for the others stays the same.'),
  ...Object.fromEntries(
    Object.entries(deviceShape())
      .filter(([key]) => !(groupKeys as readonly string[]).includes(key))
      .map(([key, schema]) => {
        const { description } = schema as z.ZodType;
        const open = withoutDefault(schema).optional();
        return [key, description === undefined ? open : open.describe(description)];
      }),
  ),
})).meta({
  id: 'member',
  title: 'Member of a group',
  description: 'What a single member of a group has in place of what the group says.',
}) as unknown as z.ZodType<MemberOverride, Record<string, unknown>>;

export const deviceSection = section(() => ({
  ...deviceShape(),
  members: z
    .record(z.string(), memberSection)
    .optional()
    .describe('Single members of the group that differ, by name: `members: { phone-3: { memory: 600 MiB } }`.'),
})).meta({ id: 'device', title: 'Device or group of devices' });

export const serverSection = section(() => ({
  throughput: quantity('throughput', { above: 0 })
    .prefault('20 TFLOP/s')
    .describe('Effective throughput of the server (20–50 TFLOP/s).'),
  memory: quantity('memory', { above: 0 })
    .optional()
    .describe('Memory for the model and all devices’ activations and adapters. Unlimited when absent.'),
  sharing: z
    .enum(['allocated', 'equal', 'batched'])
    .default('allocated')
    .describe(
      '`allocated`: a slice for each device, its size a decision; `equal`: 1/N each; `batched`: one batch for all, when the last activation has arrived.',
    ),
  batchWork: z
    .array(
      section(() => ({
        devices: z.int().min(1).max(100_000).describe('Devices in the batch.'),
        work: z.number().positive().max(1).describe('Time for each of them over the time of one alone.'),
      })).meta({ id: 'batchWork', title: 'Efficiency of a batch' }),
    )
    .min(1)
    .max(64)
    .optional()
    .describe(
      'With `batched`: measured time of the server for each device of a batch, relative to that of a device alone; a batch of one takes 1, between sizes by the logarithm of the size, beyond the last as there. By default a batch takes the sum of its devices’ times.',
    ),
  aggregation: quantity('time', { minimum: 0 }).prefault(0).describe('Aggregation of the adapters, once a round.'),
  profileFactor: z
    .number()
    .positive()
    .max(1e6)
    .default(1)
    .describe('Multiplies the server times of `calibration` (0.1: a server ten times as fast as the measured one).'),
})).meta({ id: 'server', title: 'Server' });
