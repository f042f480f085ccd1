import { NlError } from './error.js';
import type { NlSuffix } from './model.js';
import { suffixKind, suffixTargets, toleranceExtra, toleranceOption, type NlSolution } from './sol.js';

/**
 * The binary form: records, each between two copies of its length (32 bits). In order: "binary", the message, an empty
 * record, "Options" with integers, dual values, values, {objective, code}, and one record for each suffix.
 */
const suffixMark = '\nSuffix\n';
const optionsMark = 'Options';
const fixedCounts = 4;

/** Collects bytes in one byte order. */
class ByteWriter {
  private readonly bytes: number[] = [];
  private readonly scratch = new DataView(new ArrayBuffer(8));

  constructor(private readonly littleEndian: boolean) {}

  int(value: number): void {
    this.scratch.setInt32(0, value, this.littleEndian);
    this.copy(4);
  }

  real(value: number): void {
    this.scratch.setFloat64(0, value, this.littleEndian);
    this.copy(8);
  }

  text(text: string): void {
    for (const byte of new TextEncoder().encode(text)) this.bytes.push(byte);
  }

  /** A record whose content `write` produces. */
  record(write: (content: ByteWriter) => void): void {
    const content = new ByteWriter(this.littleEndian);
    write(content);
    this.int(content.bytes.length);
    for (const byte of content.bytes) this.bytes.push(byte);
    this.int(content.bytes.length);
  }

  finish(): Uint8Array {
    return Uint8Array.from(this.bytes);
  }

  private copy(count: number): void {
    for (let k = 0; k < count; k++) this.bytes.push(this.scratch.getUint8(k));
  }
}

/**
 * The binary form of a `.sol` file.
 *
 * @param solution - Values, marginals and code of the solve.
 * @param littleEndian - Byte order.
 * @example
 * ```ts
 * import { readSolBinary, writeSolBinary } from 'sft-opt/io/nl';
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
 * console.log(readSolBinary(writeSolBinary(solution)).x); // Float64Array(2) [ 1, 2 ]
 * ```
 */
export function writeSolBinary(solution: NlSolution, littleEndian = true): Uint8Array {
  const { message, amplOptions, tolerance, marginals, x } = solution;
  const writer = new ByteWriter(littleEndian);
  const withTolerance = amplOptions[1] === toleranceOption;
  writer.record((content) => content.text('binary'));
  writer.record((content) => content.text(message));
  writer.record(() => undefined);
  writer.record((content) => {
    content.text(optionsMark);
    content.int(amplOptions.length + (withTolerance ? toleranceExtra : 0));
    for (const option of amplOptions) content.int(option);
    content.int(solution.constraintCount);
    content.int(marginals?.length ?? 0);
    content.int(solution.variableCount);
    content.int(x?.length ?? 0);
    if (withTolerance) content.real(tolerance ?? 0);
  });
  if (marginals) writer.record((content) => marginals.forEach((value) => content.real(value)));
  if (x) writer.record((content) => x.forEach((value) => content.real(value)));
  writer.record((content) => {
    content.int(solution.objective);
    content.int(solution.solveResult);
  });
  for (const suffix of solution.suffixes) writer.record((content) => writeSuffix(content, suffix));
  return writer.finish();
}

function writeSuffix(content: ByteWriter, suffix: NlSuffix): void {
  content.text(suffixMark);
  content.int(suffixKind(suffix));
  content.int(suffix.indices.length);
  content.int(suffix.name.length + 1);
  content.int(0);
  content.text(`${suffix.name}\0`);
  suffix.indices.forEach((index, k) => {
    content.int(index);
    if (suffix.real) content.real(suffix.values[k]!);
    else content.int(suffix.values[k]!);
  });
}

/** One record's content. */
class RecordReader {
  offset = 0;

  constructor(
    private readonly view: DataView,
    private readonly start: number,
    readonly length: number,
    private readonly littleEndian: boolean,
  ) {}

  int(): number {
    return this.view.getInt32(this.take(4), this.littleEndian);
  }

  real(): number {
    return this.view.getFloat64(this.take(8), this.littleEndian);
  }

  text(length: number): string {
    const start = this.take(length);
    let text = '';
    for (let k = start; k < start + length; k++) text += String.fromCharCode(this.view.getUint8(k));
    return text;
  }

  utf8(): string {
    const start = this.take(this.length);
    return new TextDecoder().decode(new Uint8Array(this.view.buffer, this.view.byteOffset + start, this.length));
  }

  fail(problem: string): never {
    throw new NlError({ byteOffset: this.start + this.offset }, problem);
  }

  private take(length: number): number {
    if (length < 0 || this.offset + length > this.length) this.fail('expected a longer record');
    const start = this.start + this.offset;
    this.offset += length;
    return start;
  }
}

/** Splits a file into its records. */
class RecordSplitter {
  private offset = 0;
  private readonly view: DataView;
  readonly littleEndian: boolean;

