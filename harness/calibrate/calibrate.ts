import { cpus, loadavg, totalmem } from 'node:os';
import type { MeasuredAffine, MeasuredEntry, MeasuredPoint, MeasuredProfile } from '../../lib/io/index.js';
import type { LoadedBackend, Tf } from '../backend/tensorflow.js';
import { tokenCount } from '../model/config.js';
import type { MemoryMode } from '../model/vit.js';
import type { DevicePlan } from '../run.js';
import type { StepRecord } from '../server/index.js';
import { devicePeakBytes, serverBytes } from './memory.js';
import { codecAt, type CodecPoint } from './points.js';
import { referenceKernelSeconds } from './reference-kernel.js';
import { median, relativeFit, robustSummary, type FitRow } from './robust.js';
import { timedRun, type TimedRun } from './timed-run.js';
import type { TimingWorkload } from './workload.js';

export interface CalibrateOptions {
  readonly batchSizes: readonly number[];
  readonly memoryModes: readonly MemoryMode[];
  readonly points: readonly CodecPoint[];
  /** Most measured steps of each run. */
  readonly steps: number;
  /** Fewer steps are measured where all would take longer; never fewer than two. */
  readonly timeLimitSeconds: number;
  readonly seed: number;
  readonly onProgress?: (text: string) => void;
}

/** Samples that a profile is made of. */
interface Tally {
  taken: number;
  dropped: number;
}

/**
 * Measures this machine with real trainings on the event clock: three cuts for each batch size and memory mode, every
 * operating point at each of them, and batches of two and four devices. All costs are affine in the number of blocks.
 */
export async function calibrate(
  backend: LoadedBackend,
  workload: TimingWorkload,
  options: CalibrateOptions,
): Promise<MeasuredProfile> {
  const { tf } = backend;
  const start = performance.now();
  const { config, settings } = workload;
  const tally: Tally = { taken: 0, dropped: 0 };
  const shared: SharedSamples = { header: [], adapters: [], aggregation: [] };
  const entries: MeasuredEntry[] = [];
  const kernel = referenceKernelSeconds(tf);
  // The first run of a process is slow: caches, compiled code, memory pools.
  const steps = await affordableSteps(tf, workload, options);
  for (const batchSize of options.batchSizes) {
    for (const memoryMode of options.memoryModes) {
      options.onProgress?.(`batches of ${batchSize}, activations: ${memoryMode}`);
      // Codec and messages do not depend on the memory mode: the points of the first are those of all.
      const points = entries.find((entry) => entry.batchSize === batchSize)?.points;
      const own = { ...options, steps };
      entries.push(await measuredEntry({ tf, workload, options: own, batchSize, memoryMode, tally, shared }, points));
    }
  }
  const model = await modelBytes(tf, workload, options.batchSizes[0]!);
  const [aggregationFixed, aggregationPerDevice] = relativeFit(shared.aggregation) as [number, number];
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
      referenceKernelSeconds: Math.min(kernel, referenceKernelSeconds(tf)),
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
    headerBytes: median(shared.header),
    adapterBytes: affineFit(shared.adapters),
    serverModelBytes: model,
    aggregationSeconds: { fixed: Math.max(0, aggregationFixed), perDevice: aggregationPerDevice },
    calibrationSeconds: (performance.now() - start) / 1000,
    samples: { ...tally },
    entries,
  };
}

/** Warms up, and sees how many steps of each run the time limit allows. */
async function affordableSteps(tf: Tf, workload: TimingWorkload, options: CalibrateOptions): Promise<number> {
  const { batchSizes, memoryModes, points, seed } = options;
  let stepSeconds = 0;
  for (const batchSize of batchSizes) {
    const run = () => timedRun(tf, workload, runOptions([deviceAt(workload, 2, batchSize)], 'keep', 2, seed));
    await run();
    const start = performance.now();
    await run();
    stepSeconds += (performance.now() - start) / 2000;
  }
  // Runs of one device at three cuts, and of two and four devices at two; recomputing takes half as much again.
  const runs = 3 * points.length + 12 + (memoryModes.length - 1) * 1.5 * (3 * 2 + 12);
  const affordable = Math.floor(options.timeLimitSeconds / (runs * stepSeconds)) - 1;
  return Math.max(2, Math.min(options.steps, affordable));
}

/** What all batch sizes and modes have in common. */
interface SharedSamples {
  readonly header: number[];
  readonly adapters: FitRow[];
  readonly aggregation: FitRow[];
}

interface EntryContext {
  readonly tf: Tf;
  readonly workload: TimingWorkload;
  readonly options: CalibrateOptions;
  readonly batchSize: number;
  readonly memoryMode: MemoryMode;
  readonly tally: Tally;
  readonly shared: SharedSamples;
}

