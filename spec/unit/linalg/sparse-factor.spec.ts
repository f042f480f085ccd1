import { describe, expect, it } from 'vitest';
import { EigenvalueDecomposition, Matrix } from 'ml-matrix';
import {
  assembleSparse,
  copyToDense,
  lowerTriangle,
  minimumDegreeOrder,
  multiply,
  multiplyLowerTriangle,
  multiplyTransposed,
  SparseSymmetricFactor,
  toSparse,
  transpose,
  type SparseMatrix,
} from '../../../lib/linalg/index.js';
import { randomStream } from '../../../lib/random/index.js';

const random = randomStream(2, 'sparse-factor');

/** A sparse quasi-definite matrix [E Bᵀ; B −F], as its lower triangle, with the signs of its blocks. */
function quasiDefinite(first: number, second: number, density: number): { lower: SparseMatrix; signs: Int8Array } {
  const order = first + second;
  const rows: number[] = [];
  const columns: number[] = [];
  const values: number[] = [];
  const diagonal = new Float64Array(order).fill(0.1);
  const signs = Int8Array.from({ length: order }, (_, i) => (i < first ? 1 : -1));
  for (let i = 0; i < order; i++) {
    for (let j = 0; j < i; j++) {
      if (random.uniform() >= density) continue;
      const value = random.normal();
      rows.push(i);
      columns.push(j);
      values.push(value);
      if (signs[i] !== signs[j]) continue;
      diagonal[i]! += Math.abs(value);
      diagonal[j]! += Math.abs(value);
    }
  }
  for (let i = 0; i < order; i++) {
    rows.push(i);
    columns.push(i);
    values.push(signs[i]! * diagonal[i]!);
  }
  return { lower: assembleSparse(order, order, rows, columns, values).matrix, signs };
}

function grid(side: number): SparseMatrix {
  const rows: number[] = [];
  const columns: number[] = [];
  const values: number[] = [];
  const add = (i: number, j: number, value: number): void => {
    rows.push(i);
    columns.push(j);
    values.push(value);
  };
  for (let k = 0; k < side * side; k++) {
    add(k, k, 4.1);
    if (k % side !== side - 1) add(k + 1, k, -1);
    if (k + side < side * side) add(k + side, k, -1);
  }
  return assembleSparse(side * side, side * side, rows, columns, values).matrix;
}

