import { describe, expect, test } from 'vitest';
import { solveAugmentedLagrangian } from '../../lib/auglag/index.js';
import { minimize } from '../../lib/minimize/index.js';
import type { NonlinearProgram } from '../../lib/problem/index.js';
import { isSolved, type SolverResult } from '../../lib/solver/index.js';
import { solveSqp } from '../../lib/sqp/index.js';
import { derivativeErrors } from '../support/derivative-check.js';
import { objections } from '../support/nlp-checker.js';
import { hockSchittkowski, isAtOptimum, toProgram, type HockSchittkowskiProblem } from './hock-schittkowski/index.js';

function solveAll(
  solve: (program: NonlinearProgram) => SolverResult,
): { problem: HockSchittkowskiProblem; program: Required<NonlinearProgram>; result: SolverResult }[] {
  return hockSchittkowski.map((problem) => {
    const program = toProgram(problem);
    return { problem, program, result: solve(program) };
  });
}

describe('the Hock–Schittkowski collection as transcribed', () => {
  test('has its 116 numbers', () => {
    const missing = [82, 94, 115];
    const numbers = Array.from({ length: 119 }, (_, k) => k + 1).filter((number) => !missing.includes(number));
    expect(hockSchittkowski.map((problem) => problem.number)).toEqual(numbers);
  });

  test.each(hockSchittkowski.map((problem) => [problem.number, problem] as const))(
    'problem %i has its optimum at its solution',
    (_, problem) => {
      const program = toProgram(problem);
      const { meta } = program;
      const x = Float64Array.from(problem.solution!);
      expect(x.length).toBe(meta.variableCount);
      const objective = program.objective(x);
      expect(Math.abs(objective - problem.optimum)).toBeLessThan(1e-5 * Math.max(1, Math.abs(problem.optimum)));
      const values = new Float64Array(meta.constraintCount);
      program.constraints(x, values);
      // The digits of the published points leave residuals in proportion to the terms of a row, measured by its gradient.
      const jacobian = new Float64Array(meta.constraintCount * meta.variableCount);
      program.jacobian(x, jacobian);
      values.forEach((value, i) => {
        const terms = x.reduce((sum, entry, j) => sum + Math.abs(entry * jacobian[i * x.length + j]!), 1);
        expect(Math.max(meta.constraintLower[i]! - value, value - meta.constraintUpper[i]!)).toBeLessThan(1e-6 * terms);
      });
      x.forEach((value, j) => {
        expect(value).toBeGreaterThanOrEqual(meta.lower[j]! - 1e-9);
        expect(value).toBeLessThanOrEqual(meta.upper[j]! + 1e-9);
      });
    },
  );

  test('has exact derivatives', () => {
    for (const problem of hockSchittkowski) {
      const program = toProgram(problem);
      // Away from the start, where some problems are flat or on a kink of a power.
      const x = program.meta.start.map((value, j) => {
        const moved = value + 0.01 * (1 + (j % 3)) * Math.max(0.1, Math.abs(value));
        return Math.min(Math.max(moved, program.meta.lower[j]!), program.meta.upper[j]!);
      });
      const errors = derivativeErrors(program, x);
      expect(
        Math.max(errors.gradient, errors.jacobian, errors.hessian, errors.hessianProduct),
        `problem ${problem.number}: ${JSON.stringify(errors)}`,
      ).toBeLessThan(2);
    }
  });
});

describe('solvers on the Hock–Schittkowski collection', () => {
  test('minimize solves all 116 from the standard start, claims withstanding the checker', () => {
    const runs = solveAll((program) => minimize(program));
    const solved = runs.filter(({ result }) => isSolved(result.termination));
    for (const { problem, program, result } of runs) {
      expect(objections(program, result), `problem ${problem.number}`).toEqual([]);
    }
    const best = runs.filter(({ problem, result }) => isAtOptimum(problem, result));
    const away = runs
      .filter(({ problem, result }) => !isAtOptimum(problem, result))
      .map(({ problem }) => problem.number);
    console.info(
      `minimize: ${solved.length} solved, ${best.length} at the published optimum; elsewhere: ${away.join(', ')}`,
    );
    expect(solved.length).toBe(116);
    expect(best.length).toBeGreaterThanOrEqual(108);
  });

  test('minimize with restarts reaches the published optimum of all', () => {
    const missed: number[] = [];
    for (const problem of hockSchittkowski) {
      const program = toProgram(problem);
      if (isAtOptimum(problem, minimize(program))) continue;
      const result = minimize(program, { restarts: 60 });
      expect(objections(program, result), `problem ${problem.number}`).toEqual([]);
      if (!isAtOptimum(problem, result)) missed.push(problem.number);
    }
    console.info(`missed with restarts: ${missed.join(', ') || 'none'}`);
    expect(missed).toEqual([]);
  });

  test.each([
    ['SQP', (program: NonlinearProgram) => solveSqp(program), 112],
    ['the augmented Lagrangian', (program: NonlinearProgram) => solveAugmentedLagrangian(program), 116],
  ] as const)('%s alone solves nearly all, claims withstanding the checker', (name, solve, least) => {
    const runs = solveAll(solve);
    for (const { problem, program, result } of runs) {
      expect(objections(program, result), `problem ${problem.number}`).toEqual([]);
    }
    const solved = runs.filter(({ result }) => isSolved(result.termination));
    const best = runs.filter(({ problem, result }) => isAtOptimum(problem, result));
    console.info(`${name} alone: ${solved.length} solved, ${best.length} at the published optimum`);
    expect(solved.length).toBeGreaterThanOrEqual(least);
  });
});
