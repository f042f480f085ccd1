import { median, relativeFit, robustSummary, type FitRow } from '../../lib/statistics/index.js';
import type { MeasuredEntry, MeasuredPoint, MeasuredProfile } from '../../lib/io/index.js';
import type { CodecPoint } from '../../lib/validation/index.js';
import { tokenCount } from '../model/config.js';
import type { StepRecord } from '../server/index.js';
import { coldSeconds } from './cold.js';
import type { CutRun, EntryRuns } from './entry-runs.js';
import { affineFit, batchFit } from './fits.js';
import { middleReferences, slowdown, type References } from './references.js';
import { normalised } from './steady-run.js';
import { stepTotals } from './timed-run.js';
import type { TimingWorkload } from './workload.js';

/** What is read of the runs at one batch size and memory mode. */
export type MeasuredRuns = Pick<
  EntryRuns,
  'batchSize' | 'memoryMode' | 'cuts' | 'points' | 'separate' | 'batched' | 'cold' | 'bytes'
>;

/** What all runs come to, at the speed of `references`. */
export type MeasuredTimes = Pick<
  MeasuredProfile,
  'headerBytes' | 'adapterBytes' | 'aggregationSeconds' | 'samples' | 'entries'
> & { readonly references: References };

/**
 * Every time is stated at the middle speed of the whole calibration: that of its first seconds alone would be as much a matter
 * of chance as any.
 */
export function measuredTimes(workload: Pick<TimingWorkload, 'config'>, runs: readonly MeasuredRuns[]): MeasuredTimes {
  const all = runs.flatMap(({ separate, batched }) => [...separate, ...batched]);
  const rounds = all.flatMap(({ run }) => run.rounds);
  const references = middleReferences(rounds.map((round) => round.references));
  const full = runs.filter((one) => isFirstOfItsSize(runs, one));
  const headerBytes = median(full.map((one) => plainHeader(workload, one)));
  const fitter = new EntryFitter(workload, references, headerBytes);
  // Codec and messages do not depend on the memory mode: the points of the first are those of all.
  const points = new Map(full.map((one) => [one.batchSize, fitter.points(one)]));
  const entries = runs.map((one) => fitter.entry(one, points.get(one.batchSize)!));
  const rows = all.flatMap((each) => messageRows(each, references));
  const [fixed, perDevice] = relativeFit(rows.map(({ aggregation }) => aggregation)) as [number, number];
  return {
    references,
    headerBytes,
    adapterBytes: affineFit(rows.map(({ adapters }) => adapters)),
    aggregationSeconds: { fixed: Math.max(0, fixed), perDevice: Math.max(0, perDevice) },
    samples: fitter.samples,
    entries,
  };
}

const isFirstOfItsSize = (runs: readonly MeasuredRuns[], one: MeasuredRuns) =>
  runs.find(({ batchSize }) => batchSize === one.batchSize) === one;

/** Aggregation by devices, and bytes of adapters by blocks. */
function messageRows({ cut, run }: CutRun, references: References): { aggregation: FitRow; adapters: FitRow }[] {
  return run.rounds.map(({ record, steps, references: around }) => {
    const count = record.devices.length;
    const down = steps.reduce((rest, { downlinkBytes }) => rest - downlinkBytes, record.downlinkBytes);
    return {
      aggregation: { regressors: [1, count], value: record.aggregationSeconds / slowdown(around, references) },
      adapters: { regressors: [1, cut], value: down / count },
    };
  });
}

/** Of a message down whose body is plain values; the first device sends such. */
function plainHeader(workload: Pick<TimingWorkload, 'config'>, { batchSize, separate }: MeasuredRuns): number {
  const steps = separate.flatMap(({ run }) => run.rounds.flatMap((round) => round.steps));
  const plain = steps.filter(({ device }) => device === 0);
  return median(plain.map(({ downlinkBytes }) => downlinkBytes)) - 4 * values(workload, batchSize);
}

function values({ config }: Pick<TimingWorkload, 'config'>, batchSize: number): number {
  return batchSize * tokenCount(config) * config.width;
}

class EntryFitter {
  private readonly tally = { taken: 0, dropped: 0 };

