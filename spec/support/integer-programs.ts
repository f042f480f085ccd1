import { expressions as build, NlModelBuilder, type Expression, type NlModel } from '../../lib/io/nl/index.js';
import type { MixedIntegerNonlinearProgram } from '../../lib/problem/index.js';
import type { RandomStream } from '../../lib/random/index.js';

/** A linear or binary quadratic program in plain arrays. */
export interface LinearData {
  readonly costs: readonly number[];
  /** Coefficients of xᵢxⱼ, j ≥ i, row by row of the full square; absent in linear programs. */
  readonly products?: readonly (readonly number[])[];
  readonly rows: readonly (readonly number[])[];
  readonly rowLower: readonly number[];
  readonly rowUpper: readonly number[];
  readonly lower: readonly number[];
  readonly upper: readonly number[];
}

export function objectiveOf({ costs, products }: LinearData, x: ArrayLike<number>): number {
  let sum = costs.reduce((total, cost, j) => total + cost * x[j]!, 0);
  products?.forEach((row, i) => row.forEach((value, j) => (sum += j < i ? 0 : value * x[i]! * x[j]!)));
  return sum;
}

/** The data as a declared program of integers. */
export function declaredProgram(data: LinearData): MixedIntegerNonlinearProgram {
  const { costs, products, rows } = data;
  const n = costs.length;
  return {
    integerVariables: Int32Array.from(costs.keys()),
    meta: {
      variableCount: n,
      constraintCount: rows.length,
      lower: Float64Array.from(data.lower),
      upper: Float64Array.from(data.upper),
      constraintLower: Float64Array.from(data.rowLower),
      constraintUpper: Float64Array.from(data.rowUpper),
      start: Float64Array.from(data.lower),
      objectiveShape: products ? 'quadratic' : 'linear',
      linearConstraints: new Uint8Array(rows.length).fill(1),
    },
    objective: (x) => objectiveOf(data, x),
    gradient: (x, values) => {
      values.set(costs);
      products?.forEach((row, i) =>
        row.forEach((value, j) => {
          if (j < i) return;
          values[i]! += value * x[j]!;
          values[j]! += value * x[i]!;
        }),
      );
    },
    constraints: (x, values) => {
      rows.forEach((row, i) => (values[i] = row.reduce((sum, value, j) => sum + value * x[j]!, 0)));
    },
    jacobian: (_x, values) => {
      values.set(rows.flat());
    },
  };
}

/** Least objective over all integer points; Infinity if none satisfies the rows. */
export function enumerated(data: LinearData): number {
  const { rows, rowLower, rowUpper, lower, upper } = data;
  const x = [...lower];
  let best = Infinity;
  for (;;) {
    const holds = rows.every((row, i) => {
      const value = row.reduce((sum, entry, j) => sum + entry * x[j]!, 0);
      return value >= rowLower[i]! - 1e-9 && value <= rowUpper[i]! + 1e-9;
    });
    if (holds) best = Math.min(best, objectiveOf(data, x));
    let j = 0;
    while (j < x.length && x[j]! >= upper[j]!) {
      x[j] = lower[j]!;
      j++;
    }
    if (j === x.length) return best;
    x[j]!++;
  }
}

const tenths = (stream: RandomStream, scale: number): number => Math.round(10 * scale * stream.normal()) / 10;

/** Rows of all kinds over a small box of integers; about a third have no solution. */
export function smallLinearProgram(stream: RandomStream): LinearData {
  const n = 2 + stream.integer(8);
  const m = 1 + stream.integer(5);
  const upper = Array.from({ length: n }, () => 1 + stream.integer(n > 6 ? 1 : 3));
  const rows = Array.from({ length: m }, () =>
    Array.from({ length: n }, () => (stream.uniform() < 0.7 ? Math.round(5 * stream.normal()) : 0)),
  );
  const sides = rows.map((row) => {
    const middle = Math.round(row.reduce((sum, value, j) => sum + (value * upper[j]!) / 2, 0) + 2 * stream.normal());
    const kind = stream.integer(4);
    return [
      [-Infinity, middle],
      [middle, Infinity],
      [middle, middle],
      [middle - 2, middle + 2],
    ][kind]!;
  });
  return {
    costs: Array.from({ length: n }, () => tenths(stream, 6)),
    rows,
    rowLower: sides.map(([low]) => low!),
    rowUpper: sides.map(([, high]) => high!),
    lower: Array.from({ length: n }, () => 0),
    upper,
  };
}

