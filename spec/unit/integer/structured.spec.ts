import { describe, expect, it, vi } from 'vitest';
import { compileNl } from '../../../lib/io/nl/index.js';
import { minimize } from '../../../lib/minimize/index.js';
import { randomStream } from '../../../lib/random/index.js';
import {
  binaryQuadratic,
  boxProgram,
  declaredProgram,
  enumerated,
  gridMinimum,
  smallLinearProgram,
} from '../../support/integer-programs.js';

// Generous: the limit guards against hanging, not against a busy machine.
vi.setConfig({ testTimeout: 300_000 });

const withoutEnumeration = { enumerationLimit: 0 };
const near = (a: number, b: number): boolean => Math.abs(a - b) <= 2e-6 * Math.max(1, Math.abs(b));

describe('mixed-integer linear programs', () => {
  it('agree with enumeration on 200 random ones, feasible or not', () => {
    const stream = randomStream(5, 'linear-programs');
    let feasible = 0;
    let nodes = 0;
    const wrong: string[] = [];
    for (let k = 0; k < 200; k++) {
      const data = smallLinearProgram(stream);
      const best = enumerated(data);
      const result = minimize(declaredProgram(data), withoutEnumeration);
      if (best < Infinity) feasible++;
      nodes += result.search!.nodeCount;
      const right =
        best === Infinity
          ? result.termination === 'infeasible' && result.message.length > 0
          : result.termination === 'optimal' && near(result.objective, best) && result.search!.bound <= best + 1e-9;
      if (!right) wrong.push(`${k}: ${result.termination} ${result.objective}, enumeration ${best}`);
    }
    expect(wrong).toEqual([]);
    expect(feasible).toBeGreaterThan(80);
    expect(feasible).toBeLessThan(180);
    expect(nodes).toBeLessThan(1000);
  });

  it('without a solution by parity end at once and say why', () => {
    const data = { costs: [1, 1], rows: [[2, -2]], rowLower: [1], rowUpper: [1], lower: [0, 0], upper: [1e6, 1e6] };
    const result = minimize(declaredProgram(data));
    expect(result.termination).toBe('infeasible');
    expect(result.message).toBe('2·x0 + -2·x1 = 1 has no solution in integers: its left-hand side is a multiple of 2.');
    expect(result.search!.nodeCount).toBe(0);
  });
});

describe('binary quadratic programs', () => {
  it('agree with enumeration', () => {
    const stream = randomStream(7, 'binary-quadratics');
    for (let k = 0; k < 24; k++) {
      const data = binaryQuadratic(stream, 4 + (k % 8), k % 3 === 0 ? 0.5 : 1);
      const best = enumerated(data);
      const result = minimize(declaredProgram(data), withoutEnumeration);
      expect(result.termination).toBe('optimal');
      expect(result.objective).toBeCloseTo(best, 9);
      expect(result.search!.bound).toBeLessThanOrEqual(best + 1e-9);
    }
  });

  it('agree with enumeration where rows hold them', () => {
    const stream = randomStream(9, 'binary-quadratics');
    let feasible = 0;
    for (let k = 0; k < 20; k++) {
      const n = 4 + (k % 5);
      const row = Array.from({ length: n }, () => 1 + stream.integer(5));
      const side = Math.round(row.reduce((sum, value) => sum + value, 0) / 2);
      const sides = k % 2 === 0 ? [-Infinity, side] : [side, side];
      const data = { ...binaryQuadratic(stream, n), rows: [row], rowLower: [sides[0]!], rowUpper: [sides[1]!] };
      const best = enumerated(data);
      const result = minimize(declaredProgram(data), withoutEnumeration);
      expect(result.termination).toBe(best === Infinity ? 'infeasible' : 'optimal');
      if (best === Infinity) continue;
      feasible++;
      expect(result.objective).toBeCloseTo(best, 9);
    }
    expect(feasible).toBeGreaterThan(14);
  });

  it('declared quadratic against the truth are not believed', () => {
    const data = binaryQuadratic(randomStream(1, 'binary-quadratics'), 6);
    const problem = declaredProgram(data);
    const result = minimize(
      { ...problem, objective: (x) => problem.objective(x) - 40 * x[0]! * x[1]! * x[2]! },
      withoutEnumeration,
    );
    expect(result.termination).toBe('locally-optimal');
    expect(result.search!.bound).toBe(-Infinity);
  });
});

describe('programs of known operations in a box', () => {
  it.each([
    ['integers', 4, 1],
    ['both kinds', 4, 0.5],
    ['continuous variables', 3, 0],
  ] as const)('of %s are solved to a proven optimum', (_name, most, share) => {
    const stream = randomStream(11, `box-${share}`);
    let proven = 0;
    for (let k = 0; k < 25; k++) {
      const program = boxProgram(stream, most, share);
      const grid = gridMinimum(program, program.integer.length > 3 ? 12 : 30);
      const result = minimize(compileNl(program.model), { ...withoutEnumeration, scope: 'global', maxNodes: 2000 });
      expect(result.objective, `${k}`).toBeLessThanOrEqual(grid + 1e-6 * Math.max(1, Math.abs(grid)));
      expect(result.search!.bound, `${k}`).toBeLessThanOrEqual(grid + 1e-9 * Math.max(1, Math.abs(grid)));
      expect(program.value([...result.x])).toBeCloseTo(result.objective, 8);
      if (result.termination === 'optimal') proven++;
    }
    expect(proven).toBeGreaterThanOrEqual(24);
  });
});
