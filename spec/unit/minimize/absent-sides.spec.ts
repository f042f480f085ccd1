import { describe, expect, it } from 'vitest';
import { minimize } from '../../../lib/minimize/index.js';
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
      expect(objections(problem, result, 0)).toEqual([]);
      expect(result.boundMultipliers[0]).toBeLessThan(0);
    }
  });

  it('are objected to however small they are', () => {
    const result = minimize(problem);
    const { lower, upper, constraintLower, constraintUpper } = problem.meta;
    expect([lower[1], upper[0], constraintUpper[0]]).toEqual([-Infinity, Infinity, Infinity]);
    expect(constraintLower[0]).toBe(1);
    for (const size of [1e-6, 1e-9, 1e-11]) {
      const wrongRow = { ...result, multipliers: Float64Array.of(size) };
      expect(objections(problem, wrongRow).join()).toContain('not there');
      const boundMultipliers = result.boundMultipliers.slice();
      boundMultipliers[1] = -size;
      expect(objections(problem, { ...result, boundMultipliers }).join()).toContain('not there');
    }
    expect(objections(problem, { ...result, multipliers: Float64Array.of(1e-17) })).toEqual([]);
    expect(objections(problem, { ...result, multipliers: Float64Array.of(1e-17) }, 0)).toHaveLength(1);
  });
});
