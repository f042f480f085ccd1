import { describe, expect, it } from 'vitest';
import { solveAugmentedLagrangian } from '../../../lib/auglag/index.js';
import { solveInterior } from '../../../lib/interior/index.js';
import { minimize } from '../../../lib/minimize/index.js';
import { solveSqp } from '../../../lib/sqp/index.js';
import { analyticProblem } from '../../support/analytic-problem.js';
import { objections } from '../../support/nlp-checker.js';

const problem = analyticProblem({
  name: 'corner',
  start: [2, 2],
  bounds: [
    [0, Infinity],
    [-Infinity, 3],
  ],
  objective: '(x1 + 1)^2 + (x2 - 4)^2 + x1*x2',
  constraints: ['x1 + x2 >= 1'],
});

describe('multipliers of sides that are not there', () => {
  it('are exactly 0 in what minimize returns', () => {
    for (const method of ['auto', 'sqp', 'auglag', 'interior'] as const) {
      const result = minimize(problem, { method });
      expect(objections(problem, result)).toEqual([]);
      expect(result.boundMultipliers[0]).toBeLessThan(0);
    }
  });

  it('are exactly 0 in what each solver returns', () => {
    const answers = [solveSqp(problem), solveAugmentedLagrangian(problem), solveInterior(problem)];
    for (const answer of answers) expect(objections(problem, answer)).toEqual([]);
  });

  it('are objected to however small they are', () => {
    const result = minimize(problem);
    const { lower, upper, constraintLower, constraintUpper } = problem.meta;
    expect([lower[1], upper[0], constraintUpper[0]]).toEqual([-Infinity, Infinity, Infinity]);
    expect(constraintLower[0]).toBe(1);
    for (const size of [1e-6, 1e-9, 1e-11, 1e-17]) {
      const wrongRow = { ...result, multipliers: Float64Array.of(size) };
      expect(objections(problem, wrongRow).join()).toContain('not there');
      const boundMultipliers = result.boundMultipliers.slice();
      boundMultipliers[1] = -size;
      expect(objections(problem, { ...result, boundMultipliers }).join()).toContain('not there');
    }
  });
});
