import { ArgumentError } from '../errors/index.js';
import { symmetricOrder, transpose, type SymmetricMatrix } from '../linalg/index.js';
import type { QuadraticProgram } from '../problem/index.js';
import { checkParts } from './parts.js';

/** Throws RangeError, naming the part, when one is missing, lengths do not fit together, values are not numbers, or P is not symmetric. */
export function checkProgram(problem: QuadraticProgram): void {
  checkParts(problem);
  const n = problem.linear.length;
  const m = problem.constraintLower.length;
  const expectLength = (name: string, found: number, wanted: number): void => {
    if (found !== wanted) throw new ArgumentError(`${name} must have length ${wanted}, found ${found}`);
  };
  expectLength('lower', problem.lower.length, n);
  expectLength('upper', problem.upper.length, n);
  expectLength('constraintUpper', problem.constraintUpper.length, m);
  const { hessian } = problem;
  if (hessian !== undefined) expectLength('hessian', symmetricOrder(hessian), n);
  if (hessian && 'columns' in hessian) expectLength('the columns of hessian', hessian.columns, n);
  const matrix = problem.constraintMatrix;
  if (matrix === undefined) {
    if (m > 0) throw new ArgumentError('a problem with rows needs its constraintMatrix');
  } else {
    expectLength('the columns of constraintMatrix', matrix.columns, n);
    expectLength('the rows of constraintMatrix', matrix.rows, m);
    expectFinite('constraintMatrix', matrix.values);
  }
  expectFinite('linear', problem.linear);
  for (const [name, values] of hessianParts(problem)) expectFinite(name, values);
  if (problem.hessian !== undefined) expectSymmetric(problem.hessian);
  for (const name of ['lower', 'upper', 'constraintLower', 'constraintUpper'] as const) {
    if (containsNaN(problem[name])) throw new ArgumentError(`${name} contains NaN`);
  }
}

/** Differences of Pᵢⱼ and Pⱼᵢ up to this share of the larger one, or of the largest entry times 10⁻⁴, are rounding. */
const asymmetry = 1e-8;

/** Throws RangeError, naming the entries, when Pᵢⱼ ≠ Pⱼᵢ: solvers that read one triangle would solve another problem. */
function expectSymmetric(hessian: SymmetricMatrix): void {
  if (hessian.kind === 'diagonal' || hessian.kind === 'diagonal-plus-low-rank') return;
  let largest = 0;
  for (let k = 0; k < hessian.values.length; k++) largest = Math.max(largest, Math.abs(hessian.values[k]!));
  const expectEqual = (i: number, j: number, value: number, mirrored: number): void => {
    const size = Math.max(Math.abs(value), Math.abs(mirrored), 1e-4 * largest);
    if (Math.abs(value - mirrored) <= asymmetry * size) return;
    throw new ArgumentError(
      `hessian must be symmetric, found ${value} at (${i}, ${j}) and ${mirrored} at (${j}, ${i}); ` +
        '½(P + Pᵀ) has the same objective, and both triangles are to be given',
    );
  };
  if (hessian.kind === 'dense') {
    const { columns: n, values } = hessian;
    for (let i = 0; i < n; i++) for (let j = 0; j < i; j++) expectEqual(i, j, values[i * n + j]!, values[j * n + i]!);
    return;
  }
  // Transposing sorts the rows of each column.
  const mirror = transpose(hessian);
  const own = transpose(mirror);
  for (let j = 0; j < own.columns; j++) {
    let k = own.columnStarts[j]!;
    let l = mirror.columnStarts[j]!;
    const ownEnd = own.columnStarts[j + 1]!;
    const mirrorEnd = mirror.columnStarts[j + 1]!;
    while (k < ownEnd || l < mirrorEnd) {
      const i = k < ownEnd ? own.rowIndices[k]! : Infinity;
      const h = l < mirrorEnd ? mirror.rowIndices[l]! : Infinity;
      const row = Math.min(i, h);
      expectEqual(row, j, i === row ? own.values[k++]! : 0, h === row ? mirror.values[l++]! : 0);
    }
  }
}

function hessianParts({ hessian }: QuadraticProgram): readonly (readonly [string, Float64Array])[] {
  if (hessian === undefined) return [];
  if (hessian.kind !== 'diagonal-plus-low-rank') return [['hessian', hessian.values]];
  return [
    ['hessian.diagonal', hessian.diagonal],
    ['hessian.factor', hessian.factor.values],
    ['hessian.weights', hessian.weights],
  ];
}

function containsNaN(values: Float64Array): boolean {
  for (let k = 0; k < values.length; k++) if (Number.isNaN(values[k]!)) return true;
  return false;
}

function expectFinite(name: string, values: Float64Array): void {
  // A sum is finite only if all terms are; the other way round it may overflow.
  let sum = 0;
  for (let k = 0; k < values.length; k++) sum += values[k]!;
  if (Number.isFinite(sum)) return;
  for (let k = 0; k < values.length; k++) {
    if (!Number.isFinite(values[k])) throw new ArgumentError(`${name} contains ${values[k]!} at position ${k}`);
  }
}

/** What is wrong with a problem one of whose rows or bounds has its lower side above its upper one, else undefined. */
export function crossedSides({ lower, upper, constraintLower, constraintUpper }: QuadraticProgram): string | undefined {
  const isCrossed = (low: number, high: number): boolean => low > high || low === Infinity || high === -Infinity;
  const variable = lower.findIndex((low, j) => isCrossed(low, upper[j]!));
  if (variable >= 0) return `No number lies within the bounds of variable ${variable}.`;
  const row = constraintLower.findIndex((low, i) => isCrossed(low, constraintUpper[i]!));
  return row >= 0 ? `No number lies within the sides of row ${row}.` : undefined;
}