/** min xᵀQx with Q upper triangular of integers from −9 to 9, x binary. */
export function binaryQuadratic(stream: RandomStream, n: number, density = 1): LinearData {
  const products = Array.from({ length: n }, (_, i) =>
    Array.from({ length: n }, (__, j) => (j < i || stream.uniform() > density ? 0 : stream.integer(19) - 9)),
  );
  return {
    costs: Array.from({ length: n }, () => 0),
    products,
    rows: [],
    rowLower: [],
    rowUpper: [],
    lower: Array.from({ length: n }, () => 0),
    upper: Array.from({ length: n }, () => 1),
  };
}

/** A sum of random terms over a box, as a model and as a function. */
export interface BoxProgram {
  readonly model: NlModel;
  readonly value: (x: readonly number[]) => number;
  readonly lower: readonly number[];
  readonly upper: readonly number[];
  readonly integer: readonly boolean[];
}

/** Products, cubes, sines, exponentials, quartics, quotients and logarithms of 2 … `most` variables in a box. */
export function boxProgram(stream: RandomStream, most: number, integerShare: number): BoxProgram {
  const n = 2 + stream.integer(most - 1);
  const builder = new NlModelBuilder();
  const integer = Array.from({ length: n }, () => stream.uniform() < integerShare);
  const lower = integer.map((isInteger) => (isInteger ? -stream.integer(4) : -1 - 2 * stream.uniform()));
  const upper = integer.map((isInteger) => (isInteger ? 1 + stream.integer(4) : 1 + 2 * stream.uniform()));
  const variables = integer.map((isInteger, j) =>
    builder.variable({ lower: lower[j]!, upper: upper[j]!, integer: isInteger, start: 0 }),
  );
  const terms: Expression[] = [];
  const values: ((x: readonly number[]) => number)[] = [];
  const count = n + stream.integer(2 * n);
  for (let k = 0; k < count; k++) {
    const c = tenths(stream, 2) || 1;
    const w = tenths(stream, 1.5);
    const [i, j] = [stream.integer(n), stream.integer(n)];
    const [x, y] = [variables[i]!, variables[j]!];
    const [term, value] = termOf(stream.integer(8), c, w, x, y);
    terms.push(term);
    values.push((point) => value(point[i]!, point[j]!));
  }
  builder.minimise(build.add(...terms));
  return {
    model: builder.build(),
    value: (x) => values.reduce((sum, term) => sum + term(x), 0),
    lower,
    upper,
    integer,
  };
}

function termOf(
  kind: number,
  c: number,
  w: number,
  x: Expression,
  y: Expression,
): [Expression, (x: number, y: number) => number] {
  const { multiply, power, sin, add, exp, square, subtract, divide, log } = build;
  switch (kind) {
    case 0:
      return [multiply(c, x, y), (a, b) => c * a * b];
    case 1:
      return [multiply(c, power(x, 3)), (a) => c * a ** 3];
    case 2:
      return [multiply(c, sin(add(multiply(w, x), y))), (a, b) => c * Math.sin(w * a + b)];
    case 3:
      return [multiply(c, exp(multiply(0.3 * w, x))), (a) => c * Math.exp(0.3 * w * a)];
    case 4:
      return [multiply(c, square(subtract(square(x), y))), (a, b) => c * (a * a - b) ** 2];
    case 5:
      return [divide(c, add(2, square(x))), (a) => c / (2 + a * a)];
    case 6:
      return [multiply(c, x), (a) => c * a];
    default:
      return [multiply(c, log(add(5, x)), y), (a, b) => c * Math.log(5 + a) * b];
  }
}

/** Least value over the integer points times a grid of the continuous variables: at or above the minimum. */
export function gridMinimum({ value, lower, upper, integer }: BoxProgram, steps: number): number {
  let best = Infinity;
  const visit = (x: number[]): void => {
    const j = x.length;
    if (j === integer.length) {
      best = Math.min(best, value(x));
      return;
    }
    const count = integer[j]! ? upper[j]! - lower[j]! : steps;
    for (let k = 0; k <= count; k++) visit([...x, lower[j]! + ((upper[j]! - lower[j]!) * k) / Math.max(1, count)]);
  };
  visit([]);
  return best;
}