describe('SparseSymmetricFactor', () => {
  it('solves quasi-definite systems and finds their inertia', () => {
    for (let trial = 0; trial < 200; trial++) {
      const first = 1 + random.integer(20);
      const second = random.integer(20);
      const { lower, signs } = quasiDefinite(first, second, 0.05 + 0.4 * random.uniform());
      const factor = new SparseSymmetricFactor(lower);
      expect(factor.factor(lower.values, { signs })).toBe(true);
      expect(factor.replacedPivots).toBe(0);
      expect(factor.inertia).toEqual({ positive: first, negative: second, zero: 0 });
      const solution = Float64Array.from({ length: lower.rows }, () => random.normal());
      const b = new Float64Array(lower.rows);
      multiplyLowerTriangle(lower, solution, b);
      const x = new Float64Array(lower.rows);
      expect(factor.solveRefined(lower, b, x)).toBeLessThan(1e-12);
      for (let i = 0; i < x.length; i++) expect(x[i]).toBeCloseTo(solution[i]!, 8);
    }
  });

  it('gives the inertia of a saddle-point matrix whose Hessian block is indefinite', () => {
    let indefinite = 0;
    for (let trial = 0; trial < 100; trial++) {
      const { lower } = quasiDefinite(8, 3, 0.5);
      const values = lower.values.map((value) => value + 0.8 * random.normal());
      const matrix = { ...lower, values };
      const dense = new Float64Array(121);
      copyToDense(matrix, dense);
      for (let i = 0; i < 11; i++) for (let j = 0; j < i; j++) dense[j * 11 + i] = dense[i * 11 + j]!;
      const eigenvalues = new EigenvalueDecomposition(Matrix.from1DArray(11, 11, Array.from(dense)), {
        assumeSymmetric: true,
      }).realEigenvalues;
      const positive = eigenvalues.filter((value) => value > 0).length;
      if (positive !== 8) indefinite++;
      const factor = new SparseSymmetricFactor(matrix);
      if (!factor.factor(values) || factor.growth > 1e6) continue;
      expect(factor.inertia.positive).toBe(positive);
    }
    expect(indefinite).toBeGreaterThan(10);
  });

  it('factors by dense blocks as row by row, for any order of elimination, also after an ended attempt', () => {
    for (let trial = 0; trial < 60; trial++) {
      const first = 1 + random.integer(60);
      const second = random.integer(60);
      const order = first + second;
      const { lower, signs } = quasiDefinite(first, second, 0.02 + 0.5 * random.uniform() ** 2);
      const permutation = Int32Array.from({ length: order }, (_, k) => k);
      for (let k = order - 1; k > 0; k--) {
        const other = random.integer(k + 1);
        [permutation[k], permutation[other]] = [permutation[other]!, permutation[k]!];
      }
      const given = trial % 2 === 0 ? permutation : undefined;
      const solution = Float64Array.from({ length: order }, () => random.normal());
      const b = new Float64Array(order);
      multiplyLowerTriangle(lower, solution, b);
      for (const kind of ['simplicial', 'supernodal'] as const) {
        const factor = new SparseSymmetricFactor(lower, given, kind);
        expect(factor.factor(lower.values, { mostNegative: second - 1 })).toBe(second === 0);
        expect(factor.factor(lower.values, trial % 3 === 0 ? { signs } : {})).toBe(true);
        expect(factor.inertia).toEqual({ positive: first, negative: second, zero: 0 });
        const x = b.slice();
        factor.solve(x);
        for (let i = 0; i < order; i++) expect(x[i]).toBeCloseTo(solution[i]!, 7);
      }
    }
  });

  it('multiplies blocks longer than its buffers: a full matrix of 400 rows', () => {
    const order = 400;
    const { lower } = quasiDefinite(250, 150, 1);
    const factor = new SparseSymmetricFactor(lower);
    expect(factor.kind).toBe('supernodal');
    expect(factor.factorEntries).toBe((order * (order - 1)) / 2);
    expect(factor.factor(lower.values)).toBe(true);
    expect(factor.inertia).toEqual({ positive: 250, negative: 150, zero: 0 });
    const solution = Float64Array.from({ length: order }, () => random.normal());
    const x = new Float64Array(order);
    multiplyLowerTriangle(lower, solution, x);
    factor.solve(x);
    for (let i = 0; i < order; i++) expect(x[i]).toBeCloseTo(solution[i]!, 7);
  });

  it('gives the inertia of indefinite matrices of many shapes by dense blocks, too', () => {
    let compared = 0;
    for (let trial = 0; trial < 60; trial++) {
      const first = 10 + random.integer(20);
      const second = random.integer(20);
      const order = first + second;
      const { lower } = quasiDefinite(first, second, 0.3);
      const values = lower.values.map((value) => value + random.normal());
      const dense = new Float64Array(order * order);
      copyToDense({ ...lower, values }, dense);
      for (let i = 0; i < order; i++) for (let j = 0; j < i; j++) dense[j * order + i] = dense[i * order + j]!;
      const eigenvalues = new EigenvalueDecomposition(Matrix.from1DArray(order, order, Array.from(dense)), {
        assumeSymmetric: true,
      }).realEigenvalues;
      const factor = new SparseSymmetricFactor(lower, undefined, 'supernodal');
      if (!factor.factor(values) || factor.growth > 1e6) continue;
      compared++;
      expect(factor.inertia.positive).toBe(eigenvalues.filter((value) => value > 0).length);
    }
    expect(compared).toBeGreaterThan(40);
  });

  it('ends soon after it is told to stop', () => {
    const { lower } = quasiDefinite(600, 0, 1);
    for (const kind of ['simplicial', 'supernodal'] as const) {
      const factor = new SparseSymmetricFactor(lower, undefined, kind);
      let asked = 0;
      expect(factor.factor(lower.values, { stop: () => ++asked > 3 })).toBe(false);
      expect(asked).toBe(4);
      expect(factor.factor(lower.values)).toBe(true);
    }
  });

  it('replaces pivots of the wrong sign and says how many', () => {
    const { matrix } = assembleSparse(2, 2, [0, 1], [0, 1], [1, 1]);
    const factor = new SparseSymmetricFactor(matrix);
    expect(factor.factor(matrix.values, { signs: Int8Array.of(1, -1) })).toBe(true);
    expect(factor.replacedPivots).toBe(1);
    expect(factor.inertia).toEqual({ positive: 1, negative: 1, zero: 0 });
    expect(factor.factor(Float64Array.of(1, 0))).toBe(false);
  });

  it('orders a grid so that the factor has a fraction of the natural fill', () => {
    const matrix = grid(60);
    const natural = new SparseSymmetricFactor(
      matrix,
      Int32Array.from({ length: 3600 }, (_, i) => i),
    );
    const ordered = new SparseSymmetricFactor(matrix);
    expect(ordered.factorEntries).toBeLessThan(0.28 * natural.factorEntries);
  });

  it('keeps an arrowhead free of fill', () => {
    const order = 2000;
    const rows = Array.from({ length: 2 * order - 1 }, (_, k) => (k < order ? k : k - order + 1));
    const columns = Array.from({ length: 2 * order - 1 }, (_, k) => (k < order ? k : 0));
    const { matrix } = assembleSparse(order, order, rows, columns);
    expect(new SparseSymmetricFactor(matrix).factorEntries).toBe(order - 1);
  });

  it('returns a permutation for graphs of many shapes', () => {
    for (let trial = 0; trial < 200; trial++) {
      const order = 1 + random.integer(60);
      const density = random.uniform() ** 2;
      const adjacency: number[][] = Array.from({ length: order }, () => []);
      for (let i = 0; i < order; i++) {
        for (let j = 0; j < i; j++) {
          if (random.uniform() >= density) continue;
          adjacency[i]!.push(j);
          adjacency[j]!.push(i);
        }
      }
      const starts = new Int32Array(order + 1);
      for (let i = 0; i < order; i++) starts[i + 1] = starts[i]! + adjacency[i]!.length;
      const result = minimumDegreeOrder(order, starts, Int32Array.from(adjacency.flat()));
      expect(Array.from(result).sort((a, b) => a - b)).toEqual(Array.from({ length: order }, (_, i) => i));
    }
  });
});

