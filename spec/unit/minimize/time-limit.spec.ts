import { afterEach, describe, expect, it, vi } from 'vitest';
import { minimize } from '../../../lib/minimize/index.js';
import { solveQp } from '../../../lib/qp/sparse/index.js';
import { assembleSparse } from '../../../lib/linalg/index.js';
import type { NonlinearProgram, QuadraticProgram } from '../../../lib/problem/index.js';

const seen = vi.hoisted(() => ({ proofs: 0 }));

vi.mock('../../../lib/linalg/semidefinite.js', async (importOriginal) => {
  const original = await importOriginal<typeof import('../../../lib/linalg/semidefinite.js')>();
  const isPositiveSemidefinite: typeof original.isPositiveSemidefinite = (lower, stop) => {
    seen.proofs++;
    return original.isPositiveSemidefinite(lower, stop);
  };
  return { ...original, isPositiveSemidefinite };
});

/** A convex program ½Σ i·(xᵢ + x₂ᵢ + x₃ᵢ + x₅ᵢ)² over random-like groups, whose factors fill and take seconds. */
function fillingProgram(n: number): QuadraticProgram {
  const rows: number[] = [];
  const columns: number[] = [];
  const values: number[] = [];
  for (let i = 1; i <= n; i++) {
    const group = [i - 1, (2 * i - 1) % n, (3 * i - 1) % n, (5 * i - 1) % n, (7 * i + 3) % n];
    for (const a of group) {
      for (const b of group) {
        rows.push(a);
        columns.push(b);
        values.push(i);
      }
    }
  }
  const { matrix } = assembleSparse(n, n, rows, columns, values);
  return {
    hessian: matrix,
    linear: Float64Array.from({ length: n }, (_, j) => Math.sin(j) - 1),
    constraintLower: new Float64Array(0),
    constraintUpper: new Float64Array(0),
    lower: new Float64Array(n).fill(0.1),
    upper: new Float64Array(n).fill(10),
  };
}

/** The same as a nonlinear program that declares nothing. */
function asNonlinear({ hessian, linear, lower, upper }: QuadraticProgram): NonlinearProgram {
  if (hessian?.kind !== 'sparse') throw new Error('a sparse Hessian is meant');
  const n = linear.length;
  const rows: number[] = [];
  const columns: number[] = [];
  const entries: number[] = [];
  for (let j = 0; j < n; j++) {
    for (let k = hessian.columnStarts[j]!; k < hessian.columnStarts[j + 1]!; k++) {
      if (hessian.rowIndices[k]! < j) continue;
      rows.push(hessian.rowIndices[k]!);
      columns.push(j);
      entries.push(hessian.values[k]!);
    }
  }
  const product = (x: Float64Array): Float64Array => {
    const result = linear.map((q) => 2 * q);
    for (let k = 0; k < rows.length; k++) {
      result[rows[k]!]! += entries[k]! * x[columns[k]!]!;
      if (rows[k] !== columns[k]) result[columns[k]!]! += entries[k]! * x[rows[k]!]!;
    }
    return result;
  };
  return {
    meta: {
      variableCount: n,
      constraintCount: 0,
      lower,
      upper,
      constraintLower: new Float64Array(0),
      constraintUpper: new Float64Array(0),
      start: new Float64Array(n).fill(0.5),
      hessianPattern: { rows: Int32Array.from(rows), columns: Int32Array.from(columns) },
    },
    objective: (x) => product(x).reduce((sum, value, j) => sum + 0.5 * value * x[j]!, 0),
    gradient: (x, values) => values.set(product(x).map((value, j) => value - linear[j]!)),
    hessian: (_, weight, __, values) => values.set(entries.map((entry) => weight * entry)),
  };
}

/** Processor time is what a limit can hold to on a busy machine. */
function secondsOf(work: () => void): { wall: number; processor: number } {
  const before = performance.now();
  const used = process.cpuUsage();
  work();
  const spent = process.cpuUsage(used);
  return { wall: (performance.now() - before) / 1000, processor: (spent.user + spent.system) / 1e6 };
}

describe('limits by a clock that advances with every question', () => {
  afterEach(() => vi.restoreAllMocks());

  /** Each look at the clock takes `step` seconds; returns when the work ended. */
  function endOf(step: number, work: () => void): number {
    let now = 0;
    vi.spyOn(performance, 'now').mockImplementation(() => (now += 1000 * step));
    work();
    return now / 1000;
  }

  const program = fillingProgram(3000);
  const declared = (): NonlinearProgram => {
    const problem = asNonlinear(program);
    return { ...problem, meta: { ...problem.meta, objectiveShape: 'quadratic' } };
  };

  it.each([
    ['declared quadratic', declared],
    ['nonlinear', () => asNonlinear(program)],
  ] as const)('are overrun by a few questions wherever they fall: %s', (_name, make) => {
    const problem = make();
    const endings: string[] = [];
    for (const limit of [0.001, 0.003, 0.01, 0.1, 0.5]) {
      const end = endOf(1e-3, () => {
        const result = minimize(problem, { timeLimitSeconds: limit });
        endings.push(result.termination);
        expect(result.residuals.primalInfeasibility).toBeLessThanOrEqual(1e-6);
      });
      expect(end).toBeLessThan(limit + 0.04);
    }
    expect(endings.slice(0, 2)).toEqual(['time-limit', 'time-limit']);
  });

  it('do not pay for a second proof of convexity', () => {
    const small = asNonlinear(fillingProgram(400));
    seen.proofs = 0;
    const result = minimize({ ...small, meta: { ...small.meta, objectiveShape: 'quadratic' } });
    expect([result.termination, result.method]).toEqual(['optimal', 'qp']);
    expect(seen.proofs).toBe(1);
    expect(solveQp(fillingProgram(400)).termination).toBe('optimal');
    expect(seen.proofs).toBe(2);
  });
});

describe('limits within long factorisations', () => {
  const program = fillingProgram(5000);

  it('hold for a quadratic program whose single iteration takes longer', () => {
    const time = secondsOf(() => {
      const result = solveQp(program, { timeLimitSeconds: 0.5 });
      expect(['time-limit', 'optimal']).toContain(result.termination);
      expect(result.x.every(Number.isFinite)).toBe(true);
    });
    expect(Math.min(time.wall, time.processor)).toBeLessThan(1.5);
  });

  it('hold for a nonlinear program', () => {
    const problem = asNonlinear(program);
    const time = secondsOf(() => {
      const result = minimize(problem, { timeLimitSeconds: 0.5 });
      expect(['time-limit', 'locally-optimal']).toContain(result.termination);
      expect(result.residuals.primalInfeasibility).toBeLessThanOrEqual(1e-6);
    });
    expect(Math.min(time.wall, time.processor)).toBeLessThan(1.5);
  });

  it('end at once when the signal was given before', () => {
    const controller = new AbortController();
    controller.abort();
    const time = secondsOf(() => {
      expect(solveQp(program, {}, undefined, { signal: controller.signal }).termination).toBe('interrupted');
    });
    expect(Math.min(time.wall, time.processor)).toBeLessThan(1);
  });
});
