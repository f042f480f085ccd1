import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  copyToDense,
  forEachEntry,
  lowerTriangle,
  submatrix,
  transpose,
  Triplets,
  type SparseMatrix,
} from '../../../lib/linalg/index.js';

const rows = 5;
const columns = 4;
/** Entries with repeated positions and zeros among them. */
const entries = fc.array(
  fc.tuple(fc.nat({ max: rows - 1 }), fc.nat({ max: columns - 1 }), fc.integer({ min: -3, max: 3 })),
  { maxLength: 30 },
);
const subset = (count: number): fc.Arbitrary<Int32Array> =>
  fc.subarray(Array.from({ length: count }, (_, k) => k)).map((chosen) => Int32Array.from(chosen));

function assembled(list: readonly (readonly [number, number, number])[]): SparseMatrix {
  const triplets = new Triplets();
  for (const [row, column, value] of list) triplets.add(row, column, value);
  return triplets.assemble(rows, columns).matrix;
}

function dense(matrix: SparseMatrix): number[][] {
  const values = new Float64Array(matrix.rows * matrix.columns);
  copyToDense(matrix, values);
  return Array.from({ length: matrix.rows }, (_, i) => [
    ...values.subarray(i * matrix.columns, (i + 1) * matrix.columns),
  ]);
}

describe('entries in any order', () => {
  test('add up at equal positions, each position stored once', () => {
    fc.assert(
      fc.property(entries, (list) => {
        const expected = Array.from({ length: rows }, () => new Array<number>(columns).fill(0));
        for (const [row, column, value] of list) expected[row]![column]! += value;
        const matrix = assembled(list);
        expect(dense(matrix)).toEqual(expected);
        const positions: string[] = [];
        forEachEntry(matrix, (row, column, value, slot) => {
          positions.push(`${row},${column}`);
          expect(matrix.values[slot]).toBe(value);
        });
        expect(positions).toHaveLength(new Set(list.map(([row, column]) => `${row},${column}`)).size);
      }),
    );
  });

  test('a matrix below another, and zeros on the diagonal', () => {
    const triplets = new Triplets();
    triplets.addMatrix(assembled([[0, 1, 2]]));
    triplets.addMatrix(assembled([[4, 3, 7]]), rows);
    triplets.addDiagonal(columns);
    expect(triplets.count).toBe(2 + columns);
    const { matrix } = triplets.assemble(2 * rows, columns);
    expect(matrix.values).toHaveLength(2 + columns);
    expect(dense(matrix)[0]).toEqual([0, 2, 0, 0]);
    expect(dense(matrix)[rows + 4]).toEqual([0, 0, 0, 7]);
  });

  test('outside the matrix are refused', () => {
    const triplets = new Triplets();
    triplets.add(rows, 0, 1);
    expect(() => triplets.assemble(rows, columns)).toThrow(RangeError);
  });
});

test('rows and columns of a matrix are those of the dense one', () => {
  fc.assert(
    fc.property(entries, subset(rows), subset(columns), (list, chosenRows, chosenColumns) => {
      const matrix = assembled(list);
      const expected = [...chosenRows].map((i) => [...chosenColumns].map((j) => dense(matrix)[i]![j]!));
      expect(dense(submatrix(matrix, chosenRows, chosenColumns))).toEqual(expected);
    }),
  );
});

test('the lower triangle of a symmetric matrix has its entries once, rows increasing', () => {
  fc.assert(
    fc.property(entries, (list) => {
      const square = list.filter(([row]) => row < columns);
      const triplets = new Triplets();
      for (const [row, column, value] of square) {
        triplets.add(row, column, value);
        if (row !== column) triplets.add(column, row, value);
      }
      const symmetric = triplets.assemble(columns, columns).matrix;
      const lower = lowerTriangle(symmetric, columns);
      const full = dense(symmetric);
      expect(dense(lower)).toEqual(full.map((row, i) => row.map((value, j) => (i >= j ? value : 0))));
      expect(transpose(transpose(lower)).rowIndices).toEqual(lower.rowIndices);
    }),
  );
});
