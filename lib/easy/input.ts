/** One thing that is wrong with the input of a call. */
export interface InputProblem {
  /** Where: `bounds[2]`, `rows.wood`, `start`. */
  readonly place: string;
  /** What was found there. */
  readonly found: string;
  /** What is allowed there. */
  readonly allowed: string;
}

/** Everything that is wrong with the input of one call, each with its place. */
export class InputError extends RangeError {
  /** Stays; docs/errors.md says what to do. */
  readonly code = 'input';
  constructor(readonly problems: readonly InputProblem[]) {
    super(problems.map(({ place, found, allowed }) => `${place}: found ${found}, allowed: ${allowed}`).join('\n'));
    this.name = 'InputError';
  }
}

/** Collects problems, so that all of them are named at once. */
export class InputCheck {
  private readonly problems: InputProblem[] = [];

  add(place: string, found: string, allowed: string): void {
    this.problems.push({ place, found, allowed });
  }

  /** The number itself; NaN (and ±∞ where `finite`) is a problem. */
  number(place: string, value: unknown, finite = true): number {
    const isNumber = typeof value === 'number' && !Number.isNaN(value) && (!finite || Number.isFinite(value));
    if (!isNumber) this.add(place, describe(value), finite ? 'a finite number' : 'a number, or ±Infinity');
    return isNumber ? value : 0;
  }

  /** The numbers of a list of this length. */
  numbers(place: string, values: ArrayLike<number>, length: number, finite = true): Float64Array {
    if (values.length !== length) this.add(place, `${values.length} numbers`, `${length}`);
    return Float64Array.from({ length }, (_, k) =>
      k < values.length ? this.number(`${place}[${k}]`, values[k], finite) : 0,
    );
  }

  /** Throws InputError if anything is wrong. */
  done(): void {
    if (this.problems.length > 0) throw new InputError(this.problems);
  }
}

function describe(value: unknown): string {
  if (typeof value === 'string') return `"${value}"`;
  return typeof value === 'object' && value !== null ? (Array.isArray(value) ? 'a list' : 'an object') : String(value);
}

/** One side or none. */
export type Side = number | null | undefined;

function isAbsent(side: Side): side is null | undefined {
  return side === null || side === undefined;
}

/** [lower, upper]; null or ±Infinity for an absent side. */
export type Range = readonly [lower: Side, upper: Side];

/**
 * Bounds of variables: one range for all, a list with a range (or null for none) for each, or ranges by name. Null or
 * ±Infinity stands for an absent side.
 */
export type Bounds = Range | readonly (Range | null)[] | Readonly<Record<string, Range>>;

function isRange(bounds: Bounds): bounds is Range {
  return Array.isArray(bounds) && bounds.length === 2 && bounds.every((side) => side === null || !Array.isArray(side));
}

/** Bounds as two arrays. `otherwise` is the range of variables without one. */
export function readBounds(
  check: InputCheck,
  bounds: Bounds | undefined,
  count: number,
  names: readonly string[] | undefined,
  otherwise: Range = [null, null],
): { lower: Float64Array; upper: Float64Array } {
  const lower = new Float64Array(count);
  const upper = new Float64Array(count);
  const set = (j: number, place: string, range: Range): void => {
    lower[j] = isAbsent(range[0]) ? -Infinity : check.number(`${place}[0]`, range[0], false);
    upper[j] = isAbsent(range[1]) ? Infinity : check.number(`${place}[1]`, range[1], false);
    if (lower[j] > upper[j]) check.add(place, `[${lower[j]}, ${upper[j]}]`, 'a lower side not above the upper one');
  };
  for (let j = 0; j < count; j++) set(j, 'bounds', otherwise);
  if (bounds === undefined) return { lower, upper };
  if (isRange(bounds)) {
    for (let j = 0; j < count; j++) set(j, 'bounds', bounds);
  } else if (Array.isArray(bounds)) {
    const list = bounds as readonly (Range | null)[];
    if (list.length !== count) check.add('bounds', `${list.length} ranges`, `${count}, or one range for all`);
    list.slice(0, count).forEach((range, j) => range && set(j, `bounds[${j}]`, range));
  } else {
    for (const [name, range] of Object.entries(bounds as Readonly<Record<string, Range>>)) {
      const j = names?.indexOf(name) ?? -1;
      if (j < 0) check.add(`bounds.${name}`, 'a name that no variable has', names?.join(', ') ?? 'indices only');
      else set(j, `bounds.${name}`, range);
    }
  }
  return { lower, upper };
}

/** Sides of a row: at least, at most, or exactly. Null or absent for none. */
export interface RowSides {
  /** Lower side; default none. */
  readonly atLeast?: Side;
  /** Upper side; default none. */
  readonly atMost?: Side;
  /** Both sides at once. */
  readonly equals?: Side;
}

/** Lower and upper side of a row. */
export function readSides(check: InputCheck, place: string, { atLeast, atMost, equals }: RowSides): [number, number] {
  if (!isAbsent(equals)) {
    if (!isAbsent(atLeast) || !isAbsent(atMost)) check.add(place, '`equals` beside another side', '`equals` alone');
    const side = check.number(`${place}.equals`, equals);
    return [side, side];
  }
  const low = isAbsent(atLeast) ? -Infinity : check.number(`${place}.atLeast`, atLeast, false);
  const high = isAbsent(atMost) ? Infinity : check.number(`${place}.atMost`, atMost, false);
  if (low > high) check.add(place, `at least ${low} and at most ${high}`, 'sides that do not exclude each other');
  if (isAbsent(atLeast) && isAbsent(atMost)) check.add(place, 'no side', 'atLeast, atMost or equals');
  return [low, high];
}

/** Which variables are integer: all, or those at these indices or of these names. */
export type Integers = 'all' | readonly (number | string)[];

/** Indices of the integer variables, increasing. */
export function readIntegers(
  check: InputCheck,
  integers: Integers | undefined,
  count: number,
  names: readonly string[] | undefined,
): Int32Array {
  if (integers === undefined) return new Int32Array(0);
  if (integers === 'all') return Int32Array.from({ length: count }, (_, j) => j);
  const found = new Set<number>();
  integers.forEach((which, k) => {
    const j = typeof which === 'number' ? which : (names?.indexOf(which) ?? -1);
    if (Number.isInteger(j) && j >= 0 && j < count) found.add(j);
    else check.add(`integers[${k}]`, String(which), names ? names.join(', ') : `indices from 0 to ${count - 1}`);
  });
  return Int32Array.from([...found].sort((a, b) => a - b));
}

/** Values by name. */
export function byName(names: readonly string[], values: ArrayLike<number>): Record<string, number> {
  return Object.fromEntries(names.map((name, k) => [name, values[k]!]));
}
