import { assembleSparse, SparseSymmetricFactor, transpose } from '../linalg/index.js';
import type { InteriorPoint } from './interior-iterate.js';
import { equilibrate, type SparseProgram } from './scaling.js';

/** Squared sine of the angle between a row and the span of others below which it counts as one of them. */
const dependence = 1e-12;
/** Pivot of a row that is left out: its column of the factor vanishes. */
const leftOut = 1e100;
/** Operations of the factorisation up to which it is tried. */
const affordable = 1e9;

/** A program without equality rows that are combinations of others, and the way back. */
export interface Thinned {
  readonly reduced: SparseProgram;
  recover(point: InteriorPoint): InteriorPoint;
}

/**
 * Leaves out equality rows that are combinations of other ones: their multipliers are not determined, and grow with every
 * rounding. Found by the pivots of A Aᵀ; whether the rows left out hold as well is for the caller to see. Undefined where
 * there are none, where the factorisation would take too long, and when stopped.
 */
export function withoutDependentRows(program: SparseProgram, stop: () => boolean): Thinned | undefined {
  const { variableCount: n, constraintCount: m, lower, upper, constraintMatrix } = program;
  const equalities: number[] = [];
  for (let i = 0; i < m; i++) if (lower[n + i] === upper[n + i]) equalities.push(i);
  if (equalities.length < 2) return undefined;
  const isLeftOut = new Uint8Array(m);
  for (const k of dependentAmong(program, equalities, stop)) isLeftOut[equalities[k]!] = 1;
  const kept = Int32Array.from({ length: m }, (_, i) => i).filter((i) => isLeftOut[i] === 0);
  if (kept.length === m) return undefined;
  const positions = new Int32Array(m).fill(-1);
  kept.forEach((i, k) => (positions[i] = k));
  const rows: number[] = [];
  const columns: number[] = [];
  const values: number[] = [];
  for (let j = 0; j < n; j++) {
    for (let k = constraintMatrix.columnStarts[j]!; k < constraintMatrix.columnStarts[j + 1]!; k++) {
      const row = positions[constraintMatrix.rowIndices[k]!]!;
      if (row < 0) continue;
      rows.push(row);
      columns.push(j);
      values.push(constraintMatrix.values[k]!);
    }
  }
  const conditions = (sides: Float64Array): Float64Array => {
    const result = new Float64Array(n + kept.length);
    result.set(sides.subarray(0, n));
    kept.forEach((i, k) => (result[n + k] = sides[n + i]!));
    return result;
  };
  return {
    reduced: {
      ...program,
      constraintCount: kept.length,
      constraintMatrix: assembleSparse(kept.length, n, rows, columns, values).matrix,
      lower: conditions(lower),
      upper: conditions(upper),
    },
    recover: (point) => {
      const multipliers = new Float64Array(m);
      const sides = new Int8Array(n + m);
      sides.set(point.sides.subarray(0, n));
      kept.forEach((i, k) => {
        multipliers[i] = point.multipliers[k]!;
        sides[n + i] = point.sides[n + k]!;
      });
      return { ...point, multipliers, sides };
    },
  };
}

/** Positions in `equalities` of rows that are combinations of those before them in the order of elimination. */
function dependentAmong(program: SparseProgram, equalities: readonly number[], stop: () => boolean): number[] {
  const { columnStarts, rowIndices, values } = transpose(equilibrate(program).program.constraintMatrix);
  const byColumn = new Map<number, [row: number, value: number][]>();
  equalities.forEach((i, k) => {
    const from = columnStarts[i]!;
    const to = columnStarts[i + 1]!;
    const length = Math.hypot(...values.subarray(from, to)) || 1;
    for (let at = from; at < to; at++) {
      if (values[at] === 0) continue;
      const entries = byColumn.get(rowIndices[at]!);
      const entry: [number, number] = [k, values[at]! / length];
      if (entries === undefined) byColumn.set(rowIndices[at]!, [entry]);
      else entries.push(entry);
    }
  });
  let products = 0;
  for (const entries of byColumn.values()) products += entries.length ** 2;
  if (products > affordable / 100) return [];
  const rows: number[] = [];
  const columns: number[] = [];
  const entries: number[] = [];
  const put = (row: number, column: number, value: number): void => {
    rows.push(row);
    columns.push(column);
    entries.push(value);
  };
  for (const column of byColumn.values()) {
    for (const [first, a] of column) for (const [second, b] of column) if (first >= second) put(first, second, a * b);
  }
  for (let k = 0; k < equalities.length; k++) put(k, k, 0);
  const { matrix } = assembleSparse(equalities.length, equalities.length, rows, columns, entries);
  const factor = new SparseSymmetricFactor(matrix, undefined, undefined, stop);
  if (stop() || factor.operations > affordable) return [];
  const signs = new Int8Array(equalities.length).fill(1);
  if (!factor.factor(matrix.values, { signs, smallest: dependence, replacement: leftOut, stop })) return [];
  return equalities.map((_, k) => k).filter((k) => factor.pivotOf(k) === leftOut);
}
