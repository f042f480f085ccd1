import { ArgumentError } from '../errors/index.js';
import type { Matrix, SymmetricMatrix } from '../linalg/index.js';
import type { QuadraticProgram } from '../problem/index.js';

const format = 'sft-opt quadratic program';
const version = 1;

/**
 * A quadratic program as JSON that `readQuadraticProgram` reads back bit for bit: what a report of a wrong answer can carry.
 * Infinite sides, NaN and −0, which JSON does not know, stand as text.
 *
 * @param program - Any convex or nonconvex quadratic program, or a linear one.
 * @example
 * ```ts
 * import { dumpQuadraticProgram } from 'sft-opt/debug';
 *
 * const none = new Float64Array(0);
 * const program = {
 *   linear: Float64Array.of(1),
 *   constraintLower: none,
 *   constraintUpper: none,
 *   lower: Float64Array.of(0),
 *   upper: Float64Array.of(Infinity),
 * };
 * console.log(dumpQuadraticProgram(program).includes('"upper":["Infinity"]')); // true
 * ```
 */
export function dumpQuadraticProgram(program: QuadraticProgram): string {
  return JSON.stringify({ format, version, ...program }, (_key, value: unknown) => {
    if (value instanceof Float64Array) return Array.from(value, written);
    if (value instanceof Int32Array) return Array.from(value);
    return typeof value === 'number' ? written(value) : value;
  });
}

/**
 * What `dumpQuadraticProgram` wrote.
 *
 * @param text - JSON.
 * @throws ArgumentError with the place of what does not fit.
 * @example
 * ```ts
 * import { dumpQuadraticProgram, readQuadraticProgram } from 'sft-opt/debug';
 *
 * const none = new Float64Array(0);
 * const sides = { constraintLower: none, constraintUpper: none, lower: Float64Array.of(-0), upper: Float64Array.of(1) };
 * console.log(readQuadraticProgram(dumpQuadraticProgram({ linear: Float64Array.of(0.1), ...sides })).lower); // Float64Array(1) [ -0 ]
 * ```
 */
export function readQuadraticProgram(text: string): QuadraticProgram {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new ArgumentError('the dump is not JSON');
  }
  const fields = new Fields('', value);
  fields.must('format', format);
  fields.must('version', version);
  const linear = fields.numbers('linear');
  const rows = fields.numbers('constraintLower');
  const [n, m] = [linear.length, rows.length];
  return {
    ...(fields.has('hessian') && { hessian: symmetric(fields.inner('hessian'), n) }),
    linear,
    ...(fields.has('constant') && { constant: fields.number('constant') }),
    ...(fields.has('constraintMatrix') && { constraintMatrix: rectangular(fields.inner('constraintMatrix'), m, n) }),
    constraintLower: rows,
    constraintUpper: fields.numbers('constraintUpper', m),
    lower: fields.numbers('lower', n),
    upper: fields.numbers('upper', n),
  };
}

function symmetric(fields: Fields, n: number): SymmetricMatrix {
  switch (fields.kind()) {
    case 'diagonal':
      return { kind: 'diagonal', values: fields.numbers('values', n) };
    case 'diagonal-plus-low-rank': {
      const weights = fields.numbers('weights');
      const factor = rectangular(fields.inner('factor'), n, weights.length);
      if (factor.kind !== 'dense') throw fields.wrong('factor', 'a dense matrix');
      return { kind: 'diagonal-plus-low-rank', diagonal: fields.numbers('diagonal', n), factor, weights };
    }
    default:
      return rectangular(fields, n, n);
  }
}

function rectangular(fields: Fields, rows: number, columns: number): Matrix {
  fields.must('rows', rows);
  fields.must('columns', columns);
  if (fields.kind() === 'dense') {
    return { kind: 'dense', rows, columns, values: fields.numbers('values', rows * columns) };
  }
  if (fields.kind() !== 'sparse') throw fields.wrong('kind', 'dense, sparse, or a symmetric form for the Hessian');
  const values = fields.numbers('values');
  const columnStarts = fields.indices('columnStarts', columns + 1, values.length);
  const rowIndices = fields.indices('rowIndices', values.length, rows - 1);
  const rising = (from: number, to: number) =>
    rowIndices.subarray(from, to).every((row, k, part) => k === 0 || row > part[k - 1]!);
  for (let j = 0; j < columns; j++) {
    const [from, to] = [columnStarts[j]!, columnStarts[j + 1]!];
    if (from > to || !rising(from, to)) throw fields.wrong('rowIndices', `rows that rise within column ${j}`);
  }
  if (columnStarts[0] !== 0 || columnStarts[columns] !== values.length) {
    throw fields.wrong('columnStarts', `starts from 0 to ${values.length}`);
  }
  return { kind: 'sparse', rows, columns, columnStarts, rowIndices, values };
}

/** Fields of an object of the dump, each read as what it must be. */
class Fields {
  private readonly values: Readonly<Record<string, unknown>>;

  constructor(
    private readonly path: string,
    value: unknown,
  ) {
    if (typeof value !== 'object' || value === null) throw new ArgumentError(`${path || 'the dump'} must be an object`);
    this.values = value as Record<string, unknown>;
  }

  has(name: string): boolean {
    return this.values[name] !== undefined;
  }

  kind(): unknown {
    return this.values['kind'];
  }

  wrong(name: string, allowed: string): ArgumentError {
    return new ArgumentError(`${this.path}${name} must be ${allowed}`);
  }

  must(name: string, value: string | number): void {
    if (this.values[name] !== value) throw this.wrong(name, String(value));
  }

  inner(name: string): Fields {
    return new Fields(`${this.path}${name}.`, this.values[name]);
  }

  number(name: string): number {
    return read(this.values[name], () => this.wrong(name, 'a number'));
  }

  numbers(name: string, length?: number): Float64Array {
    const list = this.list(name, length);
    return Float64Array.from(list, (value, k) => read(value, () => this.wrong(`${name}[${k}]`, 'a number')));
  }

  indices(name: string, length: number, most: number): Int32Array {
    return Int32Array.from(this.list(name, length), (value, k) => {
      const isIndex = typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= most;
      if (!isIndex) throw this.wrong(`${name}[${k}]`, `a whole number from 0 to ${most}`);
      return value;
    });
  }

  private list(name: string, length?: number): readonly unknown[] {
    const list = this.values[name];
    const fits = Array.isArray(list) && (length === undefined || list.length === length);
    if (!fits) throw this.wrong(name, length === undefined ? 'a list' : `a list of ${length}`);
    return list;
  }
}

function written(value: number): number | string {
  return Number.isFinite(value) && !Object.is(value, -0) ? value : Object.is(value, -0) ? '-0' : String(value);
}

function read(value: unknown, wrong: () => ArgumentError): number {
  if (typeof value === 'number') return value;
  if (value === '-0' || value === 'Infinity' || value === '-Infinity' || value === 'NaN') return Number(value);
  throw wrong();
}
