import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  denseSuffix,
  NlError,
  readSol,
  writeSolBinary,
  writeSolText,
  type NlSolution,
} from '../../../../lib/io/nl/index.js';

const solution: NlSolution = {
  message: 'sft-opt 0.1: optimal\n\nobjective 36',
  amplOptions: [1, 1, 0],
  constraintCount: 3,
  variableCount: 2,
  marginals: Float64Array.of(0, 1.5, 1),
  x: Float64Array.of(2, 6),
  objective: 0,
  solveResult: 0,
  suffixes: [denseSuffix('rc', 'variable', Float64Array.of(0, -0.25), true)],
};

describe('.sol files', () => {
  it('writes the text form as AMPL reads it', () => {
    expect(writeSolText(solution).split('\n')).toEqual([
      'sft-opt 0.1: optimal',
      ' ',
      'objective 36',
      '',
      'Options',
      '3',
      '1',
      '1',
      '0',
      '3',
      '3',
      '2',
      '2',
      '0',
      '1.5',
      '1',
      '2',
      '6',
      'objno 0 0',
      'suffix 4 1 3 0 0',
      'rc',
      '1 -0.25',
      '',
    ]);
  });

  it('frames the records of the binary form with their lengths', () => {
    const bytes = writeSolBinary(solution);
    const view = new DataView(bytes.buffer);
    expect(new TextDecoder().decode(bytes.subarray(4, 10))).toBe('binary');
    expect([view.getInt32(0, true), view.getInt32(10, true)]).toEqual([6, 6]);
    const message = new TextEncoder().encode(solution.message).length;
    const empty = 14 + 8 + message;
    expect([view.getInt32(empty, true), view.getInt32(empty + 4, true)]).toEqual([0, 0]);
    expect(view.getInt32(empty + 8, true)).toBe(7 + 4 * (1 + 3 + 4));
  });

  const real = fc.oneof(fc.double({ noNaN: true }), fc.constantFrom(0, 1e-300, Infinity, -Infinity));
  const arbitrary = fc
    .record({
      message: fc.array(fc.string({ unit: fc.constantFrom('a', ':', 'é', '0', ' x') }), { minLength: 1, maxLength: 4 }),
      options: fc.constantFrom([1, 1, 0], [0, 1, 0], [], [1, 3, 0], [2, 3]),
      marginals: fc.array(real, { maxLength: 5 }),
      x: fc.array(real, { minLength: 1, maxLength: 5 }),
      given: fc.boolean(),
      solveResult: fc.integer({ min: 0, max: 999 }),
      suffixValues: fc.array(fc.integer({ min: -9, max: 9 }), { maxLength: 5 }),
      suffixReal: fc.boolean(),
    })
    .map((parts): NlSolution => ({
      message:
        parts.message
          .map((line) => line.trim())
          .join('\n')
          .trim() || 'done',
      amplOptions: parts.options,
      ...(parts.options[1] === 3 && { tolerance: 0.25 }),
      constraintCount: parts.marginals.length,
      variableCount: parts.x.length,
      ...(parts.given && parts.marginals.length > 0 && { marginals: Float64Array.from(parts.marginals) }),
      ...(parts.given && { x: Float64Array.from(parts.x) }),
      objective: 0,
      solveResult: parts.solveResult,
      suffixes: [denseSuffix('s', 'constraint', Float64Array.from(parts.suffixValues), parts.suffixReal)],
    }));

  it('round-trips both forms in both byte orders', () => {
    const normalised = (given: NlSolution): unknown =>
      JSON.parse(
        JSON.stringify(given, (_key, value: unknown) =>
          value instanceof Float64Array ? [...value].map(String) : value,
        ),
      );
    fc.assert(
      fc.property(arbitrary, fc.boolean(), (given, littleEndian) => {
        expect(normalised(readSol(writeSolText(given)))).toEqual(normalised(given));
        expect(normalised(readSol(writeSolBinary(given, littleEndian)))).toEqual(normalised(given));
      }),
      { numRuns: 200, seed: 7 },
    );
  });

  it('reads a table that another solver wrote, CRLF, and a file without objno', () => {
    const text =
      'x\r\n\r\nOptions\r\n0\r\n0\r\n0\r\n1\r\n0\r\nobjno 0 201\r\nsuffix 0 1 8 5 1\r\nsstatus\r\n1 bas\r\n0 1\r\n';
    const read = readSol(text);
    expect(read).toMatchObject({ solveResult: 201, suffixes: [{ name: 'sstatus', target: 'variable' }] });
    expect(read.x).toBeUndefined();
    expect(readSol('m\n\nOptions\n0\n0\n0\n1\n1\n2.5\n').solveResult).toBe(-1);
  });

  it.each([
    ['', 'line 2: expected "Options", found the end of the file'],
    ['m\n\nOption\n', 'line 3: expected "Options", found "Option"'],
    ['m\n\nOptions\nx\n', 'line 4: expected the number of options, found "x"'],
    ['m\n\nOptions\n0\n2\n1\n1\n1\n', 'expected all dual values or none'],
    ['m\n\nOptions\n0\n0\n0\n1\n1\nabc\n', 'line 9: expected a value, found "abc"'],
    ['m\n\nOptions\n0\n9999999\n9999999\n1\n1\n', 'as there are lines'],
    ['m\n\nOptions\n0\n0\n0\n1\n0\nobjno x\n', 'line 9: expected "objno <objective> <code>", found "objno x"'],
  ])('locates what is wrong in %j', (text, problem) => {
    expect(() => readSol(text)).toThrow(NlError);
    expect(() => readSol(text)).toThrow(problem);
  });

  it('never takes a cut binary file', () => {
    const bytes = writeSolBinary(solution);
    const ends = [10, 30, bytes.length - 1, bytes.length - 20];
    for (const end of ends) expect(() => readSol(bytes.subarray(0, end))).toThrow(NlError);
  });
});
