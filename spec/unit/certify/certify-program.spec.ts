import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { certifyProgram } from '../../../lib/certify/index.js';
import { sha256Now } from '../../../lib/certify/sha256.js';
import { solveExactly } from '../../../lib/certify/exact-solve.js';
import { neighbour, roundedDown, roundedUp } from '../../../lib/certify/rational.js';
import { denseMatrix } from '../../../lib/linalg/index.js';
import type { QuadraticProgram } from '../../../lib/problem/index.js';
import { solveQp } from '../../../lib/qp/sparse/index.js';
import { randomStream } from '../../../lib/random/index.js';
import { Dyadic } from '../../../lib/verify/programs/index.js';
import { programKinds, sampleProgram, type SampleProgram } from '../../support/programs.js';

/** The least objective over all whole points of a small box, undefined if none keeps the rows. */
function bruteForce({ program }: SampleProgram): number | undefined {
  const { linear, lower, upper, hessian, constraintMatrix, constraintLower, constraintUpper, constant = 0 } = program;
  const n = linear.length;
  const a = (constraintMatrix as { values: Float64Array }).values;
  const p = (hessian as { values: Float64Array } | undefined)?.values;
  const x = Float64Array.from(lower);
  let best: number | undefined;
  for (;;) {
    const keeps = constraintLower.every((low, i) => {
      let sum = 0;
      for (let j = 0; j < n; j++) sum += a[i * n + j]! * x[j]!;
      return sum >= low && sum <= constraintUpper[i]!;
    });
    if (keeps) {
      let value = constant;
      for (let j = 0; j < n; j++) {
        value += linear[j]! * x[j]!;
        if (p) for (let k = 0; k < n; k++) value += 0.5 * p[j * n + k]! * x[j]! * x[k]!;
      }
      best = best === undefined ? value : Math.min(best, value);
    }
    let j = 0;
    while (j < n && x[j] === upper[j]) x[j] = lower[j++]!;
    if (j === n) return best;
    x[j]!++;
  }
}

describe('certifyProgram', () => {
  it.each(programKinds)('%s: proves what the program was made for, points and bounds next to each other', (kind) => {
    for (let seed = 1; seed <= 12; seed++) {
      const { program, integers } = sampleProgram(seed, kind);
      const { verdict, reason } = certifyProgram(program, { integers });
      expect(reason, `seed ${seed}`).toBeUndefined();
      if (kind.endsWith('infeasible')) expect(verdict!.bound).toBe(Infinity);
      else if (kind.endsWith('unbounded')) expect(verdict!.isUnbounded).toBe(true);
      else {
        expect(verdict!.tolerance, `seed ${seed}`).toBe(0);
        const gap = integers.length > 0 ? 1.1e-9 : 1e-13;
        expect(verdict!.value! - verdict!.bound!).toBeLessThanOrEqual(gap * Math.max(1, Math.abs(verdict!.value!)));
      }
    }
  });

  it.each(['integer-linear', 'integer-quadratic', 'integer-infeasible'] as const)(
    '%s: agrees with every point looked at',
    (kind) => {
      for (let seed = 20; seed < 32; seed++) {
        const sample = sampleProgram(seed, kind);
        const least = bruteForce(sample);
        const { verdict } = certifyProgram(sample.program, { integers: sample.integers });
        if (least === undefined) expect(verdict!.bound).toBe(Infinity);
        else {
          // Sums of 64ths are exact.
          expect(verdict!.value).toBe(least);
          expect(verdict!.bound!).toBeLessThanOrEqual(least);
        }
      }
    },
  );

  const tiny = (changes: Partial<QuadraticProgram>): QuadraticProgram => ({
    linear: Float64Array.of(1),
    lower: Float64Array.of(0),
    upper: Float64Array.of(1),
    constraintLower: new Float64Array(0),
    constraintUpper: new Float64Array(0),
    ...changes,
  });

  it('says why there is no certificate', () => {
    const concave = tiny({ hessian: { kind: 'diagonal', values: Float64Array.of(-1) } });
    expect(certifyProgram(concave).reason).toContain('positive semidefinite');
    const thirds = {
      kind: 'diagonal-plus-low-rank',
      diagonal: Float64Array.of(0),
      factor: denseMatrix(1, 1, Float64Array.of(0.1)),
      weights: Float64Array.of(1),
    } as const;
    expect(certifyProgram(tiny({ hessian: thirds })).reason).toContain('no double');
    expect(
      certifyProgram(tiny({ lower: Float64Array.of(Infinity), upper: Float64Array.of(Infinity) })).reason,
    ).toContain('lower[0]');
    // Free, with costs that the rows meet in doubles alone: exactly, the objective falls without end.
    const free = tiny({
      linear: Float64Array.of(0.1, 0.3),
      lower: Float64Array.of(-Infinity, -Infinity),
      upper: Float64Array.of(Infinity, Infinity),
      constraintMatrix: denseMatrix(1, 2, Float64Array.of(1, 3)),
      constraintLower: Float64Array.of(1),
      constraintUpper: Float64Array.of(Infinity),
    });
    expect(certifyProgram(free).verdict?.bound).toBeUndefined();
  });

  it('stands numbers of any size, and results that are none', () => {
    const huge = tiny({
      linear: Float64Array.of(1e300),
      lower: Float64Array.of(-1e300),
      upper: Float64Array.of(5e-324),
    });
    expect(certifyProgram(huge).reason ?? certifyProgram(huge).verdict).toBeDefined();
    const small = tiny({ linear: Float64Array.of(5e-324), lower: Float64Array.of(1e-300) });
    expect(certifyProgram(small).verdict!.bound).toBe(0);
    const result = { ...solveQp(tiny({})), x: Float64Array.of(NaN), multipliers: new Float64Array(0) };
    expect(certifyProgram(tiny({}), { result }).verdict!.bound).toBe(0);
    const empty = tiny({
      linear: new Float64Array(0),
      lower: new Float64Array(0),
      upper: new Float64Array(0),
      constant: 3,
    });
    expect(certifyProgram(empty).verdict).toMatchObject({ value: 3, bound: 3 });
    expect(() => certifyProgram(tiny({}), { integers: [1] })).toThrow(RangeError);
    expect(() => certifyProgram(tiny({ lower: new Float64Array(2) }))).toThrow(RangeError);
  });

  it('proves crossed sides, and products of a factor that are doubles', () => {
    expect(certifyProgram(tiny({ lower: Float64Array.of(2) })).verdict!.bound).toBe(Infinity);
    const row = {
      constraintMatrix: denseMatrix(1, 1, Float64Array.of(1)),
      constraintLower: Float64Array.of(2),
      constraintUpper: Float64Array.of(1),
    };
    expect(certifyProgram(tiny(row)).verdict!.bound).toBe(Infinity);
    const factor = {
      kind: 'diagonal-plus-low-rank',
      diagonal: Float64Array.of(0),
      factor: denseMatrix(1, 1, Float64Array.of(2)),
      weights: Float64Array.of(1),
    } as const;
    expect(certifyProgram(tiny({ hessian: factor, linear: Float64Array.of(-2) })).verdict).toMatchObject({
      value: -0.5,
      bound: -0.5,
    });
  });

  it('keeps to its limits and still proves a bound', () => {
    // Knapsacks of equal pairs branch long.
    const n = 30;
    const random = randomStream(5, 'knapsack');
    const weights = Float64Array.from({ length: n }, () => 2 * Math.floor(50 + 50 * random.uniform()));
    const program = {
      linear: weights.map((weight) => -weight),
      lower: new Float64Array(n),
      upper: new Float64Array(n).fill(1),
      constraintMatrix: denseMatrix(1, n, weights),
      constraintLower: Float64Array.of(-Infinity),
      constraintUpper: Float64Array.of(2 * Math.floor(weights.reduce((a, b) => a + b) / 4) + 1),
    };
    const { verdict, reason } = certifyProgram(program, {
      integers: Array.from({ length: n }, (_, j) => j),
      maxNodes: 50,
    });
    expect(reason).toBeUndefined();
    expect(verdict!.bound!).toBeGreaterThan(-program.constraintUpper[0]! - 1);
    expect(verdict!.bound!).toBeLessThanOrEqual(verdict!.value ?? 0);
  });
});

