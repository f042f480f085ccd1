import { forEachEntry, SparseSymmetricFactor, submatrix, Triplets } from '../../linalg/index.js';
import { equilibrate, type SparseProgram } from './scaling.js';
import { selected, type ReducedProgram } from './selection.js';

/** Squared sine of the angle between a row and the span of others below which it counts as one of them. */
const dependence = 1e-12;
/** Pivot of a row that is left out: its column of the factor vanishes. */
const leftOut = 1e100;
/** Operations of the factorisation up to which it is tried. */
const affordable = 1e9;

/**
 * Leaves out equality rows that are combinations of other ones: their multipliers are not determined, and grow with every
 * rounding. Found by the pivots of A Aᵀ; whether the rows left out hold as well is for the caller to see. Undefined where
 * there are none, where the factorisation would take too long, and when stopped.
 */
export function withoutDependentRows(program: SparseProgram, stop: () => boolean): ReducedProgram | undefined {
  const { variableCount: n, constraintCount: m, lower, upper } = program;
  const all = Int32Array.from({ length: m }, (_, i) => i);
  const equalities = all.filter((i) => lower[n + i] === upper[n + i]);
  if (equalities.length < 2) return undefined;
  const isLeftOut = new Uint8Array(m);
  for (const k of dependentAmong(program, equalities, stop)) isLeftOut[equalities[k]!] = 1;
  const kept = all.filter((i) => isLeftOut[i] === 0);
  if (kept.length === m) return undefined;
  return selected(program, allVariables(program), kept, new Float64Array(n));
}

function allVariables({ variableCount }: SparseProgram): Int32Array {
  return Int32Array.from({ length: variableCount }, (_, j) => j);
}

/** Positions in `equalities` of rows that are combinations of those before them in the order of elimination. */
function dependentAmong(program: SparseProgram, equalities: Int32Array, stop: () => boolean): number[] {
  const count = equalities.length;
  const scaled = equilibrate(program).program.constraintMatrix;
  const matrix = submatrix(scaled, equalities, allVariables(program));
  const { columnStarts, rowIndices, values } = matrix;
  let products = 0;
  for (let j = 0; j < matrix.columns; j++) products += (columnStarts[j + 1]! - columnStarts[j]!) ** 2;
  if (products > affordable / 100) return [];
  const lengths = new Float64Array(count);
  forEachEntry(matrix, (row, _, value) => (lengths[row] = Math.hypot(lengths[row]!, value)));
  forEachEntry(matrix, (row, _, value, slot) => (values[slot] = value / (lengths[row]! || 1)));
  const triplets = new Triplets();
  forEachEntry(matrix, (row, column, value, slot) => {
    for (let k = columnStarts[column]!; k <= slot; k++) triplets.add(row, rowIndices[k]!, value * values[k]!);
  });
  triplets.addDiagonal(count);
  const gram = triplets.assemble(count, count).matrix;
  const factor = new SparseSymmetricFactor(gram, undefined, undefined, stop);
  if (stop() || factor.operations > affordable) return [];
  const signs = new Int8Array(count).fill(1);
  if (!factor.factor(gram.values, { signs, smallest: dependence, replacement: leftOut, stop })) return [];
  return Array.from({ length: count }, (_, k) => k).filter((k) => factor.pivotOf(k) === leftOut);
}
