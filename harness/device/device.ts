import type { Tf } from '../backend/tensorflow.js';
import { BatchOrder, readBatch, type Batch, type Dataset } from '../data/index.js';
import type { AdapterState } from '../model/adapters.js';
import { labelCount } from '../model/config.js';
import { DevicePart, type PartOptions } from '../model/parts.js';
import {
  checkAdapters,
  checkMemory,
  decodeAdapters,
  decodeMemory,
  decodeTensor,
  encodeMemory,
  encodeTensor,
  expectPlace,
  expectStep,
  joinTargets,
  memberLimits,
  messageSeed,
  OwnAdapters,
  ProtocolError,
  rateFactor,
  rounded,
  stepMessage,
  timed,
  type AfterGradient,
  type DeviceMemory,
  type DeviceSettings,
  type LocalStep,
  type StepHeader,
  type TrainingSettings,
} from '../protocol/index.js';
import { assignAdapters, Optimizer, OptimizerError, readAdapters } from '../training/index.js';
import { machineSeconds, sleepUntil, type Connection, type Received } from '../transport/index.js';

/** Where a device is within a step. */
export type DeviceStage = 'read' | 'forward' | 'encode' | 'send' | 'wait' | 'decode' | 'backward' | 'update' | 'upload';

/** All a device needs for its side of a training. */
export interface DeviceOptions extends DeviceSettings, TrainingSettings {
  /** Number among the devices, from 0; part of every seed. */
  readonly index: number;
  readonly part: PartOptions;
  readonly dataset: Dataset;
  /** The device's own examples. */
  readonly indices: Int32Array;
  /** For a wall clock: the device tells when messages came and went, and takes so many times the time it needs. */
  readonly wall?: { readonly speedFactor: number; readonly clockOffsetSeconds: number };
  readonly onStage?: (stage: DeviceStage, round: number, step: number) => void;
}

/**
 * The device's side of a training: K local steps a round, then its adapters against the average. Returns its adapters
 * after the last round. Throws `ConnectionError` or `ProtocolError`; leaves no tensor behind either way.
 */
export async function runDevice(tf: Tf, connection: Connection, options: DeviceOptions): Promise<AdapterState> {
  const device = new Device(tf, options);
  try {
    await device.serve(connection);
    return device.adapters();
  } finally {
    device.dispose();
  }
}

/**
 * A device that can go on over another connection when one is lost: whatever a broken round has changed is taken back,
 * and the server tells at which round to go on, with which adapters.
 */
export class Device {
  private readonly part: DevicePart;
  private readonly optimizer: Optimizer;
  private readonly order: BatchOrder;
  private readonly exchange: OwnAdapters;

  constructor(
    private readonly tf: Tf,
    private readonly options: DeviceOptions,
  ) {
    const { part, cut, optimizer, indices, batchSize, seed, index, exchangeCodec = 'identity' } = options;
    this.order = new BatchOrder(indices, batchSize, seed, `device-${index}`);
    this.part = new DevicePart(tf, part, cut);
    this.optimizer = new Optimizer(tf, optimizer, this.part.variables);
    this.exchange = new OwnAdapters(this.adapters(), exchangeCodec);
  }

  adapters(): AdapterState {
    return readAdapters(this.part.names, this.part.variables);
  }

  /** Does what the server asks until the training has ended; takes no more of it than this training can need. */
  async serve(connection: Connection): Promise<void> {
    // A server's messages have no reports on local steps.
    connection.restrict(memberLimits(this.options.part.config, this.options, [...this.adapters().values()], 0));
    for (;;) {
      const received = await connection.receive();
      const { message } = received;
      switch (message.kind) {
        case 'round':
          await this.round(connection, received);
          break;
        case 'state-request':
          await this.sendState(connection, message.header);
          break;
        case 'state': {
          const { steps } = expectStep(message, 'state');
          this.remember(message.body.length > 0 ? decodeMemory(steps, message.body) : this.freshMemory());
          break;
        }
        case 'finished':
          expectStep(message, 'finished');
          this.assign(decodeAdapters(message.body));
          return;
        default:
          throw new ProtocolError(`${message.kind} came between rounds`);
      }
    }
  }

