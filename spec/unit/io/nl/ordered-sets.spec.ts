import { describe, expect, it } from 'vitest';
import { minimize } from '../../../../lib/minimize/index.js';
import { compileNl, NlError, readNl } from '../../../../lib/io/nl/index.js';
import { isDiscrete } from '../../../../lib/problem/index.js';
import { nlText, type NlTextParts } from '../../../support/nl-text.js';

/** The text with suffix segments before its first constraint or objective. */
function withSuffixes(parts: NlTextParts, suffixes: Readonly<Record<string, readonly number[]>>): string {
  const lines = Object.entries(suffixes).flatMap(([name, values]) => [
    `S0 ${values.length} ${name}`,
    ...values.map((value, j) => `${j} ${value}`),
  ]);
  return nlText(parts).replace(/^([CO]0)/m, `${lines.join('\n')}\n$1`);
}

const four: NlTextParts = {
  variableCount: 4,
  bounds: [
    [0, 3],
    [0, 2],
    [0, 4],
    [0, 1],
  ],
  constraints: [{ sides: [1, 100], linear: [0, 1, 2, 3].map((j) => [j, 1] as const) }],
  objective: { maximise: true, linear: [0, 1, 2, 3].map((j) => [j, 1] as const) },
};

function solved(suffixes: Readonly<Record<string, readonly number[]>>): { objective: number; x: number[] } {
  const problem = compileNl(readNl(withSuffixes(four, suffixes)));
  expect(isDiscrete(problem)).toBe(true);
  const result = minimize(problem);
  expect(result.termination).toBe('optimal');
  return { objective: -result.objective, x: [...result.x] };
}

describe('special ordered sets of a .nl file', () => {
  it('of kind 1 leave one variable', () => {
    const { objective, x } = solved({ sosno: [1, 1, 1, 1], ref: [1, 2, 3, 4] });
    expect(objective).toBeCloseTo(4, 6);
    expect(x.filter((value) => value !== 0)).toHaveLength(1);
  });

  it('of kind 2 leave two neighbours, in the order of ref', () => {
    expect(solved({ sosno: [-1, -1, -1, -1], ref: [1, 2, 3, 4] }).objective).toBeCloseTo(6, 6);
    expect(solved({ sosno: [-1, -1, -1, -1], ref: [1, 3, 2, 4] }).objective).toBeCloseTo(7, 6);
  });

  it('may be several, and leave out variables', () => {
    expect(solved({ sosno: [1, 1, 2, 2], ref: [1, 2, 1, 2] }).objective).toBeCloseTo(7, 6);
    expect(solved({ sosno: [0, 1, 1, 0], ref: [1, 2, 3, 4] }).objective).toBeCloseTo(8, 6);
  });

  it('are refused where their order is open', () => {
    expect(() => readNl(withSuffixes(four, { sosno: [-1, -1, -1, -1], ref: [1, 2, 2, 4] }))).toThrow(/ref/);
  });

  it('agree with enumeration of their branches', () => {
    // The best of all ways to keep two neighbours, each a linear program over a box.
    const upper = [3, 2, 4, 1];
    const costs = [2, -1, 1, 3];
    const best = Math.max(
      ...[0, 1, 2].map((k) => Math.max(0, costs[k]!) * upper[k]! + Math.max(0, costs[k + 1]!) * upper[k + 1]!),
    );
    const parts = { ...four, objective: { maximise: true, linear: costs.map((cost, j) => [j, cost] as const) } };
    const text = withSuffixes(parts, { sosno: [-1, -1, -1, -1], ref: [1, 2, 3, 4] });
    expect(-minimize(compileNl(readNl(text))).objective).toBeCloseTo(best, 6);
  });
});

describe('what changes the feasible set', () => {
  it('is refused by name where no solver keeps it', () => {
    const failure = (() => {
      try {
        readNl(withSuffixes(four, { semicont: [1, 0, 0, 0] }));
      } catch (error) {
        return error as NlError;
      }
      return undefined;
    })();
    expect(failure).toBeInstanceOf(NlError);
    expect(failure).toMatchObject({ unsupported: true });
    expect(failure!.message).toMatch(/semicont.*semi-continuous/);
  });

  it('is not lost with the end of a file: every cut between lines is refused', () => {
    const lines = nlText(four).trimEnd().split('\n');
    let refused = 0;
    for (let count = 11; count < lines.length; count++) {
      expect(() => readNl(`${lines.slice(0, count).join('\n')}\n`), `after ${count} lines`).toThrow(NlError);
      refused++;
    }
    expect(refused).toBe(lines.length - 11);
  });
});

describe('a model without variables', () => {
  const empty = (sides: readonly [number, number]): NlTextParts => ({
    variableCount: 0,
    bounds: [],
    constraints: [{ sides, expression: ['n2'], linear: [] }],
    objective: { expression: ['n7'] },
  });

  it('is solved, or infeasible, by its constants', () => {
    const result = minimize(compileNl(readNl(nlText(empty([1, 3])))));
    expect(result).toMatchObject({ objective: 7, primalStatus: 'feasible' });
    expect(result.termination).toMatch(/optimal/);
    expect(minimize(compileNl(readNl(nlText(empty([3, 4]))))).termination).toMatch(/infeasible/);
  });
});
