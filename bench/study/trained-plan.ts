import type { Tf } from '../../harness/backend/tensorflow.js';
import { evaluateDevices } from '../../harness/evaluate-devices.js';
import { initialAdapters } from '../../harness/model/adapters.js';
import { messageSeed } from '../../harness/protocol/index.js';
import { trainInProcess, type TrainingOptions } from '../../harness/run.js';
import type { Workload } from '../../harness/study/index.js';
import { defaultAdamW } from '../../harness/training/index.js';

const adapterSettings = { rank: 8, alpha: 16, targets: ['query', 'value'], dropout: 0, trainHead: true } as const;

/** What differs between the trainings of plans. */
export interface PlanTraining
  extends
    Pick<TrainingOptions, 'devices' | 'rounds' | 'localSteps' | 'seed'>,
    Partial<Pick<TrainingOptions, 'exchangeCodec' | 'serverSpeedFactor' | 'record' | 'onRound'>> {
  /** Peak; default 3e-3. */
  readonly learningRate?: number;
}

/** Accuracy that a plan reaches when it is trained for real: the mean over its devices, each with its cut and codec. */
export async function accuracyOfPlan(tf: Tf, workload: Workload, training: PlanTraining): Promise<number> {
  const { config, weights, frozen, train, validation } = workload;
  const { learningRate = 3e-3, ...own } = training;
  const { devices, seed } = own;
  const { adapters } = await trainInProcess(tf, {
    ...own,
    config,
    weights,
    adapterSettings,
    adapters: initialAdapters(config, adapterSettings, seed, weights),
    memoryMode: 'keep',
    optimizer: { ...defaultAdamW, learningRate },
    schedule: { kind: 'cosine', warmUpSteps: 10, final: 0 },
    dataset: train,
    split: { kind: 'iid' },
  });
  const { accuracy } = await evaluateDevices(tf, {
    part: { config, weights, frozen, settings: adapterSettings, adapters, memoryMode: 'keep' },
    devices,
    dataset: validation,
    batchSize: 32,
    batchSeed: (batch) => messageSeed(seed, 0, 1_000_000 + batch, 'up'),
  });
  return accuracy;
}
