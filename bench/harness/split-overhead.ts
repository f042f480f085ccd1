/**
 * What splitting costs in one process with the identity codec, and what framing costs of a step; tensors and process
 * memory over 500 steps. Run: TF_NUM_INTRAOP_THREADS=1 npx tsx bench/harness/split-overhead.ts
 */
import { cpus } from 'node:os';
import { loadBackend, type Tf } from '../../harness/backend/tensorflow.js';
import { initialAdapters, type AdapterSettings } from '../../harness/model/adapters.js';
import { labelCount, tokenCount, type VitConfig } from '../../harness/model/config.js';
import { FrozenWeights } from '../../harness/model/frozen-weights.js';
import { DevicePart, ServerPart, type MemoryMode, type PartOptions } from '../../harness/model/parts.js';
import { randomWeights } from '../../harness/model/weights.js';
import { decodeTensor, encodeTensor } from '../../harness/protocol/index.js';
import { decodeFrame, encodeFrame, type MessageKind } from '../../harness/transport/index.js';

process.env['TF_NUM_INTRAOP_THREADS'] ??= '1';

const settings: AdapterSettings = { rank: 8, alpha: 16, targets: ['query', 'value'], dropout: 0 };
const vit = (imageSize: number, patchSize: number, width: number, blocks: number): VitConfig => ({
  imageSize,
  patchSize,
  channels: 3,
  width,
  blocks,
  heads: 3,
  mlpWidth: 4 * width,
  classes: 24,
  pooling: 'class-token',
  layerNormEpsilon: 1e-6,
});

const median = (values: readonly number[]) => [...values].sort((a, b) => a - b)[values.length >> 1]!;

/** A model cut in two within this process; `step` returns the seconds spent on bodies and frames. */
class SplitModel {
  private readonly device: DevicePart;
  private readonly server: ServerPart;
  private readonly labels: Int32Array;

  constructor(
    private readonly tf: Tf,
    private readonly options: PartOptions,
    private readonly cut: number,
    private readonly batch: number,
  ) {
    this.device = new DevicePart(tf, options, cut);
    this.server = new ServerPart(tf, options, cut);
    this.labels = Int32Array.from({ length: batch }, (_, k) => k % labelCount(options.config));
  }

  step(throughFrames: boolean): number {
    const { tf, batch, options } = this;
    const { imageSize, width } = options.config as VitConfig;
    const images = tf.fill([batch, imageSize, imageSize, 3], 0.3);
    const pending = this.device.start(images);
    const shape = [batch, tokenCount(options.config), width];
    let transport = 0;
    const carried = (kind: MessageKind, values: Float32Array) => {
      const start = performance.now();
      const frame = encodeFrame({ kind, header: {}, body: encodeTensor(values, shape, 'identity', 0) }, 0);
      const received = decodeTensor(decodeFrame(frame).message.body, shape, 'identity');
      transport += (performance.now() - start) / 1000;
      return tf.tensor(received, shape);
    };
    const activations = throughFrames
      ? carried('activations', pending.activations.dataSync() as Float32Array)
      : pending.activations;
    const { gradient, adapterGradients } = this.server.step(activations, this.labels);
    const returned =
      gradient && throughFrames ? carried('gradient', gradient.dataSync() as Float32Array) : (gradient ?? activations);
    const gradients = pending.backward(returned);
    for (const tensor of [...gradients, ...adapterGradients]) tensor.dataSync();
    tf.dispose([images, ...gradients, ...adapterGradients, ...(gradient ? [gradient, returned] : [])]);
    if (throughFrames) tf.dispose(activations);
    return transport;
  }

  dispose(): void {
    this.device.dispose();
    this.server.dispose();
  }
}

function optionsOf(tf: Tf, config: VitConfig, memoryMode: MemoryMode): PartOptions {
  const weights = randomWeights(config, 1);
  const adapters = initialAdapters(config, settings, 1);
  return { config, weights, settings, adapters, memoryMode, frozen: new FrozenWeights(tf, config, weights) };
}

function overhead(tf: Tf): void {
  const options = optionsOf(tf, vit(64, 8, 192, 6), 'keep');
  const whole = new SplitModel(tf, options, 0, 16);
  const split = new SplitModel(tf, options, 3, 16);
  const seconds: Record<'whole' | 'split' | 'frames', number[]> = { whole: [], split: [], frames: [] };
  for (let k = -2; k < 11; k++) {
    const times = [performance.now()];
    whole.step(false);
    times.push(performance.now());
    const frames = split.step(true);
    times.push(performance.now());
    if (k < 0) continue;
    seconds.whole.push((times[1]! - times[0]!) / 1000);
    seconds.split.push((times[2]! - times[1]!) / 1000);
    seconds.frames.push(frames);
  }
  const ratios = seconds.split.map((value, k) => value / seconds.whole[k]!);
  console.log(
    `width 192, 6 blocks, 65 tokens, batch 16, cut 3, medians of 11 alternating steps: unsplit ${(1000 * median(seconds.whole)).toFixed(1)} ms, ` +
      `split ${(1000 * median(seconds.split)).toFixed(1)} ms, median ratio ${median(ratios).toFixed(3)}, ` +
      `bodies and frames ${((100 * median(seconds.frames)) / median(seconds.split)).toFixed(2)} % of the split step`,
  );
  whole.dispose();
  split.dispose();
  options.frozen?.dispose();
}

function leaks(tf: Tf): void {
  for (const memoryMode of ['keep', 'recompute'] as const) {
    const options = optionsOf(tf, vit(32, 8, 96, 4), memoryMode);
    const model = new SplitModel(tf, options, 2, 16);
    const seen: string[] = [];
    let residentAt50 = 0;
    for (let k = 1; k <= 500; k++) {
      model.step(true);
      if (k !== 50 && k !== 500) continue;
      globalThis.gc?.();
      const { rss } = process.memoryUsage();
      if (k === 50) residentAt50 = rss;
      seen.push(`step ${k}: ${tf.memory().numTensors} tensors, ${(rss / 1e6).toFixed(0)} MB resident`);
      if (k === 500) seen.push(`growth ${(100 * (rss / residentAt50 - 1)).toFixed(1)} %`);
    }
    console.log(`${memoryMode}: ${seen.join('; ')}`);
    model.dispose();
    options.frozen?.dispose();
  }
}

const { tf, description } = await loadBackend();
console.log(
  `${new Date().toISOString().slice(0, 10)}, ${cpus()[0]!.model} × ${cpus().length}, Node ${process.version}, ${description}`,
);
overhead(tf);
leaks(tf);
