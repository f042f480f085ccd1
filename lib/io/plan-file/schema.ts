import * as z from 'zod';
import { limitNames } from '../../models/index.js';
import { bandwidthMethods, planMethods } from './names.js';

const seconds = () => z.number().min(0);
const share = () => z.number().min(0);
/** JSON has no infinity: null stands for "unlimited" or "no finite value"; `InMemory` types have the number. */
const finiteOrNull = () => z.number().nullable();

const stages = z
  .strictObject({
    forward: seconds().describe('Forward on the device.'),
    encode: seconds().describe('Compression of the activations.'),
    uplink: seconds().describe('Activations to the server.'),
    server: seconds().describe('Server work, as this device sees it.'),
    downlink: seconds().describe('Gradients to the device.'),
    decode: seconds().describe('Decompression of the gradients.'),
    backward: seconds().describe('Backward on the device.'),
    adapterUplink: seconds().describe('Adapters to the server, once a round.'),
    adapterDownlink: seconds().describe('Adapters to the device, once a round.'),
    adapterCodec: seconds().default(0).describe('Coding of the adapters on the device, once a round.'),
  })
  .describe('Seconds of each stage: of one local step, but for the adapters.');

const device = z
  .strictObject({
    name: z.string().describe('Name, as in the problem file.'),
    participates: z.boolean().describe('False for an optional device left out.'),
    blocks: z.int().min(0).describe('Blocks on the device.'),
    upPoint: z.string().describe('Operating point of the activations.'),
    downPoint: z.string().describe('Operating point of the gradients.'),
    ratioUp: share().describe('Bits sent over uncompressed bits, up.'),
    ratioDown: share().describe('Bits sent over uncompressed bits, down.'),
    bandwidthHz: share().describe('Share of the band, Hz.'),
    serverShare: share().describe('Share of the server’s throughput.'),
    chainSeconds: seconds().describe('This device’s own time for a round.'),
    stages: stages.optional(),
    accuracy: z
      .number()
      .describe(
        'Accuracy of the model at these choices; on the data of a device left out where the file says so, else 0.',
      ),
    memoryBytes: share().describe('Device memory in use, byte.'),
    memoryLimitBytes: finiteOrNull().describe('Device memory there is, byte; null if unlimited.'),
    uplinkBitsPerRound: share().describe('Bits up in a round.'),
    downlinkBitsPerRound: share().describe('Bits down in a round.'),
    energyJoulePerRound: share().describe('Energy of the device in a round, J.'),
    transmitPowerWatt: share()
      .optional()
      .describe('Power radiated while sending, W, where less than all of it leaves the round as long as it is.'),
    energyLimitJoule: share()
      .optional()
      .describe('Most energy that the device may take in a round, J; absent without a limit.'),
  })
  .meta({ id: 'plannedDevice', title: 'Decisions for one device' });

const pricedSides = {
  more: z.number().optional().describe('With more of the band; usually at most 0. Absent where no shares fit.'),
  less: z.number().optional().describe('With less of it; differs from `more` at a kink.'),
};

const bandPrice = z
  .discriminatedUnion('unit', [
    z.strictObject({
      unit: z.literal('hertz').describe('One-sided derivatives dT/dB, s/Hz.'),
      ...pricedSides,
    }),
    z.strictObject({
      unit: z.literal('block').describe('Change of T for one whole resource block more, and for one less, s.'),
      blockHz: z.number().positive().describe('Width of a block, Hz.'),
      ...pricedSides,
    }),
  ])
  .describe('What the band is worth at the splits, points and server shares of the plan, its bandwidths found anew.');

const answer = z
  .strictObject({
    roundDelaySeconds: seconds().describe('Predicted delay of a round, s.'),
    aggregationSeconds: seconds().describe('Part of it that is aggregation.'),
    devices: z.array(device).describe('Decisions and their effects, in the order of the problem.'),
    use: z
      .strictObject({
        bandwidthHz: share().describe('Band in use, Hz.'),
        serverShare: share().describe('Server throughput in use.'),
        serverMemoryBytes: share().describe('Server memory for the devices, byte.'),
        trafficBits: share().default(0).describe('Bits of a round, all devices, both directions and adapters.'),
        accuracy: z.number().describe('Weighted mean, or the least of the devices.'),
      })
      .describe('How the plan uses the limits that all devices share.'),
    activeLimits: z
      .array(
        z.strictObject({
          limit: z.enum([...limitNames, 'round-delay']).describe('Which limit.'),
          device: z.string().optional().describe('Whose, for a limit of one device.'),
          used: finiteOrNull().describe('How much is used.'),
          allowed: finiteOrNull().describe('How much there is.'),
        }),
      )
      .describe('Limits that hold the answer, and the devices with the longest chains.'),
    traffic: z
      .strictObject({
        uplinkBitsPerRound: share().describe('Bits up, all devices.'),
        downlinkBitsPerRound: share().describe('Bits down, all devices.'),
        uncompressedBitsPerRound: share().describe('Bits of the same plan without compression.'),
      })
      .describe('Traffic of a round.'),
    bandPrice: bandPrice.optional(),
  })
  .meta({ id: 'answer', title: 'The plan' });

