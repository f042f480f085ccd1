import type { Tf } from '../backend/tensorflow.js';
import type { AdapterState } from '../model/adapters.js';
import { FrozenWeights } from '../model/frozen-weights.js';
import type { PartOptions } from '../model/vit.js';
import { encodeAdapters, timed, type LearningRateSchedule } from '../protocol/index.js';
import { averageAdapters, type OptimizerSettings } from '../training/index.js';
import { DeviceSession } from './device-session.js';
import { EventClock, type ServerSharing } from './event-clock.js';
import type { RoundRecord, RunRecorder } from './run-record.js';
import type { ServedDevice } from './served-device.js';

export interface ServerOptions {
  /** Frozen weights are uploaded once for all devices. */
  readonly part: Omit<PartOptions, 'frozen'>;
  readonly devices: readonly ServedDevice[];
  readonly rounds: number;
  readonly localSteps: number;
  readonly optimizer: OptimizerSettings;
  readonly schedule: LearningRateSchedule;
  readonly sharing: ServerSharing;
  readonly speedFactor: number;
  readonly seed: number;
  /** For a device's next message. */
  readonly timeoutSeconds: number;
  readonly record: RunRecorder;
}

/** What a training ends with. */
export interface TrainingResult {
  /** The average after the last round. */
  readonly adapters: AdapterState;
  readonly rounds: readonly RoundRecord[];
}

/**
 * The server's side of a training. All devices must stay to the end: one that goes, is silent for too long or sends what
 * does not fit ends the training for all with `ConnectionError` or `ProtocolError`. Leaves no tensor behind.
 */
export async function runServer(tf: Tf, options: ServerOptions): Promise<TrainingResult> {
  const server = new Server(tf, options);
  try {
    const rounds: RoundRecord[] = [];
    for (let round = 0; round < options.rounds; round++) rounds.push(await server.round(round));
    return { adapters: server.adapters, rounds };
  } finally {
    server.dispose();
  }
}

class Server {
  adapters: AdapterState;
  private readonly frozen: FrozenWeights;
  private readonly sessions: readonly DeviceSession[];
  private readonly clock: EventClock;

  constructor(
    tf: Tf,
    private readonly options: ServerOptions,
  ) {
    const { part, devices, sharing, speedFactor } = options;
    this.adapters = part.adapters;
    this.frozen = new FrozenWeights(tf, part.config, part.weights);
    this.clock = new EventClock(
      devices.map((device) => ({
        speedFactor: device.speedFactor,
        link: device.link,
        serverShare: device.serverShare ?? 1 / devices.length,
      })),
      { sharing, speedFactor },
    );
    const shared = { ...part, frozen: this.frozen };
    this.sessions = devices.map((device, index) => {
      return new DeviceSession(tf, { ...options, part: shared, device, index, clock: this.clock });
    });
  }

  async round(round: number): Promise<RoundRecord> {
    const { localSteps, sharing, devices } = this.options;
    const wallStart = performance.now();
    const clockStart = this.clock.barrier();
    const before = this.sessions.map(({ bytes }) => bytes);
    if (sharing === 'batched') {
      for (let step = 0; step < localSteps; step++) await this.batchedStep(round, step);
    } else {
      await Promise.all(this.sessions.map((session) => session.steps(round, localSteps)));
    }
    const uploads = await Promise.all(this.sessions.map((session) => session.receiveAdapters(round)));
    const { downloads, aggregationSeconds } = await this.aggregate(
      round,
      uploads.map(({ state }) => state),
    );
    const roundSeconds = this.clock.barrier() - clockStart;
    const totalWeight = devices.reduce((sum, { weight }) => sum + weight, 0);
    const after = this.sessions.map(({ bytes }) => bytes);
    const moved = (direction: 'uplink' | 'downlink') =>
      after.reduce((sum, bytes, k) => sum + bytes[direction] - before[k]![direction], 0);
    const summary: RoundRecord = {
      kind: 'round',
      round,
      loss: this.sessions.reduce((sum, { meanLoss }, k) => sum + (meanLoss * devices[k]!.weight) / totalWeight, 0),
      roundSeconds,
      wallSeconds: (performance.now() - wallStart) / 1000,
      aggregationSeconds,
      adapterSeconds: uploads.map(({ seconds }, k) => seconds + downloads[k]!),
      uplinkBytes: moved('uplink'),
      downlinkBytes: moved('downlink'),
    };
    this.options.record(summary);
    return summary;
  }

  /** All activations first, then all work, then all gradients. */
  private async batchedStep(round: number, step: number): Promise<void> {
    const arrived = await Promise.all(this.sessions.map((session) => session.receiveActivations(round, step)));
    const done = arrived.map((activations, k) => this.sessions[k]!.compute(activations));
    const total = done.reduce((sum, { measuredSeconds }) => sum + measuredSeconds, 0);
    const starts = this.sessions.map((_, k) => this.clock.at(k));
    this.clock.serverBatch(total);
    await Promise.all(
      done.map((computed, k) => {
        return this.sessions[k]!.sendGradient(arrived[k]!, computed, this.clock.at(k) - starts[k]!);
      }),
    );
  }

  private async aggregate(
    round: number,
    uploads: readonly AdapterState[],
  ): Promise<{ downloads: number[]; aggregationSeconds: number }> {
    const { devices, speedFactor } = this.options;
    const [bodies, measured] = timed(() => {
      this.adapters = averageAdapters(
        this.sessions.map((session, k) => ({ state: session.whole(uploads[k]!), weight: devices[k]!.weight })),
      );
      return this.sessions.map((session) => {
        session.assign(this.adapters);
        return encodeAdapters(session.devicePart(this.adapters));
      });
    });
    const aggregationSeconds = measured * speedFactor;
    // Nobody goes on before the last has uploaded.
    this.clock.serverBatch(measured);
    const downloads = await Promise.all(this.sessions.map((session, k) => session.sendAverage(round, bodies[k]!)));
    return { downloads, aggregationSeconds };
  }

  dispose(): void {
    for (const session of this.sessions) session.dispose();
    this.frozen.dispose();
  }
}