describe('sparse matrices', () => {
  it('assemble, transpose and multiply as dense ones do', () => {
    for (let trial = 0; trial < 50; trial++) {
      const rows = 1 + random.integer(8);
      const columns = 1 + random.integer(8);
      const count = random.integer(30);
      const rowOf = Array.from({ length: count }, () => random.integer(rows));
      const columnOf = Array.from({ length: count }, () => random.integer(columns));
      const values = Array.from({ length: count }, () => random.normal());
      const expected = new Float64Array(rows * columns);
      for (let k = 0; k < count; k++) expected[rowOf[k]! * columns + columnOf[k]!]! += values[k]!;
      const { matrix, slots } = assembleSparse(rows, columns, rowOf, columnOf, values);
      expect(slots).toHaveLength(count);
      const dense = new Float64Array(rows * columns);
      copyToDense(matrix, dense);
      for (let k = 0; k < dense.length; k++) expect(dense[k]).toBeCloseTo(expected[k]!, 12);
      const x = Float64Array.from({ length: columns }, () => random.normal());
      const product = new Float64Array(rows);
      const viaTranspose = new Float64Array(rows);
      multiply(matrix, x, product);
      multiplyTransposed(transpose(matrix), x, viaTranspose);
      for (let i = 0; i < rows; i++) expect(product[i]).toBeCloseTo(viaTranspose[i]!, 12);
      const again = toSparse({ kind: 'dense', rows, columns, values: dense });
      const back = new Float64Array(rows * columns);
      copyToDense(again, back);
      expect(back).toEqual(dense);
    }
  });

  it('take the lower triangle of every symmetric form', () => {
    const factor = { kind: 'dense' as const, rows: 2, columns: 1, values: Float64Array.of(1, 2) };
    const lower = lowerTriangle(
      { kind: 'diagonal-plus-low-rank', diagonal: Float64Array.of(5, 6), factor, weights: Float64Array.of(3) },
      2,
    );
    expect(Array.from(lower.values)).toEqual([8, 6, 18]);
    const product = new Float64Array(2);
    multiplyLowerTriangle(lower, Float64Array.of(1, 1), product);
    expect(Array.from(product)).toEqual([14, 24]);
  });

  it('refuse triplets outside the matrix', () => {
    expect(() => assembleSparse(2, 2, [2], [0])).toThrow(RangeError);
    expect(() => assembleSparse(2, 2, [0], [-1])).toThrow(RangeError);
  });
});