  private async round(connection: Connection, opening: Received): Promise<void> {
    const { localSteps, rounds } = this.options;
    const { round, isDifference = false } = expectStep(opening.message, 'round');
    if (round >= rounds) throw new ProtocolError(`round ${round} came of ${rounds}`);
    const before = this.memory;
    try {
      const [received, decode] = timed(() => this.exchange.open({ isDifference, body: opening.message.body }));
      this.assign(received);
      this.goToRound(round);
      const [closing, answered] = this.holdsAll
        ? [await this.stepsAlone(round), opening]
        : await this.stepsWithServer(connection, round, opening);
      this.options.onStage?.('upload', round, localSteps);
      const seed = messageSeed(this.options.seed, this.options.index, round, 'exchangeUp');
      const [body, encode] = timed(() => this.exchange.close(this.adapters(), seed));
      const isCoded = this.exchange.codec !== 'identity';
      const exchange = isCoded && {
        exchange: { decodeSeconds: await this.paced(decode), encodeSeconds: await this.paced(encode) },
      };
      await connection.send(stepMessage('adapters', { ...closing, ...exchange, ...this.times(answered) }, body));
    } catch (error) {
      this.restore(before);
      throw error;
    }
  }

  /** K steps against the server; the header of the message that closes the round, and the message that it answers. */
  private async stepsWithServer(
    connection: Connection,
    round: number,
    opening: Received,
  ): Promise<[StepHeader<'adapters'>, Received]> {
    const { localSteps } = this.options;
    let batch = this.nextBatch(round, 0);
    let answered = opening;
    let previous: AfterGradient | undefined;
    for (let step = 0; step < localSteps; step++) {
      const current = await batch;
      const result = await this.step(connection, { round, step, batch: current, answered, previous }, () => {
        if (step + 1 === localSteps) return;
        batch = this.nextBatch(round, step + 1);
        // It is looked at in its turn; a failure must not count as unheard before.
        batch.catch(() => undefined);
      });
      ({ answered, previous } = result);
    }
    return [{ round, ...(previous && { previous }) }, answered];
  }

  /** K steps of a device that holds the whole model. */
  private async stepsAlone(round: number): Promise<StepHeader<'adapters'>> {
    const { tf, options } = this;
    const { localSteps: count, seed, index, onStage } = options;
    const localSteps: LocalStep[] = [];
    for (let step = 0; step < count; step++) {
      const batch = await this.nextBatch(round, step);
      const stepSeed = messageSeed(seed, index, round * count + step, 'dropout');
      onStage?.('forward', round, step);
      const [pending, forward] = timed(() => {
        const input = tf.tensor(batch.inputs, [...batch.shape]);
        const started = this.part.startWhole(input, batch.targets, stepSeed);
        input.dispose();
        return started;
      });
      onStage?.('backward', round, step);
      const [gradients, backward] = timed(() => pending.backward());
      const [, update] = timed(() => {
        onStage?.('update', round, step);
        this.optimizer.apply(gradients, this.rate(round, step));
        tf.dispose(gradients);
      });
      localSteps.push({
        loss: pending.loss,
        forwardSeconds: await this.paced(forward),
        backwardSeconds: await this.paced(backward),
        updateSeconds: await this.paced(update),
      });
    }
    return { round, localSteps };
  }

  private get holdsAll(): boolean {
    return this.options.cut === this.options.part.config.blocks;
  }

  /** One local step; `whileWaiting` is called once the activations are on their way. */
  private async step(connection: Connection, at: StepPlace, whileWaiting: () => void): Promise<StepOutcome> {
    const { tf, options } = this;
    const { round, step, batch, answered, previous } = at;
    const { uplinkCodec, downlinkCodec, localSteps, seed, index, cut, onStage } = options;
    const globalStep = round * localSteps + step;
    const dropoutSeed = messageSeed(seed, index, globalStep, 'dropout');
    onStage?.('forward', round, step);
    const [{ pending, values }, forward] = timed(() => {
      const input = tf.tensor(batch.inputs, [...batch.shape]);
      const started = this.part.start(input, dropoutSeed);
      const host = started.activations.dataSync() as Float32Array;
      input.dispose();
      return { pending: started, values: host };
    });
    let isPending = true;
    try {
      const forwardSeconds = await this.paced(forward);
      const shape = pending.activations.shape;
      const stepSeed = messageSeed(seed, index, globalStep, 'up');
      onStage?.('encode', round, step);
      const [body, encode] = timed(() => encodeTensor(values, shape, uplinkCodec, stepSeed));
      const encodeSeconds = await this.paced(encode);
      const durations = { forwardSeconds, encodeSeconds, ...(previous && { previous }) };
      onStage?.('send', round, step);
      const header = { round, step, ...durations, ...this.times(answered) };
      const withTargets = joinTargets(batch.targets, labelCount(options.part.config), body);
      await connection.send(stepMessage('activations', header, withTargets));
      onStage?.('wait', round, step);
      whileWaiting();
      const received = await connection.receive();
      expectPlace(expectStep(received.message, 'gradient'), { round, step });
      // Without a block there is nothing to train: no gradient comes.
      if (cut === 0) {
        return { answered: received, previous: { decodeSeconds: 0, backwardSeconds: 0, updateSeconds: 0 } };
      }
      onStage?.('decode', round, step);
      const [gradientValues, decode] = timed(() => decodeTensor(received.message.body, shape, downlinkCodec));
      const decodeSeconds = await this.paced(decode);
      onStage?.('backward', round, step);
      isPending = false;
      const [gradients, backward] = timed(() => {
        const gradient = tf.tensor(gradientValues, shape);
        const found = pending.backward(gradient);
        gradient.dispose();
        return found;
      });
      const [, update] = timed(() => {
        onStage?.('update', round, step);
        this.optimizer.apply(gradients, this.rate(round, step));
        tf.dispose(gradients);
      });
      const backwardSeconds = await this.paced(backward);
      const updateSeconds = await this.paced(update);
      return { answered: received, previous: { decodeSeconds, backwardSeconds, updateSeconds } };
    } finally {
      if (isPending) pending.release();
    }
  }

