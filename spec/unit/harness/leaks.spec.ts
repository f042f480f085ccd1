import { beforeAll, expect, it } from 'vitest';
import { loadBackend, type Tf } from '../../../harness/backend/tensorflow.js';
import { proceduralDataset } from '../../../harness/data/index.js';
import { initialAdapters, type AdapterSettings, type AdapterState } from '../../../harness/model/adapters.js';
import type { VitConfig } from '../../../harness/model/config.js';
import { randomWeights } from '../../../harness/model/weights.js';
import { trainInProcess, type TrainingOptions } from '../../../harness/run.js';
import { defaultAdamW } from '../../../harness/training/index.js';
import { samples } from '../../support/samples.js';

process.env['TF_NUM_INTRAOP_THREADS'] = '1';

const config: VitConfig = {
  imageSize: 32,
  patchSize: 16,
  channels: 3,
  width: 8,
  blocks: 3,
  heads: 2,
  mlpWidth: 16,
  classes: 24,
  pooling: 'class-token',
  layerNormEpsilon: 1e-6,
};
const weights = randomWeights(config, 1);

const rounds = samples(10, 25);

let tf: Tf;
beforeAll(async () => {
  ({ tf } = await loadBackend());
});

const device = (cut: number, codec = 'identity' as 'identity' | { keptFraction: number }) => {
  return { cut, batchSize: 2, uplinkCodec: codec, downlinkCodec: codec };
};

function options(more: Partial<TrainingOptions>): TrainingOptions {
  const adapterSettings: AdapterSettings = { rank: 2, alpha: 4, targets: ['query'], dropout: 0.1, trainHead: true };
  return {
    config,
    weights,
    adapterSettings,
    adapters: initialAdapters(config, adapterSettings, 1, weights),
    memoryMode: 'keep',
    devices: [device(0), device(2, { keptFraction: 0.5 }), device(3)],
    rounds,
    localSteps: 2,
    optimizer: defaultAdamW,
    dataset: proceduralDataset({ classes: 'fine-tuning', length: 16, seed: 1 }),
    split: { kind: 'iid' },
    seed: 1,
    ...more,
  };
}

it.each([
  ['allocated', 'keep'],
  ['allocated', 'recompute'],
  ['batched', 'keep'],
  ['batched', 'recompute'],
] as const)(
  'steps (%s, %s) leave no tensor behind at any round, nor after the end',
  async (serverSharing, memoryMode) => {
    const before = tf.memory().numTensors;
    const seen: number[] = [];
    const onRound = () => void seen.push(tf.memory().numTensors);
    await trainInProcess(tf, options({ serverSharing, memoryMode, onRound }));
    expect(seen.length).toBe(rounds);
    expect(new Set(seen).size).toBe(1);
    expect(tf.memory().numTensors).toBe(before);
  },
);

it('one batch trains as separate work does, whatever the cuts', async () => {
  const train = (serverSharing: 'allocated' | 'batched', memoryMode: 'keep' | 'recompute') => {
    const adapterSettings: AdapterSettings = {
      rank: 2,
      alpha: 4,
      targets: ['query', 'down'],
      dropout: 0,
      trainHead: true,
    };
    const adapters = initialAdapters(config, adapterSettings, 1, weights);
    return trainInProcess(tf, options({ adapterSettings, adapters, serverSharing, memoryMode, rounds: 3 }));
  };
  const wanted = await train('allocated', 'keep');
  for (const memoryMode of ['keep', 'recompute'] as const) {
    const found = await train('batched', memoryMode);
    const largest = (state: AdapterState) =>
      Math.max(...[...state.values()].flatMap(({ values }) => [...values].map(Math.abs)));
    for (const [name, { values }] of wanted.adapters) {
      const other = found.adapters.get(name)!.values;
      values.forEach((value, k) => expect(Math.abs(other[k]! - value)).toBeLessThan(1e-3 * largest(wanted.adapters)));
    }
    expect(found.rounds.at(-1)!.loss).toBeCloseTo(wanted.rounds.at(-1)!.loss, 4);
  }
});
