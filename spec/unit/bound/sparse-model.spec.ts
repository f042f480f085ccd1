import { describe, expect, test } from 'vitest';
import { TrustRegionNewton } from '../../../lib/bound/index.js';
import { problemOf } from '../../problems/hard/catalogue.js';
import { scalable } from '../../problems/hard/scalable.js';
import { makeProblem, sum, values } from '../../support/modeller.js';

describe('Newton steps by sparse factors', () => {
  test.each([
    ['arwhead', 10],
    ['bdqrtic', 15],
    ['cragglvy', 20],
    ['curly10', 30],
    ['explin', 30],
    ['nondquar', 30],
  ])('solve %s with 1,000 variables in at most %i iterations', (name, most) => {
    const problem = problemOf(scalable(1000).find((entry) => entry.name === name)!);
    const result = new TrustRegionNewton(problem).solve();
    expect(result.termination).toMatch(/optimal/);
    expect(result.iterations).toBeLessThanOrEqual(most);
  });

  test('leave a saddle point of a large problem', () => {
    const n = 300;
    const problem = makeProblem({
      name: 'saddles',
      objective: sum(1, n, (i) => `(x${i}^2-1)^2${i < n ? `+0.1*x${i}*x${i + 1}` : ''}`),
      start: values(n, () => 0),
    });
    const result = new TrustRegionNewton(problem).solve();
    expect(result.termination).toMatch(/optimal/);
    // All of one sign is the worst of its minima; the saddle has the value n.
    expect(result.objective).toBeLessThan(0.1 * n);
  });

  test('hold to a time limit', () => {
    const problem = problemOf(scalable(3000).find((entry) => entry.name === 'genrose')!);
    const result = new TrustRegionNewton(problem).solve({ timeLimitSeconds: 0.3 });
    expect(result.termination).toBe('time-limit');
    expect(result.timeSeconds).toBeLessThan(3);
  });
});
