import { describe, expect, it } from 'vitest';
import { ArgumentError } from '../../../../lib/errors/index.js';
import { denseMatrix } from '../../../../lib/linalg/index.js';
import type { QuadraticProgram } from '../../../../lib/problem/index.js';
import { DualActiveSetSolver, qpOptions, solveQp } from '../../../../lib/qp/sparse/index.js';
import { OptionsError } from '../../../../lib/solver/index.js';
import { optimalityFaults } from '../../../support/qp-checker.js';
import { knownQp } from '../../../support/qp-generator.js';

const vector = (...values: number[]): Float64Array => Float64Array.from(values);
const matrix = (rows: number, ...values: number[]) => denseMatrix(rows, values.length / rows, vector(...values));
const methods = ['auto', 'active-set', 'interior-point'] as const;

const production: QuadraticProgram = {
  linear: vector(-1, -2),
  constraintMatrix: matrix(2, 1, 1, 1, 3),
  constraintLower: vector(-Infinity, -Infinity),
  constraintUpper: vector(4, 6),
  lower: vector(0, 0),
  upper: vector(Infinity, Infinity),
};

const inconsistent: QuadraticProgram = {
  hessian: matrix(2, 1, 0, 0, 1),
  linear: vector(-1, -2),
  constraintMatrix: matrix(2, 1, 1, 1, 1),
  constraintLower: vector(-Infinity, 5),
  constraintUpper: vector(4, Infinity),
  lower: vector(0, 0),
  upper: vector(Infinity, Infinity),
};

describe.each(methods)('solveQp by %s', (method) => {
  it('solves a linear program with the documented sign of its multipliers', () => {
    const result = solveQp(production, { method });
    expect(result.termination).toBe('optimal');
    expect(result.x[0]).toBeCloseTo(3, 8);
    expect(result.x[1]).toBeCloseTo(1, 8);
    expect(result.objective).toBeCloseTo(-5, 8);
    // −y is the marginal of the side: one more unit of the first row is worth −1/2.
    expect(result.multipliers[0]).toBeCloseTo(0.5, 7);
    expect(result.multipliers[1]).toBeCloseTo(0.5, 7);
    expect(Array.from(result.workingSet.constraints)).toEqual([1, 1]);
  });

  it('proves infeasibility', () => {
    const result = solveQp(inconsistent, { method });
    expect(result.termination).toBe('infeasible');
    expect(result.dualStatus).toBe('certificate');
    expect(result.certificate!.multipliers[0]).toBeCloseTo(1, 6);
    expect(result.certificate!.multipliers[1]).toBeCloseTo(-1, 6);
    expect(result.certificate!.gap).toBeCloseTo(1, 6);
  });

  it('shows a ray of an unbounded problem from a feasible point', () => {
    const result = solveQp(
      { ...production, constraintMatrix: matrix(2, 1, -1, 1, -3), constraintLower: vector(-9, -Infinity) },
      { method },
    );
    expect(result.termination).toBe('unbounded');
    expect(result.primalStatus).toBe('feasible');
    expect(result.ray!.slope).toBeLessThan(0);
  });

  it('relaxes inconsistent rows at the least sum or maximum of violation', () => {
    const bySum = solveQp(inconsistent, { method, elastic: 'sum' });
    expect(bySum.termination).toBe('locally-infeasible');
    expect(bySum.elastic!.violation[0]! + bySum.elastic!.violation[1]!).toBeCloseTo(1, 5);
    const byMaximum = solveQp(inconsistent, { method, elastic: 'maximum' });
    expect(byMaximum.elastic!.violation[0]).toBeCloseTo(0.5, 5);
    expect(byMaximum.elastic!.violation[1]).toBeCloseTo(0.5, 5);
    expect(Array.from(byMaximum.elastic!.relaxedRows)).toEqual([0, 1]);
    expect(solveQp(production, { method, elastic: 'sum' }).termination).toBe('optimal');
  });

  it('says that a Hessian is not positive semidefinite instead of claiming a solution', () => {
    const saddle = { ...production, hessian: matrix(2, 1, 0, 0, -1), upper: vector(2, 2) };
    const result = solveQp(saddle, { method });
    expect(result.termination).toBe('stalled');
    expect(result.message).toContain('semidefinite');
  });

  it('solves problems without rows, without freedom, and with an empty objective', () => {
    const free = { linear: vector(-1, -2), constraintLower: vector(), constraintUpper: vector() };
    const bowl = solveQp(
      { ...free, hessian: matrix(2, 2, 1, 1, 2), lower: vector(-9, -9), upper: vector(9, 9) },
      { method },
    );
    expect(bowl.x[1]).toBeCloseTo(1, 8);
    const fixed = solveQp({ ...free, lower: vector(3, 4), upper: vector(3, 4) }, { method });
    expect(fixed.termination).toBe('optimal');
    expect(Array.from(fixed.x)).toEqual([3, 4]);
    const point = solveQp({ ...production, linear: vector(0, 0), constraintLower: vector(4, 6) }, { method });
    expect(point.termination).toBe('optimal');
    expect(point.x[0]).toBeCloseTo(3, 7);
  });

  it('forms agree: dense, diagonal and diagonal-plus-low-rank Hessians', () => {
    const dense = solveQp({ ...production, hessian: matrix(2, 5, 2, 2, 3) }, { method });
    const factor = matrix(2, 2, 1);
    const lowRank = solveQp(
      {
        ...production,
        hessian: { kind: 'diagonal-plus-low-rank', diagonal: vector(1, 2), factor, weights: vector(1) },
      },
      { method },
    );
    for (let j = 0; j < 2; j++) expect(lowRank.x[j]).toBeCloseTo(dense.x[j]!, 8);
    const diagonal = solveQp({ ...production, hessian: { kind: 'diagonal', values: vector(5, 3) } }, { method });
    const same = solveQp({ ...production, hessian: matrix(2, 5, 0, 0, 3) }, { method });
    for (let j = 0; j < 2; j++) expect(diagonal.x[j]).toBeCloseTo(same.x[j]!, 8);
  });
});

