import { CertificateError, Reader } from '../reader.js';
import { Dyadic } from './dyadic.js';
import { exactly, readEntries, type ProgramStatement } from './statement.js';

/**
 * A diagonal S ≥ 0, undefined for 0, with P + S positive semidefinite. The evidence is a matrix R for which P + S − RᵀR is diagonally
 * dominant; without evidence S is 0 and P is eliminated exactly.
 */
export function provenShift(program: ProgramStatement, evidence: Reader): readonly Dyadic[] | undefined {
  if (program.isLinear) return undefined;
  const matrix = program.hessian.map(({ columns, values }) => new Map(columns.map((j, k) => [j, values[k]!])));
  if (evidence.isNull) {
    evidence.require('hessian convex', isSemidefinite(matrix, evidence), 'the Hessian is not positive semidefinite');
    return undefined;
  }
  const n = matrix.length;
  const at = evidence.members('factor shift');
  const shift = at.shift.optional((part) => exactly(part, n, 0));
  const add = (i: number, j: number, value: Dyadic): void =>
    void matrix[i]!.set(j, (matrix[i]!.get(j) ?? Dyadic.zero).plus(value));
  shift?.forEach((value, j) => add(j, j, value));
  for (const { columns: places, values } of at.factor.optional((part) => readEntries(part, n, n)) ?? []) {
    evidence.spend(places.length ** 2);
    for (let a = 0; a < places.length; a++) {
      for (let b = 0; b <= a; b++) add(places[a]!, places[b]!, values[a]!.times(values[b]!).negated());
    }
  }
  const excess = matrix.map((row, i) => row.get(i) ?? Dyadic.zero);
  matrix.forEach((row, i) => {
    for (const [j, value] of row) {
      if (i === j) continue;
      excess[i] = excess[i]!.minus(value.absolute());
      excess[j] = excess[j]!.minus(value.absolute());
    }
  });
  const isDominant = excess.every(({ sign }) => sign >= 0);
  evidence.require('hessian convex', isDominant, 'what the factor leaves of the Hessian is not diagonally dominant');
  return shift;
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

/** Whether `evidence`, as a certificate writes it, shows that the objective is convex but for its shift. */
export function isProvenConvex(program: ProgramStatement, evidence: object | undefined): boolean {
  try {
    provenShift(program, new Reader(evidence ?? null, 'convexity', { work: Infinity }));
    return true;
  } catch (error) {
    if (error instanceof CertificateError) return false;
    throw error;
  }
}