  constructor(
    private readonly workload: Pick<TimingWorkload, 'config'>,
    private readonly references: References,
    private readonly headerBytes: number,
  ) {}

  get samples(): { taken: number; dropped: number } {
    return { ...this.tally };
  }

  entry(runs: MeasuredRuns, points: MeasuredPoint[]): MeasuredEntry {
    const { batchSize, memoryMode, cuts, cold, bytes } = runs;
    const spread: Record<string, number> = {};
    const { blocks } = this.workload.config;
    const rows = (kind: string, pick: (record: StepRecord) => number, count: (cut: number) => number): FitRow[] =>
      runs.separate.map((one) => {
        const found = this.middle(one, pick);
        spread[kind] = Math.max(spread[kind] ?? 0, found.spread);
        return { regressors: [1, count(one.cut)], value: found.median };
      });
    const forward = rows('forward', deviceForward, (cut) => cut);
    const backward = rows('backward', deviceBackward, (cut) => cut);
    const server = rows('server', serverWork, (cut) => blocks - cut);
    return {
      batchSize,
      activations: memoryMode,
      cuts: [...cuts],
      forwardSeconds: affineFit(forward),
      backwardSeconds: affineFit(backward),
      serverSeconds: affineFit(server),
      // A device alone runs without the grouping of adapters: it is no batch of one.
      serverBatchSeconds: batchFit(this.batchRows(runs)),
      ...bytes,
      ...(cold.length > 0 && { coldSeconds: coldSeconds(cold, this.references) }),
      spread,
      points,
    };
  }

  points(runs: MeasuredRuns): MeasuredPoint[] {
    return runs.points.map((point, device) => this.point(runs, point, device));
  }

  private middle({ run }: CutRun, pick: (record: StepRecord) => number) {
    const found = robustSummary(run.rounds.flatMap((round) => normalised(round, round.steps, pick, this.references)));
    this.tally.taken += found.taken;
    this.tally.dropped += found.dropped;
    return found;
  }

  /** Of two and of four devices by cut. That more devices take less time is noise: then both have the mean. */
  private batchRows({ batched }: MeasuredRuns): FitRow[] {
    return [...new Set(batched.map(({ cut }) => cut))].flatMap((cut) => {
      const served = this.workload.config.blocks - cut;
      const [two, four] = [2, 4].map((count) =>
        median(batched.filter((one) => one.cut === cut && one.devices === count).map((one) => this.batchSeconds(one))),
      ) as [number, number];
      const mean = (two + four) / 2;
      return [
        { regressors: [1, served, 2, 2 * served], value: Math.min(two, mean) },
        { regressors: [1, served, 4, 4 * served], value: Math.max(four, mean) },
      ];
    });
  }

  private batchSeconds({ run }: CutRun): number {
    const totals = run.rounds.flatMap(({ steps, references }) => {
      const factor = slowdown(references, this.references);
      return [...stepTotals(steps, serverWork).values()].map((seconds) => seconds / factor);
    });
    return robustSummary(totals).median;
  }

  /** Of the device that has run the point, over all cuts. */
  private point(
    { batchSize, separate }: MeasuredRuns,
    { keptFraction, bits }: CodecPoint,
    device: number,
  ): MeasuredPoint {
    const count = values(this.workload, batchSize);
    const rounds = separate.flatMap(({ run }) => run.rounds);
    const own = (steps: readonly StepRecord[]) => steps.filter((record) => record.device === device);
    const perValue = (pick: (record: StepRecord) => number) =>
      robustSummary(rounds.flatMap((round) => normalised(round, own(round.steps), pick, this.references))).median /
      count;
    const ratio = (pick: (record: StepRecord) => number) => {
      const bytes = rounds.flatMap(({ steps }) => own(steps).map(pick));
      return (bytes.reduce((sum, each) => sum + each, 0) / bytes.length - this.headerBytes) / (4 * count);
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
}

const deviceForward = ({ seconds }: StepRecord) => seconds.deviceForward;
const deviceBackward = ({ seconds }: StepRecord) => seconds.deviceBackward + seconds.deviceUpdate;
const serverWork = ({ measuredServerSeconds: own }: StepRecord) => own.compute + own.update;
