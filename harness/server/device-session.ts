import { CodecError } from '../../lib/codec/index.js';
import { TensorFileError } from '../../lib/io/tensors/index.js';
import type { Tf } from '../backend/tensorflow.js';
import type { DeviceCheckpoint } from '../checkpoint/index.js';
import type { AdapterState } from '../model/adapters.js';
import { labelCount, targetCount } from '../model/config.js';
import {
  checkAdapters,
  checkMemory,
  decodeMemory,
  encodeMemory,
  expectPlace,
  expectStep,
  HeldAdapters,
  memberLimits,
  messageSeed,
  ProtocolError,
  splitTargets,
  stepMessage,
  type DeviceMemory,
} from '../protocol/index.js';
import {
  ConnectionError,
  FrameError,
  machineSeconds,
  within,
  type Connection,
  type Message,
  type Received,
} from '../transport/index.js';
import { DeviceWork, type ArrivedActivations, type ComputedStep, type WorkOptions } from './device-work.js';
import { checkContribution } from './limits.js';
import { RoundLedger } from './round-ledger.js';
import { nextPhase, type RoundPhase } from './round-phase.js';
import type { RunClock } from './run-clock.js';
import type { RunRecorder } from './run-record.js';

export interface SessionOptions extends WorkOptions {
  readonly clock: RunClock;
  readonly record: RunRecorder;
  /** How long the next message may take, s. */
  readonly patience: () => number;
}

/** What a device remembers, as of the start of `round`. */
export interface DeviceState extends DeviceMemory {
  readonly round: number;
}

/** Whether an error is the device's or its connection's, and not this program's own. */
export function isDeviceFault(error: unknown): error is Error {
  const kinds = [ConnectionError, ProtocolError, FrameError, CodecError, TensorFileError];
  return kinds.some((kind) => error instanceof kind);
}

/** The server's side of one device: what goes over its connection while there is one, in the order of a round. */
export class DeviceSession {
  readonly work: DeviceWork;
  readonly ledger: RoundLedger;
  private phase: RoundPhase = 'idle';
  private connection: Connection | undefined;
  /** The connection of what is under way. */
  private active: Connection | undefined;
  /** What the device is known to remember; sent to one that comes without. */
  private known: DeviceState | undefined;
  /** Whether the device must be told what it remembers before it goes on. */
  private mustSendState = false;
  private uplinkBytes = 0;
  private downlinkBytes = 0;
  private readonly held: HeldAdapters;
  /** Whether the device must be told anew what it held: since a checkpoint it is another process. */
  private hasLostHeld = false;
  private uploaded: AdapterState | undefined;
  private waited = 0;

