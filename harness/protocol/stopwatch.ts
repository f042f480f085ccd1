/** Result of synchronous work and how long it took, s. */
export function timed<T>(work: () => T): [T, number] {
  const start = performance.now();
  const result = work();
  return [result, rounded((performance.now() - start) / 1000)];
}

/** To 0.1 µs: headers are short, and of nearly equal length. */
export function rounded(seconds: number): number {
  return Math.round(seconds * 1e7) / 1e7;
}
