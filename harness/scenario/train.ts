import type { Tf } from '../backend/tensorflow.js';
import type { AdapterState } from '../model/adapters.js';
import { evaluateDevices } from '../evaluate-devices.js';
import { messageSeed } from '../protocol/index.js';
import type { TrainingOptions } from '../run.js';
import { judgedAtOnce, type Evaluation } from '../training/index.js';
import { dataSplit } from './agreement.js';
import type { Workload } from './load.js';
import type { Scenario } from './scenario.js';

/** What `trainInProcess` needs of a scenario. */
export function trainingOptions(scenario: Scenario, workload: Workload): TrainingOptions {
  const { file, seed, devices, rounds, localSteps, memoryMode, optimizer, schedule, sharing } = scenario;
  const { config, weights, adapterSettings, adapters, dataset } = workload;
  return {
    config,
    weights,
    adapterSettings,
    adapters,
    memoryMode,
    devices,
    exchangeCodec: scenario.exchangeCodec,
    rounds,
    localSteps,
    optimizer,
    schedule,
    dataset,
    split: dataSplit(file.data.split),
    serverSharing: sharing,
    serverSpeedFactor: scenario.serverSpeedFactor,
    seed,
    timeoutSeconds: file.faults.messageTimeout,
    rejoinSeconds: file.faults.rejoinWait,
    ...(file.faults.roundDeadline !== undefined && { roundDeadlineSeconds: file.faults.roundDeadline }),
  };
}

const evaluationBatch = 48;

/** Accuracy on the held-out examples with the compression that each device trains with, the mean over the devices. */
export async function evaluateScenario(
  tf: Tf,
  { devices, seed }: Scenario,
  { evaluationSet: dataset, config, weights, adapterSettings: settings }: Workload,
  adapters: AdapterState,
): Promise<Evaluation | undefined> {
  if (!dataset) return undefined;
  const part = { config, weights, settings, adapters, memoryMode: 'recompute' } as const;
  const batchSeed = (batch: number) => messageSeed(seed, -1, batch, 'up');
  const batchSize = judgedAtOnce(config, evaluationBatch);
  return evaluateDevices(tf, { devices, part, dataset, batchSize, batchSeed });
}
