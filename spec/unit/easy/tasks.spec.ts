import { readFileSync } from 'node:fs';
import { resolveConfig, format } from 'prettier';
import { describe, expect, it, vi } from 'vitest';

/** Lines and characters of the same task in its usual package (SciPy's `minimize`, `curve_fit`, `linprog`, `milp`, `minimize`). */
const peers = {
  rosenbrock: { lines: 1, characters: 87 },
  fit: { lines: 2, characters: 144 },
  lp: { lines: 1, characters: 65 },
  knapsack: { lines: 1, characters: 116 },
  portfolio: { lines: 2, characters: 224 },
} as const;

describe.each(Object.keys(peers) as (keyof typeof peers)[])('the task %s', (name) => {
  it('takes at most a line more than its peer and half as many characters again, as prettier formats it', async () => {
    const file = new URL(`tasks/${name}.ts`, import.meta.url);
    const [, task] = /\/\/ task\n(.*?)\/\/ end/su.exec(readFileSync(file, 'utf8'))!;
    const config = await resolveConfig(file);
    expect(await format(task!, { ...config, parser: 'typescript' })).toBe(task);
    const lines = task!.trimEnd().split('\n');
    const characters = lines.reduce((sum, line) => sum + line.trim().length, 0);
    expect(characters).toBeLessThanOrEqual(1.5 * peers[name].characters);
    expect(lines.length).toBeLessThanOrEqual(peers[name].lines + 1);
  });
});

describe('the five tasks have the answers of SciPy', () => {
  it('Rosenbrock in a box', async () => {
    const { default: result } = await import('./tasks/rosenbrock.js');
    expect(result.success).toBe(true);
    expect(result.objective).toBeCloseTo(0.25, 7);
    expect(result.point[0]).toBeCloseTo(0.5, 7);
    expect(result.point[1]).toBeCloseTo(0.25, 6);
  });

  it('the fit of a curve', async () => {
    const log = vi.spyOn(console, 'log').mockImplementation(() => undefined);
    const { default: fit } = await import('./tasks/fit.js');
    log.mockRestore();
    const close = (found: ArrayLike<number>, expected: readonly number[]): void =>
      expected.forEach((value, k) => expect(found[k]).toBeCloseTo(value, 6));
    close(fit.point, [2.53597746, 1.27950759, 0.48868411]);
    close(fit.standardErrors, [0.02693023, 0.03405307, 0.01683267]);
  });

  it('the linear program', async () => {
    const { default: result } = await import('./tasks/lp.js');
    expect(result.termination).toBe('optimal');
    expect([...result.x]).toEqual([3, 1]);
    expect(result.objective).toBeCloseTo(11, 12);
    expect([...result.prices]).toEqual([2, 0, 1]);
  });

  it('the knapsack', async () => {
    const { default: result } = await import('./tasks/knapsack.js');
    expect(result.termination).toBe('optimal');
    expect([...result.x]).toEqual([0, 1, 1, 1]);
    expect(result.objective).toBe(21);
    expect(result.search.bound).toBeCloseTo(21, 6);
  });

  it('the portfolio', async () => {
    const { default: result } = await import('./tasks/portfolio.js');
    expect(result.termination).toBe('optimal');
    expect(result.objective).toBeCloseTo(0.04061417, 7);
    [0.26456693, 0.38267717, 0.3527559].forEach((share, k) => expect(result.x[k]).toBeCloseTo(share, 5));
  });
});
