import { beforeEach, describe, expect, it, vi } from 'vitest';
import { compileNl, readNl } from '../../../lib/io/nl/index.js';
import { minimize } from '../../../lib/minimize/index.js';
import type { QpWarmStart } from '../../../lib/qp/sparse/index.js';
import type { SqpCall, SqpResult } from '../../../lib/sqp/index.js';
import { objections } from '../../support/nlp-checker.js';
import { nlText } from '../../support/nl-text.js';

const seen = vi.hoisted(() => ({ calls: [] as unknown[], results: [] as unknown[], quadratic: [] as unknown[] }));

vi.mock('../../../lib/sqp/index.js', async (importOriginal) => {
  const original = await importOriginal<typeof import('../../../lib/sqp/index.js')>();
  const runSqp: typeof original.runSqp = (problem, options, call) => {
    const result = original.runSqp(problem, options, call);
    seen.calls.push(call);
    seen.results.push(result);
    return result;
  };
  return { ...original, runSqp };
});
vi.mock('../../../lib/qp/sparse/index.js', async (importOriginal) => {
  const original = await importOriginal<typeof import('../../../lib/qp/sparse/index.js')>();
  const solveQp: typeof original.solveQp = (problem, options, warmStart, limits) => {
    seen.quadratic.push(warmStart);
    return original.solveQp(problem, options, warmStart, limits);
  };
  return { ...original, solveQp };
});

beforeEach(() => {
  for (const list of Object.values(seen)) list.length = 0;
});

const n = 12;
const sign = (j: number): number => (j % 3) - 1;

/** min Σ e^{x_j} − 1.5x_j + 2·sign(j)·x_j with −1 ≤ x ≤ 1, Σ x ≤ 3; `maximise` turns the objective around. */
function model(suffixes: string, maximise = false): string {
  const terms = Array.from({ length: n }, (_, j) => ['o44', `v${j}`]).flat();
  const text = nlText({
    variableCount: n,
    bounds: Array.from({ length: n }, () => [-1, 1] as const),
    constraints: [{ sides: [-Infinity, 3], linear: Array.from({ length: n }, (_, j) => [j, 1] as const) }],
    objective: {
      maximise,
      expression: maximise ? ['o16', 'o54', String(n), ...terms] : ['o54', String(n), ...terms],
      linear: Array.from({ length: n }, (_, j) => [j, (maximise ? -1 : 1) * (2 * sign(j) - 1.5)] as const),
    },
  });
  // Suffixes stand at the beginning of the segments, after the ten header lines.
  const lines = text.split('\n');
  return [...lines.slice(0, 10), ...(suffixes === '' ? [] : [suffixes]), ...lines.slice(10)].join('\n');
}

function program(suffixes: string, maximise = false): ReturnType<typeof compileNl> {
  return compileNl(readNl(new TextEncoder().encode(model(suffixes, maximise))));
}

const suffix = (name: string, entries: readonly (readonly [number, number])[]): string =>
  [`S4 ${entries.length} ${name}`, ...entries.map(([j, value]) => `${j} ${value}`)].join('\n');

describe('multipliers of bounds to start from', () => {
  it('are read from the suffixes with the signs of reduced costs', () => {
    const lower = suffix('ipopt_zL_in', [[2, 1.5], [5, -1]]); // prettier-ignore
    const upper = suffix('ipopt_zU_in', [[0, -2.5], [4, 3]]); // prettier-ignore
    // The wrong signs of 5 and 4 count for nothing.
    const expected = Array.from({ length: n }, (_, j) => (j === 2 ? -1.5 : j === 0 ? 2.5 : 0));
    expect([...program(`${lower}\n${upper}`).meta.startBoundMultipliers!]).toEqual(expected);
    const mirrored = [suffix('ipopt_zL_in', [[2, -1.5]]), suffix('ipopt_zU_in', [[0, 2.5]])].join('\n');
    expect([...program(mirrored, true).meta.startBoundMultipliers!]).toEqual(expected);
    expect(program('').meta.startBoundMultipliers).toBeUndefined();
  });

  it('tell SQP which bounds to expect and save it work', () => {
    const cold = minimize(program(''), { method: 'sqp' });
    const z = cold.boundMultipliers;
    const entries = (side: number) => [...z.keys()].filter((j) => z[j]! * side > 1e-3).map((j) => [j, -z[j]!] as const);
    const text = [suffix('ipopt_zL_in', entries(-1)), suffix('ipopt_zU_in', entries(1))].join('\n');
    const warm = minimize(program(text), { method: 'sqp' });
    expect(entries(-1).length).toBeGreaterThan(2);
    expect(entries(1).length).toBeGreaterThan(2);
    const [, call] = seen.calls as SqpCall[];
    expect([...call!.boundMultipliers!].map(Math.sign)).toEqual(
      [...z].map((value) => (Math.abs(value) > 1e-3 ? Math.sign(value) : 0)),
    );
    expect((seen.calls as SqpCall[])[0]!.boundMultipliers).toBeUndefined();
    const [first, second] = seen.results as SqpResult[];
    expect(second!.factorizations).toBeLessThan(first!.factorizations);
    expect(warm.objective).toBeCloseTo(cold.objective, 8);
  });

  it('do no harm when they are wrong', () => {
    const cold = minimize(program(''), { method: 'sqp' });
    const z = cold.boundMultipliers;
    const opposite = [...z.keys()].map((j) => [j, z[j]! > 0 ? 5 : -5] as const);
    const text = [
      suffix(
        'ipopt_zL_in',
        opposite.filter(([, value]) => value > 0),
      ),
      suffix(
        'ipopt_zU_in',
        opposite.filter(([, value]) => value < 0),
      ),
    ].join('\n');
    for (const method of ['sqp', 'auto', 'interior', 'auglag'] as const) {
      const problem = program(text);
      const result = minimize(problem, { method });
      expect(result.termination).toMatch(/optimal/);
      expect(result.objective).toBeCloseTo(cold.objective, 6);
      expect(objections(problem, result)).toEqual([]);
    }
  });

  it('of the caller come before those of the problem, and reach the quadratic solver', () => {
    const given = program(suffix('ipopt_zL_in', [[1, 1]]));
    minimize(given, { method: 'sqp' }, { boundMultipliers: new Float64Array(n).fill(1) });
    expect([...(seen.calls as SqpCall[])[0]!.boundMultipliers!].map(Math.sign)).toEqual(new Array(n).fill(1));
    const linear = { ...given, meta: { ...given.meta } };
    const quadratic = {
      meta: { ...linear.meta, objectiveShape: 'quadratic' as const, hessianPattern: diagonal },
      objective: (x: Float64Array) => x.reduce((sum, value, j) => sum + 0.5 * value * value + sign(j) * value, 0),
      gradient: (x: Float64Array, values: Float64Array) => x.forEach((value, j) => (values[j] = value + sign(j))),
      constraints: (x: Float64Array, values: Float64Array) => given.constraints(x, values),
      jacobian: (x: Float64Array, values: Float64Array) => given.jacobian(x, values),
      hessian: (_x: Float64Array, weight: number, _y: Float64Array, values: Float64Array) => values.fill(weight),
    };
    const result = minimize(quadratic);
    expect(result.termination).toBe('optimal');
    const [warmStart] = seen.quadratic as (QpWarmStart | undefined)[];
    expect(warmStart!.boundMultipliers![1]).toBe(-1);
  });
});

const diagonal = {
  rows: Int32Array.from({ length: n }, (_, j) => j),
  columns: Int32Array.from({ length: n }, (_, j) => j),
};
