import { cpus, loadavg, totalmem } from 'node:os';
import { median, relativeFit, robustSummary, type FitRow } from '../../lib/statistics/index.js';
import type { MeasuredAffine, MeasuredEntry, MeasuredPoint, MeasuredProfile } from '../../lib/io/index.js';
import type { LoadedBackend, Tf } from '../backend/tensorflow.js';
import { tokenCount } from '../model/config.js';
import type { MemoryMode } from '../model/vit.js';
import type { DevicePlan } from '../run.js';
import type { StepRecord } from '../server/index.js';
import type { StageClock } from '../protocol/index.js';
import { devicePeakBytes, serverBytes } from './memory.js';
import { codecAt, type CodecPoint } from './points.js';
import { middleReferences, ReferenceTimer, slowdown, type References } from './references.js';
import { stepTotals, timedRun, type TimedRound, type TimedRun } from './timed-run.js';
import type { TimingWorkload } from './workload.js';

export interface CalibrateOptions {
  readonly batchSizes: readonly number[];
  readonly memoryModes: readonly MemoryMode[];
  /** In the order of their importance, the uncompressed one among them. */
  readonly points: readonly CodecPoint[];
  /** Measured steps of each run, in fours; never fewer. */
  readonly steps: number;
  /** The last operating points are left out where all would take longer. */
  readonly timeLimitSeconds: number;
  readonly clock: StageClock;
  readonly seed: number;
  /** Peak memory of a device process of its own; without it no process is measured. */
  readonly processBytes?: (cut: number, batchSize: number, memoryMode: MemoryMode) => Promise<number>;
  readonly onProgress?: (text: string) => void;
}

/** K of all runs: the references are timed between rounds. */
const localSteps = 4;
const plainPoint: CodecPoint = { keptFraction: 1, bits: 32 };

/** What all runs of a calibration share and add to. */
interface Calibration {
  readonly tf: Tf;
  readonly workload: TimingWorkload;
  readonly timer: ReferenceTimer;
  readonly options: CalibrateOptions;
  /** Speed at which all times are stated. */
  readonly references: References;
  readonly tally: { taken: number; dropped: number };
  readonly unsteady: string[];
  readonly header: number[];
  readonly adapters: FitRow[];
  readonly aggregation: FitRow[];
}

/**
 * Measures this machine with real trainings on the event clock: three cuts for each batch size and memory mode, every
 * operating point at each of them, and batches of four devices. Every time is taken over the references around
 * its round and stated at the speed of the first run. All costs are affine in the number of blocks.
 */
export async function calibrate(
  backend: LoadedBackend,
  workload: TimingWorkload,
  options: CalibrateOptions,
): Promise<MeasuredProfile> {
  const { tf } = backend;
  const start = performance.now();
  const { config, settings } = workload;
  const timer = new ReferenceTimer(tf);
  try {
    const [batchSize, memoryMode] = [options.batchSizes[0]!, options.memoryModes[0]!];
    const device = deviceAt(workload, Math.ceil(config.blocks / 2), batchSize);
    // The first run of the process is a cold one.
    const cold = await timedRun(tf, workload, timer, runOptions([device], memoryMode, options));
    const context: Calibration = {
      tf,
      workload,
      timer,
      options,
      references: middleReferences(cold.rounds.map(({ references }) => references)),
      tally: { taken: 0, dropped: 0 },
      unsteady: [],
      header: [],
      adapters: [],
      aggregation: [],
    };
    const points = affordablePoints(cold, options);
    const entries: MeasuredEntry[] = [];
    for (const batchSize of options.batchSizes) {
      for (const memoryMode of options.memoryModes) {
        options.onProgress?.(`batches of ${batchSize}, activations: ${memoryMode}`);
        // Codec and messages do not depend on the memory mode: the points of the first are those of all.
        const known = entries.find((entry) => entry.batchSize === batchSize)?.points;
        entries.push(await measuredEntry(context, batchSize, memoryMode, points, known));
      }
    }
    const [aggregationFixed, aggregationPerDevice] = relativeFit(context.aggregation) as [number, number];
    const { unsteady } = context;
    return {
      kind: 'sft-opt profile',
      version: 1,
      created: new Date().toISOString(),
      machine: {
        cpu: cpus()[0]?.model ?? 'unknown',
        cores: cpus().length,
        memoryBytes: totalmem(),
        backend: backend.name,
        threads: process.env['TF_NUM_INTRAOP_THREADS'] ?? 'all',
        load: loadavg()[0]!,
        clock: options.clock,
        references: context.references,
      },
      model: {
        name: workload.name,
        blocks: config.blocks,
        width: config.width,
        heads: config.heads,
        mlpWidth: config.mlpWidth,
        tokens: tokenCount(config),
        classes: config.classes,
      },
      lora: {
        rank: settings.rank,
        targets: [...settings.targets],
        trainHead: settings.trainHead ?? false,
        dropout: settings.dropout,
      },
      headerBytes: median(context.header),
      adapterBytes: affineFit(context.adapters),
      serverModelBytes: await modelBytes(tf, workload, options.batchSizes[0]!),
      aggregationSeconds: { fixed: Math.max(0, aggregationFixed), perDevice: aggregationPerDevice },
      coldSeconds: coldSeconds(cold, context.references),
      calibrationSeconds: (performance.now() - start) / 1000,
      samples: { ...context.tally },
      ...(unsteady.length > 0 && { unsteady }),
      entries,
    };
  } finally {
    timer.dispose();
  }
}

