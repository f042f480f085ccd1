import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  labelledRows,
  packedRows,
  paddedRows,
  readJsonLines,
  type TokenisedText,
} from '../../../lib/io/texts/index.js';

const bytes = (text: string) => new TextEncoder().encode(text);

describe('JSON Lines', () => {
  it('are read with their places; empty lines and other fields are passed over', () => {
    const content = [
      '{"text":"a"}',
      '',
      '{"text":"b","label":"spam","id":7}',
      ' {"text":"c","prompt":"p","label":3} ',
      '',
    ].join('\r\n');
    const { examples, problems } = readJsonLines(bytes(content), 'x.jsonl');
    expect(problems).toEqual([]);
    expect(examples).toEqual([
      { text: 'a', place: 'x.jsonl:1' },
      { text: 'b', label: 'spam', place: 'x.jsonl:3' },
      { text: 'c', prompt: 'p', label: '3', place: 'x.jsonl:4' },
    ]);
  });

  it('report every bad line at once', () => {
    const lines = [
      '{"text":"good"}',
      '{"text":',
      '[]',
      '7',
      'null',
      '{"text":""}',
      '{"text":1,"label":{}}',
      '{"text":"t","prompt":2}',
      '{"text":"t","label":1.5}',
      '{"text":"t","label":""}',
    ];
    const { examples, problems } = readJsonLines(bytes(lines.join('\n')), 'x');
    expect(examples.length).toBe(1);
    expect(problems.map(({ place }) => place)).toEqual([2, 3, 4, 5, 6, 7, 8, 9, 10].map((line) => `x:${line}`));
    expect(problems[0]!.reason).toContain('is not JSON');
    expect(problems.slice(1).map(({ reason }) => reason)).toEqual([
      'is no object',
      'is no object',
      'is no object',
      '`text` must be a text that is not empty',
      '`text` must be a text that is not empty, `label` must be a text or a whole number',
      '`prompt` must be a text',
      '`label` must be a text or a whole number',
      '`label` must be a text or a whole number',
    ]);
  });
});

it('lines of JSON that are not UTF-8 are named among the others', () => {
  const content = Uint8Array.from([
    0xef,
    0xbb,
    0xbf,
    ...bytes('{"text":"a"}\n{"text":"'),
    0xff,
    ...bytes('"}\n{"text":"é"}'),
  ]);
  const { examples, problems } = readJsonLines(content, 'x');
  expect(examples.map(({ text }) => text)).toEqual(['a', 'é']);
  expect(problems).toEqual([{ place: 'x:2', reason: 'is not UTF-8' }]);
});

const tokens = (least: number) => fc.array(fc.integer({ min: 10, max: 99 }), { minLength: least, maxLength: 9 });
const texts = fc.array(fc.record({ prompt: tokens(0), text: tokens(1) }), { minLength: 1, maxLength: 6 });
const marks = fc.record({
  begin: fc.constantFrom(undefined, 1),
  end: fc.constantFrom(undefined, 2),
  tokens: fc.integer({ min: 1, max: 12 }),
});
const tokenised = (given: readonly { prompt: number[]; text: number[] }[]): TokenisedText[] =>
  given.map(({ prompt, text }) => ({ prompt: Int32Array.from(prompt), text: Int32Array.from(text) }));

/** The stream of tokens and whether each is to be said, in plain lists. */
function stream(
  given: readonly { prompt: number[]; text: number[] }[],
  begin?: number,
  end?: number,
): [number, boolean][] {
  return given.flatMap(({ prompt, text }): [number, boolean][] => [
    ...(begin === undefined ? [] : [[begin, false] as [number, boolean]]),
    ...prompt.map((id): [number, boolean] => [id, false]),
    ...text.map((id): [number, boolean] => [id, true]),
    ...(end === undefined ? [] : [[end, true] as [number, boolean]]),
  ]);
}

describe('rows of tokens', () => {
  it('packed: every token of every text but the first is judged once, from the one before it', () => {
    let several = 0;
    fc.assert(
      fc.property(texts, marks, (given, { begin, end, tokens: length }) => {
        const rows = packedRows(tokenised(given), { tokens: length, begin, end });
        const wanted = stream(given, begin, end);
        if (rows.length > 1) several++;
        expect(rows.every(({ inputs, targets }) => inputs.length === length && targets.length === length)).toBe(true);
        const inputs = rows.flatMap((row) => [...row.inputs]);
        const targets = rows.flatMap((row) => [...row.targets]);
        wanted.slice(0, -1).forEach(([id], k) => expect(inputs[k]).toBe(id));
        expect(targets.slice(0, wanted.length - 1)).toEqual(
          wanted.slice(1).map(([id, isJudged]) => (isJudged ? id : -1)),
        );
        expect(targets.slice(wanted.length - 1).every((target) => target === -1)).toBe(true);
      }),
      { seed: 1, numRuns: 500 },
    );
    expect(several).toBeGreaterThan(200);
  });

  it('padded: a row a text, cut to its length', () => {
    let cut = 0;
    fc.assert(
      fc.property(texts, marks, (given, { begin, end, tokens: length }) => {
        const rows = paddedRows(tokenised(given), { tokens: length, begin, end });
        expect(rows.length).toBe(given.length);
        rows.forEach(({ inputs, targets }, k) => {
          const wanted = stream([given[k]!], begin, end);
          if (wanted.length > length) cut++;
          const ids = wanted.slice(0, length).map(([id]) => id);
          expect([...inputs]).toEqual([...ids, ...Array.from({ length: length - ids.length }, () => end ?? 0)]);
          const said = wanted.slice(1, length + 1).map(([id, isJudged]) => (isJudged ? id : -1));
          expect([...targets]).toEqual([...said, ...Array.from({ length: length - said.length }, () => -1)]);
        });
      }),
      { seed: 2, numRuns: 500 },
    );
    expect(cut).toBeGreaterThan(200);
  });

  it('labelled: one target a text, after its last token', () => {
    fc.assert(
      fc.property(texts, marks, (given, { begin, end, tokens: length }) => {
        const labels = given.map((_, k) => k);
        labelledRows(tokenised(given), labels, { tokens: length, begin, end }).forEach(({ targets }, k) => {
          const last = Math.min(length, stream([given[k]!], begin).length) - 1;
          expect([...targets]).toEqual(Array.from({ length }, (_, place) => (place === last ? k : -1)));
        });
      }),
      { seed: 3, numRuns: 300 },
    );
  });
});
