import { EigenvalueDecomposition, Matrix } from 'ml-matrix';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { leastEigenpair } from '../../../lib/linalg/index.js';

test('finds the least eigenvalue that a dense decomposition finds, with its vector', () => {
  let indefinite = 0;
  fc.assert(
    fc.property(
      fc
        .integer({ min: 1, max: 12 })
        .chain((n) => fc.array(fc.double({ min: -10, max: 10, noNaN: true }), { minLength: n * n, maxLength: n * n })),
      (entries) => {
        const n = Math.round(Math.sqrt(entries.length));
        const square = new Matrix(n, n);
        // The dense decomposition fails on entries that vanish beside others.
        entries.forEach((value, k) => square.set(Math.floor(k / n), k % n, Math.abs(value) < 1e-9 ? 0 : value));
        const symmetric = square.add(square.transpose());
        const exact = Math.min(...new EigenvalueDecomposition(symmetric, { assumeSymmetric: true }).realEigenvalues);
        const scale = Math.max(1, ...symmetric.to1DArray().map(Math.abs));
        const multiply = (x: Float64Array, target: Float64Array) =>
          target.set(symmetric.mmul(Matrix.columnVector(x)).to1DArray());
        const least = leastEigenpair(multiply, n)!;
        if (exact < -1e-6 * scale) indefinite++;
        // Never below the least one, and at it unless the start misses its space.
        expect(least.value).toBeGreaterThan(exact - 1e-9 * scale * n);
        const product = new Float64Array(n);
        multiply(least.vector, product);
        const quotient = product.reduce((sum, value, i) => sum + value * least.vector[i]!, 0);
        expect(Math.abs(quotient - least.value)).toBeLessThan(1e-6 * scale * n);
        const norm = Math.hypot(...least.vector);
        expect(Math.abs(norm - 1)).toBeLessThan(1e-9);
        const distinct = new Set(entries.map((value) => value.toFixed(3))).size;
        if (distinct === entries.length) expect(Math.abs(least.value - exact)).toBeLessThan(1e-5 * scale * n);
      },
    ),
    { numRuns: 400 },
  );
  expect(indefinite).toBeGreaterThan(100);
});

test('sees the negative eigenvalue of a matrix whose diagonal is zero', () => {
  const least = leastEigenpair((x, target) => target.set([-196 * x[1]!, -196 * x[0]!, 7 * x[2]!]), 3)!;
  expect(least.value).toBeCloseTo(-196, 6);
});

test('gives up on products that are not finite', () => {
  expect(leastEigenpair((_, target) => target.fill(NaN), 4)).toBeUndefined();
});

test('takes an operator whose squares vanish for zero', () => {
  const tiny = -1.7e-161;
  const least = leastEigenpair((x, target) => target.set([tiny * x[1]!, tiny * x[0]!]), 2)!;
  expect(Math.abs(least.value)).toBeLessThan(1e-150);
  expect(Math.hypot(...least.vector)).toBeCloseTo(1, 12);
});
