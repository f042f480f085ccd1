import { describe, expect, test } from 'vitest';
import { randomStream } from '../../lib/random/index.js';
import type { SolverResult } from '../../lib/solver/index.js';
import { families, runCase, runQuadraticCase } from '../support/known-answers/index.js';
import { knownProblem } from '../support/known-answers/families.js';
import { judge } from '../support/known-answers/judge.js';

/** What the judge reads of a result. */
function claimAt(x: readonly number[]): SolverResult {
  return {
    termination: 'locally-optimal',
    primalStatus: 'feasible',
    x: Float64Array.from(x),
  } as unknown as SolverResult;
}

/** Full counts: bench/known-answers.ts. */
const each = 25;

describe('problems with known answers in random units, through a solver drawn at random', () => {
  test.each(families.map((family, k) => [family, k] as const))('%s: no false claim', (family, k) => {
    let right = 0;
    let scaled = 0;
    for (let round = 0; round < each; round++) {
      const { verdict, plainUnits, ...facts } = runCase(50_000 * families.length + round * families.length + k);
      expect(facts.family).toBe(family);
      if (typeof verdict === 'object') expect({ ...facts, ...verdict }).toBe('right');
      if (verdict === 'right') right++;
      if (!plainUnits) scaled++;
    }
    // Where no constraint qualification holds, or a method sees no ray, the answer is honest but undecided.
    expect(right).toBeGreaterThan(0.25 * each);
    expect(scaled).toBeGreaterThan(0.4 * each);
  });
});

describe('linear programs that are unbounded by construction', () => {
  /** Exact for doubles that are multiples of 2⁻²⁰⁰. */
  const exact = (value: number): bigint => BigInt(value * 2 ** 200);
  const alongRay = (values: readonly number[], ray: readonly number[]): bigint =>
    values.reduce((sum, value, j) => sum + exact(value) * exact(ray[j]!), 0n);

  test('are so in exact arithmetic, whatever rounding has done to their rows', () => {
    let rows = 0;
    const k = families.indexOf('unbounded linear');
    for (const round of [...Array(1000).keys(), (40_906 - k) / families.length]) {
      const seed = round * families.length + k;
      const problem = knownProblem('unbounded linear', randomStream(seed, 'known answers'));
      const { truth } = problem;
      if (truth.kind !== 'unbounded') throw new Error('another truth');
      const origin = problem.start.map(() => 0);
      expect(alongRay(problem.objective.gradient(origin), truth.ray) < 0n, `seed ${seed}`).toBe(true);
      for (const row of problem.rows) {
        rows++;
        expect(alongRay(row.gradient(origin), truth.ray) <= 0n, `seed ${seed}`).toBe(true);
      }
      for (const [j, [low, high]] of problem.bounds.entries()) {
        const isOpen = truth.ray[j]! > 0 ? high === Infinity : truth.ray[j]! < 0 ? low === -Infinity : true;
        expect(isOpen, `seed ${seed}`).toBe(true);
      }
    }
    expect(rows).toBeGreaterThan(1000);
  });
});

describe('convex quadratic programs in random units through solveQp', () => {
  test('no false claim', () => {
    let counted = 0;
    let right = 0;
    for (let seed = 900_000; seed < 902_000; seed++) {
      const found = runQuadraticCase(seed);
      if (found === undefined) continue;
      if (typeof found.verdict === 'object') expect({ seed, ...found.verdict }).toBe('right');
      counted++;
      if (found.verdict === 'right') right++;
    }
    expect(counted).toBeGreaterThan(400);
    expect(right).toBeGreaterThan(0.98 * counted);
  });
});

describe('what the bench has found', () => {
  test.each([4400, 7171, 10285, 13616, 14880, 21825, 23073])('seed %d: no claim', (seed) => {
    expect(typeof runCase(seed).verdict).toBe('string');
  });
});

describe('the judge of local minima', () => {
  /** Of a function in a box every vertex at which the gradient pushes outwards in every variable is a local minimum. */
  const vertexSeeds = [3879, 6839, 7335, 9399];

  test.each(vertexSeeds)('seed %d ends at a vertex behind a narrow ridge, which is a local minimum', (seed) => {
    expect(runCase(seed).verdict).toBe('right');
  });

  test('claims at vertices with a gradient inwards, and away from vertices, are false', () => {
    let counted = 0;
    for (let seed = 0; seed < 400; seed++) {
      const problem = knownProblem('concave', randomStream(seed, 'judged'));
      const n = problem.start.length;
      const plain = { objective: 1, rows: [], variables: problem.start.map(() => 1) };
      const vertex = problem.start.map((_, j) => ((seed >> j) & 1 ? 1 : -1));
      const outwards = problem.objective.gradient(vertex).every((g, j) => g * vertex[j]! < -0.02);
      const inwards = problem.objective.gradient(vertex).some((g, j) => g * vertex[j]! > 0.05);
      const verdictAt = (x: readonly number[]) => judge(problem, plain, claimAt(x));
      if (outwards) expect(verdictAt(vertex)).toBe('right');
      if (inwards && ++counted) expect(verdictAt(vertex)).not.toBe('right');
      const middle = problem.start.map(() => 0);
      if (n > 1) expect(verdictAt(middle)).not.toBe('right');
    }
    expect(counted).toBeGreaterThan(100);
  });
});
