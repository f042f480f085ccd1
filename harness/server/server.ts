import { randomUUID } from 'node:crypto';
import type { Tf } from '../backend/tensorflow.js';
import { CheckpointError, requireSameTraining, type Checkpoint, type CheckpointStore } from '../checkpoint/index.js';
import type { AdapterState } from '../model/adapters.js';
import { FrozenWeights } from '../model/frozen-weights.js';
import { ServerPart, type PartOptions } from '../model/parts.js';
import { checkAdapters, ProtocolError, timed, type TrainingSettings } from '../protocol/index.js';
import { averageAdapters, OptimizerError } from '../training/index.js';
import { ConnectionError, machineSeconds, oneLine, type Connection } from '../transport/index.js';
import { BatchMember } from './batch-part.js';
import { DeviceSession, isDeviceFault } from './device-session.js';
import { EventClock } from './event-clock.js';
import type { RunClock, ServerSharing } from './run-clock.js';
import type { RoundRecord, RunRecorder } from './run-record.js';
import type { ServedDevice } from './served-device.js';
import { batchedSteps, separateSteps, type StepContext } from './steps.js';
import { Turns } from './turns.js';
import { WallClock } from './wall-clock.js';

export interface ServerOptions extends TrainingSettings {
  /** Frozen weights are uploaded once for all devices; those that are given stay the caller's. */
  readonly part: PartOptions;
  readonly devices: readonly ServedDevice[];
  readonly sharing: ServerSharing;
  readonly speedFactor: number;
  /** Default `emulated`. */
  readonly clock?: 'emulated' | 'wall';
  /** One party at a time computes, a device's round at a stretch; default not. */
  readonly takeTurns?: boolean;
  /** For a device's next message. */
  readonly timeoutSeconds: number;
  /** The round closes after this time without devices that are not done; default never. */
  readonly roundDeadlineSeconds?: number;
  /** How long to wait for devices where there is none; default 120. */
  readonly rejoinSeconds?: number;
  /** What a device's fault does: `end` (default) ends the training for all, `continue` leaves the device behind. */
  readonly onFault?: 'end' | 'continue';
  readonly record: RunRecorder;
  /** Called after each round with the average. */
  readonly onRound?: (record: RoundRecord, adapters: AdapterState) => Promise<void> | void;
  readonly checkpoints?: CheckpointOptions;
  /** Aborted: the training ends after the round that runs, with a checkpoint if there are any. */
  readonly signal?: AbortSignal;
}

export interface CheckpointOptions {
  readonly store: CheckpointStore;
  /** Rounds between two. */
  readonly every: number;
  /** See `Checkpoint`. */
  readonly run: string;
  readonly settings: Checkpoint['settings'];
  /** To go on from. */
  readonly resume?: Checkpoint;
  /** Length of the run record. */
  readonly recordBytes?: () => number;
}

/** What a training ends with. */
export interface TrainingResult {
  /** The average after the last round. */
  readonly adapters: AdapterState;
  /** Of this process; after a resumption without those before. */
  readonly rounds: readonly RoundRecord[];
  /** Rounds done in all; fewer than asked for after an interruption. */
  readonly roundsDone: number;
}

/**
 * The server's side of a training; leaves no tensor behind. With `onFault: end` a device that goes, is silent for too long or sends what does not
 * fit ends the training for all with `ConnectionError` or `ProtocolError`. With `continue` the round closes without it:
 * it is not in the average, what the server had changed for it is taken back, and it may join again.
 */
export class TrainingServer {
  /** Tells the runs of a server apart; a device that was here before need not be told what it remembers. */
  readonly incarnation = randomUUID();
  private adapters: AdapterState;
  private readonly frozen: FrozenWeights;
  private readonly sessions: readonly DeviceSession[];
  private readonly clock: RunClock;
  private readonly context: StepContext;
  private roundNumber = 0;
  private deadline = Infinity;
  private failure: { readonly error: unknown } | undefined;
  private someoneCame: (() => void) | undefined;

  constructor(
    private readonly tf: Tf,
    private readonly options: ServerOptions,
  ) {
    const { part, devices, sharing, speedFactor, checkpoints } = options;
    const resume = checkpoints?.resume;
    this.adapters = resume?.adapters ?? part.adapters;
    this.frozen = part.frozen ?? new FrozenWeights(tf, part.config, part.weights);
    const parties = devices.map((device) => ({
      speedFactor: device.speedFactor,
      link: device.link,
      serverShare: device.serverShare ?? 1 / devices.length,
    }));
    const server = { sharing, speedFactor };
    this.clock = options.clock === 'wall' ? new WallClock(parties, server) : new EventClock(parties, server);
    const shared = { ...part, frozen: this.frozen };
    this.sessions = devices.map((device, index) => {
      const trained =
        sharing === 'batched' ? new BatchMember(tf, shared, device.cut) : new ServerPart(tf, shared, device.cut);
      const own = { part: shared, trained, device, index, clock: this.clock, patience: () => this.patience() };
      return new DeviceSession(tf, { ...options, ...own });
    });
    this.context = {
      tf,
      part: shared,
      localSteps: options.localSteps,
      seed: options.seed,
      clock: this.clock,
      turns: new Turns(options.takeTurns === true),
      guarded: (session, work) => this.guarded(session, work),
    };
    if (resume) this.restore(resume);
  }

