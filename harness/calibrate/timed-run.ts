import { robustSummary, trendOf } from '../../lib/statistics/index.js';
import type { Tf } from '../backend/tensorflow.js';
import type { MemoryMode } from '../model/parts.js';
import { trainInProcess, type DevicePlan } from '../run.js';
import { threadStretch } from '../protocol/index.js';
import type { RoundRecord, RunRecord, ServerSharing, StepRecord } from '../server/index.js';
import { defaultAdamW } from '../training/index.js';
import { middleReferences, slowdown, type References, type ReferenceTimer } from './references.js';
import type { TimingWorkload } from './workload.js';

export interface TimedRunOptions {
  readonly devices: readonly DevicePlan[];
  readonly sharing: ServerSharing;
  readonly memoryMode: MemoryMode;
  /** K. */
  readonly localSteps: number;
  /** Measured ones: the last of the run. */
  readonly rounds: number;
  readonly serverSpeedFactor?: number;
  readonly seed: number;
  /** Stages that must be steady; default all. */
  readonly judged?: readonly string[] | undefined;
}

/** A round with its steps and the references around it. */
export interface TimedRound {
  readonly record: RoundRecord;
  readonly steps: readonly StepRecord[];
  /** Middle of before and after. */
  readonly references: References;
}

/** A training on the event clock. */
export interface TimedRun {
  /** The measured ones. */
  readonly rounds: readonly TimedRound[];
  /** The very first. */
  readonly first: TimedRound;
  readonly warmUpRounds: number;
  /** Stages whose times still had a trend in the measured rounds, or were spread too widely. */
  readonly unsteady: readonly string[];
}

/** Gathers the rounds of a training with the references around each. */
export class RoundTimer {
  readonly rounds: TimedRound[] = [];
  private steps: StepRecord[] = [];
  private before: References;
  private since: ReturnType<typeof threadStretch>;

  constructor(private readonly timer: ReferenceTimer) {
    this.before = timer.measure();
    this.since = threadStretch();
  }

  readonly record = (record: RunRecord): void => {
    if (record.kind === 'step') this.steps.push(record);
  };

  readonly onRound = (record: RoundRecord): void => {
    const stretch = this.since();
    const after = this.timer.measure();
    const references = { ...middleReferences([this.before, after]), threadStretch: stretch };
    this.rounds.push({ record, steps: this.steps, references });
    this.steps = [];
    this.before = after;
    this.since = threadStretch();
  };
}

/** Rounds after which a run that is still not steady ends, over the measured ones. */
const patience = 3;
/** A trend counts where chance has at most this probability and it changes the stage by at least so much. */
const trendLimits = { probability: 0.01, drift: 0.05 };
/** Largest median absolute deviation of a stage's steps over their median. */
const largestSpread = 0.1;

/**
 * Trains as `sft-opt train` does, with references before the first round and after each, until the last rounds show no
 * trend in any stage (Mann–Kendall on the steps' times over the references), and keeps these.
 */
export async function timedRun(
  tf: Tf,
  workload: TimingWorkload,
  timer: ReferenceTimer,
  options: TimedRunOptions,
): Promise<TimedRun> {
  const { config, weights, settings, adapters, dataset } = workload;
  const { devices, memoryMode, localSteps, sharing, serverSpeedFactor = 1, seed, rounds, judged } = options;
  const enough = new AbortController();
  collectGarbage();
  const timed = new RoundTimer(timer);
  const found = timed.rounds;
  await trainInProcess(tf, {
    config,
    weights,
    adapterSettings: settings,
    adapters,
    dataset,
    memoryMode,
    devices,
    rounds: rounds * patience + 1,
    localSteps,
    optimizer: defaultAdamW,
    split: { kind: 'iid' },
    serverSharing: sharing,
    serverSpeedFactor,
    seed,
    signal: enough.signal,
    record: timed.record,
    onRound: (record) => {
      timed.onRound(record);
      if (found.length > rounds && unsteadyStages(found.slice(-rounds), judged).length === 0) enough.abort();
    },
  });
  const measured = found.slice(-rounds);
  const [first] = found;
  return {
    rounds: measured,
    first: first!,
    warmUpRounds: found.length - rounds,
    unsteady: unsteadyStages(measured, judged),
  };
}

const stages: Readonly<Record<string, (record: StepRecord) => number>> = {
  'device forward': ({ seconds }) => seconds.deviceForward,
  'device backward': ({ seconds }) => seconds.deviceBackward + seconds.deviceUpdate,
  server: ({ measuredServerSeconds: own }) => own.compute + own.update,
  codec: ({ seconds, measuredServerSeconds: own }) =>
    seconds.deviceEncode + seconds.deviceDecode + own.encode + own.decode,
};

/** Of the steps of all devices together: what one more device adds is no trend. */
export function unsteadyStages(rounds: readonly TimedRound[], judged?: readonly string[]): string[] {
  return Object.entries(stages).flatMap(([name, pick]) => {
    if (judged && !judged.includes(name)) return [];
    const series = rounds.flatMap(({ steps, references }) => {
      const factor = slowdown(references, rounds[0]!.references);
      return [...stepTotals(steps, pick).values()].map((seconds) => seconds / factor);
    });
    const { probability, drift } = trendOf(series);
    if (probability <= trendLimits.probability && Math.abs(drift) >= trendLimits.drift) {
      return [`${name} (goes by ${(100 * drift).toFixed(0)} % over ${series.length} steps)`];
    }
    const { spread } = robustSummary(series);
    return spread > largestSpread ? [`${name} (spread ${(100 * spread).toFixed(0)} %)`] : [];
  });
}

/** Sum over devices by step, in the order of the steps. */
export function stepTotals(steps: readonly StepRecord[], pick: (record: StepRecord) => number): Map<string, number> {
  const totals = new Map<string, number>();
  for (const record of steps) {
    const key = `${record.round}.${record.step}`;
    totals.set(key, (totals.get(key) ?? 0) + pick(record));
  }
  return totals;
}

/** Collects garbage where the runtime lets it (`--expose-gc`): a collection within a stage would count as its time. */
function collectGarbage(): void {
  const { gc } = globalThis as { gc?: () => void };
  gc?.();
}
