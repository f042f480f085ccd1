import { labelCount, targetCount, tokenCount, type TransformerConfig } from '../model/config.js';
import { ProtocolError, targetBytes, type DeviceMemory } from '../protocol/index.js';
import type { AdapterState } from '../model/adapters.js';
import type { ReceiveLimits } from '../transport/index.js';
import type { ServedDevice } from './served-device.js';

/** Bytes of JSON for the report on one local step, at most; and of a tensor's entry in an adapter file. */
const localStepBytes = 256;
const entryBytes = 256;
/** For what else a header holds. */
const restBytes = 2 ** 14;

/** The largest messages that a device can have a reason to send in this training. */
export function memberLimits(
  config: TransformerConfig,
  { cut, batchSize }: Pick<ServedDevice, 'cut' | 'batchSize'>,
  adapters: readonly { readonly values: Float32Array }[],
  localSteps: number,
): ReceiveLimits {
  const isWhole = cut === config.blocks;
  const headerBytes = restBytes + (isWhole ? localSteps * localStepBytes : 0);
  // The codec's worst case is a little above float32.
  const activationBytes = isWhole ? 0 : 5 * batchSize * tokenCount(config) * config.width;
  const targetsBytes = targetBytes(labelCount(config)) * batchSize * targetCount(config);
  // Two moments a weight are the most an optimizer remembers, and what coding took away of it comes on top.
  const adapterBytes = adapters.reduce((sum, { values }) => sum + 3 * (4 * values.length + entryBytes), 0);
  return {
    headerBytes,
    frameBytes: headerBytes + Math.max(activationBytes + targetsBytes, adapterBytes) + restBytes,
    waitingMessages: 2,
  };
}

/** A machine's clock may run this much faster than another's; and what a message takes to be handed over, s. */
const clockTolerance = { factor: 1.05, seconds: 0.25 };
/** Clocks of two machines are told apart to within half of a message's way there and back, s. */
const offsetTolerance = 5;

/** A device cannot have worked for longer than it was waited for. Throws `ProtocolError`. */
export function checkElapsed(
  reportedSeconds: readonly number[],
  sentAtSeconds: number,
  arrivedAtSeconds: number,
): void {
  const reported = reportedSeconds.reduce((sum, seconds) => sum + seconds, 0);
  const elapsed = Math.max(0, arrivedAtSeconds - sentAtSeconds); // what came before it was asked for took no time
  if (reported > clockTolerance.factor * elapsed + clockTolerance.seconds) {
    throw new ProtocolError(
      `${reported.toPrecision(3)} s of work are reported where ${elapsed.toPrecision(3)} s passed`,
    );
  }
}

/** Time on the way by what a device says of when it heard or spoke, s. Throws `ProtocolError` where that cannot be. */
export function observedSeconds(fromSeconds: number, toSeconds: number): number {
  const observed = toSeconds - fromSeconds;
  if (observed < -offsetTolerance) throw new ProtocolError('a message came before it was sent');
  return Math.max(0, observed);
}

/** What a device may remember of these adapters after so many steps. Throws `ProtocolError`. */
export function checkMemory(
  { optimizer: { steps, moments }, residual }: DeviceMemory,
  adapters: readonly { readonly shape: readonly number[]; readonly values: Float32Array }[],
  mostSteps: number,
): void {
  if (steps > mostSteps) throw new ProtocolError(`an optimizer of ${steps} steps, at most ${mostSteps} were made`);
  const per = adapters.length === 0 ? 0 : moments.length / adapters.length;
  const fits =
    Number.isInteger(per) &&
    per <= 2 &&
    moments.every(({ shape }, k) => shape.join() === adapters[Math.floor(k / per)]!.shape.join());
  if (!fits) throw new ProtocolError('the moments are of other adapters');
  if (!moments.every(({ values }) => values.every(Number.isFinite))) throw new ProtocolError('a moment is not finite');
  const count = adapters.reduce((sum, { values }) => sum + values.length, 0);
  if (residual && (residual.length !== count || !residual.every(Number.isFinite))) {
    throw new ProtocolError('what coding took away is not of these adapters');
  }
}

/** A device may move its adapters this many times as far as they are long, or as unit steps would. */
const mostMoves = 10;

/**
 * A device's adapters before they enter the average: finite, and no farther from the last average, in Euclidean norm, than
 * 10 · max(1, ‖average‖, K·η·√n) with n trained values and learning rate η. Throws `ProtocolError`.
 */
export function checkContribution(own: AdapterState, average: AdapterState, localSteps: number, rate: number): void {
  let [moved, length, count] = [0, 0, 0];
  for (const [name, { values }] of own) {
    const last = average.get(name)!.values;
    for (let k = 0; k < values.length; k++) {
      moved += (values[k]! - last[k]!) ** 2;
      length += last[k]! ** 2;
    }
    count += values.length;
  }
  const most = mostMoves * Math.max(1, Math.sqrt(length), localSteps * rate * Math.sqrt(count));
  if (!(Math.sqrt(moved) <= most)) {
    const found = Number.isFinite(moved) ? `moved by ${Math.sqrt(moved).toPrecision(3)}` : 'not finite';
    throw new ProtocolError(`its adapters are ${found}, at most ${most.toPrecision(3)} is taken`);
  }
}