const bound = z
  .strictObject({
    boundSeconds: finiteOrNull().describe('No plan is faster, s; null if there is proof that no plan exists.'),
    relativeGap: z.number().optional().describe('(delay − bound) / delay.'),
    batchedForm: z
      .enum(['chain', 'stages'])
      .optional()
      .describe('With `batched`: whether the dual rests on the longest chain or on the exact round.'),
    chainFormGap: z
      .number()
      .optional()
      .describe('With the chain form: part of the delay beyond the longest chain, which no such bound closes.'),
    verified: z.boolean().describe('Recomputed from the multipliers by independent code, which agreed.'),
    source: z
      .enum(['dual', 'tree', 'intervals', 'none'])
      .describe(
        'Dual of the whole problem, tree of the exact method, the least of such bounds over intervals of the frame’s division, or nothing.',
      ),
    certificate: z.unknown().optional().describe('Multipliers of the coupling limits that prove the bound.'),
  })
  .meta({ id: 'bound', title: 'What is proven' });

const infeasibility = z
  .strictObject({
    conflicts: z
      .array(
        z.strictObject({
          limit: z.enum(limitNames).describe('Which limit.'),
          devices: z.array(z.string()).describe('Devices concerned; empty for all.'),
          reachable: finiteOrNull().describe('The best that can be reached.'),
          required: finiteOrNull().describe('What is required.'),
          message: z.string().describe('In words.'),
        }),
      )
      .describe('Limits that no plan keeps together.'),
    remedies: z
      .array(
        z.strictObject({
          changes: z
            .array(
              z.strictObject({
                limit: z.enum(limitNames).describe('Which limit.'),
                device: z.string().optional().describe('Whose, for a limit of one device.'),
                from: finiteOrNull().describe('Its present value, as the problem file counts it.'),
                to: finiteOrNull().describe('The value that suffices.'),
                impossibleBeyond: finiteOrNull()
                  .optional()
                  .describe('With a tighter value than this no plan exists, the other changes made; proven.'),
              }),
            )
            .min(1)
            .describe('Limits to loosen: one where one suffices, else several together.'),
          settings: z.array(z.string()).describe('The same as keys of the problem file, for `--set`.'),
          isLeast: z
            .boolean()
            .describe(
              'None of the values could be tighter by 0.1 % (accuracy: 0.001 points) with the others as they are.',
            ),
          wasStopped: z.boolean().describe('The time limit ended the search: less may do.'),
          message: z.string().describe('In words.'),
        }),
      )
      .describe('What would make the problem feasible; each confirmed by a plan of the problem so changed.'),
    isComplete: z.boolean().describe('Every single limit was tried; false where the time limit came first.'),
  })
  .meta({ id: 'infeasibility', title: 'Why there is no plan' });

const baseline = z
  .strictObject({
    name: z.string().describe('Name of the scheme.'),
    description: z.string().describe('What it does.'),
    group: z
      .enum(['one-restricted', 'one-free', 'none-free', 'uncompressed', 'random'])
      .describe('All but one decision optimised, one, none; or uncompressed; or drawn.'),
    decision: z
      .enum(['split', 'ratio', 'bandwidth', 'server share', 'compression'])
      .optional()
      .describe('The decision that alone is restricted, so that the saving is its worth.'),
    outside: z.boolean().optional().describe('Its plans are not among the problem’s: it may be faster than the plan.'),
    status: z
      .enum(['found', 'stopped', 'infeasible', 'not-found', 'breaks-limits', 'does-not-apply'])
      .describe(
        'Best plan of the scheme; the search was stopped; none keeps the limits; none found; the figures break limits; contradicted by the file.',
      ),
    totalSeconds: seconds().optional().describe('Its round delay; absent where there is no plan to show.'),
    boundSeconds: seconds().optional().describe('No plan of the scheme is faster, s.'),
    bitsPerRound: share().optional().describe('Its traffic.'),
    delaySaved: z.number().optional().describe('1 − delay of the plan / its delay.'),
    leastDelaySaved: z.number().optional().describe('1 − delay of the plan / boundSeconds.'),
    trafficSaved: z.number().optional().describe('1 − traffic of the plan / its traffic.'),
    note: z.string().optional().describe('Limits it breaks, or why it does not apply.'),
  })
  .meta({ id: 'baseline', title: 'A conventional scheme on the same problem' });

const whatIf = z
  .strictObject({
    change: z.string().describe('What is different.'),
    totalSeconds: seconds().optional().describe('Delay of the plan found then.'),
    boundSeconds: finiteOrNull().optional().describe('No plan is faster then; absent where nothing is proven.'),
    delayChangeSeconds: z.number().optional().describe('Difference to the delay of the plan.'),
    note: z.string().optional().describe('Why there is no figure, or no bound.'),
  })
  .meta({ id: 'whatIf', title: 'The problem solved again with one change' });

