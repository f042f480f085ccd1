import type { Tf } from '../backend/tensorflow.js';
import type { AdapterState } from '../model/adapters.js';
import { tokenCount } from '../model/config.js';
import { ServerPart, type PartOptions } from '../model/vit.js';
import {
  decodeAdapters,
  decodeTensor,
  encodeTensor,
  expectPlace,
  expectStep,
  messageSeed,
  ProtocolError,
  rateFactor,
  stepMessage,
  timed,
  type AfterGradient,
  type LearningRateSchedule,
  type StepHeader,
} from '../protocol/index.js';
import { adapterNames, assignAdapters, Optimizer, readAdapters, type OptimizerSettings } from '../training/index.js';
import type { Message } from '../transport/index.js';
import type { EventClock } from './event-clock.js';
import type { RunRecorder, ServerSeconds, StepRecord } from './run-record.js';
import type { ServedDevice } from './served-device.js';

export interface SessionOptions {
  readonly part: PartOptions;
  readonly device: ServedDevice;
  readonly index: number;
  readonly clock: EventClock;
  readonly rounds: number;
  readonly localSteps: number;
  readonly optimizer: OptimizerSettings;
  readonly schedule: LearningRateSchedule;
  readonly seed: number;
  readonly timeoutSeconds: number;
  readonly record: RunRecorder;
}

/** Activations that have come, and what it took. */
export interface ArrivedActivations {
  readonly header: StepHeader<'activations'>;
  readonly body: Uint8Array;
  readonly bytes: number;
  readonly deviceForward: number;
  readonly deviceEncode: number;
  readonly uplink: number;
}

/** The server's work on a step, done. */
export interface ComputedStep {
  readonly loss: number;
  readonly body: Uint8Array;
  readonly measured: ServerSeconds;
  readonly measuredSeconds: number;
}

/** The server's side of one device: its blocks, its adapters, its optimizer. */
export class DeviceSession {
  private readonly part: ServerPart;
  private readonly optimizer: Optimizer;
  private readonly serverNames: readonly string[];
  private readonly deviceNames: readonly string[];
  private uplinkBytes = 0;
  private downlinkBytes = 0;
  private losses: number[] = [];
  /** The last step, until the device has told what it did with the gradient. */
  private open: StepRecord | undefined;

  constructor(
    private readonly tf: Tf,
    private readonly options: SessionOptions,
  ) {
    const { part, device, optimizer } = options;
    this.part = new ServerPart(tf, part, device.cut);
    this.optimizer = new Optimizer(tf, optimizer, this.part.variables);
    this.deviceNames = adapterNames(part.settings, 0, device.cut);
    this.serverNames = adapterNames(part.settings, device.cut, part.config.blocks);
  }

  /** Frames received and sent so far. */
  get bytes(): { readonly uplink: number; readonly downlink: number } {
    return { uplink: this.uplinkBytes, downlink: this.downlinkBytes };
  }

  /** Over the steps of the round. */
  get meanLoss(): number {
    return this.losses.reduce((sum, loss) => sum + loss, 0) / this.losses.length;
  }

  /** All local steps of a round, each on its own. */
  async steps(round: number, localSteps: number): Promise<void> {
    const { clock, index } = this.options;
    for (let step = 0; step < localSteps; step++) {
      const arrived = await this.receiveActivations(round, step);
      const computed = this.compute(arrived);
      await this.sendGradient(arrived, computed, clock.serverWork(index, computed.measuredSeconds));
    }
  }

  async receiveActivations(round: number, step: number): Promise<ArrivedActivations> {
    const { clock, index } = this.options;
    const { message, bytes } = await this.receive();
    const header = expectStep(message, 'activations');
    expectPlace(header, { round, step });
    this.checkLabels(header.labels);
    if (header.previous) this.closeStep(header.previous);
    if (step === 0) this.losses = [];
    const deviceForward = clock.deviceWork(index, header.forwardSeconds);
    const deviceEncode = clock.deviceWork(index, header.encodeSeconds);
    const uplink = clock.transfer(index, 'uplink', bytes, round);
    return { header, body: message.body, bytes, deviceForward, deviceEncode, uplink };
  }

  /** Decode, forward, loss, backward, update, encode; synchronous, so that nothing else is in its time. */
  compute({ header, body }: ArrivedActivations): ComputedStep {
    const { tf, options } = this;
    const { part, device, index, rounds, localSteps, seed, schedule } = options;
    const rate = rateFactor(schedule, header.round * localSteps + header.step, rounds * localSteps);
    const shape = [device.batchSize, tokenCount(part.config), part.config.width];
    const [values, decode] = timed(() => decodeTensor(body, shape, device.uplinkCodec));
    const [{ loss, gradientValues, adapterGradients }, compute] = timed(() => {
      const activations = tf.tensor(values, shape);
      const result = this.part.step(activations, Int32Array.from(header.labels));
      const gradient = result.gradient?.dataSync() as Float32Array | undefined;
      tf.dispose([activations, ...(result.gradient ? [result.gradient] : [])]);
      return { ...result, gradientValues: gradient };
    });
    const [, update] = timed(() => this.optimizer.apply(adapterGradients, rate));
    tf.dispose([...adapterGradients]);
    const stepSeed = messageSeed(seed, index, header.round * localSteps + header.step, 'down');
    const [encoded, encode] = timed(() =>
      gradientValues ? encodeTensor(gradientValues, shape, device.downlinkCodec, stepSeed) : new Uint8Array(0),
    );
    const measured = { decode, compute, update, encode };
    return { loss, body: encoded, measured, measuredSeconds: decode + compute + update + encode };
  }

