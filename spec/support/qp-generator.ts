import { assembleSparse, type Matrix } from '../../lib/linalg/index.js';
import type { QuadraticProgram } from '../../lib/problem/index.js';
import { randomStream, type RandomStream } from '../../lib/random/index.js';

/** Kinds of quadratic programs whose outcome is known because it was chosen first. */
export const qpKinds = [
  'strictly-convex',
  'degenerate',
  'redundant',
  'semidefinite',
  'linear-program',
  'free-variables',
  'equalities-only',
  'badly-scaled',
  'infeasible',
  'infeasible-equalities',
  'unbounded',
  'unbounded-linear-program',
] as const;

export type QpKind = (typeof qpKinds)[number];

export interface KnownQp {
  readonly problem: QuadraticProgram;
  readonly expected: 'optimal' | 'infeasible' | 'unbounded';
  /** Optimal value, when there is one. */
  readonly objective?: number;
  /** A solution, when there is one. */
  readonly x?: Float64Array;
}

/** A program of about the given sizes; `sparse` stores the matrices in compressed columns and leaves most entries out. */
export function knownQp(
  kind: QpKind,
  variableCount: number,
  constraintCount: number,
  seed: number,
  sparse = false,
): KnownQp {
  const random = randomStream(seed, `known-qp-${kind}`);
  const builder = new Builder(random, variableCount, constraintCount, sparse);
  switch (kind) {
    case 'strictly-convex':
      return builder.optimal({ rank: variableCount });
    case 'degenerate':
      return builder.optimal({ rank: variableCount, degenerate: true });
    case 'redundant':
      return builder.optimal({ rank: variableCount, redundant: true });
    case 'semidefinite':
      return builder.optimal({ rank: Math.floor(variableCount / 2), bounded: true });
    case 'linear-program':
      return builder.optimal({ rank: 0, bounded: true });
    case 'free-variables':
      return builder.optimal({ rank: variableCount, free: true });
    case 'equalities-only':
      return builder.optimal({ rank: variableCount, free: true, equalities: true });
    case 'badly-scaled':
      return builder.optimal({ rank: variableCount, scaled: true });
    case 'infeasible':
      return builder.infeasible(false);
    case 'infeasible-equalities':
      return builder.infeasible(true);
    case 'unbounded':
      return builder.unbounded(Math.max(0, variableCount - 1));
    case 'unbounded-linear-program':
      return builder.unbounded(0);
  }
}

interface Shape {
  /** Rank of P. */
  readonly rank: number;
  readonly degenerate?: boolean;
  readonly redundant?: boolean;
  /** All variables bounded (so that a singular P leaves the problem bounded all the same). */
  readonly bounded?: boolean;
  readonly free?: boolean;
  readonly equalities?: boolean;
  readonly scaled?: boolean;
}

class Builder {
  constructor(
    private readonly random: RandomStream,
    private readonly n: number,
    private readonly m: number,
    private readonly sparse: boolean,
  ) {}

  /** Chooses x, multipliers and which sides hold, then q = −(Px + Aᵀy + z). */
  optimal(shape: Shape): KnownQp {
    const { n, random } = this;
    let m = shape.equalities === true ? Math.min(this.m, n) : this.m;
    let matrix = this.entries(m, n);
    const hessian = this.semidefinite(shape.rank);
    const x = this.vector(n);
    if (shape.redundant === true && m > 0) {
      matrix = this.withRedundantRows(matrix, m);
      m = matrix.length / n;
    }
    const columnScale = Float64Array.from({ length: n }, () =>
      shape.scaled === true ? 10 ** (4 * random.uniform() - 2) : 1,
    );
    const rowScale = Float64Array.from({ length: m }, () =>
      shape.scaled === true ? 10 ** (4 * random.uniform() - 2) : 1,
    );
    for (let i = 0; i < m; i++) for (let j = 0; j < n; j++) matrix[i * n + j]! *= rowScale[i]! * columnScale[j]!;
    for (let i = 0; i < n; i++) for (let j = 0; j < n; j++) hessian[i * n + j]! *= columnScale[i]! * columnScale[j]!;
    for (let j = 0; j < n; j++) x[j]! /= columnScale[j]!;
    const rows = this.sides(
      Array.from({ length: m }, (_, i) => dotRow(matrix, i, n, x)),
      shape,
      (i) => 1 / rowScale[i]!,
      shape.equalities === true,
    );
    const bounds = this.sides(Array.from(x), shape, (j) => columnScale[j]!, false, shape.free, shape.bounded);
    const linear = new Float64Array(n);
    for (let j = 0; j < n; j++) {
      let sum = bounds.multipliers[j]!;
      for (let k = 0; k < n; k++) sum += hessian[j * n + k]! * x[k]!;
      for (let i = 0; i < m; i++) sum += matrix[i * n + j]! * rows.multipliers[i]!;
      linear[j] = -sum;
    }
    let objective = 0;
    for (let j = 0; j < n; j++) {
      let bent = 0;
      for (let k = 0; k < n; k++) bent += hessian[j * n + k]! * x[k]!;
      objective += x[j]! * (0.5 * bent + linear[j]!);
    }
    const problem = this.program(shape.rank === 0 ? undefined : hessian, linear, matrix, m, rows, bounds);
    return { problem, expected: 'optimal', objective, x };
  }