const deviceSeconds = ({ seconds: own }: StepRecord) =>
  own.deviceForward + own.deviceEncode + own.deviceDecode + own.deviceBackward + own.deviceUpdate;
const serverSeconds = ({ measuredServerSeconds: own }: StepRecord) =>
  own.decode + own.compute + own.update + own.encode;

/** How much longer the first round of a process took than later ones. */
function coldSeconds({ first, rounds }: TimedRun, references: References) {
  const extra = (pick: (record: StepRecord) => number) => {
    const usual = median(rounds.flatMap((round) => normalised(round, round.steps, pick, references)));
    const all = normalised(first, first.steps, pick, references);
    return Math.max(
      0,
      all.reduce((sum, seconds) => sum + seconds - usual, 0),
    );
  };
  return { device: extra(deviceSeconds), server: extra(serverSeconds) };
}

/** Times of some steps at the speed of the references. */
function normalised(
  round: TimedRound,
  steps: readonly StepRecord[],
  pick: (record: StepRecord) => number,
  references: References,
): number[] {
  const factor = slowdown(round.references, references);
  return steps.map((record) => pick(record) / factor);
}

/** The points that the time limit leaves, the uncompressed one first. */
export function affordablePoints({ rounds }: Pick<TimedRun, 'rounds'>, options: CalibrateOptions): CodecPoint[] {
  const { points, batchSizes, memoryModes, steps, timeLimitSeconds, onProgress } = options;
  const isPlain = ({ keptFraction, bits }: CodecPoint) => keptFraction === 1 && bits === 32;
  const ordered = [plainPoint, ...points.filter((point) => !isPlain(point))];
  const stepSeconds = median(rounds.map(({ record }) => record.wallSeconds)) / localSteps;
  const perBatchSize = batchSizes.reduce((sum, size) => sum + size, 0) / batchSizes[0]!;
  // A round or more warms each run up; recomputing takes half as much again.
  const perRun = 1.5 * steps * stepSeconds * perBatchSize;
  const others = (memoryModes.length * 8 + (memoryModes.length - 1) * 3) * 1.25 * perRun;
  const affordable = Math.max(1, Math.floor((timeLimitSeconds - others) / (3 * perRun)));
  const leftOut = ordered.slice(affordable).map(({ keptFraction, bits }) => `${100 * keptFraction} % at ${bits} bits`);
  if (leftOut.length > 0) onProgress?.(`the time limit leaves these points out: ${leftOut.join(', ')}`);
  return ordered.slice(0, affordable);
}

async function measuredEntry(
  context: Calibration,
  batchSize: number,
  memoryMode: MemoryMode,
  wanted: readonly CodecPoint[],
  known: readonly MeasuredPoint[] | undefined,
): Promise<MeasuredEntry> {
  const { tf, workload, options, timer, references } = context;
  const { blocks } = workload.config;
  const cuts = calibrationCuts(blocks);
  const rows = { forward: [] as FitRow[], backward: [] as FitRow[], server: [] as FitRow[] };
  const spread: Record<string, number> = {};
  const runs: TimedRun[] = [];
  const points = known ? [plainPoint] : wanted;
  for (const cut of cuts) {
    // A device for each point: they take turns, and warm up together.
    const devices = points.map((point) => deviceAt(workload, cut, batchSize, point));
    const run = await timedRun(tf, workload, timer, runOptions(devices, memoryMode, options));
    noteRun(context, run, cut, `batches of ${batchSize}, ${memoryMode}, cut ${cut}`);
    runs.push(run);
    const middle = (kind: keyof typeof rows, pick: (record: StepRecord) => number) => {
      const found = robustSummary(run.rounds.flatMap((round) => normalised(round, round.steps, pick, references)));
      context.tally.taken += found.taken;
      context.tally.dropped += found.dropped;
      spread[kind] = Math.max(spread[kind] ?? 0, found.spread);
      const regressors = [1, kind === 'server' ? blocks - cut : cut];
      rows[kind].push({ regressors, value: found.median });
    };
    middle('forward', ({ seconds }) => seconds.deviceForward);
    middle('backward', ({ seconds }) => seconds.deviceBackward + seconds.deviceUpdate);
    middle('server', ({ measuredServerSeconds: own }) => own.compute + own.update);
  }
  if (!known) context.header.push(headerBytes(workload, batchSize, runs));
  return {
    batchSize,
    activations: memoryMode,
    cuts,
    forwardSeconds: affineFit(rows.forward),
    backwardSeconds: affineFit(rows.backward),
    serverSeconds: affineFit(rows.server),
    serverBatchSeconds: await measuredBatch(context, batchSize, memoryMode, cuts, rows.server),
    ...(await measuredMemory(tf, workload, options, batchSize, memoryMode, cuts)),
    spread,
    points: [...(known ?? points.map((point, k) => measuredPoint(context, batchSize, point, k, runs)))],
  };
}

