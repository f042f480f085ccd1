import { describe, expect, test } from 'vitest';
import { solveAugmentedLagrangian, type PolisherFactory } from '../../../lib/auglag/index.js';
import { assess, meetsTolerances } from '../../../lib/nlp/index.js';
import { solveSqp } from '../../../lib/sqp/index.js';
import { hockSchittkowski, toProgram } from '../../problems/hock-schittkowski/index.js';

/** SQP from the point and multipliers at hand. */
function sqpPolisher(calls: { count: number }): PolisherFactory {
  return (evaluator) => ({
    polish(start, tolerances, maxSteps) {
      calls.count++;
      const { x, multipliers } = solveSqp(
        evaluator.problem,
        { maxIterations: maxSteps, retries: 0 },
        { start: start.x, multipliers: start.multipliers },
      );
      const evidence = assess(evaluator, { x, multipliers, objective: 0 });
      return { x, multipliers, evidence, solved: meetsTolerances(evidence.residuals, tolerances) };
    },
  });
}

describe('a polisher handed to the augmented Lagrangian method', () => {
  test.each([6, 26, 43, 71, 77, 113])('is used on problem %i, with the same optimum', (number) => {
    const problem = hockSchittkowski.find((one) => one.number === number)!;
    const calls = { count: 0 };
    const result = solveAugmentedLagrangian(toProgram(problem), {}, { polisher: sqpPolisher(calls) });
    expect(result.termination).toMatch(/optimal/);
    expect(Math.abs(result.objective - problem.optimum)).toBeLessThan(1e-4 * Math.max(1, Math.abs(problem.optimum)));
    expect(calls.count).toBeGreaterThan(0);
  });

  test('may give up every time: the method then ends on its own', () => {
    const problem = hockSchittkowski.find((one) => one.number === 43)!;
    const result = solveAugmentedLagrangian(toProgram(problem), {}, { polisher: () => ({ polish: () => undefined }) });
    expect(result.termination).toMatch(/optimal/);
    expect(result.objective).toBeCloseTo(problem.optimum, 3);
  });
});
