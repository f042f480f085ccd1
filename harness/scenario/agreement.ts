import { createHash, type Hash } from 'node:crypto';
import * as z from 'zod';
import { CodecError, resolveCodecSettings } from '../../lib/codec/index.js';
import type { RateLaw } from '../../lib/models/index.js';
import { datasetFingerprint, type DataSplit } from '../data/index.js';
import type { MemoryMode } from '../model/parts.js';
import type { DeviceSettings, TrainingSettings } from '../protocol/index.js';
import { JoinError, oneLine, type Facts, type RadioLinkOptions } from '../transport/index.js';
import type { Workload } from './load.js';
import type { Scenario } from './scenario.js';

/** What a device must have in common with the server before it may join. */
export async function workloadFacts(workload: Workload): Promise<Facts> {
  const { config, weights, adapterSettings, dataset } = workload;
  const digest = createHash('sha256');
  for (const [name, { shape, values }] of weights) addTensor(digest.update(name).update(shape.join()), values);
  const { name, length, shape, normalisation } = dataset;
  return {
    model: config,
    weights: digest.digest('hex').slice(0, 16),
    lora: adapterSettings,
    data: { name, examples: length, shape, normalisation, content: await datasetFingerprint(dataset) },
  };
}

function addTensor(digest: Hash, values: Float32Array): void {
  digest.update(new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
}

/** All that a checkpoint's training must have in common with the one that goes on from it, as plain JSON. */
export function trainingSettings(scenario: Scenario, facts: Facts, clock: 'emulated' | 'wall'): Facts {
  const { devices, localSteps, rounds, optimizer, schedule, seed, sharing, memoryMode, file } = scenario;
  const settings = {
    ...facts,
    devices: devices.map(({ link, ...device }) => ({ ...device, ...(link && { link: plainLink(link) }) })),
    ...(scenario.exchangeCodec !== 'identity' && { exchange: scenario.exchangeCodec }),
    server: { sharing, speedFactor: scenario.serverSpeedFactor },
    clock,
    localSteps,
    // A constant rate does not depend on how many rounds there will be: more may be added.
    ...(schedule.kind !== 'constant' && { rounds }),
    optimizer,
    schedule,
    seed,
    split: file.data.split,
    memoryMode,
  };
  return JSON.parse(JSON.stringify(settings)) as Facts;
}

/** What the server tells a device to do. */
export interface Assignment extends DeviceSettings, Required<TrainingSettings> {
  readonly index: number;
  readonly deviceCount: number;
  readonly split: DataSplit;
  readonly memoryMode: MemoryMode;
  readonly speedFactor: number;
  readonly clock: 'emulated' | 'wall';
  /** With a wall clock: the link that the device puts itself behind. */
  readonly link?: RadioLinkOptions;
  /** The server's, see `TrainingServer`. */
  readonly incarnation: string;
}

function isCodec(given: object): boolean {
  try {
    resolveCodecSettings(given);
    return true;
  } catch (error) {
    if (error instanceof CodecError) return false;
    throw error;
  }
}

const whole = (most: number) => z.int().min(0).max(most);
const codec = z.union([
  z.literal('identity'),
  z.record(z.string(), z.unknown()).refine(isCodec, 'no settings of the codec'),
]);
const law = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('linear'), bitsPerSecondPerHz: z.number().positive() }),
  z.object({ kind: z.literal('shannon'), snrBandwidthHz: z.number().positive() }),
  z.object({
    kind: z.literal('faded'),
    snrBandwidthHz: z.array(z.number().min(0)).transform((list) => Float64Array.from(list)),
  }),
]);
const share = z.number().min(0).lt(1);
const rates = { learningRate: z.number().positive().max(10), weightDecay: z.number().min(0).max(1) };
/** Batches of so many are taken however few examples there are. */
const leastMost = 1024;
const assignmentSchema = z.object({
  index: whole(1e6),
  deviceCount: whole(1e6).min(1),
  cut: whole(1000),
  batchSize: whole(65536).min(1),
  uplinkCodec: codec,
  downlinkCodec: codec,
  exchangeCodec: codec,
  rounds: whole(1e6),
  localSteps: whole(1e6).min(1),
  optimizer: z.discriminatedUnion('kind', [
    z.object({ kind: z.literal('adamw'), ...rates, beta1: share, beta2: share, epsilon: z.number().positive().max(1) }),
    z.object({ kind: z.literal('sgd'), ...rates, momentum: share }),
  ]),
  schedule: z.discriminatedUnion('kind', [
    z.object({ kind: z.literal('constant') }),
    z.object({ kind: z.literal('cosine'), warmUpSteps: whole(1e7), final: z.number().min(0).max(1) }),
  ]),
  seed: whole(Number.MAX_SAFE_INTEGER),
  split: z.discriminatedUnion('kind', [
    z.object({ kind: z.literal('iid') }),
    z.object({ kind: z.literal('dirichlet'), alpha: z.number().positive() }),
  ]),
  memoryMode: z.enum(['keep', 'recompute']),
  speedFactor: z.number().positive().max(1e6),
  clock: z.enum(['emulated', 'wall']),
  link: z
    .looseObject({
      uplink: law,
      downlink: law,
      bandwidthHz: z.number().positive(),
      gainTrace: z.array(z.number().positive()).max(1e6).optional(),
    })
    .optional(),
  incarnation: z.string().max(100),
});