/** The least and the most blocks of a device, and the middle. */
export function calibrationCuts(blocks: number): number[] {
  return [...new Set([1, Math.ceil(blocks / 2), blocks - 1])];
}

function deviceAt(
  { config }: TimingWorkload,
  cut: number,
  batchSize: number,
  point: CodecPoint = plainPoint,
): DevicePlan {
  const codec = codecAt(point);
  return { cut: Math.min(cut, config.blocks - 1), batchSize, uplinkCodec: codec, downlinkCodec: codec };
}

function runOptions(devices: readonly DevicePlan[], memoryMode: MemoryMode, { steps, seed }: CalibrateOptions) {
  const rounds = Math.max(2, Math.ceil(steps / localSteps));
  return { sharing: 'allocated', devices, memoryMode, localSteps, rounds, seed } as const;
}

function affineFit(rows: readonly FitRow[]): MeasuredAffine {
  const [fixed, perBlock] = relativeFit(rows) as [number, number];
  return { fixed, perBlock };
}

/** What rounds move and do beside their steps, and whether the run was steady. */
function noteRun(context: Calibration, run: TimedRun, cut: number, name: string): void {
  for (const { record, steps, references } of run.rounds) {
    const count = record.devices.length;
    const value = record.aggregationSeconds / slowdown(references, context.references);
    context.aggregation.push({ regressors: [1, count], value });
    const down = steps.reduce((rest, { downlinkBytes }) => rest - downlinkBytes, record.downlinkBytes);
    context.adapters.push({ regressors: [1, cut], value: down / count });
  }
  context.unsteady.push(...run.unsteady.map((stage) => `${name}: ${stage}`));
}

/** Of a message down whose body is plain values; the first device sends such. */
function headerBytes(workload: TimingWorkload, batchSize: number, runs: readonly TimedRun[]): number {
  const plain = runs.flatMap(({ rounds }) => rounds.flatMap(({ steps }) => steps.filter(({ device }) => device === 0)));
  return median(plain.map(({ downlinkBytes }) => downlinkBytes)) - 4 * values(workload, batchSize);
}

function values({ config }: TimingWorkload, batchSize: number): number {
  return batchSize * tokenCount(config) * config.width;
}

/** Of the device that has run the point, over all cuts. */
function measuredPoint(
  { workload, header, references }: Calibration,
  batchSize: number,
  { keptFraction, bits }: CodecPoint,
  device: number,
  runs: readonly TimedRun[],
): MeasuredPoint {
  const count = values(workload, batchSize);
  const rounds = runs.flatMap((run) => run.rounds);
  const own = (steps: readonly StepRecord[]) => steps.filter((record) => record.device === device);
  const perValue = (pick: (record: StepRecord) => number) =>
    robustSummary(rounds.flatMap((round) => normalised(round, own(round.steps), pick, references))).median / count;
  const ratio = (pick: (record: StepRecord) => number) => {
    const bytes = rounds.flatMap(({ steps }) => own(steps).map(pick));
    return (bytes.reduce((sum, each) => sum + each, 0) / bytes.length - median(header)) / (4 * count);
  };
  return {
    keptFraction,
    bits,
    up: {
      ratio: ratio(({ uplinkBytes }) => uplinkBytes),
      encodeSecondsPerValue: perValue(({ seconds }) => seconds.deviceEncode),
      decodeSecondsPerValue: perValue(({ measuredServerSeconds }) => measuredServerSeconds.decode),
    },
    down: {
      ratio: ratio(({ downlinkBytes }) => downlinkBytes),
      encodeSecondsPerValue: perValue(({ measuredServerSeconds }) => measuredServerSeconds.encode),
      decodeSecondsPerValue: perValue(({ seconds }) => seconds.deviceDecode),
    },
  };
}

