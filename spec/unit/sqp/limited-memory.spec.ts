import { describe, expect, test } from 'vitest';
import type { NonlinearProgram } from '../../../lib/problem/index.js';
import { solveSqp } from '../../../lib/sqp/index.js';
import { LimitedMemoryBfgs } from '../../../lib/sqp/limited-memory-bfgs.js';
import { DampedBfgs } from '../../../lib/sqp/quasi-newton.js';
import { problemOf } from '../../problems/hard/catalogue.js';
import { scalable } from '../../problems/hard/scalable.js';
import { objections } from '../../support/nlp-checker.js';

describe('the limited-memory quasi-Newton matrix', () => {
  test('is the dense one as long as its memory holds all pairs and their scale', () => {
    const n = 4;
    const dense = new DampedBfgs(n, new Float64Array(10));
    const limited = new LimitedMemoryBfgs(n, new Float64Array(n), 6);
    const step = Float64Array.of(1, -2, 0.5, 3);
    const change = Float64Array.of(2, -1, 1, 4);
    dense.update(step.slice(), change.slice());
    limited.update(step.slice(), change.slice());
    const direction = Float64Array.of(0.3, 1, -1, 0.2);
    const product = direction.map((value) => limited.values[0]! * value);
    limited.addProduct(direction, product);
    for (let i = 0; i < n; i++) {
      let expected = 0;
      for (let j = 0; j < n; j++) {
        const [high, low] = i > j ? [i, j] : [j, i];
        expected += dense.values[(high * (high + 1)) / 2 + low]! * direction[j]!;
      }
      expect(product[i]).toBeCloseTo(expected, 10);
    }
  });

  test('satisfies the secant condition of its newest pair', () => {
    const n = 30;
    const limited = new LimitedMemoryBfgs(n, new Float64Array(n), 5);
    for (let k = 1; k <= 12; k++) {
      const step = Float64Array.from({ length: n }, (_, j) => Math.sin(k * (j + 1)));
      const change = step.map((value, j) => (1 + j) * value);
      limited.update(step, change.slice());
      const product = step.map((value) => limited.values[0]! * value);
      limited.addProduct(step, product);
      product.forEach((value, j) => expect(value).toBeCloseTo(change[j]!, 8));
    }
    expect(limited.vectors).toHaveLength(10);
  });
});

describe('SQP without second derivatives on large problems', () => {
  test.each(['dtoc1l', 'orthregc-like', 'svanberg', 'steenbra-like'])(
    'solves %s with about 1,500 variables',
    (name) => {
      const problem = problemOf(scalable(1500).find((entry) => entry.name === name)!);
      const { hessianPattern: _pattern, ...meta } = problem.meta;
      const bare: NonlinearProgram = {
        meta,
        objective: (x) => problem.objective(x),
        gradient: (x, values) => problem.gradient!(x, values),
        constraints: (x, values) => problem.constraints!(x, values),
        jacobian: (x, values) => problem.jacobian!(x, values),
      };
      const result = solveSqp(bare, { optimalityTolerance: 1e-5 });
      const exact = solveSqp(problem);
      expect(result.termination).toMatch(/optimal/);
      expect(result.counts.hessian).toBe(0);
      expect(objections(bare, result).filter((text) => !text.startsWith('stationarity'))).toEqual([]);
      expect(result.objective).toBeLessThan(exact.objective + 1e-3 * Math.max(1, Math.abs(exact.objective)));
    },
  );
});
