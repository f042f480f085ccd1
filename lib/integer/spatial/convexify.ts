import type { LinearForm } from '../../problem/index.js';
import type { LinearRow } from '../linear/certificate.js';
import type { Expressions } from './expressions.js';
import { product, scaled, sum, type Interval } from './intervals.js';

/** Most work on one interval Hessian: operations times squared variables. */
const mostWork = 150_000;
const zero: Interval = [0, 0];

/** Interval Hessian of a function over a box in the variables that it bends in. */
export interface HessianRange {
  readonly variables: readonly number[];
  /** Row-major, both triangles. */
  readonly low: Float64Array;
  readonly high: Float64Array;
}

/** Variables below each nonlinear slot of a function, in increasing order. */
function variablesOf({ operations, variableCount }: Expressions, { slots }: LinearForm): number[] {
  const seen = new Set<number>();
  const pending = slots.filter((slot) => slot >= variableCount);
  const found: number[] = [];
  while (pending.length > 0) {
    const slot = pending.pop()!;
    if (seen.has(slot)) continue;
    seen.add(slot);
    if (slot < variableCount) found.push(slot);
    else for (const operand of operations[slot - variableCount]!.operands) pending.push(operand);
  }
  return found.sort((a, b) => a - b);
}

/**
 * Second derivatives of a function over the ranges of all slots: adjoint and gradient of every operation in interval
 * arithmetic, then Σ adjoint·second derivative·(outer products of gradients). Undefined where an operation has a kink, a
 * range has no end, or there is too much to do.
 */