/** Batches of one and four devices at the least and the most server blocks. */
async function measuredBatch(
  context: Calibration,
  batchSize: number,
  memoryMode: MemoryMode,
  cuts: readonly number[],
  single: readonly FitRow[],
): Promise<MeasuredEntry['serverBatchSeconds']> {
  const { tf, workload, options, timer, references } = context;
  const { blocks } = workload.config;
  // A batch of one is what the server does for one device on its own.
  const rows: FitRow[] = single.map(({ regressors: [, serverBlocks], value }) => ({
    regressors: [1, serverBlocks!, 1, serverBlocks!],
    value,
  }));
  const count = 4;
  for (const cut of [cuts[0]!, cuts.at(-1)!]) {
    const devices = Array.from({ length: count }, () => deviceAt(workload, cut, batchSize));
    const own = { ...runOptions(devices, memoryMode, options), sharing: 'batched' } as const;
    const run = await timedRun(tf, workload, timer, own);
    noteRun(context, run, cut, `batches of ${batchSize}, ${memoryMode}, cut ${cut}, ${count} devices in one batch`);
    const serverBlocks = blocks - cut;
    const totals = run.rounds.flatMap(({ steps, references: around }) => {
      const factor = slowdown(around, references);
      const all = stepTotals(steps, ({ measuredServerSeconds: { compute, update } }) => compute + update);
      return [...all.values()].map((seconds) => seconds / factor);
    });
    rows.push({ regressors: [1, serverBlocks, count, count * serverBlocks], value: robustSummary(totals).median });
  }
  return batchFit(rows);
}

function batchFit(rows: readonly FitRow[]): MeasuredEntry['serverBatchSeconds'] {
  const [fixed, perBlock, fixedPerDevice, perBlockPerDevice] = relativeFit(rows) as [number, number, number, number];
  return { fixed, perBlock, fixedPerDevice, perBlockPerDevice };
}

async function measuredMemory(
  tf: Tf,
  workload: TimingWorkload,
  { processBytes }: CalibrateOptions,
  batchSize: number,
  memoryMode: MemoryMode,
  cuts: readonly number[],
): Promise<
  Pick<
    MeasuredEntry,
    'deviceBytes' | 'serverStateBytes' | 'serverActivationBytes' | 'serverBatchBytes' | 'processBytes'
  >
> {
  const { blocks } = workload.config;
  const device: FitRow[] = [];
  let atOneBlock = NaN;
  const state: FitRow[] = [];
  const activations: FitRow[] = [];
  const batch: FitRow[] = [];
  const resident: FitRow[] = [];
  for (const cut of cuts) {
    const peak = await devicePeakBytes(tf, workload, cut, batchSize, memoryMode);
    if (cut === 1) atOneBlock = peak;
    if (cut > 1 || cuts.length < 3) device.push({ regressors: [1, cut], value: peak });
    const server = await serverBytes(tf, workload, [cut], batchSize, memoryMode, 'allocated');
    if (processBytes) resident.push({ regressors: [1, cut], value: await processBytes(cut, batchSize, memoryMode) });
    state.push({ regressors: [1, blocks - cut], value: server.state });
    activations.push({ regressors: [1, blocks - cut], value: server.activations });
    for (const count of [2, 4]) {
      const all = Array.from({ length: count }, () => cut);
      const found = await serverBytes(tf, workload, all, batchSize, memoryMode, 'batched');
      batch.push({ regressors: [1, blocks - cut, count, count * (blocks - cut)], value: found.activations });
    }
  }
  return {
    deviceBytes: { ...affineFit(device), atOneBlock },
    serverStateBytes: affineFit(state),
    serverActivationBytes: affineFit(activations),
    serverBatchBytes: batchFit(batch),
    ...(resident.length > 1 && { processBytes: affineFit(resident) }),
  };
}

/** Frozen weights of the server by its blocks. */
async function modelBytes(tf: Tf, workload: TimingWorkload, batchSize: number): Promise<MeasuredAffine> {
  const { blocks } = workload.config;
  const rows: FitRow[] = [];
  for (const cut of [1, blocks - 1]) {
    const { model } = await serverBytes(tf, workload, [cut], batchSize, 'recompute', 'allocated');
    rows.push({ regressors: [1, blocks - cut], value: model });
  }
  return affineFit(rows);
}
