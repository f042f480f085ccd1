import { median, robustSummary, type FitRow } from '../../lib/statistics/index.js';
import type { MeasuredEntry, MeasuredPoint } from '../../lib/io/index.js';
import { calibrationCuts, type CodecPoint } from '../../lib/validation/index.js';
import { tokenCount } from '../model/config.js';
import type { MemoryMode } from '../model/parts.js';
import type { StepRecord } from '../server/index.js';
import type { Budget } from './budget.js';
import { coldSeconds } from './cold.js';
import { affineFit, batchFit } from './fits.js';
import { measuredMemory } from './memory-fits.js';
import { deviceAt, plainPoint } from './points.js';
import { slowdown } from './references.js';
import { normalised, steadyRun, type Calibration } from './steady-run.js';
import { stepTotals, type TimedRun } from './timed-run.js';
import type { TimingWorkload } from './workload.js';

/** Batch size and memory mode: all passes over cuts, points and batches. `known`: points of another mode, which are the same. */
export async function measuredEntry(
  context: Calibration,
  batchSize: number,
  memoryMode: MemoryMode,
  { points: wanted, passes }: Budget,
  known: readonly MeasuredPoint[] | undefined,
): Promise<MeasuredEntry> {
  const { tf, workload, options } = context;
  const cuts = calibrationCuts(workload.config.blocks);
  const times: StageRows = { forward: [], backward: [], server: [], batch: [] };
  const spread: Record<string, number> = {};
  const runs: TimedRun[] = [];
  const points = known ? [plainPoint] : wanted;
  for (let pass = 0; pass < passes; pass++) {
    // Every second pass goes the other way: what changes in the long run falls on all cuts alike.
    for (const cut of pass % 2 === 0 ? cuts : [...cuts].reverse()) {
      // A device for each point: they take turns, and warm up together.
      const devices = points.map((point) => deviceAt(workload, cut, batchSize, point));
      const run = await steadyRun(context, { batchSize, memoryMode, cut, sharing: 'allocated', devices });
      addTimes(context, run, cut, times, spread);
      runs.push(run);
    }
    for (const cut of [cuts[0]!, cuts.at(-1)!]) await addBatches(context, cut, batchSize, memoryMode, wanted, times);
  }
  const { probes } = options;
  const cold = probes && (await coldSeconds(() => probes.cold(batchSize, memoryMode), context.references));
  if (!known) context.header.push(headerBytes(workload, batchSize, runs));
  return {
    batchSize,
    activations: memoryMode,
    cuts,
    forwardSeconds: affineFit(times.forward),
    backwardSeconds: affineFit(times.backward),
    serverSeconds: affineFit(times.server),
    serverBatchSeconds: batchFit(times.batch),
    ...(await measuredMemory(tf, workload, probes, batchSize, memoryMode, cuts)),
    ...(cold && { coldSeconds: cold }),
    spread,
    points: [...(known ?? points.map((point, k) => measuredPoint(context, batchSize, point, k, runs)))],
  };
}

/** Of a batch for all devices; with it for a device on its own, which is a batch of one. */
interface StageRows {
  readonly forward: FitRow[];
  readonly backward: FitRow[];
  readonly server: FitRow[];
  readonly batch: FitRow[];
}

function addTimes(
  { workload, references, tally }: Calibration,
  run: TimedRun,
  cut: number,
  rows: StageRows,
  spread: Record<string, number>,
): void {
  const serverBlocks = workload.config.blocks - cut;
  const middle = (kind: string, pick: (record: StepRecord) => number) => {
    const found = robustSummary(run.rounds.flatMap((round) => normalised(round, round.steps, pick, references)));
    tally.taken += found.taken;
    tally.dropped += found.dropped;
    spread[kind] = Math.max(spread[kind] ?? 0, found.spread);
    return found.median;
  };
  const forward = middle('forward', ({ seconds }) => seconds.deviceForward);
  const backward = middle('backward', ({ seconds }) => seconds.deviceBackward + seconds.deviceUpdate);
  const server = middle('server', ({ measuredServerSeconds: own }) => own.compute + own.update);
  rows.forward.push({ regressors: [1, cut], value: forward });
  rows.backward.push({ regressors: [1, cut], value: backward });
  rows.server.push({ regressors: [1, serverBlocks], value: server });
  rows.batch.push({ regressors: [1, serverBlocks, 1, serverBlocks], value: server });
}

/** Batches of two and of four devices, whose points differ. */
async function addBatches(
  context: Calibration,
  cut: number,
  batchSize: number,
  memoryMode: MemoryMode,
  points: readonly CodecPoint[],
  { batch }: StageRows,
): Promise<void> {
  const { workload, references } = context;
  const serverBlocks = workload.config.blocks - cut;
  for (const count of [2, 4]) {
    const devices = Array.from({ length: count }, (_, k) =>
      deviceAt(workload, cut, batchSize, points[(k + 1) % points.length]),
    );
    const sketch = { batchSize, memoryMode, cut, sharing: 'batched', devices, judged: ['server'] } as const;
    const totals = (await steadyRun(context, sketch)).rounds.flatMap(({ steps, references: around }) => {
      const factor = slowdown(around, references);
      const all = stepTotals(steps, ({ measuredServerSeconds: { compute, update } }) => compute + update);
      return [...all.values()].map((seconds) => seconds / factor);
    });
    const regressors = [1, serverBlocks, count, count * serverBlocks];
    batch.push({ regressors, value: robustSummary(totals).median });
  }
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
