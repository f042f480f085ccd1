import { describe, expect, it } from 'vitest';
import { randomStream } from '../../../lib/random/index.js';
import { isSolved } from '../../../lib/solver/index.js';
import { solveSqp } from '../../../lib/sqp/index.js';
import { hockSchittkowski, isAtOptimum, toProgram } from '../../problems/hock-schittkowski/index.js';
import { analyticProblem } from '../../support/analytic-problem.js';
import { objections } from '../../support/nlp-checker.js';

/** A quadratic that bends both ways plus a wave, in a box, some with a linear row: its subproblems have several corners. */
function saddle(seed: number) {
  const random = randomStream(seed, 'concave-box');
  const n = 2 + Math.floor(3 * random.uniform());
  const names = Array.from({ length: n }, (_, j) => `x${j + 1}`);
  const figure = (size: number): string => `(${(size * random.normal()).toFixed(4)})`;
  const linear = names.map((x) => `${figure(2)}*${x}`);
  const bent = names.flatMap((x, i) => names.slice(i).map((y) => `${figure(1)}*${x}*${y}`));
  const wave = `${figure(2)}*sin(${names.map((x) => `${figure(1)}*${x}`).join('+')})`;
  const side = (): number => Number((1 + 3 * random.uniform()).toFixed(2));
  return analyticProblem({
    name: `saddle-${seed}`,
    objective: [...linear, ...bent, wave].join('+'),
    ...(random.uniform() < 0.5 && { constraints: [`${names.join('+')} <= ${side()}`] }),
    bounds: names.map(() => [-side(), side()] as const),
    start: names.map(() => 0),
  });
}

describe('SQP in a box where the objective is not convex', () => {
  it('never goes up between points that are feasible, and ends at a local solution', () => {
    let steps = 0;
    let bentDown = 0;
    for (let seed = 0; seed < 150; seed++) {
      const problem = saddle(seed);
      let last = Infinity;
      const result = solveSqp(
        problem,
        { watchdogTrigger: 0 },
        {
          onIteration: ({ objective, primalInfeasibility, details }) => {
            expect(primalInfeasibility).toBeLessThanOrEqual(1e-8);
            expect(objective, `${seed}`).toBeLessThanOrEqual(last + 1e-7 * Math.max(1, Math.abs(last)));
            last = objective;
            steps++;
            if (((details?.['shift'] as number | undefined) ?? 0) > 0) bentDown++;
          },
        },
      );
      expect(isSolved(result.termination), `${seed}: ${result.message}`).toBe(true);
      expect(objections(problem, result)).toEqual([]);
    }
    expect(steps).toBeGreaterThan(300);
    expect(bentDown).toBeGreaterThan(50);
  });

  it('leaves the corner at which problem 5 of Hock and Schittkowski has a subproblem that promises nothing', () => {
    const problem = hockSchittkowski.find(({ number }) => number === 5)!;
    const result = solveSqp(toProgram(problem));
    expect(isAtOptimum(problem, result)).toBe(true);
  });
});
