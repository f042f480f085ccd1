import { describe, expect, it } from 'vitest';
import { compileNl, readNl } from '../../lib/io/nl/index.js';
import { SqpSolver } from '../../lib/sqp/index.js';
import { cuteFile, cuteNames, cuteReference } from '../support/cute.js';
import { contradictions } from '../support/result-checker.js';

const names = cuteNames();

describe.skipIf(names.length === 0)('CUTE sample by SQP alone', () => {
  it('solves at least 95 % at the best known objective, in at most 15 evaluations at the median', () => {
    const reference = cuteReference();
    const missed: string[] = [];
    const evaluations: number[] = [];
    for (const name of names) {
      const problem = compileNl(readNl(cuteFile(name)));
      const result = new SqpSolver(problem).solve();
      const best = reference[name]!.bestObjective;
      const objective = problem.nl.objectiveSign * result.objective;
      const worse = problem.nl.objectiveSign * (objective - best);
      expect(contradictions(problem, result, 1e-3), name).toEqual([]);
      const solved = result.termination.includes('optimal') && worse <= 1e-4 * Math.abs(best) + 1e-6;
      if (!solved) missed.push(`${name}: ${result.termination}, ${objective} instead of ${best}`);
      evaluations.push(result.counts.objective);
    }
    expect(missed.length, missed.join('\n')).toBeLessThanOrEqual(Math.floor(0.05 * names.length));
    evaluations.sort((a, b) => a - b);
    expect(evaluations[evaluations.length >> 1]).toBeLessThanOrEqual(15);
  });
});
