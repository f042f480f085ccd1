import { EigenvalueDecomposition, Matrix } from 'ml-matrix';
import { expect, test } from 'vitest';
import { assembleSparse, isPositiveSemidefinite, SparseSymmetricFactor } from '../../../lib/linalg/index.js';
import { randomStream } from '../../../lib/random/index.js';

test('agrees with eigenvalues, with rows that stand alone among the others', () => {
  const random = randomStream(3, 'semidefinite');
  const n = 9;
  const counts = { semidefinite: 0, indefinite: 0 };
  for (let k = 0; k < 400; k++) {
    const dense = Matrix.zeros(n, n);
    const add = (i: number, j: number, value: number): void => {
      dense.set(i, j, dense.get(i, j) + value);
      if (i !== j) dense.set(j, i, dense.get(j, i) + value);
    };
    for (let i = 0; i < n; i++) if (random.uniform() < 0.5) add(i, i, 10 ** (4 * random.uniform() - 2));
    for (let pair = 0; pair < 3; pair++) {
      const i = Math.floor(random.uniform() * (n - 1));
      const c = random.normal();
      add(i, i, 1);
      add(i + 1, i + 1, c * c);
      // A little more than the diagonal bears, every other time.
      add(i + 1, i, c * (random.uniform() < 0.7 ? 1 : 1.5));
    }
    if (random.uniform() < 0.1) add(0, 0, -20);
    const entries = Array.from({ length: n * n }, (_, e) => [Math.floor(e / n), e % n] as const)
      .filter(([i, j]) => j <= i && dense.get(i, j) !== 0)
      .map(([i, j]) => [i, j, dense.get(i, j)] as const);
    const lower = assembleSparse(
      n,
      n,
      entries.map(([i]) => i),
      entries.map(([, j]) => j),
      entries.map(([, , value]) => value),
    ).matrix;
    const least = Math.min(...new EigenvalueDecomposition(dense).realEigenvalues);
    const expected = least > -1e-9;
    if (!expected && least > -1e-4) continue;
    counts[expected ? 'semidefinite' : 'indefinite']++;
    expect(isPositiveSemidefinite(lower)).toBe(expected);
  }
  expect(counts.semidefinite).toBeGreaterThan(80);
  expect(counts.indefinite).toBeGreaterThan(80);
});

test('many short columns with a small dense rest are factored by columns, a dense matrix by blocks', () => {
  const random = randomStream(4, 'bordered');
  const bordered = (free: number, rest: number): SparseSymmetricFactor => {
    const rows: number[] = [];
    const columns: number[] = [];
    for (let j = 0; j < free + rest; j++) {
      rows.push(j);
      columns.push(j);
      if (j >= free) continue;
      const [a, b] = [0, 1].map(() => free + Math.floor(random.uniform() * rest));
      rows.push(a!, b!);
      columns.push(j, j);
    }
    return new SparseSymmetricFactor(assembleSparse(free + rest, free + rest, rows, columns).matrix);
  };
  expect(bordered(9940, 212).kind).toBe('simplicial');
  expect(bordered(9940, 700).kind).toBe('supernodal');
});
