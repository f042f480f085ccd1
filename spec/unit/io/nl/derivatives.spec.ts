import { describe, expect, it } from 'vitest';
import { compileNl, readNl } from '../../../../lib/io/nl/index.js';
import type { NonlinearProgram } from '../../../../lib/problem/index.js';
import { cuteFile, cuteNames } from '../../../support/cute.js';
import { derivativeErrors } from '../../../support/derivative-check.js';

const names = cuteNames();

/** A number in [−1, 1] from a seed; enough for test points. */
function wave(seed: number): number {
  return Math.sin(seed * 12.9898) * Math.cos(seed * 4.1414);
}

/** The start moved at random, less far until the objective is defined all around it. */
function differentiablePoint(problem: NonlinearProgram, trial: number): Float64Array {
  const { start, lower, upper } = problem.meta;
  for (let reach = trial === 0 ? 0 : 0.2; ; reach /= 2) {
    const x = start.map((value, j) => {
      const moved = value + reach * Math.max(1, Math.abs(value)) * wave(trial * 101 + j);
      return Math.min(Math.max(moved, lower[j]!), upper[j]!);
    });
    const around = [-1e-3, 0, 1e-3].map((offset) => problem.objective(x.map((value) => value + offset)));
    if (reach === 0 || around.every(Number.isFinite)) return x;
  }
}

describe.skipIf(names.length === 0)('derivatives of the CUTE problems', () => {
  it.each(names)('%s agrees with differences at the start and at random points', (name) => {
    const problem = compileNl(readNl(cuteFile(name)));
    const pointCount = problem.meta.start.length > 20 ? 2 : 4;
    for (let trial = 0; trial < pointCount; trial++) {
      const x = differentiablePoint(problem, trial);
      const errors = derivativeErrors(problem, x);
      for (const [what, error] of Object.entries(errors)) {
        expect(error, `${what} at point ${trial}`).toBeLessThanOrEqual(1);
      }
    }
  });

  it('has the 62 problems of the sample', () => {
    expect(names).toHaveLength(62);
  });
});
