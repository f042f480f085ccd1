import { CertificateError, Reader } from '../reader.js';
import { Dyadic } from './dyadic.js';
import { exactly, readRows, type ProgramStatement } from './statement.js';

/**
 * A diagonal S ≥ 0, undefined for 0, with P + S positive semidefinite: what a matrix R leaves, P + S − RᵀR, is diagonally dominant;
 * without R it may also be eliminated exactly.
 */
export function provenShift(
  program: ProgramStatement,
  { factor, shift: given }: Record<'factor' | 'shift', Reader>,
): readonly Dyadic[] | undefined {
  if (program.isLinear) return undefined;
  const n = program.hessian.length;
  // The lower triangle.
  const matrix = program.hessian.map(({ columns, values }, i) => {
    const entries = columns.map((j, k) => [j, values[k]!] as const);
    return new Map(entries.filter(([j]) => j <= i));
  });
  const add = (i: number, j: number, value: Dyadic): void =>
    void matrix[i]!.set(j, (matrix[i]!.get(j) ?? Dyadic.zero).plus(value));
  const shift = given.optional((part) => exactly(part, n, 0));
  shift?.forEach((value, j) => add(j, j, value));
  for (const { columns, values } of factor.optional((part) => readRows(part, n)) ?? []) {
    factor.spend(columns.length ** 2);
    columns.forEach((i, a) =>
      columns.forEach((j, b) => {
        if (j <= i) add(i, j, values[a]!.times(values[b]!).negated());
      }),
    );
  }
  const isProven = isDominant(matrix) || (factor.isNull && isSemidefinite(matrix, factor));
  factor.require('hessian convex', isProven, 'the Hessian is not shown to be positive semidefinite');
  return shift;
}

/** Whether each diagonal entry is at least all others of its row by size. */
function isDominant(matrix: readonly ReadonlyMap<number, Dyadic>[]): boolean {
  const excess = matrix.map((row, i) => row.get(i) ?? Dyadic.zero);
  matrix.forEach((row, i) => {
    for (const [j, value] of row) {
      if (i === j) continue;
      excess[i] = excess[i]!.minus(value.absolute());
      excess[j] = excess[j]!.minus(value.absolute());
    }
  });
  return excess.every(({ sign }) => sign >= 0);
}

/** Exact LDLᵀ with diagonal pivots, free of fractions (Bareiss 1968): all pivots positive, and nothing left where none is. */
function isSemidefinite(rows: readonly ReadonlyMap<number, Dyadic>[], evidence: Reader): boolean {
  let least = 0;
  const used = new Set<number>();
  rows.forEach((row, i) => {
    for (const [j, { e }] of row) {
      used.add(i).add(j);
      least = Math.min(least, e);
    }
  });
  // Variables without entries have rows of zeros.
  const order = [...used].sort((a, b) => a - b);
  evidence.spend(order.length ** 3);
  let left = order.map((i, row) =>
    order.slice(0, row + 1).map((j) => {
      const value = rows[i]!.get(j) ?? Dyadic.zero;
      return value.n << BigInt(value.e - least);
    }),
  );
  let previous = 1n;
  for (let step = 1; left.length > 0; step++) {
    if (left.some((row, i) => row[i]! < 0n)) return false;
    const k = left.findIndex((row, i) => row[i]! > 0n);
    if (k < 0) return left.every((row) => row.every((value) => value === 0n));
    evidence.spend(left.length ** 2 * step);
    const pivot = left[k]![k]!;
    const column = left.map((row, i) => (i < k ? left[k]![i]! : row[k]!));
    const divisor = previous;
    left = left.flatMap((row, i) =>
      i === k
        ? []
        : [row.flatMap((value, j) => (j === k ? [] : [(value * pivot - column[i]! * column[j]!) / divisor]))],
    );
    previous = pivot;
  }
  return true;
}

/** Whether evidence, as a certificate writes it, shows that the objective is convex but for its shift. */
export function isProvenConvex(program: ProgramStatement, evidence: object): boolean {
  try {
    provenShift(program, new Reader(evidence, '', { work: Infinity }).members('factor shift'));
    return true;
  } catch (error) {
    if (error instanceof CertificateError) return false;
    throw error;
  }
}
