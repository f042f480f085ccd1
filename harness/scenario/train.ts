import type { Tf } from '../backend/tensorflow.js';
import type { AdapterState } from '../model/adapters.js';
import { messageSeed, decodeTensor, encodeTensor, type StepCodec } from '../protocol/index.js';
import type { TrainingOptions } from '../run.js';
import { evaluate, type Evaluation } from '../training/index.js';
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

/**
 * Accuracy on the held-out examples with the compression that each device trains with: a model trained with it is used
 * with it. The mean over the devices; equal cuts with equal codecs are measured once.
 */
export async function evaluateScenario(
  tf: Tf,
  scenario: Scenario,
  workload: Workload,
  adapters: AdapterState,
): Promise<Evaluation | undefined> {
  const { evaluationSet: dataset, config, weights, adapterSettings: settings } = workload;
  if (!dataset) return undefined;
  const part = { config, weights, settings, adapters, memoryMode: 'recompute' } as const;
  const ways = new Map<string, { cut: number; codec: StepCodec; count: number }>();
  for (const { cut, uplinkCodec: codec } of scenario.devices) {
    const key = JSON.stringify([cut, codec]);
    ways.set(key, { cut, codec, count: (ways.get(key)?.count ?? 0) + 1 });
  }
  let [accuracy, loss, targets] = [0, 0, 0];
  for (const { cut, codec, count } of ways.values()) {
    const channel = (values: Float32Array, shape: readonly number[], batch: number) =>
      decodeTensor(encodeTensor(values, shape, codec, messageSeed(scenario.seed, -1, batch, 'up')), shape, codec);
    const options = { part, cut, dataset, batchSize: evaluationBatch };
    const found = await evaluate(tf, { ...options, ...(codec !== 'identity' && { channel }) });
    accuracy += (found.accuracy * count) / scenario.devices.length;
    loss += (found.loss * count) / scenario.devices.length;
    targets = found.targets;
  }
  return { accuracy, loss, targets };
}