const conventions = z
  .strictObject({
    barrier: z.enum(['longest chain', 'one server batch a step']).describe('When a step of the server begins.'),
    sharing: z.string().describe('How the server is shared.'),
    uplinkRateLaws: z.array(z.string()).describe('Rate laws of the uplinks.'),
    downlinkRateLaws: z.array(z.string()).describe('Rate laws of the downlinks.'),
    accuracyFamily: z.string().describe('Families of the accuracy model.'),
    accuracyScope: z.string().describe('What the accuracy limit is for.'),
    limitTolerance: z.number().describe('Relative excess of a limit that counts as kept.'),
  })
  .describe('Barrier, rate laws, accuracy model and tolerance that the numbers rest on.');

const frame = z
  .strictObject({
    uplinkFraction: z.number().gt(0).lt(1).describe('Part of the frame for the uplink, the rest for the downlink.'),
    intervals: z.int().min(1).describe('Intervals of fractions whose bounds make the bound of all.'),
    fractions: z.int().min(1).describe('Fractions that were planned for.'),
  })
  .describe('With `uplinkFraction: optimal`: what was decided. Comparisons, prices and what-if are at this fraction.')
  .meta({ id: 'frame', title: 'Division of the frame' });

const tradeOff = z
  .strictObject({
    resource: z.enum(['traffic', 'energy']).describe('What each device may use less of: bits or joule a round.'),
    points: z
      .array(
        z.strictObject({
          limit: share().describe('Most a device may use in a round: bit, or joule.'),
          status: z
            .enum(['found', 'infeasible', 'not-found'])
            .describe('Best plan found; proven that there is none; none found.'),
          totalSeconds: seconds().optional().describe('Delay of the plan within the limit.'),
          boundSeconds: seconds().optional().describe('No plan within the limit is faster, s.'),
          mostUsed: share().optional().describe('What the device that uses most uses: bit, or joule.'),
          bitsPerRound: share().optional().describe('Traffic of all devices.'),
          energyJoulePerRound: share().optional().describe('Energy of all devices, J.'),
        }),
      )
      .describe('From the tightest limit to none.'),
    note: z.string().optional().describe('Why there are no points, or fewer.'),
  })
  .meta({ id: 'tradeOff', title: 'Delay against traffic or energy' });

/** What `--json` and `--out` write. Seconds, bytes, bits, hertz, joule; fractions in 0…1. */
export const planFileSchema = z
  .strictObject({
    format: z.literal('sft-opt-plan').describe('Tells a plan from other files.'),
    version: z.literal(1).describe('Version of this format.'),
    scenario: z.string().optional().describe('Name in the problem file.'),
    status: z
      .enum(['solved', 'feasible', 'infeasible', 'unknown'])
      .describe(
        'The method ran to its end; a limit ended it with this plan; no plan exists; a limit ended it without a plan.',
      ),
    termination: z.string().describe('Why the search ended.'),
    message: z.string().describe('The same in one sentence.'),
    method: z.enum(planMethods).describe('How the plan was searched.'),
    bandwidthMethod: z.enum(bandwidthMethods).describe('How bandwidths were found.'),
    seed: z.int().min(0).describe('Seed of the draws and of the search.'),
    timeSeconds: seconds().describe('Time the search took.'),
    answer: answer.optional().describe('Absent when there is no plan.'),
    bound,
    infeasibility: infeasibility.optional(),
    baselines: z.array(baseline).describe('What conventional schemes would take.'),
    whatIf: z.array(whatIf).describe('Answers to changed problems.'),
    tradeOff: tradeOff.optional().describe('Only where asked for.'),
    frame: frame.optional(),
    conventions,
    statistics: z.record(z.string(), z.number()).describe('Counts of the search by phase.'),
  })
  .meta({ title: 'sft-opt plan', description: 'A plan with its predicted delay and the proof of how good it is.' });

/** A plan as `--json` and `--out` write it; `planFileSchema` has every field. */
export type PlanFile = z.output<typeof planFileSchema>;
/** One device of a plan file. */
export type PlannedDevice = z.output<typeof device>;

/** The same before it is written: read-only, and a number where JSON has null for one that is not finite. */
export type InMemory<T> = [T] extends [number | null | undefined]
  ? Exclude<T, null>
  : T extends readonly (infer Entry)[]
    ? readonly InMemory<Entry>[]
    : T extends object
      ? { readonly [Key in keyof T]: InMemory<T[Key]> }
      : T;

/**
 * The written form of a value: null for numbers that are not finite; what is undefined is left out.
 *
 * @param value - Any value in memory.
 * @example
 * ```ts
 * import { written } from 'sft-opt/io';
 *
 * console.log(written({ gap: Infinity, round: 3 })); // { gap: null, round: 3 }
 * ```
 */
export function written<T>(value: InMemory<T>): T {
  return JSON.parse(JSON.stringify(value)) as T;
}

/**
 * JSON Schema (draft 2020-12) of plans.
 *
 * @example
 * ```ts
 * import { planFileJsonSchema } from 'sft-opt/io';
 *
 * console.log(planFileJsonSchema()['$id']); // sft-opt-plan-v1
 * ```
 */
export function planFileJsonSchema(): Record<string, unknown> {
  return { ...z.toJSONSchema(planFileSchema, { io: 'output', reused: 'inline' }), $id: 'sft-opt-plan-v1' };
}
