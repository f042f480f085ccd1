import { Matrix, SingularValueDecomposition } from 'ml-matrix';
import { describe, expect, test } from 'vitest';
import { inertiaCorrection, subproblemSolution, type QuadraticModel } from '../../../lib/kkt/index.js';
import { WorkingSetSolver } from '../../../lib/sqp/working-set-solver.js';
import { quickRandom } from '../../support/quick-random.js';
import { denseMatrixOf, randomModel } from '../../support/small-model.js';

const full = ({ structure, hessian }: QuadraticModel): number[][] => {
  const matrix = Array.from({ length: structure.variableCount }, () =>
    new Array<number>(structure.variableCount).fill(0),
  );
  hessian.forEach((value, k) => {
    const [i, j] = [structure.hessian.rows[k]!, structure.hessian.columns[k]!];
    matrix[i]![j] = matrix[j]![i] = value;
  });
  return matrix;
};

/** The least value over all choices of sides, each an equality-constrained problem solved by singular values. */
function bruteForce(model: QuadraticModel): { value: number; step: number[] } {
  const { variableCount: n, rowCount: m } = model.structure;
  const hessian = full(model);
  const rows = Array.from({ length: m }, (_, i) => Array.from(model.jacobian.subarray(i * n, (i + 1) * n)));
  const sides = [...rows.map((row, i) => ({ row, low: model.rowLower[i]!, high: model.rowUpper[i]! }))];
  for (let j = 0; j < n; j++) {
    const row = Array.from({ length: n }, (_, k) => (k === j ? 1 : 0));
    sides.push({ row, low: model.stepLower[j]!, high: model.stepUpper[j]! });
  }
  let best = { value: Infinity, step: [] as number[] };
  const choose = (k: number, held: { row: number[]; side: number }[]): void => {
    if (held.length > n + 2) return;
    if (k === sides.length) {
      const order = n + held.length;
      const matrix = Matrix.zeros(order, order);
      const right = Matrix.zeros(order, 1);
      for (let i = 0; i < n; i++) {
        for (let j = 0; j < n; j++) matrix.set(i, j, hessian[i]![j]!);
        right.set(i, 0, -model.gradient[i]!);
      }
      held.forEach(({ row, side }, h) => {
        row.forEach((value, j) => {
          matrix.set(n + h, j, value);
          matrix.set(j, n + h, value);
        });
        right.set(n + h, 0, side);
      });
      const step = new SingularValueDecomposition(matrix, { autoTranspose: true }).solve(right).to1DArray().slice(0, n);
      const feasible = sides.every(({ row, low, high }) => {
        const value = row.reduce((sum, entry, j) => sum + entry * step[j]!, 0);
        return value >= low - 1e-9 && value <= high + 1e-9;
      });
      if (!feasible) return;
      const value = step.reduce(
        (sum, d, i) =>
          sum + d * (model.gradient[i]! + 0.5 * step.reduce((inner, e, j) => inner + hessian[i]![j]! * e, 0)),
        0,
      );
      if (value < best.value) best = { value, step };
      return;
    }
    const { row, low, high } = sides[k]!;
    if (low !== high) choose(k + 1, held);
    if (low > -Infinity) choose(k + 1, [...held, { row, side: low }]);
    if (high < Infinity && high !== low) choose(k + 1, [...held, { row, side: high }]);
  };
  choose(0, []);
  return best;
}

describe('the working-set solver', () => {
  test('finds what brute force over all working sets finds, from any prediction', () => {
    const random = quickRandom(8);
    let solved = 0;
    let cases = 0;
    for (let k = 0; k < 60; k++) {
      const n = 1 + Math.floor(3 * random());
      const m = Math.floor(3 * random());
      const model = randomModel(n, m, random);
      const oracle = bruteForce(model);
      expect(oracle.value).toBeLessThan(Infinity);
      const solver = new WorkingSetSolver(denseMatrixOf(model), n, m, inertiaCorrection());
      for (let attempt = 0; attempt < 4; attempt++) {
        const solution = subproblemSolution(n, m);
        // Any side may be predicted, so that the set may be dependent or have more rows than variables.
        for (let j = 0; j < n; j++) solution.workingSet.variables[j] = Math.floor(3 * random()) - 1;
        for (let i = 0; i < m; i++) solution.workingSet.rows[i] = Math.floor(3 * random()) - 1;
        cases++;
        if (solver.solve(model, solution, 0, 25) !== 'solved') continue;
        solved++;
        solution.step.forEach((value, j) => expect(value).toBeCloseTo(oracle.step[j]!, 6));
      }
    }
    // The method may end undecided, and then something else takes over; but seldom.
    expect(solved).toBeGreaterThan(0.8 * cases);
  });

  test('a prediction that is right costs one factorisation', () => {
    const random = quickRandom(9);
    let right = 0;
    for (let k = 0; k < 40; k++) {
      const model = randomModel(5, 3, random);
      const solver = new WorkingSetSolver(denseMatrixOf(model), 5, 3, inertiaCorrection());
      const solution = subproblemSolution(5, 3);
      if (solver.solve(model, solution, 0, 25) !== 'solved') continue;
      right++;
      const before = solver.rounds;
      expect(solver.solve(model, solution, 0, 25)).toBe('solved');
      expect(solver.rounds - before).toBe(1);
    }
    expect(right).toBeGreaterThan(30);
  });
});
