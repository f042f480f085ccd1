import { describe, expect, it } from 'vitest';
import { compileNl, readNl } from '../../../../lib/io/nl/index.js';
import { nlText } from '../../../support/nl-text.js';
import { randomStream } from '../../../support/small-random.js';

/** m rows of `nonzeros` entries; with `nonlinear` each row has five products of sines, and the objective squares. */
function largeModel(n: number, m: number, nonzeros: number, nonlinear: boolean): Uint8Array {
  const next = randomStream(3);
  const constraints = Array.from({ length: m }, () => {
    const first = Math.floor(next() * (n - 3 * nonzeros));
    const linear = Array.from({ length: nonzeros }, (_, k) => [first + 3 * k, Math.round(next() * 1e6) / 1e5] as const);
    const products = [0, 1, 2, 3, 4].flatMap((k) => ['o2', 'o41', `v${first + 6 * k}`, `v${first + 6 * k + 3}`]);
    return { sides: [-Infinity, 10] as const, linear, ...(nonlinear && { expression: ['o54', '5', ...products] }) };
  });
  const squares = Array.from({ length: n }, (_, j) => ['o5', 'o1', `v${j}`, 'n1.5', 'n2']).flat();
  const text = nlText({
    variableCount: n,
    bounds: Array.from({ length: n }, () => [0, Infinity] as const),
    constraints,
    objective: {
      ...(nonlinear && { expression: ['o54', String(n), ...squares] }),
      linear: Array.from({ length: n }, (_, j) => [j, j % 7] as const),
    },
  });
  return new TextEncoder().encode(text);
}

/** Seconds of processor time, which other programs on the machine disturb less than wall time. */
function secondsOf(work: () => void): number {
  const before = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1e6;
}

describe('large models', () => {
  it.each([
    ['linear', false],
    ['nonlinear', true],
  ])('reads and compiles 100,000 nonzeros in at most a second: %s', (_name, nonlinear) => {
    const bytes = largeModel(nonlinear ? 10_000 : 20_000, 10_000, 10, nonlinear);
    const times = [1, 2, 3].map(() =>
      secondsOf(() => {
        expect(compileNl(readNl(bytes)).meta.jacobianPattern!.rows.length).toBe(100_000);
      }),
    );
    expect(Math.min(...times)).toBeLessThanOrEqual(1);
  });

  it('evaluates 10,000 variables in milliseconds', () => {
    const problem = compileNl(readNl(largeModel(10_000, 1_000, 10, true)));
    const { jacobianPattern, hessianPattern } = problem.meta;
    const x = new Float64Array(10_000).fill(0.5);
    const constraints = new Float64Array(1_000);
    const gradient = new Float64Array(10_000);
    const jacobian = new Float64Array(jacobianPattern!.rows.length);
    const hessian = new Float64Array(hessianPattern!.rows.length);
    const multipliers = new Float64Array(1_000).fill(0.5);
    const times = Array.from({ length: 15 }, (_, k) =>
      secondsOf(() => {
        x[0] = k;
        problem.objective(x);
        problem.constraints(x, constraints);
        problem.gradient(x, gradient);
        problem.jacobian(x, jacobian);
        problem.hessian!(x, 1, multipliers, hessian);
      }),
    );
    times.sort((a, b) => a - b);
    // All five together; each alone takes about a millisecond on the machine of the benches.
    expect(times[times.length >> 1]).toBeLessThan(0.02);
  });
});