describe('exact tools', () => {
  it('hash as the platform does', () => {
    for (const text of ['', 'abc', 'ü'.repeat(999), ...[55, 56, 63, 64, 65, 119, 120].map((k) => 'x'.repeat(k))]) {
      expect(sha256Now(text)).toBe(createHash('sha256').update(text).digest('hex'));
    }
  });

  it('round quotients to the neighbouring doubles', () => {
    const random = randomStream(7, 'quotients');
    for (let k = 0; k < 2000; k++) {
      const size = (): number => (random.uniform() - 0.5) * 2 ** Math.floor(2000 * random.uniform() - 1000);
      const [a, b] = [Dyadic.of(size()), Dyadic.of(Math.abs(size()))];
      const down = roundedDown(a, b);
      const up = roundedUp(a, b);
      if (Number.isFinite(down)) expect(Dyadic.of(down).times(b).isAtMost(a)).toBe(true);
      if (Number.isFinite(up)) expect(a.isAtMost(Dyadic.of(up).times(b))).toBe(true);
      expect(up === down || up === neighbour(down, 1)).toBe(true);
    }
  });

  it('solve equations exactly, dependent ones left out', () => {
    const random = randomStream(9, 'equations');
    for (let trial = 0; trial < 40; trial++) {
      const n = 1 + (trial % 12);
      const rows = Array.from({ length: n + 2 }, () => Array.from({ length: n }, () => random.uniform() - 0.5));
      // The last two are sums of others.
      rows[n] = rows[0]!.map((value) => value * 2);
      rows[n + 1] = rows[0]!.map((value) => value * 4);
      const right = [...Array.from({ length: n }, () => random.uniform()), 0, 0];
      right[n] = right[0]! * 2;
      right[n + 1] = right[0]! * 4;
      const equations = rows.map((row, i) => ({
        unknowns: row.map((_, j) => j),
        values: row.map((value) => Dyadic.of(value)),
        right: Dyadic.of(right[i]!),
      }));
      const found = solveExactly(
        equations,
        rows[0]!.map((_, j) => j),
        rows[0]!.map(() => Dyadic.zero),
      )!;
      for (const { values, right: side } of equations) {
        const sum = values.reduce((total, value, j) => total.plus(value.times(found.entries[j]!)), Dyadic.zero);
        expect(sum.minus(side.times(found.over)).sign).toBe(0);
      }
    }
  });
});
