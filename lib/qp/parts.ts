import { ArgumentError } from '../errors/index.js';
import type { SparseMatrix, SymmetricMatrix } from '../linalg/index.js';

type Part = 'Float64Array' | 'Int32Array' | 'count';
type Parts = Readonly<Record<string, Part>>;

const vectors: Parts = {
  linear: 'Float64Array',
  constraintLower: 'Float64Array',
  constraintUpper: 'Float64Array',
  lower: 'Float64Array',
  upper: 'Float64Array',
};

const dense: Parts = { rows: 'count', columns: 'count', values: 'Float64Array' };

/** What each kind of matrix is made of; `factor`, a matrix itself, is looked at by name. */
const matrices: Readonly<Record<string, Parts>> = {
  dense,
  sparse: { ...dense, columnStarts: 'Int32Array', rowIndices: 'Int32Array' },
  diagonal: { values: 'Float64Array' },
  'diagonal-plus-low-rank': { diagonal: 'Float64Array', weights: 'Float64Array' },
};

/**
 * Checks that a quadratic program has all its parts, each of its type, and that its matrices are whole, before anything is read from
 * them: what JavaScript passes is not held to the types. Throws `ArgumentError` that names every part at fault.
 */
export function checkParts(problem: unknown): void {
  if (!isObject(problem)) throw new ArgumentError(`a quadratic program is needed, found ${kindOf(problem)}`);
  const faults = faultsOf(problem, vectors, '');
  if (problem['constant'] !== undefined && !Number.isFinite(problem['constant'])) {
    faults.push(`constant must be a finite number, found ${found(problem['constant'])}`);
  }
  faults.push(...matrixFaults(problem['hessian'], 'hessian', Object.keys(matrices)));
  faults.push(...matrixFaults(problem['constraintMatrix'], 'constraintMatrix', ['dense', 'sparse']));
  if (faults.length > 0) throw new ArgumentError(faults.join('; '));
}

function matrixFaults(matrix: unknown, name: string, kinds: readonly string[]): string[] {
  if (matrix === undefined) return [];
  if (!isObject(matrix)) return [`${name} must be a matrix, found ${kindOf(matrix)}`];
  const kind = matrix['kind'];
  if (typeof kind !== 'string' || !kinds.includes(kind)) {
    return [`${name}.kind must be one of ${kinds.join(', ')}, found ${found(kind)}`];
  }
  const faults = faultsOf(matrix, matrices[kind]!, `${name}.`);
  if (kind === 'diagonal-plus-low-rank') {
    const factor = matrix['factor'];
    const path = `${name}.factor`;
    faults.push(...(factor === undefined ? [`${path} is missing`] : matrixFaults(factor, path, ['dense'])));
  }
  return faults.length > 0 ? faults : sizeFaults(matrix as unknown as SymmetricMatrix, name);
}

/** What does not fit within a matrix that has all its parts. */
function sizeFaults(matrix: SymmetricMatrix, name: string): string[] {
  const faults: string[] = [];
  const expectLength = (part: string, { length }: { readonly length: number }, wanted: number): void => {
    if (length !== wanted)
      faults.push(`${name}.${part} must ${part === 'factor.rows' ? 'be' : 'have length'} ${wanted}, found ${length}`);
  };
  if (matrix.kind === 'dense') expectLength('values', matrix.values, matrix.rows * matrix.columns);
  if (matrix.kind === 'diagonal-plus-low-rank') {
    expectLength('factor.rows', { length: matrix.factor.rows }, matrix.diagonal.length);
    expectLength('weights', matrix.weights, matrix.factor.columns);
  }
  if (matrix.kind === 'sparse') {
    expectLength('columnStarts', matrix.columnStarts, matrix.columns + 1);
    return faults.length > 0 ? faults : indexFaults(matrix, name);
  }
  return faults;
}

/** The first column whose entries are not where they may be. */
function indexFaults({ rows, columns, columnStarts, rowIndices, values }: SparseMatrix, name: string): string[] {
  const stored = Math.min(values.length, rowIndices.length);
  if (columnStarts[0] !== 0) return [`${name}.columnStarts must begin with 0, found ${columnStarts[0]!}`];
  for (let j = 0; j < columns; j++) {
    const [start, end] = [columnStarts[j]!, columnStarts[j + 1]!];
    if (end < start || end > stored) {
      return [`${name}.columnStarts[${j + 1}] must be from ${start} to ${stored}, the entries there are, found ${end}`];
    }
    for (let k = start; k < end; k++) {
      const row = rowIndices[k]!;
      if (row < 0 || row >= rows) return [`${name}.rowIndices[${k}] must be from 0 to ${rows - 1}, found ${row}`];
    }
  }
  return [];
}

function faultsOf(holder: Readonly<Record<string, unknown>>, parts: Parts, prefix: string): string[] {
  const faults: string[] = [];
  for (const name in parts) {
    const part = parts[name]!;
    const value = holder[name];
    if (value === undefined) faults.push(`${prefix}${name} is missing`);
    else if (part === 'count' ? !isCount(value) : kindOf(value) !== part) {
      const wanted =
        part === 'count' ? 'a whole number, at least 0,' : `${part === 'Int32Array' ? 'an' : 'a'} ${part},`;
      faults.push(`${prefix}${name} must be ${wanted} found ${found(value)}`);
    }
  }
  return faults;
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null;

const isCount = (value: unknown): boolean => Number.isInteger(value) && (value as number) >= 0;

/** The name of a type, also of arrays from another window or worker. */
const kindOf = (value: unknown): string => Object.prototype.toString.call(value).slice(8, -1);

const found = (value: unknown): string =>
  typeof value === 'number' || typeof value === 'string' ? JSON.stringify(value) : kindOf(value);
