import type { Tensor, Tf } from '../backend/tensorflow.js';
import { trainedNames, type AdapterState } from '../model/adapters.js';
import { tokenCount } from '../model/config.js';
import { ServerPart, type PartOptions } from '../model/parts.js';
import {
  decodeTensor,
  encodeTensor,
  messageSeed,
  ProtocolError,
  rateFactor,
  timed,
  type StepHeader,
  type TrainingSettings,
} from '../protocol/index.js';
import { assignAdapters, Optimizer, readAdapters, type OptimizerState } from '../training/index.js';
import type { BatchMember } from './batch-part.js';
import type { StagesBefore } from './round-ledger.js';
import type { ServerSeconds } from './run-record.js';
import type { ServedDevice } from './served-device.js';

/** Blocks, adapters and perhaps a head that the server holds for a device: on their own, or as member of a batch. */
export type TrainedPart = ServerPart | BatchMember;

export interface WorkOptions extends TrainingSettings {
  readonly part: PartOptions;
  /** What the server trains for this device. */
  readonly trained: TrainedPart;
  readonly device: ServedDevice;
  readonly index: number;
}

/** Activations that have come, and what it took. */
export interface ArrivedActivations {
  readonly header: StepHeader<'activations'>;
  readonly targets: Int32Array;
  /** Without the targets. */
  readonly body: Uint8Array;
  readonly bytes: number;
  readonly atSeconds: number;
  readonly before: StagesBefore;
}

/** What forward and backward have yielded for one device. */
export interface FoundGradients {
  readonly loss: number;
  readonly gradientValues: Float32Array | undefined;
  readonly adapterGradients: readonly Tensor[];
  /** Measured, s. */
  readonly decode: number;
  readonly compute: number;
}

/** The server's work on a step, done. */
export interface ComputedStep {
  readonly loss: number;
  readonly body: Uint8Array;
  readonly measured: ServerSeconds;
  readonly measuredSeconds: number;
}

/** What the server computes and remembers for one device: its blocks, its adapters, its optimizer. */
export class DeviceWork {
  readonly part: TrainedPart;
  private readonly optimizer: Optimizer;

  constructor(
    private readonly tf: Tf,
    private readonly options: WorkOptions,
  ) {
    this.part = options.trained;
    this.optimizer = new Optimizer(tf, options.optimizer, this.part.variables);
  }

  /** Of the activations at the cut. */
  get shape(): readonly number[] {
    const { device, part } = this.options;
    return [device.batchSize, tokenCount(part.config), part.config.width];
  }

  /** Names of what the device trains itself. */
  get deviceNames(): readonly string[] {
    const { part, device } = this.options;
    return trainedNames(part.config, part.settings, 0, device.cut);
  }

  get optimizerState(): OptimizerState {
    return this.optimizer.state;
  }

  restoreOptimizer(state: OptimizerState): void {
    this.optimizer.restore(state);
  }

  assign(adapters: AdapterState): void {
    assignAdapters(this.tf, this.part.names, this.part.variables, adapters);
  }

  /** The device's adapters and the server's for it, in the model's order. */
  whole(uploaded: AdapterState): AdapterState {
    const own = readAdapters(this.part.names, this.part.variables);
    const names = [...this.deviceNames, ...this.part.names];
    return new Map(names.map((name) => [name, uploaded.get(name) ?? own.get(name)!]));
  }

  /** The activations' values, and the time of their decoding. */
  decode({ body }: ArrivedActivations): [Float32Array, number] {
    return timed(() => decodeTensor(body, this.shape, this.options.device.uplinkCodec));
  }

  /** Decode, forward, loss, backward, update, encode; synchronous, so that nothing else is in its time. */
  compute(arrived: ArrivedActivations): ComputedStep {
    const { tf, part } = this;
    if (!(part instanceof ServerPart)) throw new Error('a member of a batch is not computed alone');
    const { index, localSteps, seed } = this.options;
    const { round, step } = arrived.header;
    const stepSeed = messageSeed(seed, index, round * localSteps + step, 'dropout');
    const [values, decode] = this.decode(arrived);
    const [{ loss, gradientValues, adapterGradients }, compute] = timed(() => {
      const activations = tf.tensor(values, [...this.shape]);
      const result = part.step(activations, arrived.targets, stepSeed);
      const gradient = result.gradient?.dataSync() as Float32Array | undefined;
      tf.dispose([activations, ...(result.gradient ? [result.gradient] : [])]);
      return { ...result, gradientValues: gradient };
    });
    return this.complete(arrived, { loss, gradientValues, adapterGradients, decode, compute });
  }

  /** Update and encoding after the gradients are there, which it disposes of. Throws `ProtocolError` on a loss of NaN. */
  complete({ header }: ArrivedActivations, found: FoundGradients): ComputedStep {
    const { device, index, rounds, localSteps, seed, schedule } = this.options;
    const globalStep = header.round * localSteps + header.step;
    if (!Number.isFinite(found.loss)) {
      this.tf.dispose([...found.adapterGradients]);
      throw new ProtocolError(`the activations have a loss of ${found.loss}`);
    }
    const [, update] = timed(() => {
      this.optimizer.apply(found.adapterGradients, rateFactor(schedule, globalStep, rounds * localSteps));
      this.tf.dispose([...found.adapterGradients]);
    });
    const stepSeed = messageSeed(seed, index, globalStep, 'down');
    const { gradientValues, decode, compute } = found;
    const [body, encode] = timed(() =>
      gradientValues ? encodeTensor(gradientValues, this.shape, device.downlinkCodec, stepSeed) : new Uint8Array(0),
    );
    const measured = { decode, compute, update, encode };
    return { loss: found.loss, body, measured, measuredSeconds: decode + compute + update + encode };
  }

  dispose(): void {
    this.optimizer.dispose();
    this.part.dispose();
  }
}
