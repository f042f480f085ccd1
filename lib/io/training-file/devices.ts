import * as z from 'zod';
import { quantity, section } from '../reading/index.js';
import { codecFields } from './codec-fields.js';

const { seed: _seed, keptFraction: _keptFraction, ...settingFields } = codecFields;

const keptFraction = quantity('fraction', { above: 0, maximum: 1 })
  .prefault(0.2)
  .describe('Share of the entries kept.');
const codecSettings = section(() => ({ ...settingFields, keptFraction })).meta({
  id: 'codec',
  title: 'Codec settings',
});
/** Of activations and gradients: what suits them best depends on the model. */
const stepCodecSettings = section(() => ({
  ...settingFields,
  lossless: settingFields.lossless
    .unwrap()
    .optional()
    .describe('`fast` or `small`; default: `small` for a decoder, else `fast`.'),
  outlierThreshold: settingFields.outlierThreshold
    .unwrap()
    .optional()
    .describe('Channels above so many times the median channel travel apart; default: 4 for a decoder, else 0, none.'),
  keptFraction,
})).meta({ id: 'step-codec', title: 'Codec settings of activations and gradients' });

const error = () => 'must be `identity` or codec settings such as `{ keptFraction: 20 %, bits: 4 }`';
export const oneWayCodec = z.union([z.literal('identity'), codecSettings], { error });
const stepCodec = z.union([z.literal('identity'), stepCodecSettings], { error });

export const codecEntry = z.union(
  [z.literal('identity'), section(() => ({ up: stepCodec, down: stepCodec })), stepCodecSettings],
  {
    error: () => 'must be `identity`, settings such as `{ keptFraction: 20 %, bits: 4 }`, or those of `up` and `down`',
  },
);

const gains = z
  .array(quantity('level', { minimum: -100, maximum: 100 }))
  .min(1)
  .max(1e6)
  .optional()
  .describe('Gain by round against the first figures; repeats after its end.');
const latency = quantity('time', { minimum: 0, maximum: 3600 }).prefault(0).describe('One way.');
const burst = quantity('memory', { minimum: 0, maximum: 1e9 }).prefault(0).describe('Passes at once after a pause.');
const bandwidth = quantity('frequency', { above: 0, maximum: 1e11 });

export const linkEntry = z.union([
  section(() => ({
    uplink: quantity('data rate', { above: 0, maximum: 1e12 }).describe('Rate of activations and adapters up.'),
    downlink: quantity('data rate', { above: 0, maximum: 1e12 }).describe('Rate of gradients and adapters down.'),
    bandwidth: bandwidth.prefault('20 MHz').describe('Band behind the rates; matters to `gains` alone.'),
    latency,
    burst,
    gains,
  })),
  section(() => ({
    bandwidth: bandwidth.describe('Share of the band.'),
    uplinkSnr: quantity('level', { minimum: -60, maximum: 120 }).describe('Signal to noise over that share, up.'),
    downlinkSnr: quantity('level', { minimum: -60, maximum: 120 }).describe('Signal to noise over that share, down.'),
    latency,
    burst,
    gains,
  })),
]);

const speedFactor = z.number().positive().max(1e6);

export const deviceName = z
  .string()
  .regex(/^[\p{L}\p{N}_][\p{L}\p{N}_ .:-]{0,79}$/u, {
    error: () => 'must start with a letter or digit and hold letters, digits, blanks and _ . : - only (80 at most)',
  })
  .describe('Name; those of a group are numbered: `phone-1`, `phone-2`, ….');

export const deviceEntry = section(() => ({
  name: deviceName,
  count: z.int().min(1).max(1000).optional().describe('Makes the entry a group of so many devices.'),
  cut: z.int().min(0).max(1000).default(1).describe('Blocks on the device.'),
  batchSize: z.int().min(1).max(65536).optional().describe('In place of `training.batchSize`.'),
  speedFactor: speedFactor.default(1).describe('Its work takes so many times what it takes this machine.'),
  codec: codecEntry.optional().describe('In place of the `codec` for all.'),
  link: linkEntry.optional().describe('Radio link. Absent: messages arrive at once.'),
  serverShare: quantity('fraction', { above: 0, maximum: 1 })
    .optional()
    .describe('Share of the server with `allocated`; default an equal one.'),
})).meta({ id: 'device', title: 'Device or group of devices' });

export const serverSection = section(() => ({
  sharing: z
    .enum(['allocated', 'equal', 'batched'])
    .default('allocated')
    .describe('A slice for each device, 1/N each, or one batch of all a step.'),
  speedFactor: speedFactor.default(1).describe('Its work takes so many times what it takes this machine.'),
})).meta({ id: 'server', title: 'Server' });

const overrides = section(() => ({
  name: deviceName,
  speedFactor: speedFactor.optional().describe('In place of the profile factor of the problem.'),
  latency: latency.optional(),
  burst: burst.optional(),
  gains,
}));

export const planSection = section(() => ({
  problem: z.string().min(1).describe('Problem file, relative to this file.'),
  plan: z
    .string()
    .min(1)
    .default('solve')
    .describe('Plan that `sft-opt solve --out` wrote, relative to this file; `solve` finds one first.'),
  devices: z.array(overrides).max(100_000).default([]).describe('What the plan does not say of a device.'),
})).meta({ id: 'plan', title: 'Plan', description: 'Devices, splits, codecs, shares and links of a planned cell.' });

export type LinkEntry = z.output<typeof linkEntry>;
export type CodecEntry = z.output<typeof codecEntry>;
export type PlanEntry = z.output<typeof planSection>;
