import { beforeAll, describe, expect, it } from 'vitest';
import { loadBackend, type Tensor, type Tf } from '../../../harness/backend/tensorflow.js';
import { initialAdapters, type AdapterSettings, type AdapterState } from '../../../harness/model/adapters.js';
import type { VitConfig } from '../../../harness/model/config.js';
import { FrozenWeights } from '../../../harness/model/frozen-weights.js';
import { ServerPart, type MemoryMode } from '../../../harness/model/parts.js';
import { randomWeights } from '../../../harness/model/weights.js';
import { batchStep, BatchMember } from '../../../harness/server/batch-part.js';
import { randomStream } from '../../../lib/random/index.js';

process.env['TF_NUM_INTRAOP_THREADS'] = '1';

const config: VitConfig = {
  imageSize: 16,
  patchSize: 8,
  channels: 3,
  width: 16,
  blocks: 4,
  heads: 2,
  mlpWidth: 32,
  classes: 4,
  pooling: 'class-token',
  layerNormEpsilon: 1e-6,
};
const weights = randomWeights(config, 4);

let tf: Tf;
beforeAll(async () => {
  ({ tf } = await loadBackend());
});

function adapters(settings: AdapterSettings, seed: number): AdapterState {
  const random = randomStream(seed, 'adapters');
  const state = [...initialAdapters(config, settings, seed, weights)];
  return new Map(
    state.map(([name, { shape, values }]) => [name, { shape, values: values.map((v) => v + 0.1 * random.normal()) }]),
  );
}

interface DeviceCase {
  readonly cut: number;
  readonly rows: number;
}

function draw({ rows }: DeviceCase, seed: number): { activations: Tensor; labels: Int32Array } {
  const random = randomStream(seed, 'activations');
  const values = Float32Array.from({ length: rows * 5 * 16 }, () => random.normal());
  const labels = Int32Array.from({ length: rows }, () => random.integer(config.classes));
  return { activations: tf.tensor(values, [rows, 5, 16]), labels };
}

const host = (tensor: Tensor) => Float32Array.from(tensor.dataSync());

describe.each([
  ['equal cuts', [1, 1, 1]],
  ['different cuts, the deepest first', [3, 1, 2]],
  ['a device without blocks', [0, 2, 2]],
  ['one device', [2]],
] as const)('one batch for devices with %s', (_, cuts) => {
  it.each([
    ['keep', false],
    ['recompute', false],
    ['keep', true],
  ] as const)('gives each what it would get alone (%s, trained head %s)', (memoryMode: MemoryMode, trainHead) => {
    const settings: AdapterSettings = { rank: 2, alpha: 4, targets: ['query', 'value', 'down'], dropout: 0, trainHead };
    const devices = cuts.map((cut, k) => ({ cut, rows: 2 + k }));
    const before = tf.memory().numTensors;
    const frozen = new FrozenWeights(tf, config, weights);
    const optionsOf = (k: number) => {
      return { config, weights, settings, adapters: adapters(settings, 10 + k), memoryMode, frozen };
    };
    const members = devices.map(({ cut }, k) => new BatchMember(tf, optionsOf(k), cut));
    const drawn = devices.map((device, k) => draw(device, 20 + k));
    const results = batchStep(
      tf,
      optionsOf(0),
      drawn.map((own, k) => ({ member: members[k]!, ...own })),
      1,
    );
    devices.forEach(({ cut }, k) => {
      const alone = new ServerPart(tf, optionsOf(k), cut);
      const wanted = alone.step(drawn[k]!.activations, drawn[k]!.labels, 1);
      const found = results[k]!;
      expect(members[k]!.names).toEqual(alone.names);
      expect(found.loss).toBeCloseTo(wanted.loss, 5);
      expect(found.gradient === undefined).toBe(cut === 0);
      const pairs = wanted.adapterGradients.map((gradient, i) => [found.adapterGradients[i]!, gradient] as const);
      if (found.gradient && wanted.gradient) pairs.push([found.gradient, wanted.gradient]);
      for (const [own, other] of pairs) {
        expect(own.shape).toEqual(other.shape);
        const [values, expected] = [host(own), host(other)];
        const largest = expected.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
        values.forEach((value, i) => expect(Math.abs(value - expected[i]!)).toBeLessThanOrEqual(2e-5 * largest + 1e-9));
      }
      expect(found.adapterGradients.length).toBe(wanted.adapterGradients.length);
      tf.dispose([...wanted.adapterGradients, ...(wanted.gradient ? [wanted.gradient] : [])]);
      alone.dispose();
    });
    tf.dispose(
      results.flatMap(({ gradient, adapterGradients }) => [...adapterGradients, ...(gradient ? [gradient] : [])]),
    );
    tf.dispose(drawn.map(({ activations }) => activations));
    for (const member of members) member.dispose();
    frozen.dispose();
    expect(tf.memory().numTensors).toBe(before);
  });
});
