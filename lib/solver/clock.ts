/** What of Node's global object is asked for the time. */
interface HighResolution {
  readonly hrtime?: () => readonly [seconds: number, nanoseconds: number];
}

/**
 * Milliseconds by a clock that never goes back, from some moment on. Node loads its `performance` when it is first used, which
 * takes a millisecond, as long as small steps of a first solve; `process.hrtime` is there.
 *
 * @example
 * ```ts
 * import { monotonicMilliseconds } from 'sft-opt/solver';
 *
 * const before = monotonicMilliseconds();
 * console.log(monotonicMilliseconds() >= before); // true
 * ```
 */
export function monotonicMilliseconds(): number {
  const { process } = globalThis as { readonly process?: HighResolution };
  const time = process?.hrtime?.();
  return time === undefined ? performance.now() : 1e3 * time[0] + time[1] / 1e6;
}
