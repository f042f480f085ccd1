import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { SparseMatrix } from '../../lib/linalg/index.js';
import type { QuadraticProgram } from '../../lib/problem/index.js';
import { qpEvidence, solveQp } from '../../lib/qp/sparse/index.js';
import { optimalityFaults } from '../support/qp-checker.js';

const folder = join(import.meta.dirname, '../../../shared/data/maros-meszaros');
const names = existsSync(folder) ? readdirSync(folder).filter((file) => file.endsWith('.json')) : [];
if (names.length === 0) console.warn(`skipped: the Maros–Mészáros problems are not at ${folder}`);

interface StoredMatrix {
  rows: number;
  cols: number;
  colPtr: number[];
  rowIdx: number[];
  values: number[];
}

interface StoredProgram {
  P: StoredMatrix;
  q: number[];
  r: number;
  A: StoredMatrix;
  l: (number | null)[];
  u: (number | null)[];
  lb: (number | null)[];
  ub: (number | null)[];
  objective: number;
}

function readMatrix({ rows, cols, colPtr, rowIdx, values }: StoredMatrix): SparseMatrix {
  return {
    kind: 'sparse',
    rows,
    columns: cols,
    columnStarts: Int32Array.from(colPtr),
    rowIndices: Int32Array.from(rowIdx),
    values: Float64Array.from(values),
  };
}

function read(file: string): { problem: QuadraticProgram; objective: number } {
  const stored = JSON.parse(readFileSync(join(folder, file), 'utf8')) as StoredProgram;
  const sides = (values: (number | null)[], absent: number): Float64Array =>
    Float64Array.from(values, (value) => value ?? absent);
  return {
    objective: stored.objective,
    problem: {
      hessian: readMatrix(stored.P),
      linear: Float64Array.from(stored.q),
      constant: stored.r,
      constraintMatrix: readMatrix(stored.A),
      constraintLower: sides(stored.l, -Infinity),
      constraintUpper: sides(stored.u, Infinity),
      lower: sides(stored.lb, -Infinity),
      upper: sides(stored.ub, Infinity),
    },
  };
}

describe.skipIf(names.length === 0).each(['auto', 'interior-point'] as const)('Maros–Mészáros by %s', (method) => {
  it.each(names)('%s to 1e-6, absolute', (file) => {
    const { problem, objective } = read(file);
    const result = solveQp(problem, { method });
    expect(result.termination).toBe('optimal');
    expect(optimalityFaults(problem, result.x, result.multipliers, result.boundMultipliers)).toEqual([]);
    const { dualResidual } = qpEvidence(problem, result.x, result.multipliers, result.boundMultipliers);
    expect(dualResidual).toBeLessThanOrEqual(1e-6);
    expect(result.residuals.absoluteInfeasibility).toBeLessThanOrEqual(1e-6);
    expect(result.dualityGap).toBeLessThanOrEqual(1e-6 * (1 + Math.abs(result.objective)));
    expect(Math.abs(result.objective - objective)).toBeLessThanOrEqual(1e-5 * (1 + Math.abs(objective)));
  });
});
