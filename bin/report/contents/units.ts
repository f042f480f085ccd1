/** Values of one axis in a unit that suits the largest of them. */
export interface Unit {
  readonly name: string;
  /** So much of the base unit. */
  readonly size: number;
}

const units = {
  time: [
    { name: 's', size: 1 },
    { name: 'ms', size: 1e-3 },
    { name: 'µs', size: 1e-6 },
  ],
  memory: [
    { name: 'GB', size: 1e9 },
    { name: 'MB', size: 1e6 },
    { name: 'kB', size: 1e3 },
    { name: 'B', size: 1 },
  ],
  frequency: [
    { name: 'MHz', size: 1e6 },
    { name: 'kHz', size: 1e3 },
    { name: 'Hz', size: 1 },
  ],
} as const satisfies Record<string, readonly Unit[]>;

/** The largest unit of a dimension that leaves the largest value above one half; the smallest of all where none does. */
export function unitFor(dimension: keyof typeof units, values: Iterable<number | null | undefined>): Unit {
  let largest = 0;
  for (const value of values) if (value !== null && value !== undefined) largest = Math.max(largest, Math.abs(value));
  const known: readonly Unit[] = units[dimension];
  if (largest === 0) return known.find(({ size }) => size === 1)!;
  return known.find(({ size }) => largest >= 0.5 * size) ?? known.at(-1)!;
}

/** A value in a unit; null stays null. */
export function inUnit(value: number | null | undefined, { size }: Unit): number | null {
  return value === null || value === undefined ? null : value / size;
}

/** "1 plan", "3 plans". */
export function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`;
}