  /** `serverSeconds`: from the arrival on, on the event clock. */
  async sendGradient(arrived: ArrivedActivations, computed: ComputedStep, serverSeconds: number): Promise<void> {
    const { clock, index } = this.options;
    const { round, step } = arrived.header;
    const bytes = await this.send(stepMessage('gradient', { round, step, loss: computed.loss }, computed.body));
    const downlink = clock.transfer(index, 'downlink', bytes, round);
    this.losses.push(computed.loss);
    this.open = {
      kind: 'step',
      round,
      step,
      device: index,
      loss: computed.loss,
      seconds: {
        deviceForward: arrived.deviceForward,
        deviceEncode: arrived.deviceEncode,
        uplink: arrived.uplink,
        server: serverSeconds,
        downlink,
        deviceDecode: 0,
        deviceBackward: 0,
        deviceUpdate: 0,
      },
      measuredServerSeconds: computed.measured,
      uplinkBytes: arrived.bytes,
      downlinkBytes: bytes,
    };
  }

  /** The device's adapters at the end of a round, and the time of their upload. */
  async receiveAdapters(round: number): Promise<{ state: AdapterState; seconds: number }> {
    const { message, bytes } = await this.receive();
    const header = expectStep(message, 'adapters');
    expectPlace({ round: header.round }, { round });
    this.closeStep(header.previous);
    const seconds = this.options.clock.transfer(this.options.index, 'uplink', bytes, round);
    return { state: decodeAdapters(message.body), seconds };
  }

  /** Returns the time of the download. */
  async sendAverage(round: number, body: Uint8Array): Promise<number> {
    const bytes = await this.send(stepMessage('average', { round }, body));
    return this.options.clock.transfer(this.options.index, 'downlink', bytes, round);
  }

  /** The device's adapters and the server's for it, in the model's order. Throws `ProtocolError` if one is missing. */
  whole(uploaded: AdapterState): AdapterState {
    const own = readAdapters(this.serverNames, this.part.variables);
    if (uploaded.size !== this.deviceNames.length) {
      throw new ProtocolError(`${uploaded.size} adapters came where ${this.deviceNames.length} were due`);
    }
    return new Map([...this.deviceNames, ...this.serverNames].map((name) => [name, this.adapter(name, uploaded, own)]));
  }

  /** Sets the server's adapters for this device. */
  assign(state: AdapterState): void {
    assignAdapters(this.tf, this.serverNames, this.part.variables, state);
  }

  /** The device's share of a whole set. */
  devicePart(state: AdapterState): AdapterState {
    return new Map(this.deviceNames.map((name) => [name, state.get(name)!]));
  }

  dispose(): void {
    this.optimizer.dispose();
    this.part.dispose();
  }

  private adapter(name: string, uploaded: AdapterState, own: AdapterState) {
    const found = uploaded.get(name) ?? own.get(name);
    const wanted = this.options.part.adapters.get(name)!.shape.join();
    if (found?.shape.join() !== wanted) throw new ProtocolError(`adapter ${name} must have shape [${wanted}]`);
    return found;
  }

  private checkLabels(labels: readonly number[]): void {
    const { device, part } = this.options;
    if (labels.length !== device.batchSize || !labels.every((label) => label < part.config.classes)) {
      throw new ProtocolError(`${device.batchSize} labels below ${part.config.classes} are due`);
    }
  }

  private closeStep(after: AfterGradient): void {
    const { clock, index, record } = this.options;
    if (!this.open) throw new ProtocolError('a device reports on a step that was not made');
    const deviceDecode = clock.deviceWork(index, after.decodeSeconds);
    const deviceBackward = clock.deviceWork(index, after.backwardSeconds);
    const deviceUpdate = clock.deviceWork(index, after.updateSeconds);
    record({ ...this.open, seconds: { ...this.open.seconds, deviceDecode, deviceBackward, deviceUpdate } });
    this.open = undefined;
  }

  private async receive(): Promise<{ message: Message; bytes: number }> {
    const received = await this.options.device.connection.receive(this.options.timeoutSeconds);
    this.uplinkBytes += received.bytes;
    return received;
  }

  private async send(message: Message): Promise<number> {
    const bytes = await this.options.device.connection.send(message);
    this.downlinkBytes += bytes;
    return bytes;
  }
}
