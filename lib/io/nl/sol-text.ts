import { NlError } from './error.js';
import { suffixKind, suffixTargets, toleranceExtra, toleranceOption, type NlSolution } from './sol.js';
import type { NlSuffix } from './model.js';
import { parseReal } from './text-cursor.js';

/**
 * The text form of a `.sol` file.
 *
 * @param solution - Values, marginals and code of the solve.
 * @example
 * ```ts
 * import { readSolText, writeSolText } from 'sft-opt/io/nl';
 *
 * const solution = {
 *   message: 'solved',
 *   amplOptions: [1, 1, 0],
 *   constraintCount: 0,
 *   variableCount: 2,
 *   x: Float64Array.of(1, 2),
 *   objective: 0,
 *   solveResult: 0,
 *   suffixes: [],
 * };
 * console.log(readSolText(writeSolText(solution)).x); // Float64Array(2) [ 1, 2 ]
 * ```
 */
export function writeSolText(solution: NlSolution): string {
  const { message, amplOptions, tolerance, marginals, x } = solution;
  const lines = message.split('\n').map((line) => (line.trim() === '' ? ' ' : line));
  const withTolerance = amplOptions[1] === toleranceOption;
  lines.push('', 'Options', String(amplOptions.length + (withTolerance ? toleranceExtra : 0)));
  for (const option of amplOptions) lines.push(String(option));
  lines.push(String(solution.constraintCount), String(marginals?.length ?? 0));
  lines.push(String(solution.variableCount), String(x?.length ?? 0));
  if (withTolerance) lines.push(String(tolerance ?? 0));
  marginals?.forEach((value) => lines.push(String(value)));
  x?.forEach((value) => lines.push(String(value)));
  lines.push(`objno ${solution.objective} ${solution.solveResult}`);
  for (const suffix of solution.suffixes) {
    lines.push(`suffix ${suffixKind(suffix)} ${suffix.indices.length} ${suffix.name.length + 1} 0 0`, suffix.name);
    suffix.indices.forEach((index, k) => lines.push(`${index} ${suffix.values[k]!}`));
  }
  return `${lines.join('\n')}\n`;
}

/** Lines of a text with their numbers. */
class LineReader {
  private next = 0;
  private readonly lines: readonly string[];

  constructor(text: string) {
    this.lines = text.split(/\r?\n/);
  }

  get done(): boolean {
    return this.lines.slice(this.next).every((line) => line.trim() === '');
  }

  line(expected: string): string {
    const line = this.lines[this.next];
    if (line === undefined) this.fail(`expected ${expected}, found the end of the file`);
    this.next++;
    return line;
  }

  count(expected: string): number {
    const text = this.line(expected).trim();
    const value = Number(text);
    if (text === '' || !Number.isInteger(value) || value < 0) this.failBack(`expected ${expected}, found "${text}"`);
    return value;
  }

  real(expected: string): number {
    const text = this.line(expected).trim();
    const value = parseReal(text);
    if (Number.isNaN(value) && text.toLowerCase() !== 'nan') this.failBack(`expected ${expected}, found "${text}"`);
    return value;
  }

  /** Complains about the line before. */
  failBack(problem: string): never {
    throw new NlError({ line: this.next }, problem);
  }

  get remaining(): number {
    return this.lines.length - this.next;
  }

  private fail(problem: string): never {
    throw new NlError({ line: this.next + 1 }, problem);
  }
}

/**
 * Reads the text form of a `.sol` file. Throws `NlError`.
 *
 * @param text - Content of the file.
 * @throws NlError with the line, what was expected and what stood there.
 * @example
 * ```ts
 * import { readSolText, writeSolText } from 'sft-opt/io/nl';
 *
 * const solution = {
 *   message: 'solved',
 *   amplOptions: [1, 1, 0],
 *   constraintCount: 0,
 *   variableCount: 2,
 *   x: Float64Array.of(1, 2),
 *   objective: 0,
 *   solveResult: 0,
 *   suffixes: [],
 * };
 * console.log(readSolText(writeSolText(solution)).solveResult); // 0
 * ```
 */