  constructor(bytes: Uint8Array) {
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.littleEndian = bytes[0] !== 0;
  }

  get done(): boolean {
    return this.offset >= this.view.byteLength;
  }

  next(expected: string): RecordReader {
    const length = this.length(this.offset, expected);
    const start = this.offset + 4;
    if (length < 0 || start + length + 4 > this.view.byteLength || this.length(start + length, expected) !== length) {
      throw new NlError({ byteOffset: this.offset }, `expected ${expected}: a record between two copies of its length`);
    }
    this.offset = start + length + 4;
    return new RecordReader(this.view, start, length, this.littleEndian);
  }

  private length(offset: number, expected: string): number {
    if (offset + 4 > this.view.byteLength) {
      throw new NlError({ byteOffset: offset }, `expected ${expected}, found the end of the file`);
    }
    return this.view.getInt32(offset, this.littleEndian);
  }
}

/**
 * Reads the binary form of a `.sol` file, in either byte order. Throws `NlError`.
 *
 * @param bytes - The message, whole.
 * @throws NlError with the byte, what was expected and what stood there.
 * @example
 * ```ts
 * import { readSolBinary, writeSolBinary } from 'sft-opt/io/nl';
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
 * console.log(readSolBinary(writeSolBinary(solution)).solveResult); // 0
 * ```
 */
export function readSolBinary(bytes: Uint8Array): NlSolution {
  const records = new RecordSplitter(bytes);
  const mark = records.next('the mark of a binary file');
  if (mark.utf8() !== 'binary') mark.fail('expected "binary" in the first record');
  const messages: string[] = [];
  for (;;) {
    const record = records.next('a message');
    if (record.length === 0) break;
    messages.push(record.utf8());
  }
  const options = readOptions(records.next('options'));
  const realRecord = (count: number, what: string): Float64Array => {
    const record = records.next(what);
    if (record.length !== count * 8) record.fail(`expected ${count} ${what}`);
    return Float64Array.from({ length: count }, () => record.real());
  };
  const marginals = options.marginalCount > 0 && { marginals: realRecord(options.marginalCount, 'dual values') };
  const x = options.valueCount > 0 && { x: realRecord(options.valueCount, 'values') };
  const code = records.done ? undefined : records.next('the objective and the code');
  const suffixes: NlSuffix[] = [];
  const objective = code?.int() ?? 0;
  const solveResult = code?.int() ?? -1;
  while (!records.done) suffixes.push(readSuffix(records.next('a suffix')));
  return {
    message: messages.join('\n'),
    amplOptions: options.amplOptions,
    ...(options.tolerance !== undefined && { tolerance: options.tolerance }),
    constraintCount: options.constraintCount,
    variableCount: options.variableCount,
    ...marginals,
    ...x,
    objective,
    solveResult,
    suffixes,
  };
}

interface SolOptions {
  amplOptions: number[];
  tolerance?: number;
  constraintCount: number;
  marginalCount: number;
  variableCount: number;
  valueCount: number;
}

function readOptions(record: RecordReader): SolOptions {
  if (record.text(optionsMark.length) !== optionsMark) record.fail('expected "Options"');
  let optionCount = record.int();
  const amplOptions: number[] = [];
  while (amplOptions.length < optionCount) {
    amplOptions.push(record.int());
    if (amplOptions.length === 2 && amplOptions[1] === toleranceOption) optionCount -= toleranceExtra;
  }
  const counts = Array.from({ length: fixedCounts }, () => record.int()) as [number, number, number, number];
  const [constraintCount, marginalCount, variableCount, valueCount] = counts;
  if (marginalCount !== 0 && marginalCount !== constraintCount) record.fail('expected all dual values or none');
  if (valueCount !== 0 && valueCount !== variableCount) record.fail('expected all values or none');
  return {
    amplOptions,
    ...(amplOptions[1] === toleranceOption && { tolerance: record.real() }),
    constraintCount,
    marginalCount,
    variableCount,
    valueCount,
  };
}

function readSuffix(record: RecordReader): NlSuffix {
  if (record.text(suffixMark.length) !== suffixMark) record.fail('expected the mark of a suffix');
  const kind = record.int();
  const count = record.int();
  const nameLength = record.int();
  const tableLength = record.int();
  const name = record.text(nameLength).replace(/\0.*$/, '');
  record.text(tableLength);
  const real = (kind & 4) !== 0;
  if (count < 0 || count * (real ? 12 : 8) !== record.length - record.offset) {
    record.fail(`expected ${count} entries in the suffix`);
  }
  const indices = new Int32Array(count);
  const values = new Float64Array(count);
  for (let k = 0; k < count; k++) {
    indices[k] = record.int();
    values[k] = real ? record.real() : record.int();
  }
  return { name, target: suffixTargets[kind & 3]!, real, indices, values };
}
