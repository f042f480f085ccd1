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
 * Starts to count; the returned function tells the seconds that have passed for each second of this process on a processor: it
 * grows where others take the processor. Undefined where stages are timed by processor time, which knows nothing of them.
 */
export function processorStretch(): () => number | undefined {
  const cpuStart = process.cpuUsage();
  const start = performance.now();
  return () => {
    const { user, system } = process.cpuUsage(cpuStart);
    return clock === 'wall' ? (1000 * (performance.now() - start)) / (user + system) : undefined;
  };
}

/** To 0.1 µs: headers are short, and of nearly equal length. */
export function rounded(seconds: number): number {
  return Math.round(seconds * 1e7) / 1e7;
}
