import { beforeAll, describe, expect, it } from 'vitest';
import { loadBackend, type Tf } from '../../../harness/backend/tensorflow.js';
import { grammarDataset } from '../../../harness/data/index.js';
import { initialAdapters, type AdapterSettings } from '../../../harness/model/adapters.js';
import type { DecoderConfig } from '../../../harness/model/config.js';
import { embeddedDecoder } from '../../../harness/model/embedded.js';
import { randomWeights } from '../../../harness/model/weights.js';
import type { StepCodec } from '../../../harness/protocol/index.js';
import { trainInProcess, type DevicePlan, type TrainingOptions } from '../../../harness/run.js';
import {
  evaluateScenario,
  loadWorkload,
  readScenario,
  resolveScenario,
  trainingOptions,
} from '../../../harness/scenario/index.js';
import { defaultAdamW } from '../../../harness/training/index.js';
import { connectWebSocket, listenWebSocket } from '../../../harness/transport/index.js';

let tf: Tf;
let exact = false;
beforeAll(async () => {
  const backend = await loadBackend();
  tf = backend.tf;
  exact = backend.name === 'native';
});

const small = (classes: number): DecoderConfig => ({ ...embeddedDecoder(classes), width: 16, blocks: 3, mlpWidth: 24 });

const device = (cut: number, codec: StepCodec = 'identity'): DevicePlan => ({
  cut,
  batchSize: 3,
  uplinkCodec: codec,
  downlinkCodec: codec,
});

function options(
  task: 'class' | 'next-word',
  devices: readonly DevicePlan[],
  more: Partial<TrainingOptions> = {},
): TrainingOptions {
  const config = small(task === 'class' ? 24 : 0);
  const weights = randomWeights(config, 1);
  const trainHead = task === 'class';
  const adapterSettings: AdapterSettings = { rank: 2, alpha: 4, targets: ['query', 'gate'], dropout: 0.1, trainHead };
  return {
    config,
    weights,
    adapterSettings,
    adapters: initialAdapters(config, adapterSettings, 2, weights),
    memoryMode: 'keep',
    devices,
    rounds: 2,
    localSteps: 1,
    optimizer: { ...defaultAdamW, learningRate: 3e-3 },
    dataset: grammarDataset({ classes: 'fine-tuning', task, length: 40, seed: 5 }),
    split: { kind: 'iid' },
    seed: 7,
    ...more,
  };
}

describe.each(['class', 'next-word'] as const)('a decoder that learns the %s', (task) => {
  it('learns the same at every cut and in both memory modes, and leaves no tensor behind', async () => {
    const before = tf.memory().numTensors;
    const whole = await trainInProcess(tf, options(task, [device(0)]));
    const start = options(task, []).adapters;
    for (const [name, { values }] of whole.adapters) expect(values, name).not.toEqual(start.get(name)!.values);
    let compared = 0;
    for (const cut of [1, 2, 3]) {
      for (const memoryMode of ['keep', 'recompute'] as const) {
        const { adapters } = await trainInProcess(tf, options(task, [device(cut)], { memoryMode }));
        for (const [name, { values }] of whole.adapters) {
          if (exact) expect(adapters.get(name)!.values, `${name} at ${cut}`).toEqual(values);
          else values.forEach((value, k) => expect(adapters.get(name)!.values[k]).toBeCloseTo(value, 4));
          compared++;
        }
      }
    }
    expect(compared).toBe(6 * (12 + (task === 'class' ? 2 : 0)));
    expect(tf.memory().numTensors).toBe(before);
  });

  it('learns over sockets, compressed and in one batch, what it learns within the process', async () => {
    const devices = [device(1, { keptFraction: 0.3, bits: 4 }), device(2)];
    const within = await trainInProcess(tf, options(task, devices, { serverSharing: 'batched' }));
    const listener = await listenWebSocket({ port: 0 });
    const connect = async () => {
      const near = await connectWebSocket(listener.address);
      return [near, await listener.accept(10)] as const;
    };
    const over = await trainInProcess(tf, options(task, devices, { serverSharing: 'batched', connect }));
    await listener.close();
    expect([...over.adapters]).toEqual([...within.adapters]);
    expect(over.rounds.map(({ loss }) => loss)).toEqual(within.rounds.map(({ loss }) => loss));
  });
});

it('refuses data of another shape or with more classes than the head', async () => {
  const texts = grammarDataset({ classes: 'fine-tuning', task: 'class', length: 40, seed: 5 });
  const config: DecoderConfig = { ...small(20), tokens: 16 };
  const training = trainInProcess(tf, options('class', [device(1)], { config, dataset: texts }));
  await expect(training).rejects.toThrow(/examples of 32 do not fit the model's 16[^]*24 classes do not fit/u);
});

it.each(['class', 'next-word'] as const)('trains and judges the %s as a scenario file says', async (task) => {
  const outcome = readScenario(`
version: 1
data: { set: grammar, task: ${task}, images: 40, evaluationImages: 8 }
model: { family: decoder, seed: 1, shape: { width: 16, blocks: 3, heads: 4, keyValueHeads: 2, mlpWidth: 24 } }
training: { rounds: 1, stepsPerRound: 2, batchSize: 3 }
devices: [{ name: a, codec: { keptFraction: 30 %, bits: 4 } }, { name: b, cut: 3 }]
`);
  if (!outcome.ok) throw new Error(JSON.stringify(outcome.issues));
  const scenario = await resolveScenario(outcome.file, '.');
  const workload = await loadWorkload(scenario, await loadBackend());
  expect(workload.adapterSettings.trainHead).toBe(task === 'class');
  const { adapters } = await trainInProcess(tf, trainingOptions(scenario, workload));
  const found = await evaluateScenario(tf, scenario, workload, adapters);
  const texts = workload.evaluationSet!;
  let judged = 0;
  for (let k = 0; k < 8; k++) judged += (await texts.targets!(k)).filter((target) => target >= 0).length;
  expect(found!.targets).toBe(task === 'class' ? 8 : judged);
  // Nothing is known yet: the loss is about that of a guess among all answers.
  const answers = task === 'class' ? 24 : 118;
  expect(Math.abs(found!.loss - Math.log(answers))).toBeLessThan(0.5);
});
