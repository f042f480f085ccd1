import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { fileURLToPath } from 'node:url';
import { findPython, temporaryFolder, writeExecutable } from '../support/ampl.js';
import { cliFile, compileCli } from '../support/compiled-cli.js';

interface PyomoAnswer {
  readonly status: string;
  readonly condition: string;
  readonly message: string;
  readonly values: Readonly<Record<string, number>>;
  readonly objective: number;
  readonly dual: Readonly<Record<string, number>>;
  readonly rc: Readonly<Record<string, number>>;
  readonly ipopt_zL_out: Readonly<Record<string, number>>;
  readonly ipopt_zU_out: Readonly<Record<string, number>>;
}

type CaseName =
  | 'linear'
  | 'quadratic'
  | 'nonlinear'
  | 'nonlinearByAuglag'
  | 'mixedInteger'
  | 'infeasible'
  | 'unbounded'
  | 'limit'
  | 'timeLimit'
  | 'symbolicLabels';

type Answers = Record<CaseName, PyomoAnswer> & {
  available: boolean;
  version: number[];
  warmStart: { first: PyomoAnswer; second: PyomoAnswer };
};

const found = findPython('pyomo');
if ('missing' in found) console.warn(`skipped: ${found.missing}`);

describe.skipIf('missing' in found)('Pyomo drives the command', () => {
  let answers: Answers;

  beforeAll(async () => {
    if ('missing' in found) return;
    await compileCli();
    const folder = temporaryFolder('sft-opt-pyomo-');
    writeExecutable(folder, fileURLToPath(new URL('sft-opt-ampl.js', cliFile())));
    const script = join(import.meta.dirname, '../support/pyomo_cases.py');
    const run = spawnSync(found.python, [script, 'sft-opt-ampl'], {
      encoding: 'utf8',
      timeout: 110_000,
      env: { ...process.env, PATH: `${folder}:${process.env['PATH'] ?? ''}` },
    });
    if (run.status !== 0) throw new Error(`${run.stdout}\n${run.stderr}`);
    answers = JSON.parse(run.stdout.trim().split('\n').pop()!) as Answers;
  });

  const near = (value: number | undefined, expected: number): void => expect(value).toBeCloseTo(expected, 4);

  it('finds it and its version', () => {
    expect(answers.available).toBe(true);
    expect(answers.version).toHaveLength(4);
  });

  it('solves a linear program and gets its duals in the sense of a maximum', () => {
    const { linear } = answers;
    expect([linear.status, linear.condition]).toEqual(['ok', 'optimal']);
    near(linear.objective, 36);
    near(linear.dual['plant1'], 0);
    near(linear.dual['plant2'], 1.5);
    near(linear.dual['plant3'], 1);
  });

  it('solves a quadratic program and gets duals and reduced costs', () => {
    // x = 0.5, y = 1.5: the gradient is (2(x − 3) + y, 4y + x) = (−3.5, 6.5), the row's dual 6.5, the bound's −10.
    const { quadratic } = answers;
    expect(quadratic.condition).toBe('optimal');
    near(quadratic.objective, 6.25 + 4.5 + 0.75 + 7);
    near(quadratic.dual['total'], 6.5);
    near(quadratic.rc['x'], -10);
    near(quadratic.ipopt_zU_out['x'], -10);
    expect(quadratic.ipopt_zL_out['x']).toBeUndefined();
  });

  it.each(['nonlinear', 'nonlinearByAuglag'] as const)('solves a nonlinear program: %s', (name) => {
    // Hock & Schittkowski 71; duals as IPOPT reports them.
    const answer = answers[name];
    expect([answer.status, answer.condition]).toEqual(['ok', 'optimal']);
    near(answer.objective, 17.0140173);
    expect(answer.dual['product']).toBeCloseTo(0.552293, 3);
    expect(answer.dual['squares']).toBeCloseTo(-0.161469, 3);
    expect(answer.ipopt_zL_out['x[0]']).toBeCloseTo(1.087871, 3);
  });

  it('solves a mixed-integer nonlinear program as enumeration does', () => {
    const { mixedInteger } = answers;
    expect([mixedInteger.status, mixedInteger.condition]).toEqual(['ok', 'optimal']);
    near(mixedInteger.objective, bestByEnumeration());
    for (const name of ['open[0]', 'open[1]', 'open[2]', 'count']) {
      expect(Number.isInteger(mixedInteger.values[name])).toBe(true);
    }
  });

  it('hears of infeasible and unbounded models', () => {
    expect(answers.infeasible.condition).toBe('infeasible');
    expect(answers.unbounded.condition).toBe('unbounded');
  });

  it('hears of limits', () => {
    expect(answers.limit.condition).toBe('maxIterations');
    expect(answers.limit.message).toContain('iteration limit, feasible solution');
    expect(answers.timeLimit.message).toContain('time limit');
  });

  it('starts from the multipliers of an earlier solve', () => {
    const { first, second } = answers.warmStart;
    const iterations = ({ message }: PyomoAnswer): number => Number(/(\d+) iterations/.exec(message)![1]);
    expect(iterations(first)).toBeGreaterThan(2);
    expect(iterations(second)).toBeLessThanOrEqual(1);
    near(second.objective, first.objective);
    expect(second.ipopt_zL_out['x[0]']).toBeCloseTo(first.ipopt_zL_out['x[0]']!, 5);
  });

  it('may pass its own names', () => {
    near(answers.symbolicLabels.objective, 17.0140173);
  });
});

/** Best cost of the mixed-integer model: for fixed integers the sizes share the rest in proportion to 1/(k + 1). */
function bestByEnumeration(): number {
  let best = Infinity;
  for (let opened = 0; opened < 8; opened++) {
    const indices = [0, 1, 2].filter((k) => opened & (1 << k));
    for (let count = 0; count <= 7; count++) {
      const sizes = shareOut(indices, Math.max(0, 5.2 - 0.5 * count));
      if (!sizes) continue;
      const fixed = indices.reduce((sum, k) => sum + k + 1, 0) + 0.15 * Math.exp(0.6 * count);
      const variable = sizes.reduce((sum, size, position) => sum + 0.3 * (indices[position]! + 1) * size * size, 0);
      best = Math.min(best, fixed + variable);
    }
  }
  return best;
}

/** min Σ (k + 1)·size², Σ size = total, 0 ≤ size ≤ 3, by bisection on the multiplier; undefined if impossible. */
function shareOut(indices: readonly number[], total: number): number[] | undefined {
  if (total > 3 * indices.length) return undefined;
  let low = 0;
  let high = 100;
  const sizesAt = (multiplier: number): number[] => indices.map((k) => Math.min(3, multiplier / (k + 1)));
  for (let step = 0; step < 200; step++) {
    const middle = (low + high) / 2;
    if (sizesAt(middle).reduce((sum, size) => sum + size, 0) < total) low = middle;
    else high = middle;
  }
  return sizesAt(high);
}
