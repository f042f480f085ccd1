import { describe, expect, test } from 'vitest';
import { solveInterior, suitsInterior } from '../../../lib/interior/index.js';
import { isSolved } from '../../../lib/solver/index.js';
import { problemOf } from '../../problems/hard/catalogue.js';
import { scalable } from '../../problems/hard/scalable.js';
import { hockSchittkowski, toProgram } from '../../problems/hock-schittkowski/index.js';
import { objections } from '../../support/nlp-checker.js';
import { makeProblem } from '../../support/modeller.js';

describe('the interior-point method', () => {
  test('solves most of the Hock–Schittkowski problems, with no claim that the checker contradicts', () => {
    let solved = 0;
    for (const problem of hockSchittkowski) {
      const program = toProgram(problem);
      const result = solveInterior(program);
      expect(objections(program, result), `problem ${problem.number}`).toEqual([]);
      if (isSolved(result.termination)) solved++;
    }
    expect(solved).toBeGreaterThanOrEqual(110);
  });

  test.each(['clnlbeam', 'liswet1', 'obstclal', 'optcntrl', 'steenbra-like', 'svanberg', 'ubh1'])(
    'solves %s with about 600 variables',
    (name) => {
      const entry = scalable(600).find((one) => one.name === name)!;
      const problem = problemOf(entry);
      const result = solveInterior(problem);
      expect(result.termination).toMatch(/optimal/);
      expect(objections(problem, result)).toEqual([]);
      expect(result.iterations).toBeLessThan(150);
    },
  );

  test.each([
    ['manne-like', 1000, 100],
    ['manne-like', 3000, 180],
    ['nonscomp', 300, 60],
    ['liswet1', 2000, 150],
    // Without corrections towards the central path 155 and 177.
    ['ncvxqp1', 300, 130],
    ['ncvxbqp1', 300, 150],
  ] as const)('solves %s of %d variables, in few iterations', (name, n, most) => {
    const problem = problemOf(scalable(n).find((one) => one.name === name)!);
    const result = solveInterior(problem);
    expect(result.termination).toMatch(/optimal/);
    expect(objections(problem, result)).toEqual([]);
    expect(result.iterations).toBeLessThanOrEqual(most);
  });

  test('ends where the violation is stationary, and where the objective has no end', () => {
    const apart = makeProblem({
      name: 'apart',
      objective: 'x1',
      constraints: ['x1^2+x2^2<=1', 'x1+x2>=3'],
      start: [0, 0],
    });
    const infeasible = solveInterior(apart);
    expect(infeasible.termination).toBe('locally-infeasible');
    const falling = makeProblem({ name: 'falling', objective: '-x1^3+x2^2', start: [1, 1], lower: 0 });
    expect(solveInterior(falling).termination).toBe('unbounded');
  });

  test('starts from multipliers that are near the solution in fewer iterations than from none', () => {
    const problem = toProgram(hockSchittkowski.find(({ number }) => number === 71)!);
    const cold = solveInterior(problem);
    const warm = solveInterior(problem, { firstBarrier: 1e-4 }, { start: cold.x, multipliers: cold.multipliers });
    expect(warm.objective).toBeCloseTo(cold.objective, 6);
    expect(warm.iterations).toBeLessThan(cold.iterations);
  });

  test('takes multipliers of the bounds, too, and is not led astray by wrong ones', () => {
    const iterations = { rows: 0, both: 0, cold: 0, wrong: 0 };
    for (const problem of hockSchittkowski) {
      const program = toProgram(problem);
      const cold = solveInterior(program);
      if (!isSolved(cold.termination) || cold.boundMultipliers.every((z) => z === 0)) continue;
      const { x: start, multipliers, boundMultipliers } = cold;
      const both = solveInterior(program, {}, { start, multipliers, boundMultipliers });
      const opposite = boundMultipliers.map((z) => (z > 0 ? -5 : 5));
      const wrong = solveInterior(program, {}, { boundMultipliers: opposite });
      for (const result of [both, wrong]) {
        expect(isSolved(result.termination), `problem ${problem.number}`).toBe(true);
        expect(objections(program, result), `problem ${problem.number}`).toEqual([]);
      }
      iterations.rows += solveInterior(program, {}, { start, multipliers }).iterations;
      iterations.both += both.iterations;
      iterations.cold += cold.iterations;
      iterations.wrong += wrong.iterations;
    }
    expect(iterations.both).toBeLessThan(0.5 * iterations.rows);
    expect(iterations.wrong).toBeLessThan(1.2 * iterations.cold);
  });

  test('takes them from the problem', () => {
    const program = toProgram(hockSchittkowski.find(({ number }) => number === 71)!);
    const cold = solveInterior(program);
    const { x: start, multipliers, boundMultipliers } = cold;
    const meta = {
      ...program.meta,
      start,
      startMultipliers: multipliers,
      startBoundMultipliers: boundMultipliers,
    };
    const warm = solveInterior({ ...program, meta });
    expect(warm.iterations).toBeLessThan(cold.iterations);
    expect(warm.iterations).toBe(solveInterior(program, {}, { start, multipliers, boundMultipliers }).iterations);
  });

  test('keeps its limits and returns the best point', () => {
    const problem = problemOf(scalable(600).find((one) => one.name === 'clnlbeam')!);
    const result = solveInterior(problem, { maxIterations: 3 });
    expect(result.termination).toBe('iteration-limit');
    expect(result.iterations).toBe(3);
    const stopped = solveInterior(problem, {}, { signal: { aborted: true } });
    expect(stopped.termination).toBe('interrupted');
  });

  test('needs exact derivatives', () => {
    const bare = { meta: toProgram(hockSchittkowski[0]!).meta, objective: () => 0 };
    expect(suitsInterior(bare)).toBe(false);
    expect(() => solveInterior(bare)).toThrow(RangeError);
  });
});
