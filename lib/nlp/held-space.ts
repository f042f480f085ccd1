import { assembleSparse, euclideanNorm, SparseSymmetricFactor } from '../linalg/index.js';
import type { KktPoint, NlpMeta } from '../problem/index.js';
import type { Evaluator } from './evaluator.js';

/** Work (rows² · variables) up to which held rows are made orthogonal one by one, and of a factorisation beyond. */
const mostDenseWork = 1e6;
const mostOperations = 2e8;
/** Relative distance up to which a side holds a row or a bound a variable, and multipliers that count as positive. */
const nearSide = 1e-5;
const positiveMultiplier = 1e-5;
/** Rows whose part across the others is smaller, relative to their own length, hold nothing by themselves. */
const dependent = 1e-6;
/** Regularisation of the held rows, relative to the square of the longest. */
const rowRegularization = 1e-12;

/** Gradients of the rows at one point, row by row. */
export class RowGradients {
  private readonly starts: Int32Array;
  private readonly columns: Int32Array;
  private readonly values: Float64Array;

  constructor({ meta, problem }: Evaluator, jacobian: Float64Array) {
    const { variableCount: n, constraintCount: m } = meta;
    const pattern = problem.jacobian ? meta.jacobianPattern : undefined;
    this.starts = new Int32Array(m + 1);
    if (!pattern) {
      this.starts.forEach((_, i) => (this.starts[i] = i * n));
      this.columns = Int32Array.from({ length: m * n }, (_, k) => k % n);
      this.values = jacobian.slice();
      return;
    }
    for (const row of pattern.rows) this.starts[row + 1]!++;
    for (let i = 0; i < m; i++) this.starts[i + 1]! += this.starts[i]!;
    const next = this.starts.slice();
    this.columns = new Int32Array(jacobian.length);
    this.values = new Float64Array(jacobian.length);
    for (let k = 0; k < jacobian.length; k++) {
      const slot = next[pattern.rows[k]!]!++;
      this.columns[slot] = pattern.columns[k]!;
      this.values[slot] = jacobian[k]!;
    }
  }

  /** Calls `visit` with every entry of a row. */
  forEach(row: number, visit: (column: number, value: number) => void): void {
    for (let k = this.starts[row]!; k < this.starts[row + 1]!; k++) visit(this.columns[k]!, this.values[k]!);
  }

  square(row: number): number {
    let sum = 0;
    this.forEach(row, (_, value) => (sum += value * value));
    return sum;
  }

  largest(row: number): number {
    let most = 0;
    this.forEach(row, (_, value) => (most = Math.max(most, Math.abs(value))));
    return most;
  }
}

type Projection = (direction: Float64Array) => void;

/**
 * The directions that a first-order point's multipliers leave free: the critical cone without its one-sided faces. Bounds
 * and sides that hold without force are left out.
 */
export class HeldSpace {
  private readonly variables: Uint8Array;
  private readonly acrossRows: Projection;
  /** Dimension; an upper bound where the rows are many and may depend on each other. */
  readonly freedom: number;

  private constructor(variables: Uint8Array, rowCount: number, acrossRows: Projection) {
    this.variables = variables;
    this.acrossRows = acrossRows;
    this.freedom = variables.reduce((count, held) => count - held, variables.length) - rowCount;
  }

  /** Undefined where finding it takes too long. */
  static at(meta: NlpMeta, point: KktPoint, rows: RowGradients, expired: () => boolean): HeldSpace | undefined {
    const size = positiveMultiplier * Math.max(1, largestEntry(point.gradient));
    const variables = Uint8Array.from(point.x, (value, j) =>
      meta.lower[j] === meta.upper[j] ||
      (Math.abs(point.boundMultipliers[j]!) > size && isNear(value, meta.lower[j]!, meta.upper[j]!))
        ? 1
        : 0,
    );
    const held: number[] = [];
    for (let i = 0; i < meta.constraintCount; i++) {
      const [low, high] = [meta.constraintLower[i]!, meta.constraintUpper[i]!];
      const isForced = () =>
        isNear(point.constraintValues[i]!, low, high) && Math.abs(point.multipliers[i]!) * rows.largest(i) > size;
      if (low === high || isForced()) held.push(i);
    }
    if (held.length ** 2 * variables.length <= mostDenseWork) {
      const basis = orthonormalBasis(held, rows, variables);
      return new HeldSpace(variables, basis.length, (direction) => {
        for (const vector of basis) removePart(direction, vector);
      });
    }
    const projection = sparseProjection(held, rows, variables, expired);
    return projection && new HeldSpace(variables, held.length, projection);
  }

  /** Orthogonal projection onto the directions that are left, in place. */
  project(direction: Float64Array): void {
    for (let pass = 0; pass < 2; pass++) {
      this.variables.forEach((held, j) => {
        if (held) direction[j] = 0;
      });
      this.acrossRows(direction);
    }
  }
}

/** Gram and Schmidt's basis of the held rows in the free variables. */
function orthonormalBasis(held: readonly number[], rows: RowGradients, variables: Uint8Array): Float64Array[] {
  const basis: Float64Array[] = [];
  for (const row of held) {
    const gradient = new Float64Array(variables.length);
    rows.forEach(row, (j, value) => {
      if (!variables[j]) gradient[j]! += value;
    });
    for (let pass = 0; pass < 2; pass++) for (const vector of basis) removePart(gradient, vector);
    const across = euclideanNorm(gradient);
    if (across > dependent * Math.sqrt(rows.square(row))) basis.push(gradient.map((value) => value / across));
  }
  return basis;
}

function removePart(direction: Float64Array, unit: Float64Array): void {
  let along = 0;
  for (let j = 0; j < unit.length; j++) along += unit[j]! * direction[j]!;
  for (let j = 0; j < unit.length; j++) direction[j]! -= along * unit[j]!;
}

/** Projection by factors of [I Aᵀ; A −γ], A the held rows in the free variables. */
function sparseProjection(
  held: readonly number[],
  rows: RowGradients,
  variables: Uint8Array,
  expired: () => boolean,
): Projection | undefined {
  const n = variables.length;
  const order = n + held.length;
  const entryRows = Array.from({ length: order }, (_, k) => k);
  const entryColumns = entryRows.slice();
  let longest = 0;
  for (const row of held) longest = Math.max(longest, rows.square(row));
  const values = entryRows.map((k) => (k < n ? 1 : -rowRegularization * longest));
  held.forEach((row, k) =>
    rows.forEach(row, (column, value) => {
      if (variables[column] || value === 0) return;
      entryRows.push(n + k);
      entryColumns.push(column);
      values.push(value);
    }),
  );
  const { matrix } = assembleSparse(order, order, entryRows, entryColumns, values);
  const factor = new SparseSymmetricFactor(matrix, undefined, undefined, expired);
  if (factor.operations > mostOperations || !factor.factor(matrix.values, { stop: expired })) return undefined;
  const sides = new Float64Array(order);
  return (direction) => {
    sides.fill(0);
    sides.set(direction);
    factor.solve(sides);
    direction.set(sides.subarray(0, n));
  };
}

function isNear(value: number, lower: number, upper: number): boolean {
  const near = (side: number) => Math.abs(value - side) <= nearSide * Math.max(1, Math.abs(side));
  return near(lower) || near(upper);
}

export function largestEntry(values: Float64Array): number {
  return values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
}
