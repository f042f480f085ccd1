import { describe, expect, it } from 'vitest';
import { EigenvalueDecomposition, Matrix } from 'ml-matrix';
import { DenseCholesky, DenseSymmetricFactor } from '../../../lib/linalg/index.js';
import { randomStream } from '../../../lib/random/index.js';

const random = randomStream(1, 'symmetric-indefinite');

function symmetric(order: number, entry: (i: number, j: number) => number): Float64Array {
  const matrix = new Float64Array(order * order);
  for (let i = 0; i < order; i++) {
    for (let j = 0; j <= i; j++) {
      const value = entry(i, j);
      matrix[i * order + j] = value;
      matrix[j * order + i] = value;
    }
  }
  return matrix;
}

function residual(matrix: Float64Array, x: Float64Array, b: Float64Array): number {
  let largest = 0;
  for (let i = 0; i < b.length; i++) {
    let sum = -b[i]!;
    for (let j = 0; j < b.length; j++) sum += matrix[i * b.length + j]! * x[j]!;
    largest = Math.max(largest, Math.abs(sum));
  }
  return largest;
}

describe('DenseSymmetricFactor', () => {
  it('solves random indefinite systems and counts eigenvalue signs as an eigenvalue solver does', () => {
    const factor = new DenseSymmetricFactor(24);
    for (let trial = 0; trial < 300; trial++) {
      const order = 1 + random.integer(24);
      const zeroDiagonal = trial % 3 === 0;
      const matrix = symmetric(order, (i, j) => {
        if (zeroDiagonal && i === j && order > 1) return 0;
        return random.uniform() < 0.3 ? 0 : random.normal();
      });
      const eigenvalues = new EigenvalueDecomposition(Matrix.from1DArray(order, order, Array.from(matrix)), {
        assumeSymmetric: true,
      }).realEigenvalues;
      if (eigenvalues.some((value) => Math.abs(value) < 1e-8)) continue;
      const inertia = factor.factor(matrix, order);
      expect(inertia).toEqual({
        positive: eigenvalues.filter((value) => value > 0).length,
        negative: eigenvalues.filter((value) => value < 0).length,
        zero: 0,
      });
      const b = Float64Array.from({ length: order }, () => random.normal());
      const x = b.slice();
      factor.solve(x);
      const size = x.reduce((largest, value) => Math.max(largest, Math.abs(value)), 1);
      expect(residual(matrix, x, b)).toBeLessThan(1e-12 * order * size);
    }
  });

  it('reports zero eigenvalues of rank-deficient matrices', () => {
    const factor = new DenseSymmetricFactor(12);
    for (let trial = 0; trial < 100; trial++) {
      const order = 2 + random.integer(11);
      const rank = random.integer(order);
      const vectors = Array.from({ length: rank }, () => Array.from({ length: order }, () => random.normal()));
      const signs = vectors.map(() => (random.uniform() < 0.5 ? -1 : 1));
      const matrix = symmetric(order, (i, j) => vectors.reduce((sum, v, k) => sum + signs[k]! * v[i]! * v[j]!, 0));
      const inertia = factor.factor(matrix, order, 1e-11);
      expect(inertia).toEqual({
        positive: signs.filter((s) => s > 0).length,
        negative: signs.filter((s) => s < 0).length,
        zero: order - rank,
      });
    }
  });

  it('refuses non-finite matrices', () => {
    expect(() => new DenseSymmetricFactor(1).factor(Float64Array.of(NaN), 1)).toThrow(RangeError);
    expect(() => new DenseSymmetricFactor(1).factor(Float64Array.of(Infinity), 1)).toThrow(RangeError);
  });
});

describe('DenseCholesky', () => {
  it('follows rank-one updates and downdates as a fresh factorisation would', () => {
    for (let trial = 0; trial < 60; trial++) {
      const order = 1 + random.integer(15);
      const base = symmetric(order, (i, j) => (i === j ? order + random.uniform() : random.normal() * 0.5));
      const vector = Float64Array.from({ length: order }, () => random.normal());
      const changed = symmetric(order, (i, j) => base[i * order + j]! + vector[i]! * vector[j]!);
      const updated = new DenseCholesky(order);
      const fresh = new DenseCholesky(order);
      expect(updated.factor(base, order)).toBe(-1);
      expect(fresh.factor(changed, order)).toBe(-1);
      expect(updated.update(vector, 1)).toBe(true);
      const b = Float64Array.from({ length: order }, () => random.normal());
      const first = b.slice();
      const second = b.slice();
      updated.solve(first);
      fresh.solve(second);
      for (let i = 0; i < order; i++) expect(first[i]).toBeCloseTo(second[i]!, 10);
      expect(updated.update(vector, -1)).toBe(true);
      const back = b.slice();
      updated.solve(back);
      expect(residual(base, back, b)).toBeLessThan(1e-9);
    }
  });

  it('names the row where the matrix stops being positive definite', () => {
    const cholesky = new DenseCholesky(3);
    expect(cholesky.factor(Float64Array.of(1, 0, 0, 0, -1, 0, 0, 0, 1), 3)).toBe(1);
    expect(cholesky.factor(Float64Array.of(1, 0, 0, 0, 1, 0, 0, 0, 1), 3)).toBe(-1);
    expect(cholesky.update(Float64Array.of(0, 2, 0), -1)).toBe(false);
  });
});
