import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { assembleSparse, type SparseMatrix } from '../../../../lib/linalg/index.js';
import type { QuadraticProgram } from '../../../../lib/problem/index.js';
import { qpEvidence, solveQp, type QpResult } from '../../../../lib/qp/sparse/index.js';
import { optimalityFaults } from '../../../support/qp-checker.js';
import { familyProgram, qpFamilies } from '../../../support/qp-families.js';

interface StoredMatrix {
  rows: number;
  cols: number;
  colPtr: number[];
  rowIdx: number[];
  values: number[];
}

type Stored = Record<'P' | 'A', StoredMatrix> & Record<'q' | 'l' | 'u' | 'lb' | 'ub', (number | null)[]>;

const folder = join(import.meta.dirname, '../../../../../shared/cases/qp');
const present = existsSync(folder);
if (!present) console.warn(`skipped: QSIERRA and QBEACONF are not at ${folder}`);

function read(name: string): QuadraticProgram {
  const stored = JSON.parse(readFileSync(join(folder, `${name}.json`), 'utf8')) as Stored;
  const matrix = ({ rows, cols, colPtr, rowIdx, values }: StoredMatrix): SparseMatrix => ({
    kind: 'sparse',
    rows,
    columns: cols,
    columnStarts: Int32Array.from(colPtr),
    rowIndices: Int32Array.from(rowIdx),
    values: Float64Array.from(values),
  });
  const sides = (values: (number | null)[], absent: number): Float64Array =>
    Float64Array.from(values, (value) => value ?? absent);
  return {
    hessian: matrix(stored.P),
    linear: sides(stored.q, 0),
    constraintMatrix: matrix(stored.A),
    constraintLower: sides(stored.l, -Infinity),
    constraintUpper: sides(stored.u, Infinity),
    lower: sides(stored.lb, -Infinity),
    upper: sides(stored.ub, Infinity),
  };
}

/** To 1e-6, absolute and relative: residuals, gap, and the known value. */
function expectSolved(problem: QuadraticProgram, result: QpResult, objective: number | undefined): void {
  expect(result.termination, result.message).toBe('optimal');
  expect(optimalityFaults(problem, result.x, result.multipliers, result.boundMultipliers)).toEqual([]);
  const { dualResidual } = qpEvidence(problem, result.x, result.multipliers, result.boundMultipliers);
  expect(dualResidual).toBeLessThanOrEqual(1e-6);
  expect(result.residuals.absoluteInfeasibility).toBeLessThanOrEqual(1e-6);
  expect(result.dualityGap).toBeLessThanOrEqual(1e-6 * (1 + Math.abs(result.objective)));
  if (objective === undefined) return;
  expect(Math.abs(result.objective - objective)).toBeLessThanOrEqual(1e-6 * (1 + Math.abs(objective)));
}

describe.skipIf(!present)('Maros–Mészáros problems that stalled an unproximal iteration', () => {
  it('QSIERRA', () => {
    const problem = read('QSIERRA');
    const result = solveQp(problem);
    expectSolved(problem, result, 23750458.2);
  });

  it('QBEACONF', () => {
    const problem = read('QBEACONF');
    expectSolved(problem, solveQp(problem), undefined);
  });
});

describe('models like linear programs whose sizes span eight powers of ten', () => {
  it.each(qpFamilies)('%s', (family) => {
    for (let seed = 0; seed < 9; seed++) {
      const { problem, objective } = familyProgram(family, seed % 3 === 2 ? 200 : 60, seed);
      expectSolved(problem, solveQp(problem), objective);
      expectSolved(problem, solveQp(problem, { method: 'interior-point' }), objective);
    }
  });
});

describe('a limit of time', () => {
  it.each(qpFamilies)('is what a %s program that met it ends with, at every moment', (family) => {
    const { problem } = familyProgram(family, 120, 3, 6);
    let ended = 0;
    for (const polls of [1, 4, 10, 30, 70, 150, 300]) {
      let left = polls;
      const signal = {
        get aborted() {
          return --left < 0;
        },
      } as AbortSignal;
      const result = solveQp(problem, { method: 'interior-point' }, undefined, { signal });
      if (left >= 0) continue;
      ended++;
      if (result.termination !== 'optimal') expect(result.termination).toBe('interrupted');
    }
    expect(ended).toBeGreaterThan(3);
  });
});

describe('a Hessian that is not symmetric', () => {
  const rest = {
    linear: Float64Array.of(-1, -1),
    constraintLower: new Float64Array(0),
    constraintUpper: new Float64Array(0),
    lower: new Float64Array(2).fill(-Infinity),
    upper: new Float64Array(2).fill(Infinity),
  };
  const dense = (...values: number[]): QuadraticProgram => ({
    ...rest,
    hessian: { kind: 'dense', rows: 2, columns: 2, values: Float64Array.from(values) },
  });
  const named = /hessian must be symmetric, found .* at \(\d+, \d+\)/;

  it('is refused by name, dense or sparse, whichever triangle is missing', () => {
    expect(() => solveQp(dense(2, 1, 0, 2))).toThrow(named);
    expect(() => solveQp(dense(2, 0, 1, 2))).toThrow(named);
    for (const [row, column] of [
      [0, 1],
      [1, 0],
    ] as const) {
      // prettier-ignore
      const hessian = assembleSparse(2, 2, [0, 1, row], [0, 1, column], [2, 2, 1]).matrix;
      expect(() => solveQp({ ...rest, hessian })).toThrow(named);
    }
  });

  it('is taken where only rounding differs', () => {
    expect(solveQp(dense(2, 1, 1 + 1e-12, 2)).objective).toBeCloseTo(-1 / 3, 9);
  });
});
