import { describe, expect, it } from 'vitest';
import { assembleSparse, denseMatrix } from '../../../../lib/linalg/index.js';
import type { QuadraticProgram } from '../../../../lib/problem/index.js';
import { arrowheadToQuadraticProgram, solveQp, type QpOptionsInput } from '../../../../lib/qp/sparse/index.js';
import { randomStream, type RandomStream } from '../../../../lib/random/index.js';
import { certificateFaults, optimalityFaults } from '../../../support/qp-checker.js';

const draw = (random: RandomStream, length: number, scale = 1): Float64Array =>
  Float64Array.from({ length }, () => scale * random.normal());

/** Diagonal Hessian, box, few dense rows. */
function separable(n: number, rows: number, seed: number): QuadraticProgram {
  const random = randomStream(seed, 'separable-qp');
  const values = draw(random, rows * n);
  const inside = Float64Array.from({ length: n }, () => random.uniform());
  const activity = Float64Array.from({ length: rows }, (_, i) =>
    inside.reduce((sum, value, j) => sum + value * values[i * n + j]!, 0),
  );
  return {
    hessian: { kind: 'diagonal', values: Float64Array.from({ length: n }, () => 0.1 + random.uniform()) },
    linear: draw(random, n),
    constraintMatrix: denseMatrix(rows, n, values),
    constraintLower: activity.map((value, i) => (i === 0 ? value : -Infinity)),
    constraintUpper: activity.map((value, i) => (i === 0 ? value : value - random.uniform() * 0.1)),
    lower: new Float64Array(n),
    upper: new Float64Array(n).fill(1),
  };
}

/** The same problem with its columns and rows in another order. */
function shuffled(problem: QuadraticProgram, seed: number): { problem: QuadraticProgram; columns: number[] } {
  const random = randomStream(seed, 'shuffle');
  const order = (length: number): number[] =>
    Array.from({ length }, (_, k) => ({ k, key: random.uniform() }))
      .sort((a, b) => a.key - b.key)
      .map(({ k }) => k);
  const n = problem.linear.length;
  const m = problem.constraintLower.length;
  const columns = order(n);
  const rows = order(m);
  const columnOf = columns.map((_, j) => columns.indexOf(j));
  const rowOf = rows.map((_, i) => rows.indexOf(i));
  const move = (matrix: NonNullable<QuadraticProgram['hessian']>, newRows: number[]) => {
    if (matrix.kind !== 'sparse') throw new Error('sparse matrices only');
    const triplets: [number[], number[], number[]] = [[], [], []];
    for (let j = 0; j < n; j++) {
      for (let k = matrix.columnStarts[j]!; k < matrix.columnStarts[j + 1]!; k++) {
        triplets[0].push(newRows[matrix.rowIndices[k]!]!);
        triplets[1].push(columnOf[j]!);
        triplets[2].push(matrix.values[k]!);
      }
    }
    return assembleSparse(matrix.rows, n, ...triplets).matrix;
  };
  const pick = (values: Float64Array, from: number[]): Float64Array => Float64Array.from(from, (k) => values[k]!);
  return {
    columns,
    problem: {
      hessian: move(problem.hessian!, columnOf),
      linear: pick(problem.linear, columns),
      constraintMatrix: move(problem.constraintMatrix as NonNullable<QuadraticProgram['hessian']>, rowOf),
      constraintLower: pick(problem.constraintLower, rows),
      constraintUpper: pick(problem.constraintUpper, rows),
      lower: pick(problem.lower, columns),
      upper: pick(problem.upper, columns),
    },
  };
}

/** min ½Σd(x − a)² + t + ½ct² with s·t − x ≥ p in each row and a budget on x. */
function epigraph(n: number, seed: number): QuadraticProgram {
  const random = randomStream(seed, 'epigraph-qp');
  return arrowheadToQuadraticProgram({
    privateHessian: Float64Array.from({ length: n }, () => 0.5 + random.uniform()),
    privateLinear: draw(random, n).map((value) => value - 1),
    privateLower: new Float64Array(n).fill(-3),
    privateUpper: new Float64Array(n).fill(2),
    sharedHessian: denseMatrix(1, 1, Float64Array.of(0.5)),
    sharedLinear: Float64Array.of(n / 20),
    sharedLower: Float64Array.of(-Infinity),
    sharedUpper: Float64Array.of(Infinity),
    privateRows: {
      privateCoefficients: new Float64Array(n).fill(-1),
      sharedCoefficients: denseMatrix(
        n,
        1,
        Float64Array.from({ length: n }, () => 0.5 + random.uniform()),
      ),
      lower: draw(random, n),
      upper: new Float64Array(n).fill(Infinity),
    },
    couplingPrivate: denseMatrix(1, n, new Float64Array(n).fill(1)),
    couplingLower: Float64Array.of(-Infinity),
    couplingUpper: Float64Array.of(0.2 * n),
  });
}

