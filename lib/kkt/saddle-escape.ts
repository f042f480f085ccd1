import type { RandomStream } from '../random/index.js';
import type { Iterate } from './iterate.js';
import type { KktMatrix } from './kkt-matrix.js';

const inverseIterations = 4;
const lengths = [1, 0.1, 0.01, 1e-3];

/**
 * Leaves a first-order point with negative curvature: inverse iteration with the factored (shifted) system finds a
 * direction within the active rows, along which the Lagrangian f + yᵀc must fall while the violation stays of its size.
 * True if the iterate has moved.
 */
export function escapeSaddle(
  iterate: Iterate,
  matrix: KktMatrix,
  rowMultipliers: Float64Array,
  random: RandomStream,
  expired: () => boolean,
): boolean {
  const { variableCount: n, rowCount: m } = iterate.structure;
  const { evaluation, current, trial } = iterate;
  const direction = new Float64Array(n + m);
  for (let j = 0; j < n; j++) direction[j] = random.normal();
  for (let pass = 0; pass < inverseIterations; pass++) {
    direction.fill(0, n);
    matrix.solve(direction);
    let square = 0;
    for (let j = 0; j < n; j++) square += direction[j]! * direction[j]!;
    const norm = Math.sqrt(square);
    if (!(norm > 0) || !Number.isFinite(norm)) return false;
    for (let j = 0; j < n; j++) direction[j] = direction[j]! / norm;
  }
  const violation = evaluation.violation(current);
  const { objective } = current;
  let slope = 0;
  for (let j = 0; j < n; j++) slope += iterate.model.gradient[j]! * direction[j]!;
  const first = slope > 0 ? -1 : 1;
  for (const length of lengths) {
    for (const sign of [first, -first]) {
      if (expired()) return false;
      iterate.setTrial(direction, sign * length);
      if (!evaluation.functions(trial)) continue;
      const gained = objective - trial.objective - multiplierTerm(iterate, rowMultipliers);
      const worse = evaluation.violation(trial) - violation;
      if (gained < 1e-10 * Math.max(1, Math.abs(objective)) || worse > Math.max(1e-2, 2 * gained)) continue;
      if (!iterate.differentiateTrial()) continue;
      iterate.moveToTrial();
      return true;
    }
  }
  return false;
}

/** Change of yᵀc from the present to the trial point. */
function multiplierTerm({ current, trial }: Iterate, rowMultipliers: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < rowMultipliers.length; i++) {
    sum += rowMultipliers[i]! * (trial.constraints[i]! - current.constraints[i]!);
  }
  return sum;
}
