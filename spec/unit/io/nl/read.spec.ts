import { describe, expect, it } from 'vitest';
import { compileNl, NlError, readNl, type NlModel } from '../../../../lib/io/nl/index.js';
import { toBinaryNl, type BinaryForm } from '../../../support/nl-binary.js';
import { mixedIntegerSample, wyndorSample } from '../../../support/nl-samples.js';

function expectSample(model: NlModel): void {
  expect(model).toMatchObject({ variableCount: 3, constraintCount: 3, name: 'sample' });
  expect(model.header).toMatchObject({ amplOptions: [1, 1, 0], wantsSuffixes: true });
  expect([...model.integer]).toEqual([0, 1, 1]);
  expect([...model.lower]).toEqual([0, 0, 0]);
  expect([...model.upper]).toEqual([4, 9, 1]);
  expect([...model.constraintLower]).toEqual([1, 1, 1]);
  expect([...model.constraintUpper]).toEqual([Infinity, 7, 1]);
  expect([...model.start]).toEqual([1, 2, 0]);
  expect([...model.startGiven]).toEqual([1, 1, 0]);
  expect([...model.startMarginals!]).toEqual([0.7, 0, 0]);
  expect(model.suffixes).toEqual([
    { name: 'priority', target: 'variable', real: false, indices: Int32Array.of(1), values: Float64Array.of(5) },
  ]);
  const problem = compileNl(model);
  const x = Float64Array.of(0.5, 2, 1);
  const constraints = new Float64Array(3);
  problem.constraints(x, constraints);
  const product = Math.exp(0.5) * 2;
  expect(problem.objective(x)).toBeCloseTo(product + Math.log(1.5) + 0.25 + 3, 13);
  expect(constraints[0]).toBeCloseTo(product + 0.5, 13);
  expect([...constraints.subarray(1)]).toEqual([2.5, 1.5]);
  expect('integerVariables' in problem && [...problem.integerVariables]).toEqual([1, 2]);
  expect([...problem.meta.startMultipliers!]).toEqual([-0.7, -0, -0]);
  expect([...problem.meta.linearConstraints!]).toEqual([0, 1, 1]);
}

/** The error that reading gives. */
function failure(text: string | Uint8Array): NlError {
  try {
    readNl(text);
  } catch (error) {
    if (error instanceof NlError) return error;
    throw error;
  }
  throw new Error('the file was read without complaint');
}

/** The sample with its line number `line` (1-based) replaced. */
function withLine(line: number, replacement: string): string {
  const lines = mixedIntegerSample.split('\n');
  lines[line - 1] = replacement;
  return lines.join('\n');
}

describe('reading the text form', () => {
  it('takes every segment of a small mixed-integer model', () => {
    expectSample(readNl(mixedIntegerSample));
  });

  it('takes bytes, CRLF, comments and blank lines at the end', () => {
    const variant = mixedIntegerSample
      .split('\n')
      .map((line) => (/^[a-zA-Z]/.test(line) && !line.startsWith('g') ? `${line}\t# a comment` : line))
      .join('\r\n');
    expectSample(readNl(new TextEncoder().encode(`${variant}\r\n\r\n`)));
  });

  it('reads numbers as JavaScript does, bit by bit', () => {
    const numbers = ['1e-7', '-.5', '5.', '1.7976931348623157e308', '0.1', '123456789012345678', '4.9e-324', '1d3'];
    for (const text of numbers) {
      const model = readNl(withLine(31, `n${text}`));
      expect(model.graph.values).toContain(Number(text.replace('d', 'e')));
    }
  });

  it('maximises by the sign of the objective', () => {
    const problem = compileNl(readNl(wyndorSample));
    expect(problem.nl.objectiveSign).toBe(-1);
    expect(problem.objective(Float64Array.of(2, 6))).toBe(-36);
    const gradient = new Float64Array(2);
    problem.gradient(Float64Array.of(0, 0), gradient);
    expect([...gradient]).toEqual([-3, -5]);
    expect(problem.meta).toMatchObject({ objectiveShape: 'linear', convex: true });
  });

  it('moves a start that the file does not give into the bounds', () => {
    const problem = compileNl(readNl(wyndorSample.replace('2 0\n2 0\nk1', '2 3\n0 -5 -2\nk1')));
    expect([...problem.meta.start]).toEqual([3, -2]);
  });
});

