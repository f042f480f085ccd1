import { ProtocolError, type AfterGradient, type StepHeader } from '../protocol/index.js';
import { machineSeconds, type Received } from '../transport/index.js';
import { checkElapsed, observedSeconds } from './limits.js';
import type { RunClock } from './run-clock.js';
import type { RunRecorder, ServerSeconds, StageSeconds, StepRecord } from './run-record.js';

/** Stages of a step before the server's. */
export type StagesBefore = Pick<StageSeconds, 'deviceForward' | 'deviceEncode' | 'uplink'>;

/** A step that waits for the device's report on what it did with the gradient. */
interface OpenStep {
  readonly record: Omit<StepRecord, 'seconds'>;
  readonly stages: StagesBefore & Pick<StageSeconds, 'server'>;
  readonly sentAtSeconds: number;
}

/** What a step came to on the server. */
export interface AnsweredStep {
  readonly round: number;
  readonly step: number;
  readonly loss: number;
  readonly before: StagesBefore;
  /** From the arrival on, s. */
  readonly serverSeconds: number;
  readonly measured: ServerSeconds;
  readonly uplinkBytes: number;
  readonly downlinkBytes: number;
  readonly sentAtSeconds: number;
}

/** One device's times and losses of a round: what it reports is checked, put on the clock and recorded. */
export class RoundLedger {
  private losses: number[] = [];
  private adapterSecondsOfRound = 0;
  private opening = { sentAtSeconds: 0, bytes: 0 };
  private open: OpenStep | undefined;
  /** When the message went that the device answers next. */
  private lastSentAt = 0;

  constructor(
    private readonly options: {
      readonly index: number;
      readonly clock: RunClock;
      readonly localSteps: number;
      readonly record: RunRecorder;
    },
  ) {}

  /** Over the steps of the round. */
  get meanLoss(): number {
    return this.losses.reduce((sum, loss) => sum + loss, 0) / this.losses.length;
  }

  /** The adapters' way down and up in this round, their coding on the device included. */
  get adapterSeconds(): number {
    return this.adapterSecondsOfRound;
  }

  begin(): void {
    this.losses = [];
    this.adapterSecondsOfRound = 0;
    this.open = undefined;
  }

  opened(sentAtSeconds: number, bytes: number): void {
    this.opening = { sentAtSeconds, bytes };
    this.lastSentAt = sentAtSeconds;
  }

  /** The device was given up: its open step is no step. */
  abandon(): void {
    this.open = undefined;
  }

  /** Activations have come; returns the stages behind them. */
  arrived(header: StepHeader<'activations'>, { bytes, atSeconds }: Received): StagesBefore {
    const { clock, index } = this.options;
    const { round, step, forwardSeconds, encodeSeconds, previous, receivedAtSeconds, sentAtSeconds } = header;
    checkElapsed([forwardSeconds, encodeSeconds, ...Object.values(previous ?? {})], this.lastSentAt, atSeconds);
    const onTheWay = this.onTheWay(sentAtSeconds, atSeconds);
    if (step === 0) this.adaptersCameDown(round, receivedAtSeconds);
    if (previous) this.closeStep(previous, receivedAtSeconds);
    const deviceForward = clock.deviceWork(index, forwardSeconds);
    const deviceEncode = clock.deviceWork(index, encodeSeconds);
    return { deviceForward, deviceEncode, uplink: clock.transfer(index, 'uplink', bytes, round, onTheWay) };
  }

  answered(step: AnsweredStep): void {
    const { round, loss, measured, uplinkBytes, downlinkBytes, sentAtSeconds } = step;
    this.losses.push(loss);
    this.lastSentAt = sentAtSeconds;
    const place = { kind: 'step', round, step: step.step, device: this.options.index } as const;
    this.open = {
      record: { ...place, loss, measuredServerSeconds: measured, uplinkBytes, downlinkBytes },
      stages: { ...step.before, server: step.serverSeconds },
      sentAtSeconds,
    };
  }

  /** The message that closes a round has come; `isWhole` for a device that holds all blocks. */
  closed(header: StepHeader<'adapters'>, { bytes, atSeconds }: Received, isWhole: boolean): void {
    const { clock, index } = this.options;
    const { round, previous, localSteps, receivedAtSeconds, sentAtSeconds } = header;
    const own = (localSteps ?? []).flatMap((step) => [step.forwardSeconds, step.backwardSeconds, step.updateSeconds]);
    const coding = Object.values(header.exchange ?? {});
    checkElapsed([...own, ...coding, ...Object.values(previous ?? {})], this.lastSentAt, atSeconds);
    const onTheWay = this.onTheWay(sentAtSeconds, atSeconds);
    if (isWhole) this.recordLocalSteps(header);
    else if (previous) this.closeStep(previous, receivedAtSeconds);
    else throw new ProtocolError('the last step is not reported on');
    const { decodeSeconds = 0, encodeSeconds = 0 } = header.exchange ?? {};
    this.adapterSecondsOfRound += clock.deviceWork(index, decodeSeconds + encodeSeconds);
    this.adapterSecondsOfRound += clock.transfer(index, 'uplink', bytes, round, onTheWay);
  }

  private adaptersCameDown(round: number, receivedAtSeconds: number | undefined): void {
    const { clock, index } = this.options;
    const { sentAtSeconds, bytes } = this.opening;
    const onTheWay = observedSeconds(sentAtSeconds, this.heard(receivedAtSeconds) ?? sentAtSeconds);
    this.adapterSecondsOfRound += clock.transfer(index, 'downlink', bytes, round, onTheWay);
  }

  private closeStep(after: AfterGradient, receivedAtSeconds: number | undefined): void {
    const { clock, index, record } = this.options;
    if (!this.open) throw new ProtocolError('a device reports on a step that was not made');
    const { record: step, stages, sentAtSeconds } = this.open;
    const onTheWay = observedSeconds(sentAtSeconds, this.heard(receivedAtSeconds) ?? sentAtSeconds);
    const downlink = clock.transfer(index, 'downlink', step.downlinkBytes, step.round, onTheWay);
    const deviceDecode = clock.deviceWork(index, after.decodeSeconds);
    const deviceBackward = clock.deviceWork(index, after.backwardSeconds);
    const deviceUpdate = clock.deviceWork(index, after.updateSeconds);
    record({ ...step, seconds: { ...stages, downlink, deviceDecode, deviceBackward, deviceUpdate } });
    this.open = undefined;
  }

  /** Of what has come, by when the device says that it went: which is not before what it answers. */
  private onTheWay(sentAtSeconds: number | undefined, arrivedAtSeconds: number): number {
    if (sentAtSeconds === undefined) return 0;
    observedSeconds(this.lastSentAt, sentAtSeconds, 'an answer was sent before its question');
    return observedSeconds(sentAtSeconds, arrivedAtSeconds);
  }

  /** When a device says that it heard; not later than now. */
  private heard(atSeconds: number | undefined): number | undefined {
    if (atSeconds !== undefined) observedSeconds(atSeconds, machineSeconds());
    return atSeconds;
  }

  /** Steps of a device that holds the whole model: no message of theirs has come. */
  private recordLocalSteps({ round, localSteps: steps = [], receivedAtSeconds }: StepHeader<'adapters'>): void {
    const { clock, index, record, localSteps } = this.options;
    if (steps.length !== localSteps) throw new ProtocolError(`${steps.length} steps came where ${localSteps} were due`);
    this.adaptersCameDown(round, receivedAtSeconds);
    steps.forEach(({ loss, forwardSeconds, backwardSeconds, updateSeconds }, step) => {
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
}
