import { describe, expect, it, vi } from 'vitest';
import { outerApproximation, solveMinlp, type RelaxationSolver } from '../../lib/integer/index.js';
import { compileNl, readNl, writeNl } from '../../lib/io/nl/index.js';
import { minimize } from '../../lib/minimize/index.js';
import type { MixedIntegerNonlinearProgram } from '../../lib/problem/index.js';
import { solveQp } from '../../lib/qp/sparse/index.js';
import { solveSqp } from '../../lib/sqp/index.js';
import { makeModel } from '../support/modeller.js';
import { convexMinlps, nonconvexMinlps, type ClassicalMinlp } from './minlp/classical.js';

// Generous: the limit guards against hanging, not against a busy machine.
vi.setConfig({ testTimeout: 300_000 });

const sqp: RelaxationSolver = (problem) => solveSqp(problem);
/** The two that take seconds are left to bench/minlp.ts. */
const slow = new Set(['batch', 'flay03']);

function programOf(entry: ClassicalMinlp): MixedIntegerNonlinearProgram {
  // By way of the written file, which other solvers are asked with too.
  const compiled = compileNl(readNl(writeNl(makeModel(entry)).text)) as MixedIntegerNonlinearProgram;
  return { ...compiled, meta: { ...compiled.meta, convex: entry.convex } };
}

const near = (value: number, optimum: number): boolean =>
  Math.abs(value - optimum) <= 1e-5 * Math.max(1, Math.abs(optimum));

describe('classical convex MINLPs', () => {
  for (const entry of convexMinlps.filter(({ name }) => !slow.has(name))) {
    it(`${entry.name} is solved to its published optimum both ways`, () => {
      const problem = programOf(entry);
      const tree = solveMinlp(problem, sqp);
      expect(tree.termination).toBe('optimal');
      expect(near(tree.objective, entry.optimum), `${tree.objective}`).toBe(true);
      expect(tree.bound).toBeLessThanOrEqual(entry.optimum + 1e-5 * Math.max(1, Math.abs(entry.optimum)));
      for (const k of problem.integerVariables) expect(Number.isInteger(tree.x![k])).toBe(true);
      const outer = outerApproximation(problem, { nonlinear: sqp, linear: (program) => solveQp(program) });
      expect(outer.termination).toBe('optimal');
      expect(near(outer.objective, entry.optimum), `${outer.objective}`).toBe(true);
    });
  }
});

describe('classical MINLPs that are not convex', () => {
  for (const entry of nonconvexMinlps) {
    it(`${entry.name} ends without a claim of proof, at no value below the optimum`, () => {
      const result = solveMinlp(programOf(entry), sqp);
      expect(result.termination).toBe('locally-optimal');
      expect(result.bound).toBe(-Infinity);
      expect(result.objective).toBeGreaterThanOrEqual(entry.optimum - 1e-5 * Math.max(1, Math.abs(entry.optimum)));
    });
  }

  it('nearly all of them end at the best value known', () => {
    const reached = nonconvexMinlps.filter((entry) => near(solveMinlp(programOf(entry), sqp).objective, entry.optimum));
    expect(reached.length).toBeGreaterThanOrEqual(8);
  });
});

describe('classical MINLPs by way of their expressions', () => {
  it.each(
    [...convexMinlps.filter(({ name }) => !slow.has(name)), ...nonconvexMinlps].map((entry) => [entry.name, entry]),
  )('%s is proven, convex or not', (_name, entry) => {
    const result = minimize(compileNl(readNl(writeNl(makeModel(entry)).text)), { enumerationLimit: 0 });
    expect(result.termination).toBe('optimal');
    expect(near(result.objective, entry.optimum), `${result.objective}`).toBe(true);
    expect(result.search!.bound).toBeLessThanOrEqual(entry.optimum + 1e-5 * Math.max(1, Math.abs(entry.optimum)));
    expect(result.search!.nodeCount).toBeLessThan(200);
  });
});
