import type { NonlinearProgram, SparsityPattern } from '../problem/index.js';

/** A point and its multipliers, of the reduced or of the full problem. */
export interface PrimalDualPoint {
  readonly x: Float64Array;
  readonly multipliers: Float64Array;
  readonly boundMultipliers: Float64Array;
}

/** A problem without its fixed variables, and the ways between the two. */
export interface ReducedProblem {
  readonly problem: NonlinearProgram;
  /** Index in the full problem of each remaining variable. */
  readonly kept: Int32Array;
  /** Full x from a reduced one. */
  expand(reduced: Float64Array): Float64Array;
  /** Reduced x from a full one. */
  reduce(full: Float64Array): Float64Array;
  /**
   * Full point and multipliers from reduced ones. The multiplier of a fixed variable is what makes its component of
   * ∇f + Jᵀy + z vanish; 0 if the problem has no first derivatives.
   */
  recover(reduced: PrimalDualPoint): PrimalDualPoint;
}

/** Removes the variables whose bounds are equal. A problem without any comes back unchanged (same object). */
export function removeFixedVariables(full: NonlinearProgram): ReducedProblem {
  const { meta } = full;
  const { variableCount: n, constraintCount: m } = meta;
  const indices = Array.from({ length: n }, (_, j) => j);
  const kept = Int32Array.from(indices.filter((j) => meta.lower[j] !== meta.upper[j]));
  const position = new Int32Array(n).fill(-1);
  kept.forEach((j, k) => (position[j] = k));
  const point = meta.lower.slice();
  const expand = (reduced: Float64Array): Float64Array => {
    const x = meta.lower.slice();
    kept.forEach((j, k) => (x[j] = reduced[k]!));
    return x;
  };
  const reduce = (x: Float64Array): Float64Array => Float64Array.from(kept, (j) => x[j]!);
  if (kept.length === n) return { problem: full, kept, expand: (x) => x.slice(), reduce, recover: (found) => found };
  const fill = (reduced: Float64Array): Float64Array => {
    kept.forEach((j, k) => (point[j] = reduced[k]!));
    return point;
  };
  const jacobian = restriction(meta.jacobianPattern ?? rectangle(m, n), (_row, column) => position[column]! >= 0);
  const hessian = restriction(meta.hessianPattern ?? triangle(n), (i, j) => position[i]! >= 0 && position[j]! >= 0);
  const gradientWork = new Float64Array(n);
  const productWork = new Float64Array(n);
  const problem: NonlinearProgram = {
    meta: {
      ...meta,
      variableCount: kept.length,
      lower: reduce(meta.lower),
      upper: reduce(meta.upper),
      start: reduce(meta.start),
      ...(meta.variableNames && { variableNames: Array.from(kept, (j) => meta.variableNames![j]!) }),
      jacobianPattern: { rows: jacobian.pattern.rows, columns: jacobian.pattern.columns.map((j) => position[j]!) },
      hessianPattern: {
        rows: hessian.pattern.rows.map((j) => position[j]!),
        columns: hessian.pattern.columns.map((j) => position[j]!),
      },
    },
    objective: (x) => full.objective(fill(x)),
    ...(full.constraints && {
      constraints: (x: Float64Array, values: Float64Array) => full.constraints!(fill(x), values),
    }),
    ...(full.gradient && {
      gradient: (x: Float64Array, values: Float64Array) => {
        full.gradient!(fill(x), gradientWork);
        kept.forEach((j, k) => (values[k] = gradientWork[j]!));
      },
    }),
    ...(full.jacobian && {
      jacobian: (x: Float64Array, values: Float64Array) => {
        full.jacobian!(fill(x), jacobian.work);
        jacobian.positions.forEach((at, k) => (values[k] = jacobian.work[at]!));
      },
    }),
    ...(full.hessian && {
      hessian: (x: Float64Array, weight: number, multipliers: Float64Array, values: Float64Array) => {
        full.hessian!(fill(x), weight, multipliers, hessian.work);
        hessian.positions.forEach((at, k) => (values[k] = hessian.work[at]!));
      },
    }),
    ...(full.hessianProduct && {
      hessianProduct: (
        x: Float64Array,
        weight: number,
        multipliers: Float64Array,
        direction: Float64Array,
        values: Float64Array,
      ) => {
        productWork.fill(0);
        kept.forEach((j, k) => (productWork[j] = direction[k]!));
        full.hessianProduct!(fill(x), weight, multipliers, productWork, gradientWork);
        kept.forEach((j, k) => (values[k] = gradientWork[j]!));
      },
    }),
  };
  const recover = (found: PrimalDualPoint): PrimalDualPoint => {
    const x = expand(found.x);
    const boundMultipliers = new Float64Array(n);
    if (full.gradient && (m === 0 || full.jacobian)) {
      full.gradient(x.slice(), boundMultipliers);
      if (m > 0) {
        const pattern = meta.jacobianPattern ?? rectangle(m, n);
        full.jacobian!(x.slice(), jacobian.work);
        for (let k = 0; k < jacobian.work.length; k++) {
          const j = pattern.columns[k]!;
          boundMultipliers[j] = boundMultipliers[j]! + jacobian.work[k]! * found.multipliers[pattern.rows[k]!]!;
        }
      }
      for (let j = 0; j < n; j++) boundMultipliers[j] = -boundMultipliers[j]!;
    }
    kept.forEach((j, k) => (boundMultipliers[j] = found.boundMultipliers[k]!));
    return { x, multipliers: found.multipliers.slice(), boundMultipliers };
  };
  return { problem, kept, expand, reduce, recover };
}

/** Entries of a pattern that pass the test, where they stand, and room for the values of all. */
function restriction(pattern: SparsityPattern, keep: (row: number, column: number) => boolean) {
  const all = Array.from({ length: pattern.rows.length }, (_, k) => k);
  const positions = Int32Array.from(all.filter((k) => keep(pattern.rows[k]!, pattern.columns[k]!)));
  return {
    positions,
    pattern: {
      rows: Int32Array.from(positions, (k) => pattern.rows[k]!),
      columns: Int32Array.from(positions, (k) => pattern.columns[k]!),
    },
    work: new Float64Array(pattern.rows.length),
  };
}

function rectangle(rows: number, columns: number): SparsityPattern {
  const length = rows * columns;
  return {
    rows: Int32Array.from({ length }, (_, k) => Math.floor(k / columns)),
    columns: Int32Array.from({ length }, (_, k) => k % columns),
  };
}

function triangle(order: number): SparsityPattern {
  const rows: number[] = [];
  const columns: number[] = [];
  for (let i = 0; i < order; i++) {
    for (let j = 0; j <= i; j++) {
      rows.push(i);
      columns.push(j);
    }
  }
  return { rows: Int32Array.from(rows), columns: Int32Array.from(columns) };
}
