import { Matrix, solve } from 'ml-matrix';
import { describe, expect, it } from 'vitest';
import { GramFactor } from '../../../lib/linalg/index.js';
import { randomStream } from '../../../lib/random/index.js';

describe('GramFactor', () => {
  it('stays the factor of the Gram matrix through rows added and deleted', () => {
    const random = randomStream(3, 'gram');
    let solves = 0;
    let refused = 0;
    let removed = 0;
    for (let trial = 0; trial < 40; trial++) {
      const length = 2 + random.integer(12);
      const count = 3 * length;
      const rows = Float64Array.from({ length: count * length }, () => random.normal());
      // A third of the rows are combinations of two others.
      for (let i = 2; i < count; i += 3) {
        for (let k = 0; k < length; k++) {
          rows[i * length + k] = rows[(i - 1) * length + k]! - 2 * rows[(i - 2) * length + k]!;
        }
      }
      const factor = new GramFactor(rows, length, length);
      const members = new Int32Array(length + 1);
      let size = 0;
      for (let step = 0; step < 60; step++) {
        if (size > 0 && random.uniform() < 0.4) {
          const position = random.integer(size);
          factor.remove(position);
          members.copyWithin(position, position + 1, size--);
          removed++;
        } else {
          const index = random.integer(count);
          const rowOf = (i: number): number[] => Array.from(rows.subarray(i * length, (i + 1) * length));
          const present = Array.from(members.subarray(0, size));
          const isDependent = new Matrix([...present, index].map(rowOf));
          if (factor.append(index, members)) members[size++] = index;
          else {
            refused++;
            // m − Mᵀc vanishes for the coefficients left behind.
            const rest = rowOf(index);
            present.forEach((i, p) => rowOf(i).forEach((value, k) => (rest[k]! -= factor.coefficients[p]! * value)));
            expect(Math.max(...rest.map(Math.abs))).toBeLessThan(1e-6 * isDependent.norm());
          }
        }
        expect(factor.size).toBe(size);
        if (size === 0) continue;
        const matrix = new Matrix(
          Array.from(members.subarray(0, size), (i) => Array.from(rows.subarray(i * length, (i + 1) * length))),
        );
        const gram = matrix.mmul(matrix.transpose());
        const b = Float64Array.from({ length: size }, () => random.normal());
        const x = b.slice();
        factor.solve(x);
        const back = gram.mmul(Matrix.columnVector(x)).to1DArray();
        const exact = solve(gram, Matrix.columnVector(b)).norm();
        b.forEach((value, k) => expect(Math.abs(back[k]! - value)).toBeLessThan(1e-10 * gram.norm() * (1 + exact)));
        solves++;
      }
    }
    expect(solves).toBeGreaterThan(1000);
    expect(refused).toBeGreaterThan(100);
    expect(removed).toBeGreaterThan(300);
  });
});