async function measuredEntry(
  context: EntryContext,
  known: readonly MeasuredPoint[] | undefined,
): Promise<MeasuredEntry> {
  const { tf, workload, options, batchSize, memoryMode, tally, shared } = context;
  const { blocks } = workload.config;
  const cuts = calibrationCuts(blocks);
  const identity: CodecPoint = { keptFraction: 1, bits: 32 };
  const forward: FitRow[] = [];
  const backward: FitRow[] = [];
  const server: FitRow[] = [];
  const spread: Record<string, number> = {};
  const byPoint = new Map<CodecPoint, StepRecord[]>();
  const summary = (kind: string, values: readonly number[]) => {
    const found = robustSummary(values);
    tally.taken += found.taken;
    tally.dropped += found.dropped;
    spread[kind] = Math.max(spread[kind] ?? 0, found.spread);
    return found.median;
  };
  for (const cut of cuts) {
    const all: StepRecord[] = [];
    const points = known ? [identity] : options.points;
    for (const point of points) {
      const device = deviceAt(workload, cut, batchSize, point);
      const steps = known ? 2 * options.steps : options.steps;
      const run = await timedRun(tf, workload, runOptions([device], memoryMode, steps + 1, options.seed));
      all.push(...run.steps);
      byPoint.set(point, [...(byPoint.get(point) ?? []), ...run.steps]);
      noteRound(shared, run, cut);
    }
    const row = (regressor: number, value: number) => ({ regressors: [1, regressor], value });
    const seconds = (pick: (record: StepRecord) => number) => all.map(pick);
    forward.push(
      row(
        cut,
        summary(
          'forward',
          seconds((record) => record.seconds.deviceForward),
        ),
      ),
    );
    const back = seconds(({ seconds: stage }) => stage.deviceBackward + stage.deviceUpdate);
    backward.push(row(cut, summary('backward', back)));
    const work = seconds(({ measuredServerSeconds: own }) => own.compute + own.update);
    server.push(row(blocks - cut, summary('server', work)));
  }
  if (!known) shared.header.push(headerBytes(workload, batchSize, byPoint));
  const header = median(shared.header);
  const points =
    known ?? [...byPoint].map(([point, steps]) => measuredPoint(workload, batchSize, point, steps, header));
  const memory = await measuredMemory(tf, workload, batchSize, memoryMode, cuts);
  return {
    batchSize,
    activations: memoryMode,
    cuts,
    forwardSeconds: affineFit(forward),
    backwardSeconds: affineFit(backward),
    serverSeconds: affineFit(server),
    serverBatchSeconds: await measuredBatch(context, cuts, server),
    ...memory,
    spread,
    points: [...points],
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
  point: CodecPoint = { keptFraction: 1, bits: 32 },
): DevicePlan {
  const codec = codecAt(point);
  return { cut: Math.min(cut, config.blocks - 1), batchSize, uplinkCodec: codec, downlinkCodec: codec };
}

/** One round whose first step is not looked at. */
function runOptions(devices: readonly DevicePlan[], memoryMode: MemoryMode, localSteps: number, seed: number) {
  const common = { sharing: 'allocated', rounds: 1, warmUpRounds: 0, warmUpSteps: 1 } as const;
  return { ...common, devices, memoryMode, localSteps, seed };
}

function affineFit(rows: readonly FitRow[]): MeasuredAffine {
  const [fixed, perBlock] = relativeFit(rows) as [number, number];
  return { fixed, perBlock };
}

/** What a round moves and does beside its steps. */
function noteRound(shared: SharedSamples, { rounds, steps }: TimedRun, cut: number): void {
  const [round] = rounds;
  if (!round) return;
  shared.aggregation.push({ regressors: [1, round.devices.length], value: round.aggregationSeconds });
  // The first step is left out of `steps`, but its bytes are in the round's: those of the others stand for it.
  const perStep = steps.reduce((sum, { downlinkBytes }) => sum + downlinkBytes, 0) / steps.length;
  const down = round.downlinkBytes - perStep * (steps.length + 1);
  // Headers vary by a few bytes; a codec's messages by more.
  if (steps.every(({ downlinkBytes }) => Math.abs(downlinkBytes / perStep - 1) < 0.001)) {
    shared.adapters.push({ regressors: [1, cut], value: down });
  }
}

/** Of a message down whose body is plain values. */
function headerBytes(workload: TimingWorkload, batchSize: number, runs: ReadonlyMap<CodecPoint, StepRecord[]>): number {
  const plain = [...runs].find(([{ bits, keptFraction }]) => bits === 32 && keptFraction === 1);
  if (!plain) throw new Error('the operating points must include the uncompressed one');
  return median(plain[1].map(({ downlinkBytes }) => downlinkBytes)) - 4 * values(workload, batchSize);
}

function values({ config }: TimingWorkload, batchSize: number): number {
  return batchSize * tokenCount(config) * config.width;
}

function measuredPoint(
  workload: TimingWorkload,
  batchSize: number,
  { keptFraction, bits }: CodecPoint,
  steps: readonly StepRecord[],
  header: number,
): MeasuredPoint {
  const count = values(workload, batchSize);
  const perValue = (pick: (record: StepRecord) => number) => robustSummary(steps.map(pick)).median / count;
  const mean = (pick: (record: StepRecord) => number) => {
    return steps.reduce((sum, record) => sum + pick(record), 0) / steps.length;
  };
  return {
    keptFraction,
    bits,
    up: {
      ratio: (mean(({ uplinkBytes }) => uplinkBytes) - header) / (4 * count),
      encodeSecondsPerValue: perValue(({ seconds }) => seconds.deviceEncode),
      decodeSecondsPerValue: perValue(({ measuredServerSeconds }) => measuredServerSeconds.decode),
    },
    down: {
      ratio: (mean(({ downlinkBytes }) => downlinkBytes) - header) / (4 * count),
      encodeSecondsPerValue: perValue(({ measuredServerSeconds }) => measuredServerSeconds.encode),
      decodeSecondsPerValue: perValue(({ seconds }) => seconds.deviceDecode),
    },
  };
}

/** Batches of one, two and four devices at the least and the most server blocks. */
async function measuredBatch(
  { tf, workload, options, batchSize, memoryMode, shared }: EntryContext,
  cuts: readonly number[],
  single: readonly FitRow[],
): Promise<MeasuredEntry['serverBatchSeconds']> {
  const { blocks } = workload.config;
  // A batch of one is what the server does for one device on its own.
  const rows: FitRow[] = single.map(({ regressors: [, serverBlocks], value }) => ({
    regressors: [1, serverBlocks!, 1, serverBlocks!],
    value,
  }));
  for (const cut of [cuts[0]!, cuts.at(-1)!]) {
    for (const devices of [2, 4]) {
      const plans = Array.from({ length: devices }, () => deviceAt(workload, cut, batchSize));
      const run = await timedRun(tf, workload, {
        ...runOptions(plans, memoryMode, options.steps + 1, options.seed),
        sharing: 'batched',
        // Counted in steps of all devices.
        warmUpSteps: 1,
      });
      const [round] = run.rounds;
      if (round) shared.aggregation.push({ regressors: [1, devices], value: round.aggregationSeconds });
      const serverBlocks = blocks - cut;
      rows.push({
        regressors: [1, serverBlocks, devices, devices * serverBlocks],
        value: robustSummary(batchTotals(run.steps)).median,
      });
    }
  }
  const [fixed, perBlock, fixedPerDevice, perBlockPerDevice] = relativeFit(rows) as [number, number, number, number];
  return { fixed, perBlock, fixedPerDevice, perBlockPerDevice };
}

/** Server seconds of each step for all devices together, without codec. */
export function batchTotals(steps: readonly StepRecord[]): number[] {
  const totals = new Map<string, number>();
  for (const { round, step, measuredServerSeconds: own } of steps) {
    const key = `${round}.${step}`;
    totals.set(key, (totals.get(key) ?? 0) + own.compute + own.update);
  }
  return [...totals.values()];
}

async function measuredMemory(
  tf: Tf,
  workload: TimingWorkload,
  batchSize: number,
  memoryMode: MemoryMode,
  cuts: readonly number[],
): Promise<Pick<MeasuredEntry, 'deviceBytes' | 'serverStateBytes' | 'serverActivationBytes'>> {
  const { blocks } = workload.config;
  const device: FitRow[] = [];
  let atOneBlock = NaN;
  const state: FitRow[] = [];
  const activations: FitRow[] = [];
  for (const cut of cuts) {
    const peak = await devicePeakBytes(tf, workload, cut, batchSize, memoryMode);
    if (cut === 1) atOneBlock = peak;
    if (cut > 1 || cuts.length < 3) device.push({ regressors: [1, cut], value: peak });
    const server = await serverBytes(tf, workload, [cut], batchSize, memoryMode, 'allocated');
    state.push({ regressors: [1, blocks - cut], value: server.state });
    activations.push({ regressors: [1, blocks - cut], value: server.activations });
  }
  return {
    deviceBytes: { ...affineFit(device), atOneBlock },
    serverStateBytes: affineFit(state),
    serverActivationBytes: affineFit(activations),
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
