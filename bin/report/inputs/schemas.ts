import * as z from 'zod';

const finite = z.number();
/** JSON has null where a number was not finite: nothing is known then. */
const known = z
  .number()
  .nullish()
  .transform((value) => value ?? undefined);
/** Texts of a file stand in pages and on terminals: no control characters but line ends and tabs. */
const text = z.string().refine((value) => !/[^\P{Cc}\t\n]/u.test(value), 'has control characters');
const count = z.int().min(0);
const amount = z.number().min(0);
const stageSeconds = z.object({
  forward: amount,
  encode: amount,
  uplink: amount,
  server: amount,
  downlink: amount,
  decode: amount,
  backward: amount,
  adapterUplink: amount,
  adapterDownlink: amount,
  adapterCodec: amount.default(0),
});

/** What a page reads of a line of `simulate --out`. */
export const roundSchema = z
  .object({
    scheme: text,
    seed: count,
    round: count,
    seconds: amount,
    outcome: z.enum(['run', 'broken', 'no-plan', 'nobody']),
    devices: count,
    delaySeconds: amount.nullable(),
    bottleneck: text.nullable(),
    stages: stageSeconds.nullable(),
    uplinkBits: amount,
    downlinkBits: amount,
    energyJoule: amount,
    memoryUse: amount.nullable(),
    serverMemoryBytes: amount,
    accuracy: z.number().max(1).nullable(),
    progress: amount.nullable().default(null),
    replanned: z.enum(['start', 'interval', 'newcomer', 'misfit', 'gain', 'loss']).nullable(),
    steps: count.nullable(),
    satOut: z.array(z.looseObject({ device: text })),
    violations: z.array(z.looseObject({ limit: text, device: text.optional() })),
    boundSeconds: amount.nullable(),
    regret: z.number().min(-1).nullable(),
    perDevice: z
      .array(
        z.looseObject({
          device: text,
          distanceMetre: amount,
          blocks: count,
          bandwidthHz: amount,
          chainSeconds: finite,
          energyJoule: amount,
        }),
      )
      .optional(),
  })
  .refine(({ outcome, delaySeconds }) => outcome !== 'run' || delaySeconds !== null, {
    path: ['delaySeconds'],
    message: 'must be there for a round that ran',
  });

/** A line of `solve --log`. */
export const progressSchema = z.object({
  elapsedSeconds: finite,
  phase: z.enum(['search', 'bound', 'baselines', 'what-if', 'trade-off', 'explanation']),
  fraction: finite.optional(),
  totalSeconds: known,
  boundSeconds: known,
  iteration: z
    .object({
      algorithm: z.enum(['dual', 'relaxation', 'bandwidth']),
      iteration: finite,
      totalSeconds: known,
      boundSeconds: known,
      violation: known,
      residual: known,
    })
    .optional(),
});

const runStages = z.record(text, finite);

/** A line of `train --record`. */
export const runRecordSchema = z.discriminatedUnion('kind', [
  z.looseObject({ kind: z.literal('run'), run: text, settings: z.record(text, z.unknown()) }),
  z.looseObject({
    kind: z.literal('step'),
    round: finite,
    device: finite,
    seconds: runStages,
    uplinkBytes: finite,
    downlinkBytes: finite,
  }),
  z.looseObject({
    kind: z.literal('round'),
    round: finite,
    loss: finite,
    roundSeconds: finite,
    adapterSeconds: z.array(finite),
    devices: z.array(finite),
    uplinkBytes: finite,
    downlinkBytes: finite,
  }),
  z.looseObject({
    kind: z.literal('evaluation'),
    round: finite,
    accuracy: finite,
    perplexity: finite.optional(),
    targets: finite,
  }),
  z.looseObject({ kind: z.enum(['fault', 'joined']), round: finite, device: finite, name: text, reason: text }),
]);

const errors = z.object({ count: finite, mape: finite, worst: finite, bias: finite });
const pair = z.object({ predicted: finite, measured: finite });

/** The file of `validate --out`, as far as a page reads it. */
export const validationSchema = z.looseObject({
  created: text,
  model: text,
  profileHash: text,
  profileCreated: text,
  summary: z.looseObject({
    round: errors,
    normalised: errors,
    compute: errors,
    stages: z.record(text, errors),
    traffic: errors,
    deviceMemory: errors,
    serverMemory: errors,
    bestPlanRatio: finite.optional(),
  }),
  cases: z
    .array(
      z.looseObject({
        name: text,
        scenario: text,
        devices: finite,
        cuts: z.array(finite),
        round: pair,
        linkShare: finite,
        repeats: finite,
        unsteady: z.array(text),
      }),
    )
    .min(1),
});