describe('reading the binary form', () => {
  const forms: BinaryForm[] = [
    { letter: 'b', littleEndian: true },
    { letter: 'b', littleEndian: false },
    { letter: 'z', littleEndian: true },
    { letter: 'z', littleEndian: false },
  ];
  it.each(forms)('gives the same model as the text form: %o', (form) => {
    const model = readNl(toBinaryNl(mixedIntegerSample, form));
    expectSample(model);
    expect(model.header).toMatchObject({ format: 'binary', littleEndian: form.littleEndian });
  });

  it('locates errors by byte', () => {
    const bytes = toBinaryNl(mixedIntegerSample, { letter: 'b', littleEndian: true });
    const error = failure(bytes.subarray(0, bytes.length - 3));
    expect(error.message).toBe(`byte ${bytes.length - 8}: expected a coefficient, found the end of the file`);
  });
});

describe('errors', () => {
  it.each([
    ['x3 1 1 0', 1, 'expected g, b or z as the first letter of a .nl file'],
    ['h3 1 1 0', 1, 'format letter h (short binary integers) is not supported'],
    [' 3 3', 2, 'expected integer 3 of header line 2, found end of line'],
    [' 3 3 1 1 1 2', 2, '2 logical constraints; these are not supported'],
    [' 9000000 3 1', 2, /expected at most \d+ variables .*, found 9000000/],
    [' 1 1 1 0 0 0', 3, '1 complementarity constraints; these are not supported'],
    [' 2 0 1 0 0', 7, 'expected at most 1 integer variables among those linear, found 2'],
    ['o99', 14, 'expected an operator, found unknown code o99'],
    ['o59', 14, 'operator o59 (count) belongs to constraint programming and is not supported'],
    ['o22', 14, 'expected a number, found operator o22 (<), which yields a condition'],
    ['v4', 16, 'expected a variable index below 4, found v4'],
    ['v-1', 16, 'expected a variable index below 4, found v-1'],
    ['f0 2', 16, 'imported function f0 is not supported'],
    ['q', 16, 'expected one of n, s, l, v, o, f, h to begin an expression, found "q"'],
    ['n1.2.3', 31, 'expected a number, found "1.2.3"'],
    ['nNaN', 31, 'expected a number, found "NaN"'],
    ['L0', 18, 'segment L: logical constraints are not supported'],
    ['Q7', 18, 'expected a segment letter (one of F S V C L O d x r b k K J G), found "Q"'],
    ['C3', 18, 'expected a constraint index below 3 after C, found 3'],
    ['1 x', 38, 'expected an initial value, found "x"'],
    ['5 1 1', 41, 'constraint 0: complementarity is not supported'],
    ['7 1', 41, 'expected a code from 0 to 5, found "7"'],
    ['3 1', 52, 'expected a variable index below 3, found 3'],
    ['0 1 extra', 52, 'expected the end of the line, found "extra"'],
    ['J0 2', 54, 'expected segment J0 once, found it again'],
  ])('%s in line %i', (replacement, line, problem) => {
    const error = failure(withLine(line, replacement));
    expect(error.problem).toEqual(typeof problem === 'string' ? problem : expect.stringMatching(problem));
    expect(error.line).toBe(line);
    expect(error.message).toBe(`line ${line}: ${error.problem}`);
  });

  it('tells what cannot be supported from what is wrong', () => {
    expect(failure(withLine(18, 'L0')).unsupported).toBe(true);
    expect(failure(withLine(18, 'Q0')).unsupported).toBe(false);
  });

  it('wants all segments that the header promises', () => {
    const cut = mixedIntegerSample.slice(0, mixedIntegerSample.indexOf('r\n2 1'));
    expect(failure(cut).problem).toBe('expected segment b with the bounds, found the end of the file');
    expect(failure('').problem).toBe('expected g, b or z, the first letter of a .nl file, found end of file');
  });

  it('refuses what exceeds the limits given', () => {
    expect(() => readNl(mixedIntegerSample, { maxVariables: 2 })).toThrow('expected at most 2 variables');
    expect(() => readNl(mixedIntegerSample, { maxDepth: 1 })).toThrow('nested at most 1 deep');
    expect(() => readNl(mixedIntegerSample, { maxNodes: 5 })).toThrow('at most 5 expression nodes');
  });
});
