import { Matrix, SingularValueDecomposition } from 'ml-matrix';
import { describe, expect, it } from 'vitest';
import { denseMatrix, PivotedQr, type DenseMatrix } from '../../../lib/linalg/index.js';
import { randomStream } from '../../../lib/random/index.js';

const random = randomStream(5, 'qr');

/** Product of random factors: rank at most `rank`. */
function ofRank(rows: number, columns: number, rank: number): DenseMatrix {
  const left = Matrix.from1DArray(
    rows,
    rank,
    Array.from({ length: rows * rank }, () => random.normal()),
  );
  const right = Matrix.from1DArray(
    rank,
    columns,
    Array.from({ length: rank * columns }, () => random.normal()),
  );
  return denseMatrix(rows, columns, Float64Array.from(left.mmul(right).to1DArray()));
}

const asMatrix = ({ rows, columns, values }: DenseMatrix): Matrix =>
  Matrix.from1DArray(rows, columns, Array.from(values));

describe('PivotedQr', () => {
  it('reproduces A·Π = Q·R with falling diagonal, for every shape and rank', () => {
    for (let trial = 0; trial < 200; trial++) {
      const rows = 1 + random.integer(12);
      const columns = 1 + random.integer(12);
      const rank = 1 + random.integer(Math.min(rows, columns));
      const matrix = ofRank(rows, columns, rank);
      const factor = new PivotedQr(matrix, 1e-10);
      expect(factor.rank).toBe(rank);
      const upper = factor.upperFactor();
      for (let k = 1; k < rank; k++) {
        const previous = Math.abs(upper.values[(k - 1) * columns + k - 1]!);
        expect(Math.abs(upper.values[k * columns + k]!)).toBeLessThanOrEqual(previous * (1 + 1e-12));
      }
      const scale = Math.max(...matrix.values.map(Math.abs));
      for (let j = 0; j < columns; j++) {
        const column = new Float64Array(rows);
        for (let i = 0; i < rank; i++) column[i] = upper.values[i * columns + j]!;
        factor.multiply(column);
        for (let i = 0; i < rows; i++) {
          expect(Math.abs(column[i]! - matrix.values[i * columns + factor.permutation[j]!]!)).toBeLessThan(
            1e-11 * scale,
          );
        }
        factor.multiplyTransposed(column);
        for (let i = 0; i < rank; i++) {
          expect(Math.abs(column[i]! - upper.values[i * columns + j]!)).toBeLessThan(1e-11 * scale);
        }
      }
    }
  });

  it('solves least squares as the singular value decomposition does', () => {
    for (let trial = 0; trial < 100; trial++) {
      const rows = 2 + random.integer(10);
      const columns = 1 + random.integer(10);
      const rank = 1 + random.integer(Math.min(rows, columns));
      const matrix = ofRank(rows, columns, rank);
      const b = Float64Array.from({ length: rows }, () => random.normal());
      const x = new PivotedQr(matrix, 1e-10).solveLeastSquares(b);
      const full = asMatrix(matrix);
      const residualOf = (solution: Matrix): number => full.mmul(solution).sub(Matrix.columnVector(b)).norm();
      const svd = new SingularValueDecomposition(full, { autoTranspose: true });
      const left = svd.leftSingularVectors;
      let best = b.reduce((sum, value) => sum + value * value, 0);
      for (let k = 0; k < rank; k++) {
        best -= b.reduce((sum, value, i) => sum + value * left.get(i, k), 0) ** 2;
      }
      expect(residualOf(Matrix.columnVector(x))).toBeCloseTo(Math.sqrt(Math.max(0, best)), 6);
    }
  });

  it('finds an orthonormal null space of the transpose', () => {
    for (let trial = 0; trial < 60; trial++) {
      const rows = 2 + random.integer(12);
      const columns = 1 + random.integer(rows);
      const rank = 1 + random.integer(Math.min(rows, columns));
      const matrix = ofRank(rows, columns, rank);
      const basis = asMatrix(new PivotedQr(matrix, 1e-10).complementBasis());
      expect(basis.columns).toBe(rows - rank);
      if (basis.columns === 0) continue;
      expect(basis.transpose().mmul(basis).sub(Matrix.eye(basis.columns)).norm()).toBeLessThan(1e-12 * rows);
      expect(asMatrix(matrix).transpose().mmul(basis).norm()).toBeLessThan(1e-11 * (1 + asMatrix(matrix).norm()));
    }
  });

  it('bears graded columns, zeros and a zero matrix', () => {
    const graded = denseMatrix(
      6,
      4,
      Float64Array.from({ length: 24 }, (_, k) => random.normal() * 10 ** (-4 * (k % 4))),
    );
    expect(new PivotedQr(graded, 1e-16).rank).toBe(4);
    expect(new PivotedQr(graded, 1e-6).rank).toBe(2);
    expect(new PivotedQr(denseMatrix(3, 2)).rank).toBe(0);
    expect(new PivotedQr(denseMatrix(3, 2)).complementBasis().columns).toBe(3);
  });
});