/** What a server tells a device of this workload to do. Throws `JoinError` on what is none. */
export function readAssignment(facts: Facts, { config, dataset }: Pick<Workload, 'config' | 'dataset'>): Assignment {
  const parsed = assignmentSchema.safeParse(facts);
  if (!parsed.success) {
    const problems = parsed.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`);
    throw new JoinError(oneLine(`the server’s assignment cannot be used: ${problems.join('; ')}`));
  }
  const { cut, index, deviceCount, batchSize } = parsed.data;
  if (cut > config.blocks || index >= deviceCount) throw new JoinError('the server’s assignment is of another model');
  if (batchSize > Math.max(leastMost, dataset.length)) {
    throw new JoinError(`the server asks for batches of ${batchSize} of ${dataset.length} examples`);
  }
  return parsed.data as unknown as Assignment;
}

/** What a device is told, as plain JSON. */
export function assignmentFor(
  scenario: Scenario,
  index: number,
  clock: 'emulated' | 'wall',
  incarnation: string,
): Facts {
  const { devices, exchangeCodec, rounds, localSteps, optimizer, schedule, seed, memoryMode, file } = scenario;
  const { cut, batchSize, uplinkCodec, downlinkCodec, speedFactor, link } = devices[index]!;
  return {
    index,
    deviceCount: devices.length,
    cut,
    batchSize,
    uplinkCodec,
    downlinkCodec,
    exchangeCodec,
    rounds,
    localSteps,
    optimizer,
    schedule,
    seed,
    split: dataSplit(file.data.split),
    memoryMode,
    speedFactor,
    clock,
    incarnation,
    ...(clock === 'wall' && link && { link: plainLink(link) }),
  };
}

export function dataSplit(split: Scenario['file']['data']['split']): DataSplit {
  return split === 'iid' ? { kind: 'iid' } : { kind: 'dirichlet', alpha: split.dirichlet };
}

function plainLink({ uplink, downlink, gainTrace, ...rest }: RadioLinkOptions): Facts {
  const plain = (own: RateLaw) => (own.kind === 'faded' ? { ...own, snrBandwidthHz: [...own.snrBandwidthHz] } : own);
  return {
    ...rest,
    uplink: plain(uplink),
    downlink: plain(downlink),
    ...(gainTrace && { gainTrace: Array.from(gainTrace) }),
  };
}
