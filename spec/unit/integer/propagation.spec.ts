import { describe, expect, it } from 'vitest';
import { LinearPropagation } from '../../../lib/integer/propagation.js';
import { solveMinlp } from '../../../lib/integer/index.js';
import type { MixedIntegerNonlinearProgram } from '../../../lib/problem/index.js';
import { randomStream, type RandomStream } from '../../../lib/random/index.js';

const tolerance = 1e-6;

interface LinearRows {
  readonly problem: MixedIntegerNonlinearProgram;
  readonly matrix: readonly Float64Array[];
}

/** Integers, and one continuous variable at the end, under random affine rows; the last row is a circle. */
function randomRows(random: RandomStream): LinearRows {
  const integers = 1 + random.integer(4);
  const n = integers + 1;
  const rows = 1 + random.integer(4);
  const matrix = Array.from({ length: rows }, () =>
    Float64Array.from({ length: n }, () => (random.uniform() < 0.3 ? 0 : Math.round(4 * random.normal()))),
  );
  const constants = matrix.map(() => Math.round(3 * random.normal()));
  const lower = Float64Array.from({ length: n }, () => -random.integer(4));
  const upper = lower.map((value) => value + random.integer(6));
  if (random.uniform() < 0.3) upper[integers] = Infinity;
  const equality = random.uniform() < 0.3;
  const constraintUpper = Float64Array.from([...matrix.map(() => Math.round(4 * random.normal())), 1e6]);
  const constraintLower = constraintUpper.map((side, i) => (i === 0 && equality ? side : -Infinity));
  const problem: MixedIntegerNonlinearProgram = {
    integerVariables: Int32Array.from({ length: integers }, (_, k) => k),
    meta: {
      variableCount: n,
      constraintCount: rows + 1,
      lower,
      upper,
      constraintLower,
      constraintUpper,
      linearConstraints: Uint8Array.from([...matrix.map(() => 1), 0]),
      start: new Float64Array(n),
    },
    objective: () => 0,
    constraints: (x, values) => {
      matrix.forEach((row, i) => (values[i] = row.reduce((sum, value, k) => sum + value * x[k]!, constants[i]!)));
      values[rows] = x.reduce((sum, value) => sum + value * value, 0);
    },
    jacobian: (x, values) => {
      matrix.forEach((row, i) => values.set(row, i * n));
      x.forEach((value, k) => (values[rows * n + k] = 2 * value));
    },
  };
  return { problem, matrix };
}

/** True if some value of the continuous variable satisfies all rows at these integers. */
function completable({ problem, matrix }: LinearRows, x: Float64Array): boolean {
  const { lower, upper, constraintLower, constraintUpper, variableCount } = problem.meta;
  const last = variableCount - 1;
  const values = new Float64Array(matrix.length + 1);
  x[last] = 0;
  problem.constraints!(x, values);
  let least = lower[last]!;
  let most = upper[last]!;
  for (let i = 0; i < matrix.length; i++) {
    const slope = matrix[i]![last]!;
    const below = constraintLower[i]! - values[i]!;
    const above = constraintUpper[i]! - values[i]!;
    if (slope === 0 && (below > 1e-9 || above < -1e-9)) return false;
    if (slope === 0) continue;
    least = Math.max(least, slope > 0 ? below / slope : above / slope);
    most = Math.min(most, slope > 0 ? above / slope : below / slope);
  }
  return least <= most + 1e-9;
}

describe('bound tightening on affine rows', () => {
  it('loses no point, and calls empty only what is, on 3,000 random systems', () => {
    const random = randomStream(17, 'propagation');
    let emptied = 0;
    let tightened = 0;
    const lost: string[] = [];
    for (let k = 0; k < 3000; k++) {
      const rows = randomRows(random);
      const { meta, integerVariables } = rows.problem;
      const lower = meta.lower.slice();
      const upper = meta.upper.slice();
      const possible = new LinearPropagation(rows.problem, tolerance, 1e-5).tighten(lower, upper);
      if (!possible) emptied++;
      else if (integerVariables.some((j) => lower[j]! > meta.lower[j]! || upper[j]! < meta.upper[j]!)) tightened++;
      // The bounds of the continuous variable stay as they are.
      expect(lower.at(-1)).toBe(meta.lower.at(-1));
      expect(upper.at(-1)).toBe(meta.upper.at(-1));
      const x = meta.lower.slice();
      for (;;) {
        if (completable(rows, x)) {
          const inside = integerVariables.every((j) => x[j]! >= lower[j]! && x[j]! <= upper[j]!);
          if (!possible || !inside) lost.push(`${k}: ${x.join()}`);
        }
        let at = 0;
        while (at < integerVariables.length && x[at] === meta.upper[at]) x[at] = meta.lower[at++]!;
        if (at === integerVariables.length) break;
        x[at]!++;
      }
    }
    expect(lost).toEqual([]);
    expect(emptied).toBeGreaterThan(300);
    expect(tightened).toBeGreaterThan(500);
  });

  it('saves the relaxations of nodes that the rows rule out', () => {
    const random = randomStream(19, 'propagation');
    let claims = 0;
    for (let k = 0; k < 300; k++) {
      const rows = randomRows(random);
      const { lower, upper } = rows.problem.meta;
      if (new LinearPropagation(rows.problem, tolerance, 1e-5).tighten(lower.slice(), upper.slice())) continue;
      claims++;
      const result = solveMinlp({ ...rows.problem, meta: { ...rows.problem.meta, convex: true } }, () => {
        throw new Error('no relaxation should be solved');
      });
      expect(result.termination).toBe('infeasible');
      expect(result.relaxations).toBe(0);
    }
    expect(claims).toBeGreaterThan(20);
  });
});
