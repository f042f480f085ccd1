import { describe, expect, test } from 'vitest';
import { denseMatrix, toSparse, type SymmetricMatrix } from '../../../lib/linalg/index.js';
import type { QuadraticProgram } from '../../../lib/problem/index.js';
import { qpEvidence, solveQp } from '../../../lib/qp/sparse/index.js';
import { inOwnVariableUnits, inVariableUnits, worthOfResiduals } from '../../../lib/qp/variable-units.js';

const square = (values: readonly number[]) => denseMatrix(2, 2, Float64Array.from(values));

const hessians: readonly SymmetricMatrix[] = [
  square([2, 0.5, 0.5, 1]),
  toSparse(square([2, 0.5, 0.5, 1])),
  { kind: 'diagonal', values: Float64Array.of(2, 1) },
  {
    kind: 'diagonal-plus-low-rank',
    diagonal: Float64Array.of(1, 2),
    factor: denseMatrix(2, 1, Float64Array.of(1, 0.5)),
    weights: Float64Array.of(3),
  },
];

function program(hessian: SymmetricMatrix): QuadraticProgram {
  return {
    hessian,
    linear: Float64Array.of(1, -3),
    constant: 7,
    constraintMatrix: denseMatrix(1, 2, Float64Array.of(1, 2)),
    constraintLower: Float64Array.of(-Infinity),
    constraintUpper: Float64Array.of(1),
    lower: Float64Array.of(-1, -2),
    upper: Float64Array.of(4, Infinity),
  };
}

describe('a program with its variables in other units', () => {
  test.each(hessians.map((hessian) => [hessian.kind, hessian] as const))(
    '%s Hessian: the same optimum',
    (_, hessian) => {
      const problem = program(hessian);
      const sizes = Float64Array.of(1 / 64, 4096);
      const own = solveQp(problem);
      const scaled = solveQp(inVariableUnits(problem, sizes, 8));
      expect(own.termination).toBe('optimal');
      expect(scaled.objective).toBeCloseTo(8 * own.objective, 6);
      const back = inOwnVariableUnits(scaled, sizes, 8);
      const evidence = qpEvidence(problem, back.x, back.multipliers, back.boundMultipliers);
      expect(evidence.objective).toBeCloseTo(own.objective, 7);
      expect(evidence.dualResidual).toBeLessThan(1e-6);
      expect(evidence.dualityGap).toBeLessThan(1e-6);
    },
  );
});

describe('what residuals are worth', () => {
  const box = (linear: readonly number[]): QuadraticProgram => ({
    linear: Float64Array.from(linear),
    constraintLower: new Float64Array(0),
    constraintUpper: new Float64Array(0),
    lower: Float64Array.of(0, 0),
    upper: Float64Array.of(1e-3, 1e3),
  });
  const at = (x: readonly number[], z: readonly number[]) => ({
    x: Float64Array.from(x),
    multipliers: new Float64Array(0),
    boundMultipliers: Float64Array.from(z),
  });

  test('a residual counts with the room of its variable downhill', () => {
    const { worth, objectiveSize, sizes } = worthOfResiduals(box([1, 1e-7]), at([0, 250], [-1, 0]));
    expect(worth).toBeCloseTo(250e-7, 12);
    expect(objectiveSize).toBeCloseTo(1e-3, 12);
    expect([...sizes]).toEqual([2 ** -10, 2 ** 10]);
  });

  test('none is worth nothing, and so is one without room', () => {
    expect(worthOfResiduals(box([1, 1e-7]), at([0, 0], [-1, -1e-7])).worth).toBe(0);
    expect(worthOfResiduals(box([1, 1e-7]), at([0, 0], [-1, 0])).worth).toBe(0);
  });

  test('a cost below the tolerance on a variable of large range is minimised', () => {
    const result = solveQp(box([1e-2, -1e-8]));
    expect(result.termination).toBe('optimal');
    expect(result.x[1]).toBeCloseTo(1e3, 6);
  });
});

test('an optimum at the origin, but for rounding, has no size: the linear minimax problem of 20 rows is solved at once', () => {
  const n = 21;
  const lines = Array.from({ length: 40 }, (_, i) => {
    const row = new Float64Array(n);
    row[i % 20] = i < 20 ? 1 : -1;
    row[20] = -1;
    return row;
  });
  const problem: QuadraticProgram = {
    linear: Float64Array.from({ length: n }, (_, j) => (j === 20 ? 1 : 0)),
    constraintMatrix: denseMatrix(40, n, Float64Array.from(lines.flatMap((row) => [...row]))),
    constraintLower: new Float64Array(40).fill(-Infinity),
    constraintUpper: new Float64Array(40),
    lower: new Float64Array(n).fill(-Infinity),
    upper: new Float64Array(n).fill(Infinity),
  };
  const result = solveQp(problem);
  expect(result.termination).toBe('optimal');
  expect(result.objective).toBeCloseTo(0, 12);
  const nearly = { ...result, x: result.x.map((_, j) => (j === 20 ? 1e-24 : 1e-28)) };
  expect(worthOfResiduals(problem, nearly).objectiveSize).toBe(1);
});