  /** A device has come; it takes part from the next round on. `remembers`: what this server knows of it. */
  attach(index: number, connection: Connection, remembers: boolean): void {
    const session = this.sessions[index]!;
    session.attach(connection, remembers);
    const place = { round: this.roundNumber, device: index, name: session.name };
    this.options.record({ kind: 'joined', ...place, reason: remembers ? 'again' : 'anew' });
    this.someoneCame?.();
  }

  isPresent(index: number): boolean {
    return this.sessions[index]?.isConnected === true;
  }

  /** Runs all rounds. Disposes of everything; can be called once. */
  async run(): Promise<TrainingResult> {
    const { rounds, signal, onRound, checkpoints } = this.options;
    const records: RoundRecord[] = [];
    let isFirst = true;
    try {
      this.prepare(this.roundNumber);
      while (this.roundNumber < rounds && !signal?.aborted) {
        const waited = await this.ready(isFirst ? this.sessions.length : 1);
        if (!isFirst) this.clock.idle(waited);
        isFirst = false;
        const record = await this.round(this.roundNumber);
        // Nobody got to the end: the same round again, with those who come back.
        if (!record) continue;
        records.push(record);
        this.roundNumber++;
        await onRound?.(record, this.adapters);
        const isDue = this.roundNumber % (checkpoints?.every ?? 1) === 0 || this.roundNumber === rounds;
        if (checkpoints && (isDue || signal?.aborted)) await this.checkpoint(checkpoints);
      }
      if (this.roundNumber >= rounds) await this.finish();
      return { adapters: this.adapters, rounds: records, roundsDone: this.roundNumber };
    } finally {
      for (const session of this.sessions) session.close('the server has stopped');
      this.dispose();
    }
  }

  private async round(round: number): Promise<RoundRecord | undefined> {
    const { sharing, devices, roundDeadlineSeconds = Infinity } = this.options;
    const present = this.sessions.filter(({ isConnected }) => isConnected);
    const wallStart = machineSeconds();
    const clockStart = this.clock.beginRound();
    const bytesBefore = this.traffic();
    const before = present.map((session) => session.work.optimizerState);
    this.deadline = wallStart + roundDeadlineSeconds;
    await (sharing === 'batched' ? batchedSteps : separateSteps)(this.context, round, present);
    if (this.failure) throw this.failure.error;
    const [finished, collecting] = await this.contributions(present);
    present.forEach((session, k) => {
      if (!finished.has(session)) session.work.restoreOptimizer(before[k]!);
    });
    if (finished.size === 0) {
      this.prepare(round);
      return undefined;
    }
    const [, averaging] = timed(() => {
      this.adapters = averageAdapters(
        [...finished].map(([session, state]) => ({ state, weight: devices[session.index]!.weight })),
      );
      this.prepare(round + 1);
    });
    const measured = collecting + averaging;
    const indices = [...finished.keys()].map(({ index }) => index);
    const { seconds: aggregationSeconds, at } = this.clock.aggregation(indices, measured);
    const totalWeight = indices.reduce((sum, index) => sum + devices[index]!.weight, 0);
    const bytes = this.traffic();
    const summary: RoundRecord = {
      kind: 'round',
      round,
      loss: [...finished.keys()].reduce((sum, { ledger, index }) => {
        return sum + (ledger.meanLoss * devices[index]!.weight) / totalWeight;
      }, 0),
      roundSeconds: at - clockStart,
      wallSeconds: machineSeconds() - wallStart,
      aggregationSeconds,
      adapterSeconds: this.sessions.map((session) => (finished.has(session) ? session.ledger.adapterSeconds : 0)),
      devices: indices,
      uplinkBytes: bytes.uplink - bytesBefore.uplink,
      downlinkBytes: bytes.downlink - bytesBefore.downlink,
    };
    this.options.record(summary);
    return summary;
  }

  /** Whole adapter sets of those that have closed the round, and the time it took; what no average may take is left out. */
  private async contributions(
    present: readonly DeviceSession[],
  ): Promise<[ReadonlyMap<DeviceSession, AdapterState>, number]> {
    const found = new Map<DeviceSession, AdapterState>();
    let seconds = 0;
    for (const session of present.filter(({ hasUploaded }) => hasUploaded)) {
      await this.guarded(session, () => {
        const [state, took] = timed(() => session.contribution(this.adapters));
        found.set(session, state);
        seconds += took;
        return Promise.resolve();
      });
    }
    if (this.failure) throw this.failure.error;
    return [found, seconds];
  }