  constructor(
    tf: Tf,
    private readonly options: SessionOptions,
  ) {
    this.work = new DeviceWork(tf, options);
    this.ledger = new RoundLedger(options);
    this.held = new HeldAdapters(this.ownOf(options.part.adapters), options.exchangeCodec ?? 'identity');
    if (options.device.connection) this.welcome(options.device.connection);
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

  /** Whether the device has closed the round. */
  get hasUploaded(): boolean {
    return this.phase === 'uploaded';
  }

  /** Frames received and sent so far, checkpoints and joining aside. */
  get bytes(): { readonly uplink: number; readonly downlink: number } {
    return { uplink: this.uplinkBytes, downlink: this.downlinkBytes };
  }

  /** How long a message was waited for that did not come, s. */
  get waitedSeconds(): number {
    return this.waited;
  }

  /** Takes over an average: the server's part of it, and the device's for when `round` is opened. */
  prepare(adapters: AdapterState, round: number): void {
    this.work.assign(adapters);
    const { seed, index } = this.options;
    this.held.prepare(this.ownOf(adapters), messageSeed(seed, index, round, 'exchangeDown'));
  }

  /** Opens a round: sends the device its adapters, and before them what it remembers if it does not. */
  async begin(round: number): Promise<void> {
    this.phase = nextPhase(this.phase, 'opened');
    this.uploaded = undefined;
    this.waited = 0;
    this.ledger.begin();
    const connection = this.taken();
    if (this.mustSendState) await this.sendState(connection);
    const sentAtSeconds = machineSeconds();
    const { isDifference, body } = this.held.open(this.hasLostHeld);
    const header = { round, ...(isDifference && { isDifference }) };
    this.ledger.opened(sentAtSeconds, await this.send(stepMessage('round', header, body)));
    this.hasLostHeld = false;
  }

  /** The training has ended: the device gets its part of the last average. */
  async dismiss(rounds: number): Promise<void> {
    await this.handed(this.taken(), stepMessage('finished', { rounds }, this.held.final()));
  }

  async receiveActivations(round: number, step: number): Promise<ArrivedActivations> {
    const received = await this.receive();
    const header = expectStep(received.message, 'activations');
    expectPlace({ round: header.round, step: header.step }, { round, step });
    const { device, part } = this.options;
    const count = device.batchSize * targetCount(part.config);
    const { targets, tensor } = splitTargets(received.message.body, count, labelCount(part.config));
    const before = this.ledger.arrived(header, received);
    this.phase = nextPhase(this.phase, 'arrived');
    const { bytes, atSeconds } = received;
    return { header, targets, body: tensor, bytes, atSeconds, before };
  }

  /** `serverSeconds`: from the arrival on. */
  async sendGradient(arrived: ArrivedActivations, computed: ComputedStep, serverSeconds: number): Promise<void> {
    const { round, step } = arrived.header;
    const { loss, measured, body } = computed;
    const sentAtSeconds = machineSeconds();
    const downlinkBytes = await this.send(stepMessage('gradient', { round, step, loss }, body));
    this.phase = nextPhase(this.phase, 'answered');
    const { before, bytes: uplinkBytes } = arrived;
    const place = { round, step, loss, before, sentAtSeconds };
    this.ledger.answered({ ...place, serverSeconds, measured, uplinkBytes, downlinkBytes });
  }

  /** The device's adapters at the end of a round. */
  async receiveAdapters(round: number): Promise<void> {
    const received = await this.receive();
    const header = expectStep(received.message, 'adapters');
    expectPlace({ round: header.round }, { round });
    const uploaded = this.held.closed(received.message.body);
    checkAdapters(uploaded, this.work.deviceNames, this.options.part.adapters);
    this.ledger.closed(header, received, this.holdsAll);
    this.phase = nextPhase(this.phase, 'uploaded');
    this.uploaded = uploaded;
  }

  /** The uploaded adapters and the server's for this device. Throws `ProtocolError` where they cannot enter an average. */
  contribution(average: AdapterState): AdapterState {
    const { localSteps, optimizer } = this.options;
    const whole = this.work.whole(this.uploaded ?? new Map());
    checkContribution(whole, average, localSteps, optimizer.learningRate);
    return whole;
  }

  /** Asks the device what it remembers, as of the start of `round`. */
  async fetchState(round: number): Promise<void> {
    const connection = this.taken();
    await this.handed(connection, { kind: 'state-request', header: { round }, body: new Uint8Array(0) });
    const { message } = await connection.receive(this.options.patience());
    const { steps } = expectStep(message, 'state');
    const memory = decodeMemory(steps, message.body);
    checkMemory(memory, this.ownAdapters(), round * this.options.localSteps);
    this.known = { round, ...memory };
  }

  private async sendState(connection: Connection): Promise<void> {
    const { known } = this;
    const body = known ? encodeMemory(known) : new Uint8Array(0);
    const header = { round: known?.round ?? 0, steps: known?.optimizer.steps ?? 0 };
    await this.handed(connection, stepMessage('state', header, body));
    this.mustSendState = false;
  }

  get deviceState(): DeviceState | undefined {
    return this.known;
  }

  /** What the device holds of the adapters; absent where they are sent as they are. */
  get heldAdapters(): Float32Array | undefined {
    return this.held.state;
  }

  /** Goes on from a checkpoint: the device is told what it remembered then. Throws `ProtocolError`, `OptimizerError`. */
  resume({ serverOptimizer, own, held }: DeviceCheckpoint): void {
    this.work.restoreOptimizer(serverOptimizer);
    if (own) checkMemory(own, this.ownAdapters(), Infinity);
    if (held) this.held.restore(held);
    else this.held.forget();
    this.hasLostHeld = true;
    this.known = own;
    this.mustSendState = true;
  }

  /** A device has come (back); what is under way goes on with the connection it began with. */
  attach(connection: Connection, remembers: boolean): void {
    this.connection?.close('the device has joined anew');
    this.welcome(connection);
    this.mustSendState = !remembers;
    if (!this.hasLostHeld) this.held.forget();
  }

  private welcome(connection: Connection): void {
    const { part, device, localSteps } = this.options;
    connection.restrict(memberLimits(part.config, device, this.ownAdapters(), localSteps));
    this.connection = connection;
  }

  /** Gives up what is under way with the device, and the connection it went over; the device may come back. */
  drop(reason: string): void {
    this.active?.close(reason);
    if (this.connection === this.active) this.connection = undefined;
    this.active = undefined;
    this.phase = nextPhase(this.phase, 'left');
    this.uploaded = undefined;
    if (!this.hasLostHeld) this.held.forget();
    this.ledger.abandon();
  }

  /** Lets the device go for good. */
  close(reason: string): void {
    this.drop(reason);
    this.connection?.close(reason);
    this.connection = undefined;
  }

  private ownOf(adapters: AdapterState): AdapterState {
    return new Map(this.work.deviceNames.map((name) => [name, adapters.get(name)!]));
  }

  private ownAdapters() {
    return [...this.ownOf(this.options.part.adapters).values()];
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
    const since = machineSeconds();
    try {
      const received = await this.inUse().receive(this.options.patience());
      this.uplinkBytes += received.bytes;
      return received;
    } catch (error) {
      this.waited = machineSeconds() - since;
      throw error;
    }
  }

  private async send(message: Message): Promise<number> {
    const bytes = await this.handed(this.inUse(), message);
    this.downlinkBytes += bytes;
    return bytes;
  }

  /** One that never reads would hold the others up for ever: what it is sent must be taken in time, as it must answer. */
  private handed(connection: Connection, message: Message): Promise<number> {
    return within(this.options.patience(), 'a message was not taken', connection.send(message));
  }
}
