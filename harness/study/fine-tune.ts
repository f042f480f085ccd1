import type { Tf } from '../backend/tensorflow.js';
import { BatchOrder, readBatch, type Dataset } from '../data/index.js';
import { labelCount } from '../model/config.js';
import { DevicePart, ServerPart, type PartOptions } from '../model/parts.js';
import { decodeTensor, encodeTensor, messageSeed, timed, type StepCodec } from '../protocol/index.js';
import { judgedAtOnce, Optimizer, Score, type OptimizerSettings } from '../training/index.js';

export interface FineTuneOptions {
  readonly part: PartOptions;
  readonly cut: number;
  /** Activations. */
  readonly up: StepCodec;
  /** Gradients. */
  readonly down: StepCodec;
  readonly train: Dataset;
  readonly validation: Dataset;
  readonly steps: number;
  readonly batchSize: number;
  readonly optimizer: OptimizerSettings;
  /** Factor of the learning rate at step 0 … steps − 1. */
  readonly rateFactor: (step: number) => number;
  readonly seed: number;
  readonly onStep?: (step: number, loss: number) => void;
}

/** What one direction carried, the validation apart. */
export interface Traffic {
  /** Bytes of all coded tensors. */
  readonly bytes: number;
  /** The same tensors as float32. */
  readonly float32Bytes: number;
  readonly encodeSeconds: number;
  readonly decodeSeconds: number;
}

export interface FineTuneResult {
  /** Share of validation targets named rightly with the codec at the cut, as in training. */
  readonly accuracy: number;
  /** Mean cross-entropy of the same, nat. */
  readonly loss: number;
  /** The same adapters judged without the codec. */
  readonly accuracyWithoutCodec: number;
  /** Mean over the last tenth of the steps. */
  readonly trainLoss: number;
  readonly up: Traffic;
  readonly down: Traffic;
}

/**
 * Fine-tunes adapters on both sides of a cut, every activation and gradient encoded and decoded on its way as in a
 * training over messages, but without messages; then validates with the codec and without.
 */
export async function fineTune(tf: Tf, options: FineTuneOptions): Promise<FineTuneResult> {
  const { part, cut, steps } = options;
  const device = new DevicePart(tf, part, cut);
  const server = new ServerPart(tf, part, cut);
  const optimizers = [device, server].map(({ variables }) => new Optimizer(tf, options.optimizer, variables));
  const channels = {
    up: new Channel(options.up, options.seed, 'up'),
    down: new Channel(options.down, options.seed, 'down'),
  };
  const losses: number[] = [];
  try {
    const order = new BatchOrder(everyIndex(options.train), options.batchSize, options.seed, 'study');
    for (let step = 0; step < steps; step++) {
      const batch = await readBatch(options.train, order.next());
      const input = tf.tensor(batch.inputs, [...batch.shape]);
      const pending = device.start(input);
      const { shape } = pending.activations;
      const activations = tf.tensor(
        channels.up.pass(pending.activations.dataSync() as Float32Array, shape, step),
        shape,
      );
      const served = server.step(activations, batch.targets);
      const factor = options.rateFactor(step);
      optimizers[1]!.apply(served.adapterGradients, factor);
      tf.dispose([input, activations, ...served.adapterGradients]);
      // Without a block the device has nothing to train, and no gradient travels.
      const returned = served.gradient
        ? channels.down.pass(served.gradient.dataSync() as Float32Array, shape, step)
        : new Float32Array(shape.reduce((product, extent) => product * extent, 1));
      const gradient = tf.tensor(returned, shape);
      const adapterGradients = pending.backward(gradient);
      if (cut > 0) optimizers[0]!.apply(adapterGradients, factor);
      tf.dispose([gradient, ...adapterGradients, ...(served.gradient ? [served.gradient] : [])]);
      losses.push(served.loss);
      options.onStep?.(step, served.loss);
    }
    const judged = await validate(tf, device, server, options);
    const tail = losses.slice(-Math.ceil(steps / 10));
    const trainLoss = tail.reduce((sum, loss) => sum + loss, 0) / tail.length;
    return { ...judged, trainLoss, up: channels.up.traffic, down: channels.down.traffic };
  } finally {
    for (const part of [device, server, ...optimizers]) part.dispose();
  }
}

/** One direction: codes, decodes and counts. */
class Channel {
  private bytes = 0;
  private float32Bytes = 0;
  private encodeSeconds = 0;
  private decodeSeconds = 0;

  constructor(
    private readonly codec: StepCodec,
    private readonly seed: number,
    private readonly direction: 'up' | 'down',
  ) {}

  get traffic(): Traffic {
    const { bytes, float32Bytes, encodeSeconds, decodeSeconds } = this;
    return { bytes, float32Bytes, encodeSeconds, decodeSeconds };
  }

  /** What arrives at the other end. */
  pass(values: Float32Array, shape: readonly number[], step: number): Float32Array {
    const { codec, direction } = this;
    const seed = messageSeed(this.seed, 0, step, direction);
    const [body, encodeSeconds] = timed(() => encodeTensor(values, shape, codec, seed));
    const [received, decodeSeconds] = timed(() => decodeTensor(body, shape, codec));
    this.bytes += body.length;
    this.float32Bytes += 4 * values.length;
    this.encodeSeconds += encodeSeconds;
    this.decodeSeconds += decodeSeconds;
    return received;
  }
}

async function validate(tf: Tf, device: DevicePart, server: ServerPart, options: FineTuneOptions) {
  const { validation, part } = options;
  const validationBatch = judgedAtOnce(part.config, 16);
  const channel = new Channel(options.up, options.seed, 'up');
  const withCodec = new Score(labelCount(part.config));
  const withoutCodec = new Score(labelCount(part.config));
  for (let first = 0; first < validation.length; first += validationBatch) {
    const indices = Array.from({ length: Math.min(validationBatch, validation.length - first) }, (_, k) => first + k);
    const batch = await readBatch(validation, indices);
    tf.tidy(() => {
      const activations = device.infer(tf.tensor(batch.inputs, [...batch.shape]));
      withoutCodec.add(server.infer(activations).dataSync() as Float32Array, batch.targets);
      if (options.up === 'identity') return;
      const { shape } = activations;
      // Seeds of their own: after those of the steps.
      const step = options.steps + first / validationBatch;
      const received = channel.pass(activations.dataSync() as Float32Array, shape, step);
      withCodec.add(server.infer(tf.tensor(received, shape)).dataSync() as Float32Array, batch.targets);
    });
  }
  const asTrained = options.up === 'identity' ? withoutCodec : withCodec;
  return { accuracy: asTrained.accuracy, loss: asTrained.loss, accuracyWithoutCodec: withoutCodec.accuracy };
}

function everyIndex(dataset: Dataset): Int32Array {
  return Int32Array.from({ length: dataset.length }, (_, k) => k);
}
