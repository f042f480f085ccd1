import { describe, expect, it, vi } from 'vitest';
import { outerApproximation, solveMinlp, type RelaxationSolver } from '../../../lib/integer/index.js';
import { solveQp } from '../../../lib/qp/index.js';
import { randomStream } from '../../../lib/random/index.js';
import { solveSqp } from '../../../lib/sqp/index.js';
import { constructedMinlp, convexIntegerProgram, enumerateIntegers } from '../../support/minlp-generators.js';

// Generous: the limit guards against hanging, not against a busy machine.
vi.setConfig({ testTimeout: 300_000 });

const sqp: RelaxationSolver = (problem) => solveSqp(problem);

describe('solveMinlp', () => {
  it('agrees with enumeration on 500 random convex programs of up to 12 integers', () => {
    const random = randomStream(7, 'convex-minlp');
    let feasible = 0;
    const wrong: string[] = [];
    for (let k = 0; k < 500; k++) {
      const problem = convexIntegerProgram(random);
      const best = enumerateIntegers(problem);
      const result = solveMinlp(problem, sqp);
      if (best < Infinity) feasible++;
      const right =
        best === Infinity
          ? result.termination === 'infeasible'
          : result.termination === 'optimal' &&
            Math.abs(result.objective - best) <= 2e-6 * Math.max(1, Math.abs(best)) &&
            result.bound <= best + 1e-9 * Math.max(1, Math.abs(best));
      if (!right) wrong.push(`${k}: ${result.termination} ${result.objective} ${result.bound}, enumeration ${best}`);
    }
    expect(wrong).toEqual([]);
    expect(feasible).toBeGreaterThan(250);
    expect(feasible).toBeLessThan(490);
  });

  it('matches the construction of 2,000 programs with known optima or none', () => {
    const random = randomStream(11, 'constructed-minlp');
    let infeasible = 0;
    const wrong: string[] = [];
    for (let k = 0; k < 2000; k++) {
      const { problem, optimum, relax } = constructedMinlp(random);
      // Every fortieth by the general solver, the others by the closed form of their relaxations.
      const result = solveMinlp(problem, k % 40 === 0 ? sqp : relax);
      if (optimum === undefined) infeasible++;
      const right =
        optimum === undefined
          ? result.termination === 'infeasible' && result.x === undefined
          : result.termination === 'optimal' && Math.abs(result.objective - optimum) <= 2e-6 * Math.max(1, optimum);
      if (!right) wrong.push(`${k}: ${result.termination} ${result.objective}, constructed ${optimum ?? 'infeasible'}`);
    }
    expect(wrong).toEqual([]);
    expect(infeasible).toBeGreaterThan(300);
  });

  it('never claims a proof for a problem not known to be convex', () => {
    const { problem } = constructedMinlp(randomStream(3, 'constructed-minlp'));
    const { convex: _known, ...meta } = problem.meta;
    const result = solveMinlp({ ...problem, meta }, sqp);
    expect(result.termination).not.toBe('optimal');
    expect(result.termination).not.toBe('infeasible');
    expect(result.bound).toBe(-Infinity);
  });

  it('claims nothing when the relaxations fail', () => {
    const { problem } = constructedMinlp(randomStream(5, 'constructed-minlp'));
    const result = solveMinlp(problem, ({ meta }) => ({
      termination: 'stalled',
      primalStatus: 'unknown',
      x: Float64Array.from(meta.start),
      objective: NaN,
    }));
    expect(result.termination).toBe('stalled');
    expect(result.unprovenLeaves).toBeGreaterThan(0);
  });

  it('returns the incumbent and a valid bound at a node limit, and repeats itself', () => {
    const random = randomStream(21, 'convex-minlp');
    for (let k = 0; k < 10; k++) {
      const problem = convexIntegerProgram(random);
      const full = solveMinlp(problem, sqp);
      const cut = solveMinlp(problem, sqp, { maxNodes: 1 });
      expect(cut.bound).toBeLessThanOrEqual(full.objective + 1e-6);
      expect(cut.objective).toBeGreaterThanOrEqual(full.objective - 1e-6);
      expect(solveMinlp(problem, sqp).nodeCount).toBe(full.nodeCount);
    }
  });
});

describe('outerApproximation', () => {
  it('agrees with enumeration on random convex programs', () => {
    const random = randomStream(13, 'convex-minlp');
    const wrong: string[] = [];
    for (let k = 0; k < 25; k++) {
      const problem = convexIntegerProgram(random);
      const best = enumerateIntegers(problem);
      const result = outerApproximation(problem, { nonlinear: sqp, linear: (program) => solveQp(program) });
      const right =
        best === Infinity
          ? result.termination === 'infeasible'
          : result.termination === 'optimal' && Math.abs(result.objective - best) <= 1e-5 * Math.max(1, Math.abs(best));
      // A repeated integer point ends the method without a claim; it must not be wrong.
      if (!right && result.termination !== 'stalled')
        wrong.push(`${k}: ${result.termination} ${result.objective}, ${best}`);
      if (result.termination === 'stalled') expect(result.objective).toBeGreaterThanOrEqual(best - 1e-6);
    }
    expect(wrong).toEqual([]);
  });
});
