import { describe, expect, test } from 'vitest';
import { solveLp, solveMilp, solveQuadratic } from '../../../lib/easy/index.js';
import { denseMatrix } from '../../../lib/linalg/index.js';
import { minimize } from '../../../lib/minimize/index.js';
import type { NonlinearProgram, QuadraticProgram } from '../../../lib/problem/index.js';
import { solveQp } from '../../../lib/qp/sparse/index.js';
import { randomStream, type RandomStream } from '../../../lib/random/index.js';
import { Budget } from '../../../lib/solver/index.js';

const scales = [1e-15, 1e-12, 1e-9, 1e-6, 1e-3, 1, 1e3, 1e6, 1e9];

/** min s(x + 2y), x + y = 1, x, y ≥ 0: (1, 0) in every unit. */
function twoCosts(s: number): QuadraticProgram {
  return {
    linear: Float64Array.of(s, 2 * s),
    constraintMatrix: denseMatrix(1, 2, Float64Array.of(1, 1)),
    constraintLower: Float64Array.of(1),
    constraintUpper: Float64Array.of(1),
    lower: Float64Array.of(0, 0),
    upper: Float64Array.of(Infinity, Infinity),
  };
}

function asNonlinear({ linear, ...sides }: QuadraticProgram): NonlinearProgram {
  return {
    meta: {
      variableCount: 2,
      constraintCount: 1,
      lower: sides.lower,
      upper: sides.upper,
      constraintLower: sides.constraintLower,
      constraintUpper: sides.constraintUpper,
      start: Float64Array.of(0.5, 0.5),
      objectiveShape: 'linear',
      linearConstraints: Uint8Array.of(1),
      convex: true,
    },
    objective: (x) => linear[0]! * x[0]! + linear[1]! * x[1]!,
    gradient: (_x, values) => values.set(linear),
    constraints: (x, values) => void (values[0] = x[0]! + x[1]!),
    jacobian: (_x, values) => values.set([1, 1]),
  };
}

/** A feasible, bounded program of a few variables. */
function randomProgram(stream: RandomStream, quadratic: boolean): QuadraticProgram {
  const n = 2 + Math.floor(4 * stream.uniform());
  const m = 1 + Math.floor(3 * stream.uniform());
  const rows = Float64Array.from({ length: n * m }, () => stream.normal());
  const point = Float64Array.from({ length: n }, () => 2 * stream.uniform());
  const values = Float64Array.from({ length: m }, (_, i) => point.reduce((sum, x, j) => sum + rows[i * n + j]! * x, 0));
  return {
    ...(quadratic && {
      hessian: { kind: 'diagonal' as const, values: Float64Array.from({ length: n }, () => stream.uniform()) },
    }),
    linear: Float64Array.from({ length: n }, () => stream.normal()),
    constraintMatrix: denseMatrix(m, n, rows),
    constraintLower: values.map((value) => value - stream.uniform()),
    constraintUpper: values.map((value) => value + stream.uniform()),
    lower: new Float64Array(n),
    upper: new Float64Array(n).fill(3),
  };
}

describe('the unit of the objective', () => {
  test.each(scales)('costs times %f lead to the same vertex through every door', (s) => {
    const near = (x: ArrayLike<number>): void => {
      expect(x[0]).toBeCloseTo(1, 6);
      expect(x[1]).toBeCloseTo(0, 6);
    };
    const program = twoCosts(s);
    for (const method of ['auto', 'active-set', 'interior-point'] as const) {
      const result = solveQp(program, { method });
      expect(result.termination).toBe('optimal');
      near(result.x);
      expect(result.objective / s).toBeCloseTo(1, 6);
      expect(result.multipliers[0]! / s).toBeCloseTo(-1, 5);
    }
    const nonlinear = minimize(asNonlinear(program));
    expect(nonlinear.termination).toBe('optimal');
    near(nonlinear.x);
    const costs = { minimize: [s, 2 * s], rows: [[1, 1]], equals: [1] };
    near(solveLp(costs).x);
    near(solveMilp(costs).x);
    const both = solveQuadratic({
      ...costs,
      hessian: [
        [s, 0],
        [0, s],
      ],
    });
    near(both.x);
  });

  test('random programs have the same solution and scaled prices', () => {
    const stream = randomStream(11, 'objective units');
    let compared = 0;
    for (let k = 0; k < 60; k++) {
      const program = randomProgram(stream, k % 2 === 0);
      const plain = solveQp(program);
      expect(plain.termination).toBe('optimal');
      for (const s of [1e-12, 1e-7]) {
        const times = (values: Float64Array): Float64Array => values.map((value) => s * value);
        const { hessian } = program;
        const scaled = solveQp({
          ...program,
          linear: times(program.linear),
          ...(hessian?.kind === 'diagonal' && { hessian: { ...hessian, values: times(hessian.values) } }),
        });
        expect(scaled.termination).toBe('optimal');
        expect(Math.abs(scaled.objective / s - plain.objective)).toBeLessThan(1e-5 * (1 + Math.abs(plain.objective)));
        compared++;
      }
    }
    expect(compared).toBe(120);
  });

  test('a shared budget limits iterations', () => {
    const stream = randomStream(12, 'objective units');
    let limited = 0;
    for (let k = 0; k < 30; k++) {
      const result = solveQp(randomProgram(stream, true), {}, undefined, { maxIterations: 1 });
      expect(result.iterations).toBeLessThanOrEqual(1);
      if (result.termination === 'iteration-limit') limited++;
      const shared = solveQp(randomProgram(stream, true), {}, undefined, new Budget({ maxIterations: 1 }));
      expect(shared.iterations).toBeLessThanOrEqual(1);
    }
    expect(limited).toBeGreaterThan(10);
  });
});
