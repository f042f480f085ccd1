import type { CodecPoint } from '../../lib/validation/index.js';
import type { Tf } from '../backend/tensorflow.js';
import type { MemoryMode } from '../model/parts.js';
import type { StageClock } from '../protocol/index.js';
import type { DevicePlan } from '../run.js';
import type { ServerSharing, StepRecord } from '../server/index.js';
import type { ProcessProbes } from './probes.js';
import { slowdown, type References, type ReferenceTimer } from './references.js';
import { timedRun, type TimedRound, type TimedRun } from './timed-run.js';
import type { TimingWorkload } from './workload.js';

export interface CalibrateOptions {
  readonly batchSizes: readonly number[];
  readonly memoryModes: readonly MemoryMode[];
  /** In the order of their importance, the uncompressed one among them. */
  readonly points: readonly CodecPoint[];
  /** Measured steps of each run, in fours; never fewer. Runs are made several times where the time limit leaves room. */
  readonly steps: number;
  /** The last operating points are left out where all would take longer. */
  readonly timeLimitSeconds: number;
  /** Passes over all runs, where there is time for them; 3 when absent: more say little, as then processes and days differ. */
  readonly mostPasses?: number;
  /** Runs of one kind until one is steady; 3 when absent. */
  readonly attempts?: number;
  readonly clock: StageClock;
  readonly seed: number;
  /** Without them neither the memory of a process nor its first round is measured. */
  readonly probes?: ProcessProbes;
  readonly onProgress?: (text: string) => void;
}

/** K of all runs: the references are timed between rounds. */
export const localSteps = 4;

/** What all runs of a calibration share, and where they note what is not steady. */
export interface Calibration {
  readonly tf: Tf;
  readonly workload: TimingWorkload;
  readonly timer: ReferenceTimer;
  readonly options: CalibrateOptions;
  readonly unsteady: string[];
}

/** What a run of a calibration is of. */
export interface RunSketch {
  readonly batchSize: number;
  readonly memoryMode: MemoryMode;
  /** Of all devices. */
  readonly cut: number;
  readonly sharing: ServerSharing;
  readonly devices: readonly DevicePlan[];
  /** Stages whose times are taken from it: only these must be steady. */
  readonly judged?: readonly string[];
}

/** A run that counts: made anew while it is not steady; what stays so is named in the profile. */
export async function steadyRun(context: Calibration, sketch: RunSketch): Promise<TimedRun> {
  const { tf, workload, timer, options } = context;
  const { attempts = 3 } = options;
  const { batchSize, memoryMode, cut, sharing, devices, judged } = sketch;
  const own = { ...runOptions(devices, memoryMode, options), sharing, judged };
  let run = await timedRun(tf, workload, timer, own);
  for (let k = 1; k < attempts && run.unsteady.length > 0; k++) run = await timedRun(tf, workload, timer, own);
  const together = sharing === 'batched' ? `, ${devices.length} devices in one batch` : '';
  const name = `batches of ${batchSize}, ${memoryMode}, cut ${cut}${together}`;
  context.unsteady.push(...run.unsteady.map((stage) => `${name}: ${stage}`));
  return run;
}

export function runOptions(
  devices: readonly DevicePlan[],
  memoryMode: MemoryMode,
  { steps, seed }: Pick<CalibrateOptions, 'steps' | 'seed'>,
) {
  const rounds = Math.max(2, Math.ceil(steps / localSteps));
  return { sharing: 'allocated', devices, memoryMode, localSteps, rounds, seed } as const;
}

/** Times of some steps at the speed of the references. */
export function normalised(
  round: TimedRound,
  steps: readonly StepRecord[],
  pick: (record: StepRecord) => number,
  references: References,
): number[] {
  const factor = slowdown(round.references, references);
  return steps.map((record) => pick(record) / factor);
}