  /** Chooses Farkas multipliers first and sets the sides so that their support is negative. */
  infeasible(equalities: boolean): KnownQp {
    const { n, random } = this;
    const m = Math.max(2, this.m);
    const matrix = this.entries(m, n);
    const involved = 2 + random.integer(m - 1);
    const y = Float64Array.from({ length: m }, (_, i) => (i < involved ? this.sign() * (0.5 + random.uniform()) : 0));
    const z = Float64Array.from({ length: n }, () => (equalities || random.uniform() < 0.6 ? 0 : random.normal()));
    for (let j = 0; j < n; j++) {
      let sum = z[j]!;
      for (let i = 0; i < involved - 1; i++) sum += matrix[i * n + j]! * y[i]!;
      matrix[(involved - 1) * n + j] = -sum / y[involved - 1]!;
    }
    const x = this.vector(n);
    const rows = this.looseSides(Array.from({ length: m }, (_, i) => dotRow(matrix, i, n, x)));
    const bounds = this.looseSides(Array.from(x));
    let support = 0;
    const hold = (sides: Sides, index: number, multiplier: number, value: number): void => {
      if (multiplier === 0) return;
      const side = value + this.sign() * random.uniform();
      const width = equalities ? 0 : random.uniform() < 0.5 ? Infinity : 1 + random.uniform();
      sides.lower[index] = multiplier > 0 ? side - width : side;
      sides.upper[index] = multiplier > 0 ? side : side + width;
      support += multiplier * side;
    };
    for (let i = 0; i < m; i++) hold(rows, i, y[i]!, dotRow(matrix, i, n, x));
    for (let j = 0; j < n; j++) hold(bounds, j, z[j]!, x[j]!);
    // Moves the last involved row's side until the support is −(a clear gap).
    const gap = 0.01 + random.uniform();
    const last = involved - 1;
    const shift = -(support + gap) / y[last]!;
    rows.lower[last]! += shift;
    rows.upper[last]! += shift;
    const problem = this.program(this.semidefinite(n), this.vector(n), matrix, m, rows, bounds);
    return { problem, expected: 'infeasible' };
  }

  /** Chooses a direction d in the null space of P and the recession cone, qᵀd < 0, and sides that x satisfies. */
  unbounded(rank: number): KnownQp {
    const { n, m, random } = this;
    const direction = this.vector(n);
    const length = direction.reduce((sum, value) => sum + value * value, 0);
    const matrix = this.entries(m, n);
    // P = BᵀB with the rows of B orthogonal to d.
    const hessian = new Float64Array(n * n);
    for (let k = 0; k < rank; k++) {
      const row = this.vector(n);
      const along = row.reduce((sum, value, j) => sum + value * direction[j]!, 0) / length;
      for (let j = 0; j < n; j++) row[j]! -= along * direction[j]!;
      for (let i = 0; i < n; i++) for (let j = 0; j < n; j++) hessian[i * n + j]! += row[i]! * row[j]!;
    }
    const x = this.vector(n);
    const openSides = (values: number[], rates: number[]): Sides => {
      const sides = this.looseSides(values);
      rates.forEach((rate, i) => {
        if (rate > 0) sides.upper[i] = Infinity;
        if (rate < 0) sides.lower[i] = -Infinity;
      });
      return sides;
    };
    const rates = Array.from({ length: m }, (_, i) => dotRow(matrix, i, n, direction));
    const rows = openSides(
      Array.from({ length: m }, (_, i) => dotRow(matrix, i, n, x)),
      rates,
    );
    const bounds = openSides(Array.from(x), Array.from(direction));
    const linear = this.vector(n);
    const slope = linear.reduce((sum, value, j) => sum + value * direction[j]!, 0);
    const wanted = -(0.5 + random.uniform()) * Math.sqrt(length);
    for (let j = 0; j < n; j++) linear[j]! += ((wanted - slope) * direction[j]!) / length;
    const problem = this.program(rank === 0 ? undefined : hessian, linear, matrix, m, rows, bounds);
    return { problem, expected: 'unbounded' };
  }

  private sign(): 1 | -1 {
    return this.random.uniform() < 0.5 ? -1 : 1;
  }

  private vector(length: number): Float64Array {
    return Float64Array.from({ length }, () => 2 * this.random.normal());
  }

  private entries(rows: number, columns: number): Float64Array {
    const density = this.sparse ? Math.min(1, 3 / columns) : 0.8;
    return Float64Array.from({ length: rows * columns }, () =>
      this.random.uniform() < density ? this.random.normal() : 0,
    );
  }

