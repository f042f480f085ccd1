import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { dumpQuadraticProgram, iterationTable, readQuadraticProgram, subproblemAt } from '../../../lib/debug/index.js';
import type { Matrix, SymmetricMatrix } from '../../../lib/linalg/index.js';
import { minimize } from '../../../lib/minimize/index.js';
import type { NonlinearProgram, QuadraticProgram } from '../../../lib/problem/index.js';
import { solveQp } from '../../../lib/qp/sparse/index.js';
import type { IterationRecord } from '../../../lib/solver/index.js';
import { solveSqp } from '../../../lib/sqp/index.js';

/** Hock and Schittkowski's problem 71: every kind of side, without second derivatives. */
const hs071: NonlinearProgram = {
  meta: {
    variableCount: 4,
    constraintCount: 2,
    lower: Float64Array.of(1, 1, 1, 1),
    upper: Float64Array.of(5, 5, 5, Infinity),
    constraintLower: Float64Array.of(25, 40),
    constraintUpper: Float64Array.of(Infinity, 40),
    start: Float64Array.of(1, 5, 5, 1),
  },
  objective: ([a, b, c, d]) => a! * d! * (a! + b! + c!) + c!,
  constraints: ([a, b, c, d], values) => {
    values[0] = a! * b! * c! * d!;
    values[1] = a! ** 2 + b! ** 2 + c! ** 2 + d! ** 2;
  },
};

const numbers = (length: number) =>
  fc.array(fc.double(), { minLength: length, maxLength: length }).map((list) => Float64Array.from(list));

const matrices = (rows: number, columns: number): fc.Arbitrary<Matrix> =>
  fc.oneof(
    numbers(rows * columns).map((values) => ({ kind: 'dense' as const, rows, columns, values })),
    fc
      .tuple(numbers(rows * columns), fc.array(fc.boolean(), { minLength: rows * columns, maxLength: rows * columns }))
      .map(([values, kept]) => {
        const columnStarts = Int32Array.from(
          { length: columns + 1 },
          (_, j) => kept.slice(0, j * rows).filter(Boolean).length,
        );
        const places = kept.flatMap((here, k) => (here ? [k] : []));
        return {
          kind: 'sparse' as const,
          rows,
          columns,
          columnStarts,
          rowIndices: Int32Array.from(places, (k) => k % rows),
          values: Float64Array.from(places, (k) => values[k]!),
        };
      }),
  );

const hessians = (n: number): fc.Arbitrary<SymmetricMatrix> =>
  fc.oneof(
    matrices(n, n),
    numbers(n).map((values) => ({ kind: 'diagonal' as const, values })),
    fc.tuple(numbers(n), numbers(2 * n), numbers(2)).map(([diagonal, values, weights]) => ({
      kind: 'diagonal-plus-low-rank' as const,
      diagonal,
      factor: { kind: 'dense' as const, rows: n, columns: 2, values },
      weights,
    })),
  );

const programs: fc.Arbitrary<QuadraticProgram> = fc
  .tuple(fc.integer({ min: 1, max: 4 }), fc.integer({ min: 1, max: 3 }))
  .chain(([n, m]) =>
    fc.record(
      {
        hessian: hessians(n),
        linear: numbers(n),
        constant: fc.double(),
        constraintMatrix: matrices(m, n),
        constraintLower: numbers(m),
        constraintUpper: numbers(m),
        lower: numbers(n),
        upper: numbers(n),
      },
      { requiredKeys: ['linear', 'constraintLower', 'constraintUpper', 'lower', 'upper'] },
    ),
  );

const small = {
  hessian: {
    kind: 'sparse' as const,
    rows: 2,
    columns: 2,
    columnStarts: Int32Array.of(0, 2, 4),
    rowIndices: Int32Array.of(0, 1, 0, 1),
    values: Float64Array.of(2, 1, 1, 2),
  },
  linear: Float64Array.of(-3, 0.1),
  constraintMatrix: { kind: 'dense' as const, rows: 1, columns: 2, values: Float64Array.of(1, 1) },
  constraintLower: Float64Array.of(-Infinity),
  constraintUpper: Float64Array.of(1),
  lower: Float64Array.of(-0, 0),
  upper: Float64Array.of(Infinity, 7),
};

