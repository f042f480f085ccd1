import type { Tf } from '../backend/tensorflow.js';
import type { MemoryMode } from '../model/vit.js';
import { trainInProcess, type DevicePlan } from '../run.js';
import type { RoundRecord, ServerSharing, StepRecord } from '../server/index.js';
import { defaultAdamW } from '../training/index.js';
import type { TimingWorkload } from './workload.js';

export interface TimedRunOptions {
  readonly devices: readonly DevicePlan[];
  readonly sharing: ServerSharing;
  readonly memoryMode: MemoryMode;
  /** K. */
  readonly localSteps: number;
  /** Measured ones. */
  readonly rounds: number;
  /** Rounds before them that are not looked at. */
  readonly warmUpRounds: number;
  /** First steps of each device that are not looked at. */
  readonly warmUpSteps: number;
  readonly serverSpeedFactor?: number;
  readonly seed: number;
}

/** Records of a training on the event clock, without those of its warm-up. */
export interface TimedRun {
  readonly steps: readonly StepRecord[];
  readonly rounds: readonly RoundRecord[];
}

/** Trains as `sft-opt train` does and keeps what was measured. */
export async function timedRun(tf: Tf, workload: TimingWorkload, options: TimedRunOptions): Promise<TimedRun> {
  const steps: StepRecord[] = [];
  const rounds: RoundRecord[] = [];
  const { config, weights, settings, adapters, dataset, normalisation } = workload;
  collectGarbage();
  await trainInProcess(tf, {
    config,
    weights,
    adapterSettings: settings,
    adapters,
    dataset,
    normalisation,
    memoryMode: options.memoryMode,
    devices: options.devices,
    rounds: options.warmUpRounds + options.rounds,
    localSteps: options.localSteps,
    optimizer: defaultAdamW,
    split: { kind: 'iid' },
    serverSharing: options.sharing,
    ...(options.serverSpeedFactor !== undefined && { serverSpeedFactor: options.serverSpeedFactor }),
    seed: options.seed,
    record: (record) => {
      if (record.kind === 'step' || record.kind === 'round') {
        if (record.round < options.warmUpRounds) return;
      }
      if (record.kind === 'step' && record.round * options.localSteps + record.step >= options.warmUpSteps) {
        steps.push(record);
      }
      if (record.kind === 'round') rounds.push(record);
    },
  });
  return { steps, rounds };
}

/** Collects garbage where the runtime lets it (`--expose-gc`): a collection within a stage would count as its time. */
export function collectGarbage(): void {
  const { gc } = globalThis as { gc?: () => void };
  gc?.();
}
