import { readFileSync } from 'node:fs';

/** What stages are timed by: time as it passes, or time of all threads of this process on a processor. */
export type StageClock = 'wall' | 'cpu';

let clock: StageClock = 'wall';

/** Times all stages of this process so from now on. By `cpu` only one party may be in the process, or all take turns. */
export function setStageClock(kind: StageClock): void {
  clock = kind;
}

/** Result of synchronous work and how long it took, s. */
export function timed<T>(work: () => T): [T, number] {
  const cpuStart = process.cpuUsage();
  const start = performance.now();
  const result = work();
  const wall = (performance.now() - start) / 1000;
  const { user, system } = process.cpuUsage(cpuStart);
  const cpu = (user + system) / 1e6;
  return [result, rounded(clock === 'wall' ? wall : cpu)];
}

/**
 * Starts to count; the returned function tells the seconds that have passed for each second of this thread on a processor: it
 * grows where others take the processor. Undefined where stages are timed by processor time, which knows nothing of them, and
 * after too short a time.
 */
export function threadStretch(): () => number | undefined {
  const threadStart = threadSeconds();
  const start = performance.now();
  return () => {
    const passed = (performance.now() - start) / 1000;
    const busy = threadSeconds() - threadStart;
    return clock === 'wall' && busy >= leastBusySeconds ? Math.max(1, passed / busy) : undefined;
  };
}

/** Systems count a thread's time in ticks of up to 10 ms. */
const leastBusySeconds = 0.05;

/**
 * Processor time of this thread, s. Where the system does not tell it, that of the process, in which collectors and compilers
 * work beside the thread.
 */
function threadSeconds(): number {
  try {
    return Number(readFileSync('/proc/thread-self/schedstat', 'utf8').split(' ')[0]) / 1e9;
  } catch {
    const { user, system } = process.cpuUsage();
    return (user + system) / 1e6;
  }
}

/** To 0.1 µs: headers are short, and of nearly equal length. */
export function rounded(seconds: number): number {
  return Math.round(seconds * 1e7) / 1e7;
}
