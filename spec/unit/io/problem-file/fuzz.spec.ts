import fc from 'fast-check';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { readProblemFile } from '../../../../lib/io/index.js';

const example = (name: string) => readFileSync(new URL(`../../../../examples/${name}.yaml`, import.meta.url), 'utf8');
const corpus = [example('minimal'), example('campus'), example('factory')];

const fragments = [
  'NaN',
  '.nan',
  '.inf',
  '-1',
  '0',
  '1e999',
  '-0',
  '1e-320',
  '[]',
  '{}',
  'null',
  '~',
  'true',
  '""',
  '*x',
  '&x',
  '- ',
  ': ',
  '? ',
  '20 dBm',
  '20 MHz',
  '-300 dB',
  '1e308 GiB',
  '99999999999',
  '!!str',
  '|',
  '>',
  '"',
  "'",
  '#',
  '%',
  '\t',
  '\n',
  '\u0000',
  '\uFEFF',
  '__proto__',
  'constructor',
  'toString',
  'devices',
  'count: 70000',
  'gain: 1e-300',
  'scale: 1e6',
  'exponent: 1e6',
  'seed: 9007199254740993',
];

interface Edit {
  readonly at: number;
  readonly remove: number;
  readonly insert: string;
}

const edits = fc.array(
  fc.record({
    at: fc.double({ min: 0, max: 1, noNaN: true }),
    remove: fc.oneof({ weight: 3, arbitrary: fc.constant(0) }, fc.integer({ min: 1, max: 12 })),
    insert: fc.oneof(fc.constantFrom(...fragments), fc.string({ maxLength: 3 }), fc.constant('')),
  }),
  { minLength: 1, maxLength: 3 },
);

const mutate = (text: string, changes: readonly Edit[]) =>
  changes.reduce((current, { at, remove, insert }) => {
    const position = Math.floor(at * current.length);
    return current.slice(0, position) + insert + current.slice(position + remove);
  }, text);

/** Values of a scalar exchanged, which keeps the file parseable and reaches the checks behind the parser. */
const mutateValue = (text: string, line: number, insert: string) => {
  const lines = text.split('\n');
  const candidates = lines.flatMap((content, k) => (/^[^#]*: [^{[]+$/u.test(content) ? [k] : []));
  const chosen = candidates[Math.floor(line * candidates.length)] ?? 0;
  lines[chosen] = lines[chosen]!.replace(/: .*$/u, `: ${insert}`);
  return lines.join('\n');
};

/** Paths of numbers that are NaN, or infinite where that means nothing. */
function unfitNumbers(value: unknown, path = ''): string[] {
  const mayBeInfinite = /(memoryBytes|maximumBandwidthHz|serverMemoryBytes)$/u.test(path);
  if (typeof value === 'number')
    return Number.isNaN(value) || (!Number.isFinite(value) && !mayBeInfinite) ? [path] : [];
  if (value instanceof Float64Array) return unfitNumbers([...value], path);
  if (Array.isArray(value)) return value.flatMap((item, k) => unfitNumbers(item, `${path}[${k}]`));
  if (typeof value === 'object' && value !== null) {
    return Object.entries(value).flatMap(([key, inner]) => unfitNumbers(inner, `${path}.${key}`));
  }
  return [];
}

const check = (text: string, seen: { accepted: number; refused: number }) => {
  const outcome = readProblemFile(text);
  if (outcome.ok) {
    seen.accepted++;
    expect(unfitNumbers(outcome.resolved.problem)).toEqual([]);
    return;
  }
  seen.refused++;
  expect(outcome.issues.length).toBeGreaterThan(0);
  const lines = text.split('\n').length;
  for (const issue of outcome.issues) {
    expect(issue.message).not.toBe('');
    expect(issue.line).toBeGreaterThanOrEqual(1);
    expect(issue.line).toBeLessThanOrEqual(lines + 1);
    expect(issue.column).toBeGreaterThanOrEqual(1);
  }
};

describe('mutated problem files', () => {
  it('never crash the reader and never let a NaN through', () => {
    const seen = { accepted: 0, refused: 0 };
    fc.assert(
      fc.property(fc.constantFrom(...corpus), edits, (text, changes) => check(mutate(text, changes), seen)),
      { seed: 1, numRuns: 300 },
    );
    expect(seen.accepted).toBeGreaterThan(30);
    expect(seen.refused).toBeGreaterThan(80);
  });

  it('neither with values exchanged', () => {
    const seen = { accepted: 0, refused: 0 };
    const values = fc.oneof(
      fc.constantFrom(...fragments.filter((fragment) => !fragment.includes(':'))),
      fc
        .tuple(
          fc.double({ min: -4, max: 4, noNaN: true }),
          fc.constantFrom('', ' Hz', ' m', ' dBm', ' dB', ' GiB', ' FLOP/s', ' ns', ' %'),
        )
        .map(([magnitude, unit]) => `${10 ** magnitude}${unit}`),
    );
    fc.assert(
      fc.property(
        fc.constantFrom(...corpus),
        fc.double({ min: 0, max: 0.999, noNaN: true }),
        values,
        (text, line, insert) => check(mutateValue(text, line, insert), seen),
      ),
      { seed: 1, numRuns: 300 },
    );
    expect(seen.accepted).toBeGreaterThan(10);
    expect(seen.refused).toBeGreaterThan(80);
  });

  it('nor do texts made of nothing but fragments', () => {
    const seen = { accepted: 0, refused: 0 };
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom(...fragments, 'version: 1\n', 'model: gpt2\n', 'devices:\n', '  - name: a\n'), {
          maxLength: 12,
        }),
        (parts) => check(parts.join(''), seen),
      ),
      { seed: 1, numRuns: 200 },
    );
    expect(seen.refused).toBeGreaterThan(120);
  });
});