  private async nextBatch(round: number, step: number): Promise<Batch> {
    const { dataset, onStage } = this.options;
    onStage?.('read', round, step);
    return readBatch(dataset, this.order.next());
  }

  /** A device sees the same examples in a round whether or not it took part in those before. */
  private goToRound(round: number): void {
    const { localSteps, batchSize, indices } = this.options;
    const seen = round * localSteps * batchSize;
    this.order.restore({ epoch: Math.floor(seen / indices.length), position: seen % indices.length });
  }

  private assign(adapters: AdapterState): void {
    checkAdapters(adapters, this.part.names, this.options.part.adapters);
    assignAdapters(this.tf, this.part.names, this.part.variables, adapters);
  }

  private get memory(): DeviceMemory {
    return { optimizer: this.optimizer.state, residual: this.exchange.residual };
  }

  /** What the server says that this device remembered. */
  private remember(memory: DeviceMemory): void {
    const { rounds, localSteps } = this.options;
    checkMemory(memory, [...this.adapters().values()], rounds * localSteps);
    try {
      this.restore(memory);
    } catch (cause) {
      if (cause instanceof OptimizerError) throw new ProtocolError(cause.message, { cause });
      throw cause;
    }
  }

  private restore({ optimizer, residual }: DeviceMemory): void {
    this.optimizer.restore(optimizer);
    this.exchange.restore(residual);
  }

  private async sendState(connection: Connection, header: Readonly<Record<string, unknown>>): Promise<void> {
    const { memory } = this;
    const round = typeof header['round'] === 'number' ? header['round'] : 0;
    await connection.send(stepMessage('state', { round, steps: memory.optimizer.steps }, encodeMemory(memory)));
  }

  private freshMemory(): DeviceMemory {
    const { moments } = this.optimizer.state;
    const zeros = moments.map(({ shape, values }) => ({ shape, values: values.map(() => 0) }));
    return { optimizer: { steps: 0, moments: zeros } };
  }

  /** On a wall clock: when the server's message came and when the answer goes, by the server's clock. */
  private times(answered: Received): { receivedAtSeconds?: number; sentAtSeconds?: number } {
    const { wall } = this.options;
    if (!wall) return {};
    const { clockOffsetSeconds } = wall;
    return {
      receivedAtSeconds: rounded(answered.atSeconds + clockOffsetSeconds),
      sentAtSeconds: rounded(machineSeconds() + clockOffsetSeconds),
    };
  }

  /** On a wall clock a slower device waits for as long as it would have worked. Returns the time it took so. */
  private async paced(seconds: number): Promise<number> {
    const factor = this.options.wall?.speedFactor ?? 1;
    if (factor <= 1) return seconds;
    await sleepUntil(machineSeconds() + (factor - 1) * seconds);
    return rounded(factor * seconds);
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

interface StepPlace {
  readonly round: number;
  readonly step: number;
  readonly batch: Batch;
  /** The message of the server that this step follows. */
  readonly answered: Received;
  readonly previous: AfterGradient | undefined;
}

interface StepOutcome {
  readonly answered: Received;
  readonly previous: AfterGradient;
}