  /** Gives every device's side the average; the adapters to be sent are ready then. */
  private prepare(round: number): void {
    for (const session of this.sessions) session.prepare(this.adapters, round);
  }

  private traffic(): { uplink: number; downlink: number } {
    const sum = (of: (session: DeviceSession) => number) => this.sessions.reduce((total, each) => total + of(each), 0);
    return { uplink: sum(({ bytes }) => bytes.uplink), downlink: sum(({ bytes }) => bytes.downlink) };
  }

  /** Waits until so many devices are there, or at least one when patience is at its end. Returns how long it was, s. */
  private async ready(wanted: number): Promise<number> {
    const { rejoinSeconds = 120, signal } = this.options;
    const from = machineSeconds();
    const until = from + rejoinSeconds;
    const count = () => this.sessions.filter(({ isConnected }) => isConnected).length;
    while (count() < wanted && !signal?.aborted) {
      const left = until - machineSeconds();
      if (left <= 0) {
        if (count() > 0) break;
        throw new ConnectionError('timeout', `no device came within ${rejoinSeconds} s`);
      }
      await this.arrival(Math.min(left, 1), signal);
    }
    return machineSeconds() - from;
  }

  /** Until a device comes, the time is over or the signal is given. */
  private async arrival(seconds: number, signal: AbortSignal | undefined): Promise<void> {
    let cleanUp: () => void = () => undefined;
    await new Promise<void>((resolve) => {
      const go = () => resolve();
      const timer = setTimeout(go, seconds * 1000);
      this.someoneCame = go;
      signal?.addEventListener('abort', go);
      cleanUp = () => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', go);
      };
    });
    this.someoneCame = undefined;
    cleanUp();
  }

  private patience(): number {
    return Math.max(0.001, Math.min(this.options.timeoutSeconds, this.deadline - machineSeconds()));
  }

  private async guarded(session: DeviceSession, work: () => Promise<void>): Promise<boolean> {
    const { onFault = 'end', record } = this.options;
    try {
      await work();
      return true;
    } catch (error) {
      const reason = oneLine(error instanceof Error ? error.message : String(error));
      this.clock.giveUp(session.index, session.waitedSeconds, !session.holdsAll);
      session.drop(reason);
      if (isDeviceFault(error) && !this.failure) {
        record({ kind: 'fault', round: this.roundNumber, device: session.index, name: session.name, reason });
        if (onFault === 'continue') return false;
      }
      // The first failure is the reason; the others see that their connections are closed.
      this.failure ??= { error };
      for (const other of this.sessions) other.close(reason);
      return false;
    }
  }

  private async finish(): Promise<void> {
    this.deadline = Infinity;
    const connected = this.sessions.filter(({ isConnected }) => isConnected);
    await Promise.all(connected.map((session) => this.guarded(session, () => session.dismiss(this.roundNumber))));
  }

  private async checkpoint({ store, run, settings, recordBytes }: CheckpointOptions): Promise<void> {
    const round = this.roundNumber;
    this.deadline = Infinity;
    const connected = this.sessions.filter(({ isConnected }) => isConnected);
    await Promise.all(connected.map((session) => this.guarded(session, () => session.fetchState(round))));
    if (this.failure) throw this.failure.error;
    await store.write({
      run,
      settings,
      round,
      adapters: this.adapters,
      clock: this.clock.state,
      devices: this.sessions.map((session) => ({
        name: session.name,
        serverOptimizer: session.work.optimizerState,
        own: session.deviceState,
        held: session.heldAdapters,
      })),
      recordBytes: recordBytes?.() ?? 0,
    });
  }

  private restore(checkpoint: Checkpoint): void {
    const { round, clock, devices } = checkpoint;
    try {
      requireSameTraining(checkpoint, this.options.checkpoints?.settings);
      checkAdapters(checkpoint.adapters, [...this.options.part.adapters.keys()], this.options.part.adapters);
      if (Math.min(devices.length, clock.length) < this.sessions.length) {
        throw new CheckpointError(
          `the checkpoint is of ${devices.length} devices, ${clock.length} of them on the clock`,
        );
      }
      this.sessions.forEach((session, k) => session.resume(devices[k]!));
    } catch (cause) {
      this.dispose();
      const isUnfit = cause instanceof ProtocolError || cause instanceof OptimizerError;
      throw isUnfit ? new CheckpointError(`the checkpoint does not fit: ${cause.message}`, { cause }) : cause;
    }
    this.roundNumber = round;
    this.clock.restore(clock.slice(0, this.sessions.length));
  }

  private dispose(): void {
    for (const session of this.sessions) session.work.dispose();
    if (!this.options.part.frozen) this.frozen.dispose();
  }
}
