import { ProtocolError } from '../protocol/index.js';
import type { AdapterState } from '../model/adapters.js';

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
export function observedSeconds(
  fromSeconds: number,
  toSeconds: number,
  impossible = 'a message came before it was sent',
): number {
  const observed = toSeconds - fromSeconds;
  if (observed < -offsetTolerance) throw new ProtocolError(impossible);
  return Math.max(0, observed);
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