describe('solveQp', () => {
  it('refuses data that do not fit together, naming the part', () => {
    expect(() => solveQp({ ...production, lower: vector(0) })).toThrow(/lower must have length 2/);
    expect(() => solveQp({ ...production, linear: vector(NaN, 1) })).toThrow(/linear contains NaN/);
    expect(() => solveQp({ ...production, constraintMatrix: matrix(1, 1, 1) })).toThrow(/rows of constraintMatrix/);
    expect(() => solveQp(production, { metod: 'auto' } as never)).toThrow(OptionsError);
  });

  it('names every part that is missing or of another type', () => {
    const names = ['linear', 'constraintLower', 'constraintUpper', 'lower', 'upper'] as const;
    const message = (problem: unknown): string => {
      try {
        solveQp(problem as QuadraticProgram);
      } catch (error) {
        expect(error).toBeInstanceOf(ArgumentError);
        return (error as Error).message;
      }
      return 'solved';
    };
    for (const name of names) {
      expect(message({ ...production, [name]: undefined })).toBe(`${name} is missing`);
      expect(message({ ...production, [name]: null })).toBe(`${name} must be a Float64Array, found Null`);
      expect(message({ ...production, [name]: [0, 0] })).toBe(`${name} must be a Float64Array, found Array`);
    }
    expect(message({})).toBe(names.map((name) => `${name} is missing`).join('; '));
    for (const nothing of [undefined, null, 3, 'x'])
      expect(message(nothing)).toMatch(/^a quadratic program is needed/u);
    expect(message({ ...production, constant: '1' })).toBe('constant must be a finite number, found "1"');
    const wrong: [unknown, string][] = [
      [null, 'hessian must be a matrix, found Null'],
      [
        [
          [1, 0],
          [0, 1],
        ],
        'hessian.kind must be one of dense, sparse, diagonal, diagonal-plus-low-rank, found Undefined',
      ],
      [{ kind: 'dense' }, 'hessian.rows is missing; hessian.columns is missing; hessian.values is missing'],
      [{ kind: 'diagonal', values: [1, 2] }, 'hessian.values must be a Float64Array, found Array'],
      [
        { ...matrix(2, 1, 0, 0, 1), kind: 'sparse', columnStarts: [0] },
        'hessian.columnStarts must be an Int32Array, found Array; hessian.rowIndices is missing',
      ],
      [{ kind: 'diagonal-plus-low-rank', diagonal: vector(1, 1), weights: vector(1) }, 'hessian.factor is missing'],
    ];
    const sparse = { kind: 'sparse', rows: 2, columns: 2, values: vector(1, 1) };
    const indices = (...values: number[]) => Int32Array.from(values);
    wrong.push(
      [{ ...matrix(2, 1, 0, 0, 1), values: vector(1) }, 'hessian.values must have length 4, found 1'],
      [matrix(2, 1, 0, 0, 1, 0, 0), 'the columns of hessian must have length 2, found 3'],
      [
        { kind: 'diagonal-plus-low-rank', diagonal: vector(1, 1), factor: matrix(1, 1), weights: vector(1, 1) },
        'hessian.factor.rows must be 2, found 1; hessian.weights must have length 1, found 2',
      ],
      [
        { ...sparse, columnStarts: indices(0, 1), rowIndices: indices(0, 1) },
        'hessian.columnStarts must have length 3, found 2',
      ],
      [
        { ...sparse, columnStarts: indices(1, 1, 2), rowIndices: indices(0, 1) },
        'hessian.columnStarts must begin with 0, found 1',
      ],
      [
        { ...sparse, columnStarts: indices(0, 1, 3), rowIndices: indices(0, 1) },
        'hessian.columnStarts[2] must be from 1 to 2, the entries there are, found 3',
      ],
      [
        { ...sparse, columnStarts: indices(0, 1, 2), rowIndices: indices(0, 2) },
        'hessian.rowIndices[1] must be from 0 to 1, found 2',
      ],
    );
    for (const [hessian, said] of wrong) expect(message({ ...production, hessian })).toBe(said);
    const square = { kind: 'diagonal', values: vector(1, 1) };
    expect(message({ ...production, constraintMatrix: square })).toMatch(
      /^constraintMatrix.kind must be one of dense/u,
    );
  });

  it('calls crossed bounds infeasible', () => {
    const result = solveQp({ ...production, lower: vector(2, 0), upper: vector(1, 9) });
    expect(result.termination).toBe('infeasible');
    expect(result.message).toContain('variable 0');
  });

  it('stops at an abort or time limit with its best point', () => {
    const { problem } = knownQp('strictly-convex', 20, 40, 1);
    const aborted = solveQp(problem, {}, undefined, { signal: AbortSignal.abort() });
    expect(aborted.termination).toBe('interrupted');
    expect(aborted.x).toHaveLength(20);
    const limited = solveQp(problem, { timeLimitSeconds: 1e-9 });
    expect(['time-limit', 'optimal']).toContain(limited.termination);
  });

  it('describes its options by their defaults', () => {
    expect(qpOptions.defaults.method).toBe('auto');
    expect(qpOptions.resolve({ method: 'interior-point' }).gapTolerance).toBe(1e-6);
  });
});

