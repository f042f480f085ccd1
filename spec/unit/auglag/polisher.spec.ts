import { describe, expect, test } from 'vitest';
import { solveAugmentedLagrangian, type PolisherFactory } from '../../../lib/auglag/index.js';
import { NewtonPolish } from '../../../lib/auglag/newton-polish.js';
import { assess, Evaluator, meetsTolerances } from '../../../lib/nlp/index.js';
import { solveSqp } from '../../../lib/sqp/index.js';
import { makeProblem } from '../../support/modeller.js';
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

describe('Newton steps on the active set', () => {
  test.each([1, 1e-12, 1e12])(
    'reach all digits of a problem whose rows of the system lie decades apart (× %f)',
    (factor) => {
      // Curvatures of 1e-9 beside slopes of 1e4, as in hs099: some pivots of the plain matrix count as zero.
      const problem = makeProblem({
        name: 'decades',
        objective: `${factor}*(1e-9*(x1-3)^2+1e-9*(x2-1)^2+1e-3*x3^2)`,
        constraints: ['1e4*x1+1e4*x2-x3=2e4'],
        start: [1, 1, 0.1],
      });
      const evaluator = new Evaluator(problem);
      const start = { x: Float64Array.of(1, 1, 0.1), multipliers: new Float64Array(1) };
      const tolerances = { optimalityTolerance: 1e-12 * factor, feasibilityTolerance: 1e-9 };
      const polished = new NewtonPolish(evaluator, 100).polish(start, tolerances, 8)!;
      expect(polished.solved).toBe(true);
      expect(polished.x[0]! - polished.x[1]!).toBeCloseTo(2, 6);
      expect(polished.x[0]! + polished.x[1]!).toBeCloseTo(2, 9);
    },
  );
});

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
