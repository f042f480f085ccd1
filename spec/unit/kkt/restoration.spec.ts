import { Matrix, SingularValueDecomposition } from 'ml-matrix';
import { describe, expect, test } from 'vitest';
import {
  DenseKkt,
  denseLowerTriangle,
  densePattern,
  Evaluation,
  Iterate,
  modelStructure,
} from '../../../lib/kkt/index.js';
import { Restoration } from '../../../lib/kkt/index.js';
import type { NonlinearProgram } from '../../../lib/problem/index.js';
import { quickRandom } from '../../support/quick-random.js';

/** Equality rows a·x + w·(a·x)³ = b from a start, without an objective. */
function rowsProblem(rows: readonly number[][], sides: readonly number[], cubic = 0): NonlinearProgram {
  const n = rows[0]!.length;
  const m = rows.length;
  const product = (row: readonly number[], x: Float64Array) => row.reduce((sum, a, j) => sum + a * x[j]!, 0);
  return {
    meta: {
      variableCount: n,
      constraintCount: m,
      lower: new Float64Array(n).fill(-Infinity),
      upper: new Float64Array(n).fill(Infinity),
      constraintLower: Float64Array.from(sides),
      constraintUpper: Float64Array.from(sides),
      start: new Float64Array(n),
    },
    objective: () => 0,
    gradient: (_x, values) => void values.fill(0),
    constraints: (x, values) =>
      rows.forEach((row, i) => void (values[i] = product(row, x) + cubic * product(row, x) ** 3)),
    jacobian: (x, values) => {
      rows.forEach((row, i) => {
        const slope = 1 + 3 * cubic * product(row, x) ** 2;
        row.forEach((a, j) => (values[i * n + j] = a * slope));
      });
    },
  };
}

function restore(problem: NonlinearProgram) {
  const { variableCount: n, constraintCount: m } = problem.meta;
  const structure = modelStructure(n, m, denseLowerTriangle(n), densePattern(m, n));
  const iterate = new Iterate(new Evaluation(problem, 1e-8), structure);
  iterate.current.x.set(problem.meta.start);
  iterate.evaluation.functions(iterate.current);
  iterate.differentiate();
  let steps = 0;
  const outcome = new Restoration(new DenseKkt(structure), iterate).run({
    acceptable: () => false,
    goal: 1e-10,
    expired: () => false,
    onStep: () => steps++,
    hessian: undefined,
  });
  return { outcome, x: iterate.current.x, steps, violation: iterate.evaluation.violation(iterate.current) };
}

const random = quickRandom(21);
const matrixOf = (m: number, n: number) =>
  Array.from({ length: m }, () => Array.from({ length: n }, () => 2 * random() - 1));

describe('restoration', () => {
  test('reaches rows that have a common point, linear or not, dependent or not', () => {
    let dependent = 0;
    for (let k = 0; k < 60; k++) {
      const n = 2 + (k % 4);
      const rows = matrixOf(1 + (k % 3), n);
      const there = Float64Array.from({ length: n }, () => 4 * random() - 2);
      if (k % 5 === 0) {
        rows.push(rows[0]!.map((a) => 2 * a));
        dependent++;
      }
      const cubic = k % 2 === 0 ? 0 : 0.3;
      const sides = new Float64Array(rows.length);
      rowsProblem(rows, [], cubic).constraints!(there, sides);
      const { outcome, violation } = restore(rowsProblem(rows, Array.from(sides), cubic));
      expect(outcome).toBe('restored');
      expect(violation).toBeLessThanOrEqual(1e-10);
    }
    expect(dependent).toBe(12);
  });

  test('ends at the least-squares point of rows that contradict each other', () => {
    for (let k = 0; k < 40; k++) {
      const n = 1 + (k % 4);
      const rows = matrixOf(n + 2, n);
      const sides = Array.from({ length: n + 2 }, () => 4 * random() - 2);
      const { outcome, x } = restore(rowsProblem(rows, sides));
      const oracle = new SingularValueDecomposition(new Matrix(rows)).solve(Matrix.columnVector(sides)).to1DArray();
      expect(outcome).toBe('stationary');
      oracle.forEach((value, j) => expect(x[j]!).toBeCloseTo(value, 5));
    }
  });
});
