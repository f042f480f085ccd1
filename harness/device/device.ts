import type { Tf } from '../backend/tensorflow.js';
import { BatchOrder, readBatch, type Batch, type ImageDataset, type Normalisation } from '../data/index.js';
import type { AdapterState } from '../model/adapters.js';
import { DevicePart, type PartOptions } from '../model/vit.js';
import {
  decodeAdapters,
  decodeTensor,
  encodeAdapters,
  encodeTensor,
  expectPlace,
  expectStep,
  messageSeed,
  stepMessage,
  timed,
  rateFactor,
  type AfterGradient,
  type LearningRateSchedule,
  type StepCodec,
} from '../protocol/index.js';
import { adapterNames, assignAdapters, Optimizer, readAdapters, type OptimizerSettings } from '../training/index.js';
import type { Connection } from '../transport/index.js';

/** All a device needs for its side of a training. */
export interface DeviceOptions {
  /** Number among the devices, from 0; part of every seed. */
  readonly index: number;
  readonly part: PartOptions;
  /** Blocks on the device, 0 … L. */
  readonly cut: number;
  readonly dataset: ImageDataset;
  /** The device's own images. */
  readonly indices: Int32Array;
  readonly normalisation: Normalisation;
  readonly batchSize: number;
  readonly rounds: number;
  readonly localSteps: number;
  readonly uplinkCodec: StepCodec;
  readonly downlinkCodec: StepCodec;
  readonly optimizer: OptimizerSettings;
  readonly schedule: LearningRateSchedule;
  readonly seed: number;
  /** For an answer of the server. */
  readonly timeoutSeconds: number;
}

/**
 * The device's side of a training: K local steps a round, then its adapters against the average. Returns its adapters
 * after the last round. Throws `ConnectionError` or `ProtocolError`; leaves no tensor behind either way.
 */
export async function runDevice(tf: Tf, connection: Connection, options: DeviceOptions): Promise<AdapterState> {
  const device = new Device(tf, connection, options);
  try {
    for (let round = 0; round < options.rounds; round++) await device.round(round);
    return device.adapters();
  } finally {
    device.dispose();
  }
}

class Device {
  private readonly part: DevicePart;
  private readonly optimizer: Optimizer;
  private readonly order: BatchOrder;
  private readonly names: readonly string[];

  constructor(
    private readonly tf: Tf,
    private readonly connection: Connection,
    private readonly options: DeviceOptions,
  ) {
    const { part, cut, optimizer, indices, batchSize, seed, index } = options;
    this.order = new BatchOrder(indices, batchSize, seed, `device-${index}`);
    this.part = new DevicePart(tf, part, cut);
    this.optimizer = new Optimizer(tf, optimizer, this.part.variables);
    this.names = adapterNames(part.settings, 0, cut);
  }

  adapters(): AdapterState {
    return readAdapters(this.names, this.part.variables);
  }

  async round(round: number): Promise<void> {
    const { localSteps, dataset, normalisation, timeoutSeconds } = this.options;
    let previous: AfterGradient | undefined;
    for (let step = 0; step < localSteps; step++) {
      const batch = await readBatch(dataset, this.order.next(), normalisation);
      previous = await this.step(round, step, batch, previous);
    }
    const header = { round, previous: previous! };
    await this.connection.send(stepMessage('adapters', header, encodeAdapters(this.adapters())));
    const { message } = await this.connection.receive(timeoutSeconds);
    expectPlace(expectStep(message, 'average'), { round });
    assignAdapters(this.tf, this.names, this.part.variables, decodeAdapters(message.body));
  }

  private async step(round: number, step: number, batch: Batch, previous?: AfterGradient): Promise<AfterGradient> {
    const { tf, options } = this;
    const { uplinkCodec, downlinkCodec, localSteps, seed, index, timeoutSeconds, cut } = options;
    const images = tf.tensor4d(batch.images, [...batch.shape]);
    const [{ pending, values }, forwardSeconds] = timed(() => {
      const started = this.part.start(images);
      return { pending: started, values: started.activations.dataSync() as Float32Array };
    });
    images.dispose();
    let isPending = true;
    try {
      const shape = pending.activations.shape;
      const stepSeed = messageSeed(seed, index, round * localSteps + step, 'up');
      const [body, encodeSeconds] = timed(() => encodeTensor(values, shape, uplinkCodec, stepSeed));
      const labels = [...batch.labels];
      const header = { round, step, labels, forwardSeconds, encodeSeconds, ...(previous && { previous }) };
      await this.connection.send(stepMessage('activations', header, body));
      const { message } = await this.connection.receive(timeoutSeconds);
      expectPlace(expectStep(message, 'gradient'), { round, step });
      // Without a block there is nothing to train: no gradient comes.
      if (cut === 0) return { decodeSeconds: 0, backwardSeconds: 0, updateSeconds: 0 };
      const [gradientValues, decodeSeconds] = timed(() => decodeTensor(message.body, shape, downlinkCodec));
      const gradient = tf.tensor(gradientValues, shape);
      isPending = false;
      const [gradients, backwardSeconds] = timed(() => pending.backward(gradient));
      const [, updateSeconds] = timed(() => this.optimizer.apply(gradients, this.rate(round, step)));
      tf.dispose([gradient, ...gradients]);
      return { decodeSeconds, backwardSeconds, updateSeconds };
    } finally {
      if (isPending) tf.dispose(pending.backward(pending.activations));
    }
  }

  private rate(round: number, step: number): number {
    const { schedule, rounds, localSteps } = this.options;
    return rateFactor(schedule, round * localSteps + step, rounds * localSteps);
  }

  dispose(): void {
    this.optimizer.dispose();
    this.part.dispose();
  }
}