describe('the dump of a quadratic program', () => {
  it('is read back bit for bit', () => {
    const kinds = new Set<string>();
    fc.assert(
      fc.property(programs, (program) => {
        kinds.add(program.hessian?.kind ?? 'none').add(`rows ${program.constraintMatrix?.kind ?? 'none'}`);
        expect(readQuadraticProgram(dumpQuadraticProgram(program))).toStrictEqual({ ...program });
      }),
      { numRuns: 500, seed: 18 },
    );
    expect(kinds.size).toBe(8);
  });

  it('is solved as the program itself', () => {
    const [found, again] = [small, readQuadraticProgram(dumpQuadraticProgram(small))].map((program) =>
      solveQp(program),
    );
    expect(again!.x).toStrictEqual(found!.x);
    expect([found!.termination, again!.iterations]).toEqual(['optimal', found!.iterations]);
  });

  it.each<[string, (dump: Record<string, object>) => unknown, string]>([
    ['text', () => 'no dump', 'the dump is not JSON'],
    ['null', () => 'null', 'the dump must be an object'],
    ['another format', (dump) => ({ ...dump, format: 'x' }), 'format must be'],
    ['a later version', (dump) => ({ ...dump, version: 2 }), 'version must be 1'],
    ['a word for a number', (dump) => ({ ...dump, linear: [1, 'two'] }), 'linear[1] must be a number'],
    ['a short list', (dump) => ({ ...dump, upper: [1] }), 'upper must be a list of 2'],
    [
      'a row outside',
      (dump) => ({ ...dump, hessian: { ...dump['hessian'], rowIndices: [0, 2, 0, 1] } }),
      'hessian.rowIndices[1] must be',
    ],
    [
      'rows that fall',
      (dump) => ({ ...dump, hessian: { ...dump['hessian'], rowIndices: [1, 0, 0, 1] } }),
      'hessian.rowIndices must be rows that rise',
    ],
    [
      'starts that fall',
      (dump) => ({ ...dump, hessian: { ...dump['hessian'], columnStarts: [0, 4, 2] } }),
      'hessian.rowIndices must be',
    ],
    [
      'entries of no column',
      (dump) => ({ ...dump, hessian: { ...dump['hessian'], columnStarts: [1, 2, 4] } }),
      'hessian.columnStarts must be',
    ],
    [
      'another shape',
      (dump) => ({ ...dump, constraintMatrix: { kind: 'dense', rows: 1, columns: 3, values: [1, 2, 3] } }),
      'constraintMatrix.columns must be 2',
    ],
    [
      'an unknown matrix',
      (dump) => ({ ...dump, constraintMatrix: { kind: 'banded', rows: 1, columns: 2 } }),
      'constraintMatrix.kind must be',
    ],
  ])('is refused where it is %s', (_what, change, message) => {
    const changed = change(JSON.parse(dumpQuadraticProgram(small)) as Record<string, object>);
    expect(() => readQuadraticProgram(typeof changed === 'string' ? changed : JSON.stringify(changed))).toThrow(
      message,
    );
  });
});