export function readSolText(text: string): NlSolution {
  const reader: LineReader = new LineReader(text);
  const message: string[] = [];
  for (let line = reader.line('a message'); line !== ''; line = reader.line('an empty line after the message')) {
    message.push(line === ' ' ? '' : line);
  }
  let heading = reader.line('"Options"');
  while (heading.trim() === '') heading = reader.line('"Options"');
  if (heading.trim() !== 'Options') reader.failBack(`expected "Options", found "${heading}"`);
  const amplOptions: number[] = [];
  let optionCount = reader.count('the number of options');
  while (amplOptions.length < optionCount) {
    amplOptions.push(reader.count('an option'));
    if (amplOptions.length === 2 && amplOptions[1] === toleranceOption) optionCount -= toleranceExtra;
  }
  const constraintCount = reader.count('the number of constraints');
  const marginalCount = reader.count('the number of dual values');
  const variableCount = reader.count('the number of variables');
  const valueCount = reader.count('the number of values');
  if (marginalCount !== 0 && marginalCount !== constraintCount) reader.failBack('expected all dual values or none');
  if (valueCount !== 0 && valueCount !== variableCount) reader.failBack('expected all values or none');
  if (marginalCount + valueCount > reader.remaining) {
    reader.failBack(`expected at most ${reader.remaining} values, as there are lines`);
  }
  const tolerance = amplOptions[1] === toleranceOption ? { tolerance: reader.real('a tolerance') } : {};
  const marginals = Float64Array.from({ length: marginalCount }, () => reader.real('a dual value'));
  const x = Float64Array.from({ length: valueCount }, () => reader.real('a value'));
  return {
    message: message.join('\n'),
    amplOptions,
    ...tolerance,
    constraintCount,
    variableCount,
    ...(marginalCount > 0 && { marginals }),
    ...(valueCount > 0 && { x }),
    ...readObjectiveLine(reader),
    suffixes: readSuffixes(reader),
  };
}

function readObjectiveLine(reader: LineReader): Pick<NlSolution, 'objective' | 'solveResult'> {
  if (reader.done) return { objective: 0, solveResult: -1 };
  const line = reader.line('objno');
  const match = /^objno (\d+) (-?\d+)\s*$/.exec(line);
  if (!match) reader.failBack(`expected "objno <objective> <code>", found "${line}"`);
  return { objective: Number(match[1]), solveResult: Number(match[2]) };
}

function readSuffixes(reader: LineReader): NlSuffix[] {
  const suffixes: NlSuffix[] = [];
  while (!reader.done) {
    const heading = reader.line('suffix');
    const match = /^suffix (\d+) (\d+) (\d+) (\d+) (\d+)\s*$/.exec(heading);
    if (!match) reader.failBack(`expected "suffix" and five counts, found "${heading}"`);
    const [kind, count, , , tableLines] = match.slice(1).map(Number) as [number, number, number, number, number];
    if (count + tableLines > reader.remaining) reader.failBack('expected as many lines as the suffix states');
    const name = reader.line('the name of the suffix').trim();
    for (let k = 0; k < tableLines; k++) reader.line('a line of the table');
    const indices = new Int32Array(count);
    const values = new Float64Array(count);
    for (let k = 0; k < count; k++) {
      const line = reader.line('an index and a value');
      const [index, value] = line.trim().split(/\s+/);
      indices[k] = Number(index);
      values[k] = parseReal(value ?? '');
      if (!Number.isInteger(Number(index)) || Number.isNaN(values[k])) {
        reader.failBack(`expected an index and a value, found "${line}"`);
      }
    }
    suffixes.push({ name, target: suffixTargets[kind & 3]!, real: (kind & 4) !== 0, indices, values });
  }
  return suffixes;
}