export function hessianRange(
  expressions: Expressions,
  form: LinearForm,
  lower: Float64Array,
  upper: Float64Array,
): HessianRange | undefined {
  const { operations, variableCount, slotCount, smooth } = expressions;
  const variables = variablesOf(expressions, form);
  const n = variables.length;
  if (n === 0 || operations.length * n * n > mostWork) return undefined;
  const place = new Map(variables.map((j, k) => [j, k]));
  const range = (slot: number): Interval => [lower[slot]!, upper[slot]!];
  const adjoints: (Interval | undefined)[] = Array.from({ length: slotCount }, () => undefined);
  const add = (slot: number, term: Interval): void => {
    adjoints[slot] = sum(adjoints[slot] ?? zero, term);
  };
  form.slots.forEach((slot, k) => add(slot, [form.coefficients[k]!, form.coefficients[k]!]));
  /** First and second partial derivatives of the operations in use: by a, by b, aa, ab, bb. */
  const partials: (readonly Interval[] | undefined)[] = [];
  for (let i = operations.length - 1; i >= 0; i--) {
    const adjoint = adjoints[variableCount + i];
    if (!adjoint) continue;
    const { kind, operands, coefficients } = operations[i]!;
    const [a, b] = [operands[0]!, operands[1]!];
    switch (kind) {
      case 'constant':
        break;
      case 'affine':
        operands.forEach((slot, k) => add(slot, scaled(adjoint, coefficients[k]!)));
        break;
      case 'multiply':
        partials[i] = [range(b), range(a), zero, [1, 1], zero];
        break;
      case 'divide': {
        const [low, high] = range(b);
        if (!(low > 0 || high < 0)) return undefined;
        const inverse: Interval = [1 / high, 1 / low];
        const squared =
          low > 0 ? ([inverse[0] ** 2, inverse[1] ** 2] as const) : ([inverse[1] ** 2, inverse[0] ** 2] as const);
        const result = range(variableCount + i);
        partials[i] = [
          inverse,
          scaled(product(result, inverse), -1),
          zero,
          scaled(squared, -1),
          scaled(product(result, squared), 2),
        ];
        break;
      }
      default: {
        const g = smooth[i];
        if (!g) return undefined;
        partials[i] = [g.firstRange(range(a)), zero, g.secondRange(range(a)), zero, zero];
      }
    }
    const own = partials[i];
    if (!own) continue;
    if (own.some(([low, high]) => !Number.isFinite(low) || !Number.isFinite(high))) return undefined;
    add(a, product(adjoint, own[0]!));
    if (operands.length > 1) add(b, product(adjoint, own[1]!));
  }
  const gradients = new Map<number, (Interval | undefined)[]>();
  const gradientOf = (slot: number): (Interval | undefined)[] => {
    const known = gradients.get(slot);
    if (known) return known;
    const gradient: (Interval | undefined)[] = Array.from({ length: n }, () => undefined);
    if (slot < variableCount) gradient[place.get(slot)!] = [1, 1];
    gradients.set(slot, gradient);
    return gradient;
  };
  const low = new Float64Array(n * n);
  const high = new Float64Array(n * n);
  const accumulate = (
    weight: Interval,
    left: readonly (Interval | undefined)[],
    right: readonly (Interval | undefined)[],
    twice: boolean,
  ): void => {
    if (weight[0] === 0 && weight[1] === 0) return;
    for (let p = 0; p < n; p++) {
      const u = left[p];
      if (!u) continue;
      for (let q = 0; q < n; q++) {
        const v = right[q];
        if (!v) continue;
        const isSquare = left === right && p === q;
        const pair = isSquare ? squareOf(u) : product(u, v);
        const term = product(weight, pair);
        low[p * n + q]! += term[0];
        high[p * n + q]! += term[1];
        if (twice) {
          low[q * n + p]! += term[0];
          high[q * n + p]! += term[1];
        }
      }
    }
  };
  for (let i = 0; i < operations.length; i++) {
    const adjoint = adjoints[variableCount + i];
    if (!adjoint) continue;
    const { kind, operands, coefficients } = operations[i]!;
    const gradient = gradientOf(variableCount + i);
    const grow = (source: readonly (Interval | undefined)[], factor: Interval): void => {
      source.forEach((entry, k) => {
        if (entry) gradient[k] = sum(gradient[k] ?? zero, product(factor, entry));
      });
    };
    if (kind === 'affine') operands.forEach((slot, k) => grow(gradientOf(slot), [coefficients[k]!, coefficients[k]!]));
    const own = partials[i];
    if (!own) continue;
    const left = gradientOf(operands[0]!);
    grow(left, own[0]!);
    accumulate(product(adjoint, own[2]!), left, left, false);
    if (operands.length < 2) continue;
    const right = gradientOf(operands[1]!);
    grow(right, own[1]!);
    accumulate(product(adjoint, own[3]!), left, right, true);
    accumulate(product(adjoint, own[4]!), right, right, false);
  }
  return low.every(Number.isFinite) && high.every(Number.isFinite) ? { variables, low, high } : undefined;
}

function squareOf([low, high]: Interval): Interval {
  const [a, b] = [low * low, high * high];
  return low <= 0 && high >= 0 ? [0, Math.max(a, b)] : [Math.min(a, b), Math.max(a, b)];
}

/**
 * Factors α ≥ 0, one a variable, that make side·f + Σ αᵢ(xᵢ − lᵢ)(xᵢ − uᵢ) convex over the box (αBB: Androulakis, Maranas &
 * Floudas 1995; Adjiman et al. 1998): by one shift of the Hessian in units of the ranges, or by its rows (Gershgorin),
 * whichever lies less below f. All 0 where f is proven convex.
 */
