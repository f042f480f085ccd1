import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { loadBackend, type Tf } from '../../../harness/backend/tensorflow.js';
import { proceduralDataset } from '../../../harness/data/index.js';
import { initialAdapters, type AdapterSettings, type AdapterState } from '../../../harness/model/adapters.js';
import type { VitConfig } from '../../../harness/model/config.js';
import { randomWeights } from '../../../harness/model/weights.js';
import type { StepCodec } from '../../../harness/protocol/index.js';
import { trainInProcess, TrainingOptionsError, type DevicePlan, type TrainingOptions } from '../../../harness/run.js';
import { jsonLinesRecorder, type RunRecord, type StepRecord } from '../../../harness/server/index.js';
import { defaultAdamW } from '../../../harness/training/index.js';
import { connectWebSocket, listenWebSocket } from '../../../harness/transport/index.js';

process.env['TF_NUM_INTRAOP_THREADS'] = '1';
process.env['TF_NUM_INTEROP_THREADS'] = '1';

const config: VitConfig = {
  imageSize: 32,
  patchSize: 8,
  channels: 3,
  width: 24,
  blocks: 3,
  heads: 3,
  mlpWidth: 48,
  classes: 24,
  pooling: 'class-token',
  layerNormEpsilon: 1e-6,
};
const adapterSettings: AdapterSettings = { rank: 2, alpha: 4, targets: ['query', 'value', 'down'], dropout: 0 };

let tf: Tf;
let exact = false;
beforeAll(async () => {
  const backend = await loadBackend();
  tf = backend.tf;
  exact = backend.name === 'native';
  console.log(`backend: ${backend.description}`);
});

const device = (cut: number, codec: StepCodec = 'identity', more: Partial<DevicePlan> = {}): DevicePlan => ({
  cut,
  batchSize: 4,
  uplinkCodec: codec,
  downlinkCodec: codec,
  ...more,
});

function options(devices: readonly DevicePlan[], more: Partial<TrainingOptions> = {}): TrainingOptions {
  return {
    config,
    weights: randomWeights(config, 1),
    adapterSettings,
    adapters: initialAdapters(config, adapterSettings, 2),
    memoryMode: 'keep',
    devices,
    rounds: 3,
    localSteps: 2,
    optimizer: { ...defaultAdamW, learningRate: 3e-3 },
    dataset: proceduralDataset({ classes: 'fine-tuning', length: 60, seed: 5 }),
    split: { kind: 'iid' },
    seed: 7,
    ...more,
  };
}

function expectSame(found: AdapterState, wanted: AdapterState, isExact = exact): void {
  expect([...found.keys()]).toEqual([...wanted.keys()]);
  for (const [name, { values }] of wanted) {
    const other = found.get(name)!.values;
    if (isExact) expect(other, name).toEqual(values);
    else values.forEach((value, k) => expect(other[k]).toBeCloseTo(value, 4));
  }
}

const total = (seconds: Record<string, number>) => Object.values(seconds).reduce((sum, value) => sum + value, 0);

describe('three rounds of training', () => {
  it('give the same weights at every cut, in both memory modes', async () => {
    const whole = await trainInProcess(tf, options([device(0)]));
    const start = initialAdapters(config, adapterSettings, 2);
    for (const [name, { values }] of whole.adapters) expect(values, name).not.toEqual(start.get(name)!.values);
    for (const cut of [1, 2, 3]) {
      const memoryMode = cut === 2 ? 'recompute' : 'keep';
      expectSame((await trainInProcess(tf, options([device(cut)], { memoryMode }))).adapters, whole.adapters);
    }
  });

  it('of two devices do not depend on where each is cut, and leave no tensor behind', async () => {
    const before = tf.memory().numTensors;
    const even = await trainInProcess(tf, options([device(1), device(1)]));
    const mixed = await trainInProcess(tf, options([device(0), device(2)]));
    expectSame(mixed.adapters, even.adapters);
    expect(tf.memory().numTensors).toBe(before);
  });

  it('with compression go over WebSockets as within the process, byte for byte', async () => {
    const devices = [device(1, { keptFraction: 0.2, bits: 4 }), device(2, { keptFraction: 0.3, bits: 6 })];
    const within = await trainInProcess(tf, options(devices));
    const listener = await listenWebSocket({ port: 0 });
    const overSockets = await trainInProcess(
      tf,
      options(devices, {
        connect: async () => {
          const near = await connectWebSocket(listener.address);
          return [near, await listener.accept(10)];
        },
      }),
    );
    await listener.close();
    expectSame(overSockets.adapters, within.adapters);
    const plain = await trainInProcess(tf, options([device(1), device(2)]));
    const traffic = ({ rounds }: typeof plain) => rounds.map((round) => [round.uplinkBytes, round.downlinkBytes]);
    // Times in headers have digits that differ from run to run.
    traffic(overSockets)
      .flat()
      .forEach((bytes, k) => {
        expect(Math.abs(bytes / traffic(within).flat()[k]! - 1)).toBeLessThan(0.01);
      });
    expect(traffic(within)[0]![0]!).toBeLessThan(0.6 * traffic(plain)[0]![0]!);
  });
});

