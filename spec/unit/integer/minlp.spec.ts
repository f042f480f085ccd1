import { describe, expect, it, vi } from 'vitest';
import {
  divingEvery,
  largestViolation,
  outerApproximation,
  pumpAtRoot,
  rounding,
  solveMinlp,
  type RelaxationSolver,
} from '../../../lib/integer/index.js';
import { solveQp } from '../../../lib/qp/sparse/index.js';
import { randomStream } from '../../../lib/random/index.js';
import { solveSqp } from '../../../lib/sqp/index.js';
import { constructedMinlp, convexIntegerProgram, enumerateIntegers } from '../../support/minlp-generators.js';
import { samples } from '../../support/samples.js';

// Generous: the limit guards against hanging, not against a busy machine.
vi.setConfig({ testTimeout: 300_000 });

const sqp: RelaxationSolver = (problem) => solveSqp(problem);

describe('solveMinlp', () => {
  it('agrees with enumeration on random convex programs of up to 12 integers', () => {
    const random = randomStream(7, 'convex-minlp');
    let feasible = 0;
    const wrong: string[] = [];
    const count = samples(60, 500);
    for (let k = 0; k < count; k++) {
      const problem = convexIntegerProgram(random);
      const best = enumerateIntegers(problem);
      // Every other one with nodes closed by tangents.
      const result = solveMinlp(problem, sqp, {}, {}, k % 2 === 0 ? {} : { quadratic: solveQp });
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
    expect(feasible).toBeGreaterThan(count / 2);
    expect(feasible).toBeLessThan(0.98 * count);
  });

  it('matches the construction of programs with known optima or none', () => {
    const random = randomStream(11, 'constructed-minlp');
    let infeasible = 0;
    const wrong: string[] = [];
    const count = samples(200, 2000);
    for (let k = 0; k < count; k++) {
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
    expect(infeasible).toBeGreaterThan(0.15 * count);
  });

  it('closes nodes by tangents, with the same answers from fewer relaxations', () => {
    const random = randomStream(17, 'convex-minlp');
    let plainly = 0;
    let withTangents = 0;
    for (let k = 0; k < samples(25, 60); k++) {
      const problem = convexIntegerProgram(random);
      const [plain, cut] = [{}, { quadratic: solveQp }].map((parts) => solveMinlp(problem, sqp, {}, {}, parts));
      expect(cut!.termination).toBe(plain!.termination);
      if (plain!.x)
        expect(Math.abs(cut!.objective - plain!.objective)).toBeLessThan(
          2e-6 * Math.max(1, Math.abs(plain!.objective)),
        );
      plainly += plain!.relaxations;
      withTangents += cut!.relaxations;
    }
    expect(withTangents).toBeLessThan(0.95 * plainly);
  });

  it('does not use tangents of a problem not known to be convex', () => {
    const { problem } = constructedMinlp(randomStream(3, 'constructed-minlp'));
    const { convex: _known, ...meta } = problem.meta;
    solveMinlp({ ...problem, meta }, sqp, {}, {}, { quadratic: () => expect.unreachable() });
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
    for (let k = 0; k < samples(12, 25); k++) {
      const problem = convexIntegerProgram(random);
      const best = enumerateIntegers(problem);
      const result = outerApproximation(problem, { nonlinear: sqp, linear: (program) => solveQp(program) });
      const right =
        best === Infinity
          ? result.termination === 'infeasible'
          : result.termination === 'optimal' && Math.abs(result.objective - best) <= 1e-5 * Math.max(1, Math.abs(best));
      if (!right) wrong.push(`${k}: ${result.termination} ${result.objective}, ${best}`);
      expect(result.bound).toBeLessThanOrEqual(best + 1e-6 * Math.max(1, Math.abs(best)));
    }
    expect(wrong).toEqual([]);
  });
});

describe('parts and limits of the search', () => {
  const problems = (count: number, seed: number) => {
    const random = randomStream(seed, 'convex-minlp');
    return Array.from({ length: count }, () => convexIntegerProgram(random));
  };

  it.each(['reliability', 'strong', 'pseudocost', 'most-fractional'] as const)(
    'proves optima by %s branching',
    (branching) => {
      for (const problem of problems(samples(12, 25), 31)) {
        const best = enumerateIntegers(problem);
        const result = solveMinlp(problem, sqp, { branching });
        if (best === Infinity) expect(result.termination).toBe('infeasible');
        else expect(Math.abs(result.objective - best)).toBeLessThanOrEqual(2e-6 * Math.max(1, Math.abs(best)));
      }
    },
  );

  it.each(['best-first', 'depth-first', 'hybrid'] as const)(
    'proves optima by %s selection of nodes',
    (nodeSelection) => {
      for (const problem of problems(samples(8, 15), 33)) {
        const best = enumerateIntegers(problem);
        const result = solveMinlp(problem, sqp, { nodeSelection });
        if (best === Infinity) expect(result.termination).toBe('infeasible');
        else expect(Math.abs(result.objective - best)).toBeLessThanOrEqual(2e-6 * Math.max(1, Math.abs(best)));
      }
    },
  );

  it('takes any branching rule and any heuristics', () => {
    let asked = 0;
    let called = 0;
    for (const problem of problems(10, 35)) {
      const best = enumerateIntegers(problem);
      const result = solveMinlp(
        problem,
        sqp,
        {},
        {},
        {
          branchingRule: ({ fractional }) => {
            asked++;
            return fractional[fractional.length - 1]!;
          },
          heuristics: [
            (tools, place) => {
              called++;
              expect(place.x.length).toBe(tools.problem.meta.variableCount);
              return undefined;
            },
          ],
        },
      );
      if (best < Infinity)
        expect(Math.abs(result.objective - best)).toBeLessThanOrEqual(2e-6 * Math.max(1, Math.abs(best)));
    }
    expect(asked).toBeGreaterThan(10);
    expect(called).toBeGreaterThan(10);
  });

  it('each heuristic by itself finds only solutions that hold', () => {
    for (const heuristic of [rounding, divingEvery(1), pumpAtRoot]) {
      for (const problem of problems(8, 37)) {
        const result = solveMinlp(problem, sqp, {}, {}, { heuristics: [heuristic] });
        if (result.x) expect(largestViolation(problem, result.x)).toBeLessThanOrEqual(1e-6);
      }
    }
  });

  it('starts from a known solution and never returns a worse one', () => {
    for (const problem of problems(10, 39)) {
      const full = solveMinlp(problem, sqp);
      if (!full.incumbent) continue;
      const again = solveMinlp(problem, sqp, {}, { incumbent: full.incumbent });
      expect(again.termination).toBe('optimal');
      expect(again.objective).toBeLessThanOrEqual(full.objective);
      expect(again.nodeCount).toBeLessThanOrEqual(full.nodeCount);
      const limited = solveMinlp(problem, sqp, { maxNodes: 1 }, { incumbent: full.incumbent });
      expect(limited.objective).toBeLessThanOrEqual(full.objective);
    }
  });

  it('returns incumbent and bound at a time limit', () => {
    let cut = 0;
    for (const problem of problems(12, 41)) {
      const full = solveMinlp(problem, sqp);
      // A clock that runs out after a few relaxations.
      let left = 4;
      const slow: RelaxationSolver = (relaxed, budget) => {
        if (left-- === 0) while (budget.exhausted(0, 0) === undefined);
        return solveSqp(relaxed);
      };
      const result = solveMinlp(problem, slow, { timeLimitSeconds: 0.25 });
      if (result.termination !== 'time-limit') continue;
      cut++;
      expect(result.bound).toBeLessThanOrEqual(full.objective + 1e-6);
      if (result.x) {
        expect(result.objective).toBeGreaterThanOrEqual(full.objective - 1e-6);
        expect(largestViolation(problem, result.x)).toBeLessThanOrEqual(1e-6);
      }
    }
    expect(cut).toBeGreaterThan(2);
  });

  it('hands the multipliers of a node to its children', () => {
    let handed = 0;
    for (const problem of problems(5, 43)) {
      solveMinlp(problem, (relaxed) => {
        if (relaxed.meta.startMultipliers) handed++;
        return solveSqp(relaxed);
      });
    }
    expect(handed).toBeGreaterThan(5);
  });
});
