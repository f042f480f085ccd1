import { CodecError } from '../../lib/codec/index.js';
import { TensorFileError } from '../../lib/io/tensors/index.js';
import type { Tensor, Tf } from '../backend/tensorflow.js';
import type { AdapterState } from '../model/adapters.js';
import { tokenCount } from '../model/config.js';
import { trainedNames } from '../model/adapters.js';
import { ServerPart, type PartOptions } from '../model/vit.js';
import {
  decodeAdapters,
  decodeMoments,
  decodeTensor,
  encodeAdapters,
  encodeMoments,
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
import {
  assignAdapters,
  Optimizer,
  readAdapters,
  type OptimizerSettings,
  type OptimizerState,
} from '../training/index.js';
import {
  ConnectionError,
  FrameError,
  machineSeconds,
  type Connection,
  type Message,
  type Received,
} from '../transport/index.js';
import type { BatchMember } from './batch-part.js';
import type { RunClock } from './run-clock.js';
import type { RunRecorder, ServerSeconds, StageSeconds, StepRecord } from './run-record.js';
import type { ServedDevice } from './served-device.js';

export interface SessionOptions {
  readonly part: PartOptions;
  /** What the server trains for this device. */
  readonly trained: TrainedPart;
  readonly device: ServedDevice;
  readonly index: number;
  readonly clock: RunClock;
  readonly rounds: number;
  readonly localSteps: number;
  readonly optimizer: OptimizerSettings;
  readonly schedule: LearningRateSchedule;
  readonly seed: number;
  readonly record: RunRecorder;
  /** How long the next message may take, s. */
  readonly patience: () => number;
}

/** Blocks, adapters and perhaps a head that the server holds for a device: on their own, or as member of a batch. */
export type TrainedPart = ServerPart | BatchMember;

/** Activations that have come, and what it took. */
export interface ArrivedActivations {
  readonly header: StepHeader<'activations'>;
  readonly body: Uint8Array;
  readonly bytes: number;
  readonly atSeconds: number;
  readonly before: Pick<StageSeconds, 'deviceForward' | 'deviceEncode' | 'uplink'>;
}

/** The server's work on a step, done. */
export interface ComputedStep {
  readonly loss: number;
  readonly body: Uint8Array;
  readonly measured: ServerSeconds;
  readonly measuredSeconds: number;
}

/** What a device remembers between rounds, as of the start of `round`. */
export interface DeviceState {
  readonly round: number;
  readonly optimizer: OptimizerState;
}

/** Whether an error is the device's or its connection's, and not this program's own. */
export function isDeviceFault(error: unknown): error is Error {
  const kinds = [ConnectionError, ProtocolError, FrameError, CodecError, TensorFileError];
  return kinds.some((kind) => error instanceof kind);
}

/** A step that waits for the device's report on what it did with the gradient. */
interface OpenStep {
  readonly record: Omit<StepRecord, 'seconds'>;
  readonly stages: Omit<StageSeconds, 'downlink' | 'deviceDecode' | 'deviceBackward' | 'deviceUpdate'>;
  readonly sentAtSeconds: number;
}

/** The server's side of one device: its blocks, its adapters, its optimizer, and its connection while there is one. */
export class DeviceSession {
  private connection: Connection | undefined;
  /** The connection of what is under way. */
  private active: Connection | undefined;
  /** What the device is known to remember; sent to one that comes without. */
  private known: DeviceState | undefined;
  /** Whether the device must be told what it remembers before it goes on. */
  private mustSendState = false;
  readonly part: TrainedPart;
  private readonly optimizer: Optimizer;
  private readonly deviceNames: readonly string[];
  private uplinkBytes = 0;
  private downlinkBytes = 0;
  private adapterSecondsOfRound = 0;
  private losses: number[] = [];
  private opening: Uint8Array = new Uint8Array(0);
  private openingSentAt = 0;
  private openingBytes = 0;
  private open: OpenStep | undefined;
  private uploaded: AdapterState | undefined;

  constructor(
    private readonly tf: Tf,
    private readonly options: SessionOptions,
  ) {
    const { part, trained, device, optimizer } = options;
    this.part = trained;
    this.optimizer = new Optimizer(tf, optimizer, trained.variables);
    this.deviceNames = trainedNames(part.config, part.settings, 0, device.cut);
    this.connection = device.connection;
  }

  get name(): string {
    return this.options.device.name ?? `device ${this.options.index}`;
  }

  get index(): number {
    return this.options.index;
  }

  get cut(): number {
    return this.options.device.cut;
  }

  get isConnected(): boolean {
    return this.connection?.isOpen === true;
  }

  /** Whether the device holds the whole model: it trains alone between two averages. */
  get holdsAll(): boolean {
    return this.cut === this.options.part.config.blocks;
  }

  /** Of the activations at the cut. */
  get shape(): readonly number[] {
    const { device, part } = this.options;
    return [device.batchSize, tokenCount(part.config), part.config.width];
  }

  /** Whether the device has closed the round. */
  get hasUploaded(): boolean {
    return this.uploaded !== undefined;
  }

  /** Frames received and sent so far, checkpoints and joining aside. */
  get bytes(): { readonly uplink: number; readonly downlink: number } {
    return { uplink: this.uplinkBytes, downlink: this.downlinkBytes };
  }

  /** Over the steps of the round. */
  get meanLoss(): number {
    return this.losses.reduce((sum, loss) => sum + loss, 0) / this.losses.length;
  }

  /** The adapters' way down and up in this round. */
  get adapterSeconds(): number {
    return this.adapterSecondsOfRound;
  }

  /** Takes over an average: the server's part of it, and the device's for when the round is opened. */
  prepare(adapters: AdapterState): void {
    assignAdapters(this.tf, this.part.names, this.part.variables, adapters);
    this.opening = encodeAdapters(new Map(this.deviceNames.map((name) => [name, adapters.get(name)!])));
  }

  /** Opens a round: sends the device its adapters, and before them what it remembers if it does not. */
  async begin(round: number): Promise<void> {
    this.losses = [];
    this.adapterSecondsOfRound = 0;
    this.open = undefined;
    this.uploaded = undefined;
    const connection = this.taken();
    if (this.mustSendState) await this.sendState(connection);
    this.openingSentAt = machineSeconds();
    this.openingBytes = await this.send(stepMessage('round', { round }, this.opening));
  }

  /** The training has ended: the device gets its part of the last average. */
  async dismiss(rounds: number): Promise<void> {
    await this.taken().send(stepMessage('finished', { rounds }, this.opening));
  }

  async receiveActivations(round: number, step: number): Promise<ArrivedActivations> {
    const { clock, index } = this.options;
    const { message, bytes, atSeconds } = await this.receive();
    const header = expectStep(message, 'activations');
    expectPlace({ round: header.round, step: header.step }, { round, step });
    this.checkLabels(header.labels);
    if (step === 0) this.adaptersCameDown(round, header.receivedAtSeconds);
    if (header.previous) this.closeStep(header.previous, header.receivedAtSeconds);
    const deviceForward = clock.deviceWork(index, header.forwardSeconds);
    const deviceEncode = clock.deviceWork(index, header.encodeSeconds);
    const observed = atSeconds - (header.sentAtSeconds ?? atSeconds);
    const uplink = clock.transfer(index, 'uplink', bytes, round, observed);
    return { header, body: message.body, bytes, atSeconds, before: { deviceForward, deviceEncode, uplink } };
  }

  /** The activations' values, and the time of their decoding. */
  decode({ body }: ArrivedActivations): [Float32Array, number] {
    return timed(() => decodeTensor(body, this.shape, this.options.device.uplinkCodec));
  }

  /** Decode, forward, loss, backward, update, encode; synchronous, so that nothing else is in its time. */
  compute(arrived: ArrivedActivations): ComputedStep {
    const { tf } = this;
    const { part } = this;
    if (!(part instanceof ServerPart)) throw new Error('a member of a batch is not computed alone');
    const { index, localSteps, seed } = this.options;
    const { round, step, labels } = arrived.header;
    const stepSeed = messageSeed(seed, index, round * localSteps + step, 'dropout');
    const [values, decode] = this.decode(arrived);
    const [{ loss, gradientValues, adapterGradients }, compute] = timed(() => {
      const activations = tf.tensor(values, [...this.shape]);
      const result = part.step(activations, Int32Array.from(labels), stepSeed);
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

  /** `serverSeconds`: from the arrival on. */
  async sendGradient(arrived: ArrivedActivations, computed: ComputedStep, serverSeconds: number): Promise<void> {
    const { round, step } = arrived.header;
    const sentAtSeconds = machineSeconds();
    const bytes = await this.send(stepMessage('gradient', { round, step, loss: computed.loss }, computed.body));
    this.losses.push(computed.loss);
    this.open = {
      record: {
        kind: 'step',
        round,
        step,
        device: this.options.index,
        loss: computed.loss,
        measuredServerSeconds: computed.measured,
        uplinkBytes: arrived.bytes,
        downlinkBytes: bytes,
      },
      stages: { ...arrived.before, server: serverSeconds },
      sentAtSeconds,
    };
  }

  /** The device's adapters at the end of a round. */
  async receiveAdapters(round: number): Promise<void> {
    const { clock, index } = this.options;
    const { message, bytes, atSeconds } = await this.receive();
    const header = expectStep(message, 'adapters');
    expectPlace({ round: header.round }, { round });
    if (this.holdsAll) this.recordLocalSteps(round, header);
    else if (header.previous) this.closeStep(header.previous, header.receivedAtSeconds);
    else throw new ProtocolError('the last step is not reported on');
    const observed = atSeconds - (header.sentAtSeconds ?? atSeconds);
    this.adapterSecondsOfRound += clock.transfer(index, 'uplink', bytes, round, observed);
    this.uploaded = this.checked(decodeAdapters(message.body));
  }

  /** The uploaded adapters and the server's for this device, in the model's order. */
  whole(): AdapterState {
    const own = readAdapters(this.part.names, this.part.variables);
    const names = [...this.deviceNames, ...this.part.names];
    return new Map(names.map((name) => [name, this.uploaded?.get(name) ?? own.get(name)!]));
  }

  /** Asks the device what it remembers, as of the start of `round`. */
  async fetchState(round: number): Promise<void> {
    const connection = this.taken();
    await connection.send({ kind: 'state-request', header: { round }, body: new Uint8Array(0) });
    const { message } = await connection.receive(this.options.patience());
    const { steps } = expectStep(message, 'state');
    this.known = { round, optimizer: decodeMoments(steps, message.body) };
  }

  private async sendState(connection: Connection): Promise<void> {
    const { known } = this;
    const state = known?.optimizer ?? { steps: 0, moments: [] };
    const body = known ? encodeMoments(state) : new Uint8Array(0);
    await connection.send(stepMessage('state', { round: known?.round ?? 0, steps: state.steps }, body));
    this.mustSendState = false;
  }

  /** What the server's optimizer for this device remembers. */
  get optimizerState(): OptimizerState {
    return this.optimizer.state;
  }

  get deviceState(): DeviceState | undefined {
    return this.known;
  }

  /** Goes on from a checkpoint: the device is told what it remembered then. */
  resume(server: OptimizerState, device: DeviceState | undefined): void {
    this.optimizer.restore(server);
    this.known = device;
    this.mustSendState = true;
  }

  restoreOptimizer(state: OptimizerState): void {
    this.optimizer.restore(state);
  }

  /** A device has come (back); what is under way goes on with the connection it began with. */
  attach(connection: Connection, remembers: boolean): void {
    this.connection?.close('the device has joined anew');
    this.connection = connection;
    this.mustSendState = !remembers;
  }

  /** Gives up what is under way with the device, and the connection it went over; the device may come back. */
  drop(reason: string): void {
    this.active?.close(reason);
    if (this.connection === this.active) this.connection = undefined;
    this.active = undefined;
    this.open = undefined;
    this.uploaded = undefined;
  }

  /** Lets the device go for good. */
  close(reason: string): void {
    this.drop(reason);
    this.connection?.close(reason);
    this.connection = undefined;
  }

  dispose(): void {
    this.optimizer.dispose();
    this.part.dispose();
  }

  private adaptersCameDown(round: number, receivedAtSeconds: number | undefined): void {
    const { clock, index } = this.options;
    const observed = (receivedAtSeconds ?? this.openingSentAt) - this.openingSentAt;
    this.adapterSecondsOfRound += clock.transfer(index, 'downlink', this.openingBytes, round, observed);
  }

  /** Steps of a device that holds the whole model: no message of theirs has come. */
  private recordLocalSteps(round: number, header: StepHeader<'adapters'>): void {
    const { clock, index, record, localSteps } = this.options;
    const steps = header.localSteps ?? [];
    if (steps.length !== localSteps) throw new ProtocolError(`${steps.length} steps came where ${localSteps} were due`);
    this.adaptersCameDown(round, header.receivedAtSeconds);
    steps.forEach(({ loss, forwardSeconds, backwardSeconds, updateSeconds }, step) => {
      if (!Number.isFinite(loss)) throw new ProtocolError(`step ${step} has a loss of ${loss}`);
      this.losses.push(loss);
      const deviceForward = clock.deviceWork(index, forwardSeconds);
      const deviceBackward = clock.deviceWork(index, backwardSeconds);
      const deviceUpdate = clock.deviceWork(index, updateSeconds);
      const idle = { deviceEncode: 0, uplink: 0, server: 0, downlink: 0, deviceDecode: 0 };
      record({
        kind: 'step',
        round,
        step,
        device: index,
        loss,
        seconds: { deviceForward, ...idle, deviceBackward, deviceUpdate },
        measuredServerSeconds: { decode: 0, compute: 0, update: 0, encode: 0 },
        uplinkBytes: 0,
        downlinkBytes: 0,
      });
    });
  }

  private checked(uploaded: AdapterState): AdapterState {
    if (uploaded.size !== this.deviceNames.length) {
      throw new ProtocolError(`${uploaded.size} adapters came where ${this.deviceNames.length} were due`);
    }
    for (const name of this.deviceNames) {
      const wanted = this.options.part.adapters.get(name)!.shape.join();
      const found = uploaded.get(name);
      if (found?.shape.join() !== wanted) throw new ProtocolError(`adapter ${name} must have shape [${wanted}]`);
      if (!found.values.every(Number.isFinite)) throw new ProtocolError(`adapter ${name} is not finite`);
    }
    return uploaded;
  }

  private checkLabels(labels: readonly number[]): void {
    const { device, part } = this.options;
    if (labels.length !== device.batchSize || !labels.every((label) => label < part.config.classes)) {
      throw new ProtocolError(`${device.batchSize} labels below ${part.config.classes} are due`);
    }
  }

  private closeStep(after: AfterGradient, receivedAtSeconds: number | undefined): void {
    const { clock, index, record } = this.options;
    if (!this.open) throw new ProtocolError('a device reports on a step that was not made');
    const { record: step, stages, sentAtSeconds } = this.open;
    const observed = (receivedAtSeconds ?? sentAtSeconds) - sentAtSeconds;
    const downlink = clock.transfer(index, 'downlink', step.downlinkBytes, step.round, observed);
    const deviceDecode = clock.deviceWork(index, after.decodeSeconds);
    const deviceBackward = clock.deviceWork(index, after.backwardSeconds);
    const deviceUpdate = clock.deviceWork(index, after.updateSeconds);
    record({ ...step, seconds: { ...stages, downlink, deviceDecode, deviceBackward, deviceUpdate } });
    this.open = undefined;
  }

  /** The connection for something new. */
  private taken(): Connection {
    this.active = this.connection;
    return this.inUse();
  }

  private inUse(): Connection {
    if (!this.active) throw new ConnectionError('closed', 'the device is not connected');
    return this.active;
  }

  private async receive(): Promise<Received> {
    const received = await this.inUse().receive(this.options.patience());
    this.uplinkBytes += received.bytes;
    return received;
  }

  private async send(message: Message): Promise<number> {
    const bytes = await this.inUse().send(message);
    this.downlinkBytes += bytes;
    return bytes;
  }
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
