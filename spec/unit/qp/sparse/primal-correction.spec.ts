import { describe, expect, it } from 'vitest';
import { multiply } from '../../../../lib/linalg/index.js';
import { withoutViolations } from '../../../../lib/qp/sparse/primal-correction.js';
import { qpEvidence, solveQp } from '../../../../lib/qp/sparse/index.js';
import { equilibrate, type SparseProgram } from '../../../../lib/qp/sparse/scaling.js';
import { toSparseProgram } from '../../../../lib/qp/sparse/sparse-path.js';
import { randomStream } from '../../../../lib/random/index.js';
import { familyProgram, qpFamilies } from '../../../support/qp-families.js';

function violationOf(
  { variableCount: n, constraintCount: m, constraintMatrix, lower, upper }: SparseProgram,
  x: Float64Array,
): number {
  const activity = new Float64Array(m);
  multiply(constraintMatrix, x, activity);
  return activity.reduce((most, a, i) => Math.max(most, lower[n + i]! - a, a - upper[n + i]!), 0);
}

describe('a step that takes violations out of a point', () => {
  it.each(qpFamilies)('%s: leaves less of them and keeps the bounds', (family) => {
    for (let seed = 0; seed < 6; seed++) {
      const { problem } = familyProgram(family, 80, seed, 3);
      const program = toSparseProgram(problem);
      const random = randomStream(seed, 'violations');
      const { x } = solveQp(problem);
      const moved = x.map((value, j) =>
        Math.min(problem.upper[j]!, Math.max(problem.lower[j]!, value * (1 + 1e-6 * random.normal()))),
      );
      const corrected = withoutViolations(program, equilibrate(program), moved, () => false)!;
      const before = violationOf(program, moved);
      expect(before).toBeGreaterThan(1e-7);
      expect(violationOf(program, corrected), `seed ${seed}`).toBeLessThan(0.5 * before);
      corrected.forEach((value, j) => {
        expect(value >= problem.lower[j]! && value <= problem.upper[j]!).toBe(true);
      });
    }
  });

  it('brings points of size 1e5 to absolute violations of 1e-6', () => {
    for (const [family, seed] of [
      ['free', 6],
      ['rank-deficient', 7],
    ] as const) {
      const { problem, objective } = familyProgram(family, 300, seed, 6);
      const result = solveQp(problem);
      const { residuals, dualResidual } = qpEvidence(problem, result.x, result.multipliers, result.boundMultipliers);
      expect(residuals.absoluteInfeasibility).toBeLessThanOrEqual(1e-6);
      expect(dualResidual).toBeLessThanOrEqual(1e-6);
      expect(Math.abs(result.objective - objective)).toBeLessThanOrEqual(1e-6 * (1 + Math.abs(objective)));
    }
  });
});
