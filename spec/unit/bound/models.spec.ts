import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { BoxModelMinimizer } from '../../../lib/bound/box-model.js';
import { DenseHessianModel, LimitedMemoryMatrix, OperatorHessianModel } from '../../../lib/bound/index.js';

/** Symmetric matrix with given eigenvalue range from random entries, as full rows. */
function symmetric(entries: readonly number[], size: number): number[][] {
  return Array.from({ length: size }, (_, i) =>
    Array.from({ length: size }, (_unused, j) => entries[i * size + j]! + entries[j * size + i]!),
  );
}

function value(matrix: readonly (readonly number[])[], gradient: ArrayLike<number>, step: ArrayLike<number>): number {
  return matrix.reduce(
    (sum, row, i) =>
      sum + step[i]! * (gradient[i]! + 0.5 * row.reduce((inner, entry, j) => inner + entry * step[j]!, 0)),
    0,
  );
}

const size = 3;
const cases = fc.record({
  entries: fc.array(fc.double({ min: -1, max: 1, noNaN: true }), { minLength: size * size, maxLength: size * size }),
  shift: fc.integer({ min: -2, max: 6 }),
  gradient: fc.array(fc.double({ min: -2, max: 2, noNaN: true }), { minLength: size, maxLength: size }),
});

describe('model over a box', () => {
  test('is minimised as well as by a grid where it is convex, and never ascends where it is not', () => {
    let convex = 0;
    fc.assert(
      fc.property(cases, ({ entries, shift, gradient }) => {
        const matrix = symmetric(entries, size).map((row, i) => row.map((entry, j) => entry + (i === j ? shift : 0)));
        const triangle = matrix.flatMap((row, i) => row.slice(0, i + 1));
        const dense = new DenseHessianModel(size, (_x, target) => {
          target.set(triangle);
          return true;
        });
        dense.load(new Float64Array(size));
        const operator = new OperatorHessianModel(size, {
          load: () => true,
          multiply: (vector, values) => dense.multiply(vector, values),
          diagonal: (values) => values.fill(1),
        });
        operator.load(new Float64Array(size));
        const low = new Float64Array(size).fill(-1);
        const high = new Float64Array(size).fill(1);
        const ones = new Float64Array(size).fill(1);
        let best = 0;
        for (let a = -1; a <= 1; a += 0.1) {
          for (let b = -1; b <= 1; b += 0.1) {
            for (let c = -1; c <= 1; c += 0.1) best = Math.min(best, value(matrix, gradient, [a, b, c]));
          }
        }
        const dominant = matrix.every((row, i) =>
          row.every((entry, j) => i !== j || entry > 0.2 + row.reduce((s, e, k) => s + (k === i ? 0 : Math.abs(e)), 0)),
        );
        if (dominant) convex++;
        for (const model of [dense, operator]) {
          const minimizer = new BoxModelMinimizer(size);
          const { predictedChange } = minimizer.minimize(
            model,
            Float64Array.from(gradient),
            low,
            high,
            ones,
            60,
            1e-10,
          );
          expect(minimizer.step.every((entry) => entry >= -1 && entry <= 1)).toBe(true);
          expect(predictedChange).toBeCloseTo(value(matrix, gradient, minimizer.step), 9);
          expect(predictedChange).toBeLessThanOrEqual(0);
          if (dominant) expect(predictedChange).toBeLessThanOrEqual(best + 1e-6);
        }
      }),
      { numRuns: 150, seed: 7 },
    );
    expect(convex).toBeGreaterThan(10);
  });
});

describe('limited-memory matrix', () => {
  test('is the BFGS matrix of its pairs, and inverts it on any subset of the variables', () => {
    const n = 4;
    const matrix = new LimitedMemoryMatrix(n, 5);
    const steps = [
      [1, 0.2, -0.3, 0],
      [0.1, 1, 0.4, -0.2],
      [-0.2, 0.3, 1, 0.5],
    ];
    const curvature = (s: readonly number[]): number[] =>
      s.map((entry, j) => (j + 1) * entry + 0.3 * (s[(j + 1) % n]! + s[(j + n - 1) % n]!));
    for (const step of steps) {
      expect(matrix.update(Float64Array.from(step), Float64Array.from(curvature(step)))).toBe(true);
    }
    expect(matrix.update(Float64Array.of(1, 0, 0, 0), Float64Array.of(-1, 0, 0, 0))).toBe(false);
    // Dense BFGS from θI with the θ of the newest pair.
    const dot = (a: readonly number[], b: readonly number[]): number =>
      a.reduce((sum, entry, j) => sum + entry * b[j]!, 0);
    const last = steps.at(-1)!;
    const theta = dot(curvature(last), curvature(last)) / dot(last, curvature(last));
    let dense = Array.from({ length: n }, (_, i) => Array.from({ length: n }, (_unused, j) => (i === j ? theta : 0)));
    for (const step of steps) {
      const y = curvature(step);
      const product = dense.map((row) => dot(row, step));
      const bend = dot(step, product);
      dense = dense.map((row, i) =>
        row.map((entry, j) => entry - (product[i]! * product[j]!) / bend + (y[i]! * y[j]!) / dot(step, y)),
      );
    }
    const probe = [0.3, -1, 2, 0.7];
    const values = new Float64Array(n);
    matrix.multiply(Float64Array.from(probe), values);
    values.forEach((entry, i) => expect(entry).toBeCloseTo(dot(dense[i]!, probe), 10));
    for (let mask = 1; mask < 2 ** n; mask++) {
      const free = Uint8Array.from({ length: n }, (_, j) => (mask >> j) & 1);
      matrix.direction(free, Float64Array.from(probe), 1e-8, values);
      for (let i = 0; i < n; i++) {
        if (free[i]) expect(dot(dense[i]!, [...values])).toBeCloseTo(-probe[i]!, 8);
        else expect(values[i]).toBe(0);
      }
    }
  });
});