describe('a longer training', () => {
  it('lowers the loss, and its records add up', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'run-'));
    const path = join(folder, 'run.jsonl');
    const recorder = jsonLinesRecorder(path);
    const law = { kind: 'linear', bitsPerSecondPerHz: 2 } as const;
    const link = { uplink: law, downlink: { ...law, bitsPerSecondPerHz: 4 }, bandwidthHz: 1e5, latencySeconds: 0.02 };
    const result = await trainInProcess(
      tf,
      options([device(2, 'identity', { link, speedFactor: 3, batchSize: 12 })], {
        rounds: 6,
        localSteps: 3,
        optimizer: { ...defaultAdamW, learningRate: 1e-2 },
        dataset: proceduralDataset({ classes: 'fine-tuning', length: 12, seed: 5 }),
        record: recorder.record,
      }),
    );
    recorder.close();
    const records = (await readFile(path, 'utf8'))
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as RunRecord);
    await rm(folder, { recursive: true });
    const steps = records.filter((record) => record.kind === 'step');
    const rounds = records.filter((record) => record.kind === 'round');
    expect([steps.length, rounds.length]).toEqual([18, 6]);
    expect(rounds).toEqual(result.rounds);
    expect(rounds.at(-1)!.loss).toBeLessThan(rounds[0]!.loss - 0.02);
    for (const { uplinkBytes, downlinkBytes, seconds } of steps) {
      expect(seconds.uplink).toBeCloseTo((8 * uplinkBytes) / 2e5 + 0.02, 9);
      expect(seconds.downlink).toBeCloseTo((8 * downlinkBytes) / 4e5 + 0.02, 9);
      expect(uplinkBytes).toBeGreaterThan(12 * 17 * 24 * 4);
    }
    for (const round of rounds) {
      const own = steps.filter((step) => step.round === round.round);
      const chain = own.reduce((sum, step) => sum + total({ ...step.seconds }), 0);
      expect(round.roundSeconds).toBeCloseTo(chain + round.aggregationSeconds + round.adapterSeconds[0]!, 9);
      expect(round.uplinkBytes).toBeGreaterThan(own.reduce((sum, step) => sum + step.uplinkBytes, 0));
    }
  });

  it('in a batch makes the fast device wait for the slow one', async () => {
    const steps: StepRecord[] = [];
    const record = (entry: RunRecord) => entry.kind === 'step' && steps.push(entry);
    const devices = [device(1), device(1, 'identity', { speedFactor: 1000 })];
    await trainInProcess(tf, options(devices, { serverSharing: 'batched', rounds: 1, record }));
    for (const step of [0, 1]) {
      const [fast, slow] = [0, 1].map((index) => steps.find((s) => s.step === step && s.device === index)!);
      const compute = total({ ...fast!.measuredServerSeconds }) + total({ ...slow!.measuredServerSeconds });
      expect(slow!.seconds.server).toBeCloseTo(compute, 9);
      expect(fast!.seconds.server).toBeGreaterThan(compute);
    }
  });
});

describe('a training that cannot go on', () => {
  it('fails with the reason of who failed, and leaves no tensor behind', async () => {
    const before = tf.memory().numTensors;
    const sound = proceduralDataset({ classes: 'fine-tuning', length: 60, seed: 5 });
    let reads = 0;
    const dataset = {
      ...sound,
      values: (index: number) => (++reads > 20 ? Promise.reject(new Error('disk on fire')) : sound.values(index)),
    };
    await expect(trainInProcess(tf, options([device(1), device(2)], { dataset }))).rejects.toThrow('disk on fire');
    expect(tf.memory().numTensors).toBe(before);
  });

  it('goes on where a device with all blocks leaves the whole server to another', async () => {
    const devices = [device(config.blocks), { ...device(1), serverShare: 1 }];
    expect((await trainInProcess(tf, options(devices, { rounds: 1 }))).roundsDone).toBe(1);
    const shared = [{ ...device(1), serverShare: 0.7 }, device(2)];
    await expect(trainInProcess(tf, options(shared))).rejects.toThrow('shares of the server sum to 1.2');
  });

  it('refuses options that contradict each other, all at once', async () => {
    const wrong = options([device(4), device(1, 'identity', { serverShare: 0.9, speedFactor: 0 })], { rounds: 0 });
    const error = await trainInProcess(tf, wrong).catch((cause: unknown) => cause);
    expect(error).toBeInstanceOf(TrainingOptionsError);
    for (const part of ['cut must be', 'speedFactor', 'shares of the server', 'rounds']) {
      expect(String(error)).toContain(part);
    }
  });
});