export function convexifying(
  { variables, low, high }: HessianRange,
  side: 1 | -1,
  lower: Float64Array,
  upper: Float64Array,
): Float64Array | undefined {
  const n = variables.length;
  const widths = variables.map((j) => upper[j]! - lower[j]!);
  if (!widths.every(Number.isFinite)) return undefined;
  const entry = (values: Float64Array, p: number, q: number): number => values[p * n + q]! * widths[p]! * widths[q]!;
  const matrix = new Float64Array(n * n);
  const rows = new Float64Array(n);
  for (let p = 0; p < n; p++) {
    let spread = 0;
    let others = 0;
    for (let q = 0; q < n; q++) {
      const [a, b] = [side * entry(low, p, q), side * entry(high, p, q)];
      const middle = (a + b) / 2;
      const radius = Math.abs(b - a) / 2;
      matrix[p * n + q] = middle;
      spread += radius;
      if (q !== p) others += Math.max(Math.abs(a), Math.abs(b));
    }
    matrix[p * n + p]! -= spread;
    const least = Math.min(side * entry(low, p, p), side * entry(high, p, p));
    rows[p] = Math.max(0, others - least);
  }
  const shift = leastShift(matrix, n);
  const byRows = rows.reduce((total, value) => total + value, 0);
  const alphas = new Float64Array(n);
  for (let p = 0; p < n; p++) {
    const own = shift * n <= byRows ? shift : rows[p]!;
    alphas[p] = widths[p]! > 0 ? own / (2 * widths[p]! ** 2) : 0;
  }
  return alphas;
}

/** About the least s ≥ 0 with matrix + s·I positive definite. */
function leastShift(matrix: Float64Array, n: number): number {
  let size = 0;
  for (let p = 0; p < n; p++) {
    let row = 0;
    for (let q = 0; q < n; q++) row += Math.abs(matrix[p * n + q]!);
    size = Math.max(size, row);
  }
  if (size === 0) return 0;
  const slack = 1e-12 * size;
  if (isDefinite(matrix, n, slack)) return slack > 0 && !isDefinite(matrix, n, 0) ? slack : 0;
  let from = 0;
  let to = size * (1 + 1e-9);
  for (let k = 0; k < 14; k++) {
    const middle = (from + to) / 2;
    if (isDefinite(matrix, n, middle)) to = middle;
    else from = middle;
  }
  return to;
}

function isDefinite(matrix: Float64Array, n: number, shift: number): boolean {
  const factor = new Float64Array(n * n);
  for (let p = 0; p < n; p++) {
    for (let q = 0; q <= p; q++) {
      let value = matrix[p * n + q]! + (p === q ? shift : 0);
      for (let k = 0; k < q; k++) value -= factor[p * n + k]! * factor[q * n + k]!;
      if (p === q) {
        if (!(value >= 0)) return false;
        factor[p * n + p] = Math.sqrt(value);
      } else if (factor[q * n + q]! > 0) factor[p * n + q] = value / factor[q * n + q]!;
      else if (value !== 0) return false;
    }
  }
  return true;
}

/**
 * The tangent at a point of the convexified function as a row over all slots: side·(form) ≥ tangent. `values` holds all
 * slots evaluated at the point.
 */
export function tangentOfForm(
  expressions: Expressions,
  form: LinearForm,
  side: 1 | -1,
  convex: { readonly variables: readonly number[]; readonly alphas: Float64Array },
  lower: Float64Array,
  upper: Float64Array,
  values: Float64Array,
): LinearRow | undefined {
  const { variableCount } = expressions;
  const gradient = new Float64Array(variableCount);
  expressions.gradient(form, values, gradient);
  let constant = side * expressions.valueOf(form, values);
  const slope = gradient.map((value) => side * value);
  convex.variables.forEach((j, k) => {
    const alpha = convex.alphas[k]!;
    if (alpha === 0) return;
    const [x, l, u] = [values[j]!, lower[j]!, upper[j]!];
    constant += alpha * (x - l) * (x - u);
    slope[j]! += alpha * (2 * x - l - u);
  });
  for (let j = 0; j < variableCount; j++) if (slope[j] !== 0) constant -= slope[j]! * values[j]!;
  const entries = new Map<number, number>();
  form.slots.forEach((slot, k) => entries.set(slot, (entries.get(slot) ?? 0) + side * form.coefficients[k]!));
  slope.forEach((value, j) => {
    if (value !== 0) entries.set(j, (entries.get(j) ?? 0) - value);
  });
  const row = {
    indices: [...entries.keys()],
    values: [...entries.values()],
    lower: constant - side * form.constant - 1e-12 * Math.abs(constant),
    upper: Infinity,
  };
  return row.values.every(Number.isFinite) && Number.isFinite(row.lower) ? row : undefined;
}
