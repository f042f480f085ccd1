/**
 * Tensors and process memory over 500 steps of whole trainings, devices and server in one process, in every mode.
 * Run: TF_NUM_INTRAOP_THREADS=1 node --expose-gc --import tsx bench/harness/memory.ts
 */
import { cpus, loadavg } from 'node:os';
import { loadBackend } from '../../harness/backend/tensorflow.js';
import { proceduralDataset } from '../../harness/data/index.js';
import { initialAdapters } from '../../harness/model/adapters.js';
import type { VitConfig } from '../../harness/model/config.js';
import { randomWeights } from '../../harness/model/weights.js';
import { trainInProcess } from '../../harness/run.js';
import { defaultAdamW } from '../../harness/training/index.js';

const config: VitConfig = {
  imageSize: 32,
  patchSize: 8,
  channels: 3,
  width: 48,
  blocks: 3,
  heads: 3,
  mlpWidth: 96,
  classes: 24,
  pooling: 'class-token',
  layerNormEpsilon: 1e-6,
};
const { tf, description } = await loadBackend();
const weights = randomWeights(config, 1);
const adapterSettings = { rank: 4, alpha: 8, targets: ['query', 'value'], dropout: 0, trainHead: true } as const;
console.log(
  `${new Date().toISOString().slice(0, 10)}, ${cpus()[0]!.model} × ${cpus().length}, Node ${process.version}, ${description}, load ${loadavg()[0]!.toFixed(1)}`,
);
const codec = { keptFraction: 0.2, bits: 4 };
for (const serverSharing of ['allocated', 'equal', 'batched'] as const) {
  for (const memoryMode of ['keep', 'recompute'] as const) {
    let residentAt50 = 0;
    const tensors = new Set<number>();
    let last = 0;
    await trainInProcess(tf, {
      config,
      weights,
      adapterSettings,
      adapters: initialAdapters(config, adapterSettings, 1, weights),
      memoryMode,
      serverSharing,
      devices: [1, 2].map((cut) => ({ cut, batchSize: 4, uplinkCodec: codec, downlinkCodec: codec })),
      rounds: 100,
      localSteps: 5,
      optimizer: defaultAdamW,
      dataset: proceduralDataset({ classes: 'fine-tuning', length: 64, seed: 1 }),
      split: { kind: 'iid' },
      seed: 1,
      onRound: ({ round }) => {
        tensors.add(tf.memory().numTensors);
        if (round !== 9 && round !== 99) return;
        globalThis.gc?.();
        const { rss } = process.memoryUsage();
        if (round === 9) residentAt50 = rss;
        last = rss;
      },
    });
    const megabytes = (bytes: number) => (bytes / 1e6).toFixed(0);
    console.log(
      `${serverSharing}, ${memoryMode}: ${[...tensors].join(', ')} tensors at the ends of 100 rounds; resident ${megabytes(residentAt50)} MB at step 50, ` +
        `${megabytes(last)} MB at step 500, growth ${(100 * (last / residentAt50 - 1)).toFixed(1)} %`,
    );
  }
}
