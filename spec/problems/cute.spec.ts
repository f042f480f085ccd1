import { describe, expect, test } from 'vitest';
import { solveAugmentedLagrangian } from '../../lib/auglag/index.js';
import { compileNl, readNl } from '../../lib/io/nl/index.js';
import { minimize } from '../../lib/minimize/index.js';
import type { NonlinearProgram } from '../../lib/problem/index.js';
import { isSolved, type SolverResult } from '../../lib/solver/index.js';
import { cuteFile, cuteNames, cuteReference } from '../support/cute.js';
import { objections } from '../support/nlp-checker.js';

const names = cuteNames();

interface Run {
  readonly name: string;
  readonly problem: NonlinearProgram;
  readonly result: SolverResult;
  /** Objective in the sense of the file. */
  readonly atBest: boolean;
  readonly firstMilliseconds: number;
  readonly warmMilliseconds: number;
}

function run(name: string, solve: (problem: NonlinearProgram) => SolverResult): Run {
  const problem = compileNl(readNl(cuteFile(name)));
  const best = cuteReference()[name]!.bestObjective;
  const begun = performance.now();
  const result = solve(problem);
  const firstMilliseconds = performance.now() - begun;
  const again = performance.now();
  solve(problem);
  const warmMilliseconds = performance.now() - again;
  const worse = result.objective - problem.nl.objectiveSign * best;
  const atBest = isSolved(result.termination) && worse <= 1e-4 * Math.max(1, Math.abs(best));
  return { name, problem, result, atBest, firstMilliseconds, warmMilliseconds };
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return 0.5 * (sorted[(sorted.length - 1) >> 1]! + sorted[sorted.length >> 1]!);
}

function summary(title: string, runs: readonly Run[]): void {
  const missed = runs.filter((entry) => !entry.atBest).map((entry) => entry.name);
  console.info(
    `${title}: ${runs.length - missed.length} of ${runs.length} at the best objective (missed: ${missed.join(', ') || 'none'}); ` +
      `median evaluations ${median(runs.map((entry) => entry.result.counts.objective))}, ` +
      `median time ${median(runs.map((entry) => entry.warmMilliseconds)).toFixed(2)} ms ` +
      `(first solve ${median(runs.map((entry) => entry.firstMilliseconds)).toFixed(2)} ms)`,
  );
}

describe.skipIf(names.length === 0)('the CUTE sample', () => {
  test('minimize solves all of it at the best known objective in few evaluations', () => {
    const runs = names.map((name) => run(name, (problem) => minimize(problem)));
    summary('minimize', runs);
    for (const { name, problem, result } of runs) expect(objections(problem, result), name).toEqual([]);
    expect(runs.filter((entry) => !entry.atBest).map((entry) => entry.name)).toEqual([]);
    expect(median(runs.map((entry) => entry.result.counts.objective))).toBeLessThanOrEqual(15);
  });

  test('the augmented Lagrangian alone solves all of it, nearly all at the best known objective', () => {
    const runs = names.map((name) => run(name, (problem) => solveAugmentedLagrangian(problem)));
    summary('augmented Lagrangian', runs);
    for (const { name, problem, result } of runs) expect(objections(problem, result), name).toEqual([]);
    expect(runs.filter(({ result }) => !isSolved(result.termination)).map(({ name }) => name)).toEqual([]);
    expect(runs.filter((entry) => entry.atBest).length).toBeGreaterThanOrEqual(0.9 * names.length);
  });
});
