import { describe, expect, it } from 'vitest';
import { assembleSparse, denseMatrix, toSparse } from '../../../../lib/linalg/index.js';
import type { QuadraticProgram } from '../../../../lib/problem/index.js';
import { withoutDependentRows } from '../../../../lib/qp/sparse/dependent-rows.js';
import { qpEvidence, solveQp } from '../../../../lib/qp/sparse/index.js';
import { toSparseProgram } from '../../../../lib/qp/sparse/sparse-path.js';
import { randomStream } from '../../../../lib/random/index.js';
import { optimalityFaults } from '../../../support/qp-checker.js';
import { familyProgram } from '../../../support/qp-families.js';

interface Drawn {
  readonly problem: QuadraticProgram;
  /** Independent rows among the equations. */
  readonly rank: number;
  readonly equations: number;
}

/** `own` random equations through a point, `sums` combinations of them, and an inequality. `miss` is added to the last sum's side. */
function draw(seed: number, miss = 0): Drawn {
  const random = randomStream(seed, 'dependent rows');
  const n = 4 + Math.floor(9 * random.uniform());
  const own = 1 + Math.floor((n - 2) * random.uniform());
  const sums = Math.floor(4 * random.uniform()) + (miss === 0 ? 0 : 1);
  const row = (): number[] => {
    const scale = 10 ** (6 * random.uniform() - 3);
    return Array.from({ length: n }, () => (random.uniform() < 0.5 ? 0 : scale * random.normal()));
  };
  const rows = Array.from({ length: own }, (_, i) => row().map((value, j) => (j === i ? value + 1 : value)));
  for (let k = 0; k < sums; k++) {
    const weights = rows.slice(0, own).map(() => random.normal());
    rows.push(rows[0]!.map((_, j) => weights.reduce((sum, w, i) => sum + w * rows[i]![j]!, 0)));
  }
  rows.push(row());
  const point = Array.from({ length: n }, () => random.normal());
  const sides = rows.map((entries) => entries.reduce((sum, value, j) => sum + value * point[j]!, 0));
  const upper = Float64Array.from(sides);
  upper[rows.length - 2]! += miss;
  const lower = upper.slice();
  lower[rows.length - 1] = -Infinity;
  const hessian = denseMatrix(n, n);
  for (let j = 0; j < n; j++) hessian.values[j * n + j] = 1;
  const problem: QuadraticProgram = {
    hessian: toSparse(hessian),
    linear: Float64Array.from({ length: n }, () => random.normal()),
    constraintMatrix: toSparse(denseMatrix(rows.length, n, Float64Array.from(rows.flat()))),
    constraintLower: lower,
    constraintUpper: upper,
    lower: new Float64Array(n).fill(-Infinity),
    upper: new Float64Array(n).fill(Infinity),
  };
  return { problem, rank: rankOf(rows.slice(0, -1)), equations: rows.length - 1 };
}

/** By elimination with full pivoting on rows of length 1. */
function rankOf(rows: readonly (readonly number[])[]): number {
  const left = rows.map((row) => row.map((value) => value / (Math.hypot(...row) || 1)));
  for (let rank = 0; ; rank++) {
    let [at, column, largest] = [-1, -1, 1e-9];
    left.forEach((row, i) =>
      row.forEach((value, j) => {
        if (Math.abs(value) > largest) [at, column, largest] = [i, j, Math.abs(value)];
      }),
    );
    if (at < 0) return rank;
    const [pivot] = left.splice(at, 1);
    for (const row of left) {
      const factor = row[column]! / pivot![column]!;
      pivot!.forEach((value, j) => (row[j]! -= factor * value));
    }
  }
}

describe('equations that are combinations of others', () => {
  it('are left out, nearly always all of them, and no others', () => {
    let dependent = 0;
    let missed = 0;
    for (let seed = 0; seed < 300; seed++) {
      const { problem, rank, equations } = draw(seed);
      const thinned = withoutDependentRows(toSparseProgram(problem), () => false);
      if (rank < equations) dependent++;
      const count = thinned?.reduced.constraintCount ?? equations + 1;
      expect(count, `seed ${seed}`).toBeGreaterThanOrEqual(rank + 1);
      if (count > rank + 1) missed++;
    }
    expect(dependent).toBeGreaterThan(150);
    expect(missed).toBeLessThan(0.1 * dependent);
  });

  it('may have any number of entries', () => {
    const n = 200_000;
    const entries = Array.from({ length: 2 * n }, (_, k) => k);
    const constraintMatrix = assembleSparse(
      2,
      n,
      entries.map((k) => k % 2),
      entries.map((k) => Math.floor(k / 2)),
      entries.map((k) => 1 + (k % 2)),
    ).matrix;
    const problem: QuadraticProgram = {
      linear: new Float64Array(n),
      constraintMatrix,
      constraintLower: Float64Array.of(1, 2),
      constraintUpper: Float64Array.of(1, 2),
      lower: new Float64Array(n),
      upper: new Float64Array(n).fill(Infinity),
    };
    const thinned = withoutDependentRows(toSparseProgram(problem), () => false);
    expect(thinned?.reduced.constraintCount).toBe(1);
  });

  it('do not change the answer', () => {
    for (let seed = 0; seed < 100; seed++) {
      const { problem } = draw(seed);
      const result = solveQp(problem, { method: 'interior-point' });
      expect(result.termination, `seed ${seed}`).toBe('optimal');
      expect(optimalityFaults(problem, result.x, result.multipliers, result.boundMultipliers)).toEqual([]);
    }
  });

  it('that contradict the others are not lost', () => {
    let infeasible = 0;
    for (let seed = 0; seed < 60; seed++) {
      const { problem } = draw(seed, 1);
      const result = solveQp(problem, { method: 'interior-point' });
      expect(['infeasible', 'stalled'], `seed ${seed}`).toContain(result.termination);
      expect(result.primalStatus).not.toBe('feasible');
      if (result.termination === 'infeasible') infeasible++;
    }
    expect(infeasible).toBeGreaterThanOrEqual(57);
  });

  it('no longer keep a program over twelve powers of ten from being solved', () => {
    for (const seed of [1, 2, 3, 5]) {
      const { problem, objective } = familyProgram('rank-deficient', 300, seed, 6);
      const result = solveQp(problem);
      const { residuals, dualResidual } = qpEvidence(problem, result.x, result.multipliers, result.boundMultipliers);
      expect(residuals.absoluteInfeasibility).toBeLessThanOrEqual(1e-6);
      expect(dualResidual).toBeLessThanOrEqual(1e-6);
      expect(Math.abs(result.objective - objective)).toBeLessThanOrEqual(1e-6 * (1 + Math.abs(objective)));
    }
  });
});
