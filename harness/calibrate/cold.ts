import { median } from '../../lib/statistics/index.js';
import type { Tf } from '../backend/tensorflow.js';
import type { MemoryMode } from '../model/parts.js';
import type { StepRecord } from '../server/index.js';
import { deviceAt, isCompressed } from './points.js';
import type { ColdSample, ColdSeconds } from './probes.js';
import { middleReferences, slowdown, type References, type ReferenceTimer } from './references.js';
import { normalised, runOptions, type CalibrateOptions } from './steady-run.js';
import { timedRun, type TimedRun } from './timed-run.js';
import type { TimingWorkload } from './workload.js';

/** Processes of which the middle counts: one alone may find the machine as no other does. */
export const coldProcesses = 3;

/** The first run of a process: half of the blocks on the device, with a codec, which has to be compiled too. */
export function coldRun(
  tf: Tf,
  workload: TimingWorkload,
  timer: ReferenceTimer,
  batchSize: number,
  memoryMode: MemoryMode,
  options: Pick<CalibrateOptions, 'points' | 'steps' | 'seed'>,
): Promise<TimedRun> {
  const cut = Math.ceil(workload.config.blocks / 2);
  const device = deviceAt(workload, cut, batchSize, options.points.find(isCompressed));
  return timedRun(tf, workload, timer, runOptions([device], memoryMode, options));
}

/** What the first run of a process shows. */
export function coldSample({ first, rounds }: TimedRun): ColdSample {
  const references = middleReferences(rounds.map((round) => round.references));
  const extra = (pick: (record: StepRecord) => number) => {
    const usual = median(rounds.flatMap((round) => normalised(round, round.steps, pick, references)));
    const all = normalised(first, first.steps, pick, references);
    return Math.max(
      0,
      all.reduce((sum, seconds) => sum + seconds - usual, 0),
    );
  };
  return { device: extra(deviceSeconds), server: extra(serverSeconds), references };
}

/** The middle of several processes, each on its own, at the speed of `references`. */
export function coldSeconds(samples: readonly ColdSample[], references: References): ColdSeconds {
  const middle = (pick: (sample: ColdSample) => number) =>
    median(samples.map((sample) => pick(sample) / slowdown(sample.references, references)));
  return { device: middle(({ device }) => device), server: middle(({ server }) => server) };
}

const deviceSeconds = ({ seconds: own }: StepRecord) =>
  own.deviceForward + own.deviceEncode + own.deviceDecode + own.deviceBackward + own.deviceUpdate;
const serverSeconds = ({ measuredServerSeconds: own }: StepRecord) =>
  own.decode + own.compute + own.update + own.encode;
