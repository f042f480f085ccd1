import * as z from 'zod';

/** Tells a profile from other files. */
export const profileKind = 'sft-opt profile';

const affine = z.strictObject({
  fixed: z.number().describe('Part that does not depend on the number of blocks.'),
  perBlock: z.number().describe('Part of each block.'),
});

const direction = z.strictObject({
  ratio: z.number().positive().describe('Bits sent over uncompressed bits, mean over the measured cuts.'),
  encodeSecondsPerValue: z.number().min(0),
  decodeSecondsPerValue: z.number().min(0),
});

const point = z.strictObject({
  keptFraction: z.number().positive().max(1),
  bits: z.number().min(1).max(32).describe('Bits of a kept value; 32 sends values as they are.'),
  up: direction.describe('Activations: encoded on a device, decoded on the server.'),
  down: direction.describe('Gradients: encoded on the server, decoded on a device.'),
});

/** A figure of one batch for N devices, all at the same cut. */
const batch = z
  .strictObject({
    fixed: z.number(),
    perBlock: z.number(),
    fixedPerDevice: z.number(),
    perBlockPerDevice: z.number(),
  })
  .describe('fixed + N·fixedPerDevice + blocks·(perBlock + N·perBlockPerDevice) for N ≥ 2 devices at the same cut.');

const cold = z
  .strictObject({ device: z.number().min(0), server: z.number().min(0) })
  .describe('How much longer the first round of a process takes than later ones.');

const entry = z.strictObject({
  batchSize: z.int().min(1),
  activations: z.enum(['keep', 'recompute']),
  cuts: z.array(z.int().min(0)).min(1).describe('Cuts that were measured.'),
  forwardSeconds: affine.describe('Device forward, by device blocks.'),
  backwardSeconds: affine.describe('Device backward and update, by device blocks.'),
  serverSeconds: affine.describe('Server forward, loss, backward and update for one device, by server blocks.'),
  serverBatchSeconds: batch.describe('One batch for all devices.'),
  deviceBytes: affine
    .extend({ atOneBlock: z.number() })
    .describe('Peak of the tensors of a device, by device blocks from two on. Its lowest block alone takes less.'),
  processBytes: affine
    .optional()
    .describe('Peak resident memory of a device process, backend and runtime included, by device blocks.'),
  serverStateBytes: affine.describe('Adapters, gradients and moments that the server holds for a device.'),
  serverActivationBytes: affine.describe(
    'Peak of what the server’s work for a device holds besides, by server blocks.',
  ),
  serverBatchBytes: batch.optional().describe('The same with one batch for all devices.'),
  coldSeconds: cold.optional(),
  spread: z.record(z.string(), z.number()).describe('Median absolute deviation over median of each kind of stage.'),
  points: z.array(point),
});

/** What `sft-opt calibrate` measures; seconds, bytes, on the machine it names. */
export const measuredProfileSchema = z.strictObject({
  kind: z.literal(profileKind),
  version: z.literal(1),
  created: z.string(),
  machine: z.strictObject({
    cpu: z.string(),
    cores: z.int(),
    memoryBytes: z.number(),
    backend: z.string(),
    threads: z.string(),
    load: z.number(),
    clock: z.enum(['wall', 'cpu']).optional().describe('What stages were timed by; default wall.'),
    references: z
      .strictObject({
        matrix: z.number().positive(),
        codec: z.number().positive(),
        threadStretch: z
          .number()
          .positive()
          .optional()
          .describe('What passes for each second of the computing thread on a processor; by wall clock.'),
        memory: z.number().positive().optional().describe('Of older profiles alone; not read.'),
        stretch: z.number().positive().optional().describe('Of older profiles alone; not read.'),
      })
      .optional()
      .describe('Seconds of the reference works: the speed at which all times are stated. Absent in older profiles.'),
    referenceKernelSeconds: z.number().positive().optional().describe('Of older profiles alone; not read.'),
  }),
  model: z.strictObject({
    name: z.string(),
    blocks: z.int(),
    width: z.int(),
    heads: z.int(),
    mlpWidth: z.int(),
    tokens: z.int(),
    classes: z.int(),
    keyValueHeads: z.int().optional().describe('With these two; absent in older profiles.'),
    gatedMlp: z.boolean().optional(),
    vocabulary: z.int().optional().describe('Of a model of texts.'),
  }),
  lora: z.strictObject({ rank: z.int(), targets: z.array(z.string()), trainHead: z.boolean(), dropout: z.number() }),
  headerBytes: z.number().min(0).describe('Of one message.'),
  adapterBytes: affine.describe('Adapters in one direction, by device blocks.'),
  serverModelBytes: affine.describe('Frozen weights of the server, by the most blocks it holds for any device.'),
  aggregationSeconds: z.strictObject({ fixed: z.number(), perDevice: z.number() }),
  coldSeconds: cold.optional().describe('Of older profiles, which have one for all entries.'),
  calibrationSeconds: z.number(),
  samples: z.strictObject({ taken: z.int(), dropped: z.int() }),
  unsteady: z.array(z.string()).optional().describe('Stages that were accepted though their times were not steady.'),
  entries: z.array(entry).min(1),
});

/** What `sft-opt calibrate` measured of a machine; `measuredProfileSchema` has every field. */
export type MeasuredProfile = z.output<typeof measuredProfileSchema>;
/** What was measured at one batch size and memory mode. */
export type MeasuredEntry = MeasuredProfile['entries'][number];
/** Ratio and codec time of one operating point as measured. */
export type MeasuredPoint = MeasuredEntry['points'][number];
/** Seconds as an affine function of the blocks. */
export type MeasuredAffine = z.output<typeof affine>;