describe('warm starts', () => {
  it('need at most 5 working-set changes on average after one bound has changed', () => {
    let changes = 0;
    let coldChanges = 0;
    let solves = 0;
    for (let seed = 0; seed < 40; seed++) {
      // About 22 of 50 conditions hold at the solution: fewer than there are variables, so it is not degenerate.
      const { problem } = knownQp('strictly-convex', 30, 20, seed);
      const solver = new DualActiveSetSolver(30, 20);
      const first = solver.solve(problem);
      expect(first.termination).toBe('optimal');
      const changed = {
        ...problem,
        upper: problem.upper.slice(),
        lower: problem.lower.slice(),
        constraintUpper: problem.constraintUpper.slice(),
      };
      const j = seed % 30;
      const held = first.workingSet.bounds[j]!;
      if (held === 0) changed.upper[j] = first.x[j]! - 0.05;
      else {
        // The side that holds moves, either way; a fixed variable moves as a whole.
        const shift = seed % 2 === 0 ? 0.05 : -0.05;
        if (held > 0 || changed.lower[j] === changed.upper[j]) changed.upper[j]! += shift;
        if (held < 0 || problem.lower[j] === problem.upper[j]) changed.lower[j]! += shift;
      }
      const warm = solver.solve(changed, first);
      if (warm.termination === 'infeasible') continue;
      expect(warm.termination).toBe('optimal');
      expect(optimalityFaults(changed, warm.x, warm.multipliers, warm.boundMultipliers)).toEqual([]);
      changes += warm.workingSetChanges;
      coldChanges += solver.solve(changed).workingSetChanges;
      solves++;
    }
    expect(solves).toBeGreaterThan(20);
    expect(changes / solves).toBeLessThanOrEqual(5);
    expect(changes).toBeLessThan(0.5 * coldChanges);
  });

  it('at the solution change nothing', () => {
    for (let seed = 0; seed < 20; seed++) {
      const { problem } = knownQp('strictly-convex', 12, 20, seed);
      const solver = new DualActiveSetSolver(12, 20);
      const first = solver.solve(problem);
      const again = solver.solve(problem, first, true);
      expect(again.workingSetChanges).toBe(0);
      expect(again.termination).toBe('optimal');
    }
  });

  it('from a wrong working set end at the same solution', () => {
    for (let seed = 0; seed < 20; seed++) {
      const { problem } = knownQp('degenerate', 10, 20, seed);
      const cold = solveQp(problem);
      const wrong = {
        constraints: Int8Array.from({ length: 20 }, (_, i) => (i % 3) - 1),
        bounds: Int8Array.from({ length: 10 }, (_, j) => ((j + seed) % 3) - 1),
      };
      const warm = solveQp(problem, {}, { workingSet: wrong });
      expect(warm.termination).toBe('optimal');
      expect(warm.objective).toBeCloseTo(cold.objective, 6);
    }
  });
});
