import { Matrix, pseudoInverse, solve } from 'ml-matrix';
import { describe, expect, it } from 'vitest';
import { conjugateGradients, minres, type LinearOperator } from '../../../lib/linalg/index.js';
import { randomStream } from '../../../lib/random/index.js';

const random = randomStream(9, 'krylov');

/** Q·diag(eigenvalues)·Qᵀ with random orthogonal Q (from reflections). */
function withEigenvalues(eigenvalues: readonly number[]): Matrix {
  const n = eigenvalues.length;
  let matrix = Matrix.diag(eigenvalues.slice());
  for (let k = 0; k < 3; k++) {
    const v = Matrix.columnVector(Array.from({ length: n }, () => random.normal()));
    const reflection = Matrix.eye(n).sub(v.mmul(v.transpose()).mul(2 / v.dot(v)));
    matrix = reflection.mmul(matrix).mmul(reflection);
  }
  return matrix.add(matrix.transpose()).mul(0.5);
}

const operator =
  (matrix: Matrix): LinearOperator =>
  (x, target) =>
    target.set(matrix.mmul(Matrix.columnVector(x)).to1DArray());

const vector = (n: number): Float64Array => Float64Array.from({ length: n }, () => random.normal());
const distance = (a: ArrayLike<number>, b: ArrayLike<number>): number =>
  Math.sqrt(Array.from(a).reduce((sum, value, k) => sum + (value - b[k]!) ** 2, 0));

describe('conjugateGradients', () => {
  it('solves definite systems as elimination does, plain and preconditioned', () => {
    for (let trial = 0; trial < 60; trial++) {
      const n = 1 + random.integer(25);
      const matrix = withEigenvalues(Array.from({ length: n }, () => 0.1 + 5 * random.uniform()));
      const b = vector(n);
      const exact = solve(matrix, Matrix.columnVector(b)).to1DArray();
      const preconditioner: LinearOperator = (x, target) =>
        x.forEach((value, j) => (target[j] = value / matrix.get(j, j)));
      for (const options of [{}, { preconditioner }]) {
        const result = conjugateGradients(operator(matrix), b, { ...options, relativeTolerance: 1e-11 });
        expect(result.end).toBe('converged');
        expect(distance(result.x, exact)).toBeLessThan(1e-8 * (1 + distance(exact, new Float64Array(n))));
      }
    }
  });

  it('needs as many steps as there are distinct eigenvalues', () => {
    const matrix = withEigenvalues(Array.from({ length: 40 }, (_, k) => [1, 4, 9][k % 3]!));
    const result = conjugateGradients(operator(matrix), vector(40), { relativeTolerance: 1e-9 });
    expect(result.iterations).toBeLessThanOrEqual(4);
  });

  it('is helped by a preconditioner on badly scaled systems', () => {
    const scales = Array.from({ length: 50 }, (_, k) => 10 ** (k % 5));
    const matrix = withEigenvalues(Array.from({ length: 50 }, () => 1 + 0.2 * random.uniform()));
    const scaled = Matrix.diag(scales).mmul(matrix).mmul(Matrix.diag(scales));
    const b = vector(50);
    const preconditioner: LinearOperator = (x, target) =>
      x.forEach((value, j) => (target[j] = value / scaled.get(j, j)));
    const plain = conjugateGradients(operator(scaled), b, { relativeTolerance: 1e-8, maxIterations: 200 });
    const helped = conjugateGradients(operator(scaled), b, { relativeTolerance: 1e-8, preconditioner });
    expect(helped.end).toBe('converged');
    expect(helped.iterations).toBeLessThan(0.5 * plain.iterations);
  });

  it('finds negative curvature, stops at its limit, and ends on nonsense', () => {
    const matrix = withEigenvalues([1, 2, 3, -1]);
    const result = conjugateGradients(operator(matrix), vector(4));
    expect(result.end).toBe('negative-curvature');
    const d = Matrix.columnVector(result.direction!);
    expect(d.transpose().mmul(matrix).mmul(d).get(0, 0)).toBeLessThanOrEqual(0);
    const slow = withEigenvalues(Array.from({ length: 30 }, (_, k) => 2 ** -k));
    expect(conjugateGradients(operator(slow), vector(30), { maxIterations: 3 }).iterations).toBe(3);
    expect(conjugateGradients((_, target) => target.fill(NaN), vector(3)).end).toBe('breakdown');
    expect(conjugateGradients(operator(matrix), new Float64Array(4)).end).toBe('converged');
  });
});

describe('minres', () => {
  it('solves indefinite systems as elimination does, plain and preconditioned', () => {
    for (let trial = 0; trial < 60; trial++) {
      const n = 2 + random.integer(24);
      const matrix = withEigenvalues(
        Array.from({ length: n }, (_, k) => (k % 2 === 0 ? 1 : -1) * (0.2 + 3 * random.uniform())),
      );
      const b = vector(n);
      const exact = solve(matrix, Matrix.columnVector(b)).to1DArray();
      const weights = vector(n).map((value) => 0.5 + Math.abs(value));
      const preconditioner: LinearOperator = (x, target) => x.forEach((value, j) => (target[j] = value * weights[j]!));
      for (const options of [{}, { preconditioner }]) {
        const result = minres(operator(matrix), b, { ...options, relativeTolerance: 1e-12, maxIterations: 20 * n });
        expect(['converged', 'least-squares']).toContain(result.end);
        expect(distance(result.x, exact)).toBeLessThan(1e-7 * (1 + distance(exact, new Float64Array(n))));
      }
    }
  });

  it('ends at a least-squares solution of singular systems that contradict themselves', () => {
    for (let trial = 0; trial < 30; trial++) {
      const n = 4 + random.integer(10);
      const matrix = withEigenvalues(Array.from({ length: n }, (_, k) => (k < 2 ? 0 : (k % 2 ? 1 : -1) * (1 + k / n))));
      const b = vector(n);
      const result = minres(operator(matrix), b, { maxIterations: 100 });
      expect(result.end).toBe('least-squares');
      const best = pseudoInverse(matrix).mmul(Matrix.columnVector(b));
      const least = matrix.mmul(best).sub(Matrix.columnVector(b)).norm();
      expect(result.residualNorm).toBeLessThan(least * (1 + 1e-6) + 1e-9);
    }
  });

  it('solves singular systems that do not', () => {
    const matrix = withEigenvalues([0, 0, 1, -2, 3, 4]);
    const b = Float64Array.from(matrix.mmul(Matrix.columnVector(vector(6))).to1DArray());
    const result = minres(operator(matrix), b);
    expect(result.end).toBe('converged');
    expect(result.residualNorm).toBeLessThan(1e-8);
  });

  it('lowers the residual with every step', () => {
    const matrix = withEigenvalues(Array.from({ length: 20 }, (_, k) => (k % 2 ? 1 : -1) * (0.1 + k)));
    const b = vector(20);
    let previous = Infinity;
    for (let steps = 1; steps <= 12; steps++) {
      const { residualNorm } = minres(operator(matrix), b, { maxIterations: steps });
      expect(residualNorm).toBeLessThanOrEqual(previous * (1 + 1e-10));
      previous = residualNorm;
    }
  });
});