describe('the subproblem of a nonlinear program', () => {
  const solved = minimize(hs071);

  it('at a solution has no step and the multipliers of the solution', () => {
    const { x, multipliers, boundMultipliers } = solved;
    const step = solveQp(subproblemAt(hs071, x, multipliers), { method: 'active-set' });
    // The Hessian is indefinite away from the active rows; where the method refuses it the point is judged by its conditions below.
    if (step.termination === 'optimal') for (const d of step.x) expect(Math.abs(d)).toBeLessThan(1e-5);
    const { linear, constraintMatrix, constraintLower, constraintUpper, lower } = subproblemAt(hs071, x, multipliers);
    if (constraintMatrix?.kind !== 'sparse') throw new Error('expected a sparse matrix');
    const residual = linear.map((g, j) => {
      let sum = g + boundMultipliers[j]!;
      for (let k = constraintMatrix.columnStarts[j]!; k < constraintMatrix.columnStarts[j + 1]!; k++) {
        sum += constraintMatrix.values[k]! * multipliers[constraintMatrix.rowIndices[k]!]!;
      }
      return sum;
    });
    for (const value of residual) expect(Math.abs(value)).toBeLessThan(1e-5);
    expect(constraintLower[0]).toBeCloseTo(0, 6);
    expect([constraintUpper[0], constraintUpper[1]! - constraintLower[1]!]).toEqual([Infinity, 0]);
    expect(lower[0]).toBeCloseTo(0, 6);
  });

  it('follows the Lagrangian to third order', () => {
    const [x, y] = [Float64Array.of(1.3, 4, 3.5, 1.6), Float64Array.of(-0.5, 0.2)];
    const { hessian, linear, constraintMatrix } = subproblemAt(hs071, x, y);
    if (hessian?.kind !== 'sparse' || constraintMatrix?.kind !== 'sparse') throw new Error('expected sparse matrices');
    const lagrangian = (point: Float64Array) => {
      const c = new Float64Array(2);
      hs071.constraints!(point, c);
      return hs071.objective(point) + y[0]! * c[0]! + y[1]! * c[1]!;
    };
    const direction = Float64Array.of(0.3, -0.7, 0.5, 0.4);
    let [slope, curvature] = [0, 0];
    for (let j = 0; j < 4; j++) {
      slope += linear[j]! * direction[j]!;
      for (let k = constraintMatrix.columnStarts[j]!; k < constraintMatrix.columnStarts[j + 1]!; k++) {
        slope += y[constraintMatrix.rowIndices[k]!]! * constraintMatrix.values[k]! * direction[j]!;
      }
      for (let k = hessian.columnStarts[j]!; k < hessian.columnStarts[j + 1]!; k++) {
        curvature += direction[hessian.rowIndices[k]!]! * hessian.values[k]! * direction[j]!;
      }
    }
    const errorAt = (t: number) =>
      Math.abs(
        lagrangian(x.map((value, j) => value + t * direction[j]!)) -
          lagrangian(x) -
          t * slope -
          0.5 * t * t * curvature,
      );
    const [far, near] = [errorAt(0.1), errorAt(0.01)];
    expect(far).toBeGreaterThan(1e-6);
    expect(near / far).toBeLessThan(2e-3);
  });

  it('is refused at a point of another length', () => {
    expect(() => subproblemAt(hs071, new Float64Array(3))).toThrow('x has 3 entries, the program 4 variables');
    expect(() => subproblemAt(hs071, new Float64Array(4), new Float64Array(1))).toThrow('1 multipliers');
  });
});

describe('iterations as a table', () => {
  it('have a line each, in columns, with what the solver says of its own', () => {
    const records: IterationRecord[] = [];
    solveSqp(hs071, {}, { onIteration: (record) => records.push(record) > 0 });
    const lines = iterationTable(records).split('\n');
    expect(records.length).toBeGreaterThan(3);
    expect(lines).toHaveLength(records.length + 1);
    expect(new Set(lines.map((line) => line.length)).size).toBe(1);
    const names = lines[0]!.trim().split(/ +/u);
    expect(names).toEqual(
      expect.arrayContaining(['iteration', 'objective', 'stationarity', ...Object.keys(records[0]!.details ?? {})]),
    );
    expect(Number(lines.at(-1)!.trim().split(/ +/u)[1])).toBeCloseTo(records.at(-1)!.objective, 6);
  });

  it('without any are the names alone', () => {
    expect(iterationTable([])).toBe('iteration  objective  infeasible  stationarity  step');
  });

  it('leave open what a solver does not say', () => {
    const common = { objective: 1, primalInfeasibility: 0, stationarity: 0.5 };
    const table = iterationTable([
      { iteration: 1, ...common },
      {
        iteration: 2,
        ...common,
        details: { __proto__: null, method: 'sqp', constructor: 3 } as unknown as Record<string, number>,
      },
    ]);
    expect(table.split('\n')[1]!.trimEnd()).toMatch(/5\.00e-1$/u);
    expect(table.split('\n')[2]).toMatch(/sqp +3$/u);
  });
});
