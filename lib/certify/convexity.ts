import { Dyadic, isProvenConvex } from '../verify/programs/index.js';
import type { Stated } from './numeric.js';
import { NotCertifiable, type StatedRow } from './state-program.js';

/** Evidence that P + S is positive semidefinite, as certificates write it, with S. */
export interface ConvexityEvidence {
  readonly json: { readonly factor?: readonly StatedRow[]; readonly shift?: readonly number[] };
  readonly shift: readonly Dyadic[] | undefined;
}

/** Up to this many variables P may be eliminated exactly. */
const exactVariables = 120;
const largestDense = 1500;

/**
 * How P is shown to be positive semidefinite: by its own dominant diagonal, by a factor of P − δ·I, by exact elimination, or, with finite bounds, by a
 * factor of P + δ·I, whose curvature the bounds then pay for. Throws NotCertifiable where none holds.
 */
export function proveConvexity(stated: Stated): ConvexityEvidence {
  if (stated.exact.isLinear) return { json: {}, shift: undefined };
  const n = stated.variableCount;
  const accepted = (json: ConvexityEvidence['json']): boolean => isProvenConvex(stated.exact, json);
  if (isDominant(stated) && accepted({})) return { json: {}, shift: undefined };
  if (n > largestDense) throw new NotCertifiable(`the Hessian of ${n} variables is too large for a proof of convexity`);
  const dense = new Float64Array(n * n);
  let largest = 0;
  stated.statement.hessian.forEach(({ columns, values }, i) =>
    columns.forEach((j, k) => {
      dense[i * n + j] = values[k]!;
      largest = Math.max(largest, Math.abs(values[k]!));
    }),
  );
  for (const part of [1e-8, 1e-11, 1e-13]) {
    const factor = cholesky(dense, n, -part * largest);
    if (factor && accepted({ factor })) return { json: { factor }, shift: undefined };
  }
  if (n <= exactVariables && accepted({})) return { json: {}, shift: undefined };
  const isBounded = stated.lower.every(Number.isFinite) && stated.upper.every(Number.isFinite);
  for (const part of isBounded ? [1e-13, 1e-12, 1e-11, 1e-10] : []) {
    const factor = cholesky(dense, n, 0.5 * n * part * largest);
    const shift = new Array<number>(n).fill(n * part * largest);
    if (factor && accepted({ factor, shift })) {
      return { json: { factor, shift }, shift: shift.map((value) => Dyadic.of(value)) };
    }
  }
  throw new NotCertifiable('the Hessian is not shown to be positive semidefinite');
}

/** Whether, as far as doubles tell, each diagonal entry is at least all others of its row by size. */
function isDominant({ statement }: Stated): boolean {
  return statement.hessian.every(({ columns, values }, i) => {
    const excess = (sum: number, value: number, k: number): number =>
      columns[k] === i ? sum + value : sum - Math.abs(value);
    return values.reduce(excess, 0) >= 0;
  });
}

/** Rᵀ of P + δ·I = RᵀR, row k of R from place k on; undefined where a pivot is not positive. */
function cholesky(values: Float64Array, n: number, delta: number): StatedRow[] | undefined {
  const lower = Float64Array.from(values);
  for (let k = 0; k < n; k++) {
    let pivot = lower[k * n + k]! + delta;
    for (let t = 0; t < k; t++) pivot -= lower[k * n + t]! ** 2;
    if (!(pivot > 0)) return undefined;
    const root = Math.sqrt(pivot);
    lower[k * n + k] = root;
    for (let i = k + 1; i < n; i++) {
      let sum = lower[i * n + k]!;
      for (let t = 0; t < k; t++) sum -= lower[i * n + t]! * lower[k * n + t]!;
      lower[i * n + k] = sum / root;
    }
  }
  return Array.from({ length: n }, (_, k) => {
    const columns = Array.from({ length: n - k }, (__, t) => k + t).filter((i) => lower[i * n + k] !== 0);
    return { columns, values: columns.map((i) => lower[i * n + k]!) };
  });
}
