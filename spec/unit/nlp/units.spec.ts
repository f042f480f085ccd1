import { describe, expect, test } from 'vitest';
import { compileNl } from '../../../lib/io/nl/index.js';
import { measureSizes } from '../../../lib/nlp/units.js';
import { minimize } from '../../../lib/minimize/index.js';
import type { NonlinearProgram } from '../../../lib/problem/index.js';
import { randomStream } from '../../../lib/random/index.js';
import { scalable } from '../../problems/hard/scalable.js';
import { makeProblem, rows, sum, values } from '../../support/modeller.js';

const sizesOf = (problem: NonlinearProgram) => {
  const n = problem.meta.variableCount;
  return measureSizes(problem, problem.meta.start, new Float64Array(n).fill(1), () => false)!;
};

describe('sizes of rows and objective, measured by moves', () => {
  const n = 300;

  test.each([
    ['differences', (i: number) => `x${i + 1}-x${i}=0`, n - 1],
    ['second differences', (i: number) => `x${i + 2}-2*x${i + 1}+x${i}=0`, n - 2],
    ['differences of two sequences', (i: number) => `x${i + 1}-x${i}-x${150 + i + 1}+x${150 + i}=0`, 149],
    ['a trapezoidal rule', (i: number) => `0.5*(x${i + 1}-x${i})-0.5*(x${150 + i + 1}+x${150 + i})=0`, 149],
  ] as const)('%s are no rows of size 0', (_, row, count) => {
    const problem = makeProblem({
      name: 'rows',
      objective: sum(1, n, (i) => `x${i}^2`),
      constraints: rows(1, count, row),
      start: values(n, () => 0),
    });
    for (const size of sizesOf(problem).rows) {
      expect(size).toBeGreaterThan(4e-4);
      expect(size).toBeLessThan(1e3);
    }
  });

  test('random linear rows and objectives keep their size, however small it is', () => {
    const random = randomStream(1, 'units');
    for (let k = 0; k < 200; k++) {
      const size = 10 ** (20 * random.uniform() - 10);
      const linear = Array.from({ length: 6 }, (_, j) => `${(size * random.normal()).toExponential()}*x${j + 1}`);
      const text = linear.join('+').replaceAll('+-', '-');
      const problem = makeProblem({
        name: 'k',
        objective: text,
        constraints: [`${text}<=1`],
        start: values(6, () => 0),
      });
      const { objective, rows: measured } = sizesOf(problem);
      for (const found of [objective! / Math.sqrt(6), measured[0]!]) {
        expect(found / size).toBeGreaterThan(4e-4);
        expect(found / size).toBeLessThan(30);
      }
    }
  });

  test('a control problem whose rows are such differences is solved by the first method', () => {
    const problem = makeProblem(scalable(150).find(({ name }) => name === 'ubh1')!);
    const result = minimize(problem);
    expect(result.termination).toBe('optimal');
    expect(result.attempts.map(({ method }) => method)).toEqual(['qp']);
  });
});

test('sizes need no derivatives', () => {
  const problem = compileNl(makeProblem({ name: 'plain', objective: '3*x1-4*x2', start: [0, 0] }).nl.model);
  const plain: NonlinearProgram = { meta: problem.meta, objective: (x) => problem.objective(x) };
  expect(sizesOf(plain).objective).toBe(sizesOf(problem).objective);
});