  /** BᵀB of the given rank, with some weight on the diagonal if it is full. */
  private semidefinite(rank: number): Float64Array {
    const { n, random } = this;
    const hessian = new Float64Array(n * n);
    for (let k = 0; k < rank; k++) {
      const row = this.entries(1, n);
      for (let i = 0; i < n; i++) for (let j = 0; j < n; j++) hessian[i * n + j]! += row[i]! * row[j]!;
    }
    if (rank >= n) for (let j = 0; j < n; j++) hessian[j * n + j]! += 0.05 + random.uniform();
    return hessian;
  }

  /** Appends duplicates, multiples and sums of the rows there. */
  private withRedundantRows(matrix: Float64Array, m: number): Float64Array {
    const { n, random } = this;
    const extra = 1 + random.integer(m);
    const result = new Float64Array((m + extra) * n);
    result.set(matrix);
    for (let k = 0; k < extra; k++) {
      const first = random.integer(m);
      const second = random.integer(m);
      const factor = this.sign() * (0.5 + random.uniform());
      const mixes = random.uniform() < 0.5;
      for (let j = 0; j < n; j++) {
        result[(m + k) * n + j] = factor * matrix[first * n + j]! + (mixes ? matrix[second * n + j]! : 0);
      }
    }
    return result;
  }

  /** Sides around values such that some hold, with multipliers of the matching sign (zero for degenerate ones). */
  private sides(
    values: readonly number[],
    shape: Shape,
    multiplierScale: (index: number) => number,
    equalities: boolean,
    free = false,
    bounded = false,
  ): Sides & { multipliers: Float64Array } {
    const { random } = this;
    const lower = new Float64Array(values.length);
    const upper = new Float64Array(values.length);
    const multipliers = new Float64Array(values.length);
    values.forEach((value, i) => {
      const unit = 1 / multiplierScale(i);
      const width = unit * (0.1 + 3 * random.uniform());
      const otherWidth = unit * (0.1 + 3 * random.uniform());
      const draw = free ? 1 : random.uniform();
      lower[i] = value - width;
      upper[i] = value + otherWidth;
      if (equalities || (!free && draw < 0.12)) {
        lower[i] = value;
        upper[i] = value;
        multipliers[i] = random.normal() * multiplierScale(i);
        return;
      }
      if (draw < 0.45) {
        const atUpper = random.uniform() < 0.5;
        if (atUpper) upper[i] = value;
        else lower[i] = value;
        const size = shape.degenerate === true && random.uniform() < 0.5 ? 0 : 0.1 + random.uniform();
        multipliers[i] = (atUpper ? size : -size) * multiplierScale(i);
      }
      if (free) {
        lower[i] = -Infinity;
        upper[i] = Infinity;
      } else if (!bounded) {
        if (multipliers[i]! >= 0 && lower[i] !== value && random.uniform() < 0.4) lower[i] = -Infinity;
        if (multipliers[i]! <= 0 && upper[i] !== value && random.uniform() < 0.4) upper[i] = Infinity;
      }
    });
    return { lower, upper, multipliers };
  }

  /** Sides that hold the values well inside, many of them absent. */
  private looseSides(values: readonly number[]): Sides {
    const { random } = this;
    return {
      lower: Float64Array.from(values, (value) => (random.uniform() < 0.5 ? -Infinity : value - 1 - random.uniform())),
      upper: Float64Array.from(values, (value) => (random.uniform() < 0.5 ? Infinity : value + 1 + random.uniform())),
    };
  }

  private program(
    hessian: Float64Array | undefined,
    linear: Float64Array,
    matrix: Float64Array,
    m: number,
    rows: Sides,
    bounds: Sides,
  ): QuadraticProgram {
    const { n } = this;
    return {
      ...(hessian && { hessian: this.store(hessian, n, n) }),
      linear,
      constraintMatrix: this.store(matrix, m, n),
      constraintLower: rows.lower,
      constraintUpper: rows.upper,
      lower: bounds.lower,
      upper: bounds.upper,
    };
  }

  private store(values: Float64Array, rows: number, columns: number): Matrix {
    if (!this.sparse) return { kind: 'dense', rows, columns, values };
    const positions = Array.from(values, (_, k) => k).filter((k) => values[k] !== 0);
    return assembleSparse(
      rows,
      columns,
      positions.map((k) => Math.floor(k / columns)),
      positions.map((k) => k % columns),
      positions.map((k) => values[k]!),
    ).matrix;
  }
}

interface Sides {
  readonly lower: Float64Array;
  readonly upper: Float64Array;
}

function dotRow(matrix: Float64Array, row: number, n: number, x: Float64Array): number {
  let sum = 0;
  for (let j = 0; j < n; j++) sum += matrix[row * n + j]! * x[j]!;
  return sum;
}
