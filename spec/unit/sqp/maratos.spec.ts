import { describe, expect, test } from 'vitest';
import { solveSqp } from '../../../lib/sqp/index.js';
import { makeProblem } from '../../support/modeller.js';

/**
 * Nocedal & Wright, example 15.4: min 2(x₁² + x₂² − 1) − x₁ on the unit circle. From every point of the circle the full
 * step of the quadratic model raises both objective and violation, however close the solution (1, 0) is.
 */
function maratos(angle: number) {
  return makeProblem({
    name: 'maratos',
    objective: '2*(x1^2+x2^2-1)-x1',
    constraints: ['x1^2+x2^2=1'],
    start: [Math.cos(angle), Math.sin(angle)],
  });
}

describe('the Maratos effect', () => {
  test.each([1, 0.7, 0.5, 0.1, 0.01])('does not slow the way from the angle %d on the circle', (angle) => {
    const problem = maratos(angle);
    const lengths: number[] = [];
    const result = solveSqp(
      problem,
      { optimalityTolerance: 1e-9, feasibilityTolerance: 1e-9, derivativeCheck: 'off' },
      {
        onIteration: ({ details }) => {
          lengths.push(Number(details!['stepLength']));
          return true;
        },
      },
    );
    expect(result.termination).toMatch(/optimal/);
    expect(result.x[0]).toBeCloseTo(1, 7);
    expect(result.iterations).toBeLessThanOrEqual(10);
    // Two more than the iterations need: where the size of the objective is measured.
    expect(result.counts.objective).toBeLessThanOrEqual(2 * result.iterations + 5);
    expect(lengths.slice(angle > 0.9 ? -4 : 0).every((length) => length === 1)).toBe(true);
  });

  test('does slow it where corrections are switched off, so that the examples reach their case', () => {
    const without = [1, 0.7, 0.5, 0.1].map((angle) => {
      const lengths: number[] = [];
      solveSqp(
        maratos(angle),
        { secondOrderCorrections: 0, watchdogTrigger: 0 },
        {
          onIteration: ({ details }) => {
            lengths.push(Number(details!['stepLength']));
            return true;
          },
        },
      );
      return lengths.some((length) => length < 1);
    });
    expect(without).toContain(true);
  });

  test('is lessened by the watchdog where corrections are switched off', () => {
    const iterations = (watchdogTrigger: number) =>
      [0.7, 0.5, 0.1].map((angle) => {
        const result = solveSqp(maratos(angle), {
          secondOrderCorrections: 0,
          watchdogTrigger,
          optimalityTolerance: 1e-9,
          feasibilityTolerance: 1e-9,
        });
        expect(result.termination).toMatch(/optimal/);
        expect(result.x[0]).toBeCloseTo(1, 7);
        return result.iterations;
      });
    expect(iterations(1)).toEqual(iterations(0).map((without) => without - 1));
  });
});

describe('the watchdog', () => {
  test('goes back to where it began when full steps lead away', () => {
    // Newton's full step from x leads to −x³: outwards from beyond 1.
    const problem = makeProblem({ name: 'away', objective: 'sqrt(1+x1^2)', constraints: [], start: [5] });
    const objectives: number[] = [];
    const result = solveSqp(
      problem,
      { watchdogTrigger: 1, scaling: false },
      {
        onIteration: ({ objective }) => {
          objectives.push(objective);
          return true;
        },
      },
    );
    expect(result.termination).toMatch(/optimal/);
    expect(result.x[0]).toBeCloseTo(0, 6);
    const rises = objectives.filter((value, k) => k > 0 && value > objectives[k - 1]!).length;
    expect(rises).toBeGreaterThan(0);
    expect(result.iterations).toBeLessThanOrEqual(20);
  });
});
