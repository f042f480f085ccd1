import { emptySparse, multiply } from '../../linalg/index.js';
import { KktSystem } from './kkt-system.js';
import type { ScaledProgram, SparseProgram } from './scaling.js';

const shift = 1e-12;
const refinements = 10;
/** Weight of rows without a side nearby. */
const ignored = 1e20;
/** Smallest distance from a bound, relative to the largest, that a variable counts as having. */
const leastRoom = 1e-8;

/**
 * A step that takes what violations a point has left out of it: the least one that meets the equations and the sides of
 * violated rows, every variable and other row measured by its distance from its sides, so that hardly one is stopped by them. Worth its
 * factorisation where sizes span so many powers of ten that an iteration ends with violations that are small beside the point
 * only. Undefined when the system cannot be solved, or when stopped.
 */
export function withoutViolations(
  source: SparseProgram,
  { program, variableScale, rowScale }: ScaledProgram,
  x: Float64Array,
  stop: () => boolean,
): Float64Array | undefined {
  const { variableCount: n, constraintCount: m, lower, upper, constraintMatrix } = source;
  const activity = new Float64Array(m);
  multiply(constraintMatrix, x, activity);
  const room = x.map((value, j) => Math.min(value - lower[j]!, upper[j]! - value) / variableScale[j]!);
  const widest = room.reduce((most, value) => (value > most && value < Infinity ? value : most), 0) || 1;
  const weights = room.map((value) => widest / Math.min(widest, Math.max(value, leastRoom * widest)));
  const rowWeights = new Float64Array(m);
  const right = new Float64Array(n + m);
  for (let i = 0; i < m; i++) {
    const value = activity[i]!;
    const [low, high] = [lower[n + i]!, upper[n + i]!];
    if (value >= low && value <= high && low !== high) {
      // The nearer its side, the less a row may move.
      const slack = Math.min(value - low, high - value) * rowScale[i]!;
      rowWeights[i] = Math.min(ignored, Math.max(leastRoom, slack / widest));
      continue;
    }
    right[n + i] = (value < low ? low - value : high - value) * rowScale[i]!;
  }
  const system = new KktSystem({ ...program, hessian: emptySparse(n, n) }, stop);
  if (!system.factor(weights, rowWeights, 0, shift)) return undefined;
  const step = new Float64Array(n + m);
  system.solve(right, step, refinements);
  return x.map((value, j) => Math.min(upper[j]!, Math.max(lower[j]!, value + step[j]! * variableScale[j]!)));
}