function expectSame(problem: QuadraticProgram, options: QpOptionsInput = {}): void {
  const structured = solveQp(problem, { ...options, fallback: false });
  expect(structured.method).toBe('structured');
  expect(structured.termination).toBe('optimal');
  const { x, multipliers, boundMultipliers, objective } = structured;
  expect(optimalityFaults(problem, x, multipliers, boundMultipliers)).toEqual([]);
  const general = solveQp(problem, { method: 'interior-point' });
  expect(Math.abs(objective - general.objective)).toBeLessThanOrEqual(1e-6 * (1 + Math.abs(general.objective)));
}

describe('structure found by solveQp', () => {
  it('separable programs with few rows', () => {
    for (let seed = 0; seed < 20; seed++) expectSame(separable(120 + 10 * seed, 1 + (seed % 5), seed));
  });

  it('epigraph forms, whatever the order of their columns and rows', () => {
    let settled = 0;
    for (let seed = 0; seed < 10; seed++) {
      const problem = epigraph(100 + 20 * seed, seed);
      if (solveQp(problem).method !== 'structured') continue;
      settled++;
      expectSame(problem);
      const other = shuffled(problem, seed);
      expectSame(other.problem);
      const first = solveQp(problem);
      const second = solveQp(other.problem);
      other.columns.forEach((from, to) => expect(second.x[to]).toBeCloseTo(first.x[from]!, 6));
    }
    expect(settled).toBeGreaterThanOrEqual(8);
  });

  it('Hessians of diagonal plus low rank', () => {
    for (let seed = 0; seed < 10; seed++) {
      const random = randomStream(seed, 'low-rank-qp');
      const n = 110 + 5 * seed;
      const rank = 1 + (seed % 3);
      const base = separable(n, 2, seed);
      expectSame({
        ...base,
        hessian: {
          kind: 'diagonal-plus-low-rank',
          diagonal: Float64Array.from({ length: n }, () => 0.5 + random.uniform()),
          factor: denseMatrix(n, rank, draw(random, n * rank, 0.3)),
          weights: Float64Array.from({ length: rank }, () => 0.2 + random.uniform()),
        },
      });
    }
  });

  it('starts warm and then needs fewer steps', () => {
    let cold = 0;
    let warm = 0;
    let settled = 0;
    for (let seed = 0; seed < 10; seed++) {
      const problem = epigraph(300, seed);
      const first = solveQp(problem);
      const linear = problem.linear.map((value, j) => (j === seed ? value + 0.01 : value));
      const next = { ...problem, linear };
      const again = solveQp(next, undefined, first);
      expect(again.termination).toBe('optimal');
      // Now and then its steps do not settle and the interior point takes over.
      if (first.method !== 'structured' || again.method !== 'structured') continue;
      settled++;
      cold += solveQp(next).iterations;
      warm += again.iterations;
    }
    expect(settled).toBeGreaterThanOrEqual(8);
    expect(warm).toBeLessThanOrEqual(0.3 * cold);
  });

  it('is left to the general methods where curvature is missing, sizes are small, or rows tie variables together', () => {
    const problem = separable(120, 3, 1);
    const flat = {
      ...problem,
      hessian: { kind: 'diagonal' as const, values: new Float64Array(120).fill(1).fill(0, 60) },
    };
    expect(solveQp(flat).method).not.toBe('structured');
    expect(solveQp(flat).termination).toBe('optimal');
    expect(solveQp(separable(40, 3, 1)).method).toBe('active-set');
    expect(solveQp(separable(40, 3, 1), { method: 'structured' }).method).toBe('structured');
    expect(solveQp(separable(120, 20, 1)).method).not.toBe('structured');
  });

  it('proves infeasibility by falling back', () => {
    const problem = separable(120, 2, 4);
    const impossible = {
      ...problem,
      constraintUpper: problem.constraintUpper.map((value, i) => (i === 1 ? -1e4 : value)),
    };
    const result = solveQp(impossible);
    expect(result.termination).toBe('infeasible');
    const { multipliers, boundMultipliers } = result.certificate!;
    expect(certificateFaults(impossible, multipliers, boundMultipliers)).toEqual([]);
  });
});

describe('maxIterations', () => {
  const cases = [
    ['active-set', separable(60, 30, 2)],
    ['interior-point', separable(60, 30, 2)],
    ['structured', epigraph(200, 3)],
    ['auto', epigraph(200, 3)],
    ['auto', separable(300, 40, 3)],
  ] as const;
  it.each(cases)('holds for %s', (method, problem) => {
    const full = solveQp(problem, { method });
    expect(full.termination).toBe('optimal');
    expect(full.iterations).toBeGreaterThan(2);
    for (let limit = 1; limit < full.iterations; limit += Math.ceil(full.iterations / 6)) {
      const cut = solveQp(problem, { method, maxIterations: limit });
      expect(cut.iterations).toBeLessThanOrEqual(limit);
      // A polished working set may be the solution before the iteration has converged.
      if (cut.termination !== 'optimal') expect(cut.termination).toBe('iteration-limit');
    }
    expect(solveQp(problem, { method, maxIterations: 1 }).termination).toBe('iteration-limit');
    expect(solveQp(problem, { method, maxIterations: full.iterations }).termination).toBe('optimal');
  });
});
