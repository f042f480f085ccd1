import { Dyadic, dualValue, type Box } from '../verify/programs/index.js';
import { solveExactly, type Equation } from './exact-solve.js';
import type { Stated } from './numeric.js';
import { exactly, roundedDown, roundedUp, written, type Rationals } from './rational.js';

/** A leaf of a bound as certificates write it, with the bound that it proves: Infinity where no point is. */
export interface ProvenLeaf {
  readonly leaf: object;
  readonly value: number;
}

/** A point as certificates write it. */
export interface PointClaim {
  /** No less than the objective at the point. */
  readonly value: number;
  /** Part by which a side may be passed, relative to max(1, |side|); 0 for an exact point. */
  readonly tolerance: number;
  /** Common denominator of the coordinates, a whole number in decimal digits; 1 when absent. */
  readonly over?: string;
  /** Coordinates; whole numbers in decimal digits where `over` is given. */
  readonly x: readonly (number | string)[];
}

/** What a certificate claims. */
export interface ProgramClaims {
  /** A point and what its objective is at most. */
  readonly point?: PointClaim;
  /** Evidence that no point has a lower objective than stated, or that there is no point at all. */
  readonly bound?: object;
  /** A direction from the point along which the objective falls without end. */
  readonly ray?: readonly (number | string)[];
}

/** The bound of multipliers y (positive for upper sides) and, with curvature, of the tangent at w; undefined if there is none. */
export function dualLeaf(
  stated: Stated,
  box: Box,
  y: Rationals,
  w: readonly Dyadic[] | undefined,
  shift: readonly Dyadic[] | undefined,
): ProvenLeaf | undefined {
  const tangent = stated.exact.isLinear ? undefined : w;
  const value = dualValue(stated.exact, box, y, tangent, shift);
  if (value === undefined) return undefined;
  const bound = roundedDown(value, y.over.times(y.over));
  if (bound === -Infinity) return undefined;
  const { over, lists } = written(y.over, y.entries, ...(tangent ? [tangent] : []));
  return { leaf: { ...(over && { over }), rows: lists[0], ...(tangent && { at: lists[1] }) }, value: bound };
}

/** Proof by multipliers that the box holds no point; either sign of y may be the right one. */
export function rayLeaf(stated: Stated, box: Box, y: Rationals): ProvenLeaf | undefined {
  for (const entries of [y.entries, y.entries.map((value) => value.negated())]) {
    const value = dualValue(stated.exact, box, { over: Dyadic.zero, entries });
    if (value === undefined || value.sign <= 0) continue;
    // A positive factor changes nothing.
    return { leaf: { over: '0', rows: written(Dyadic.one, entries).lists[0] }, value: Infinity };
  }
  return undefined;
}

/** Multipliers without those that lean on sides that do not exist. */
export function leaning(stated: Stated, y: Float64Array): Float64Array {
  const largest = y.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  return y.map((value, i) => {
    const side = value > 0 ? stated.rowUpper[i]! : stated.rowLower[i]!;
    return !Number.isFinite(value) || !Number.isFinite(side) || Math.abs(value) < 1e-15 * largest ? 0 : value;
  });
}

/** Whether x is further than that from both bounds. */
function isInside(x: number, lower: number, upper: number, near: number): boolean {
  const away = (side: number): boolean =>
    !Number.isFinite(side) || Math.abs(x - side) > near * Math.max(1, Math.abs(side));
  return away(lower) && away(upper);
}

/** x with what is next to a bound on it. */
export function snapped(x: Float64Array, lower: Float64Array, upper: Float64Array, near: number): Float64Array {
  return x.map((value, j) => {
    const side = value - lower[j]! < upper[j]! - value ? lower[j]! : upper[j]!;
    return Number.isFinite(side) && Math.abs(value - side) <= near * Math.max(1, Math.abs(side)) ? side : value;
  });
}

/** Rows that a point all but meets with equality, with the side. */
function activeRows(stated: Stated, x: Float64Array, near: number): Map<number, number> {
  const active = new Map<number, number>();
  for (let i = 0; i < stated.rowCount; i++) {
    const value = stated.rowValue(i, x);
    for (const side of [stated.rowLower[i]!, stated.rowUpper[i]!]) {
      if (Number.isFinite(side) && Math.abs(value - side) <= near * Math.max(1, Math.abs(side))) active.set(i, side);
    }
  }
  return active;
}

/** The point on exactly the bounds and rows that x all but meets. */
export function vertexAt(
  stated: Stated,
  lower: Float64Array,
  upper: Float64Array,
  x: Float64Array,
  near: number,
): Rationals | undefined {
  const at = snapped(x, lower, upper, near);
  const inside = interior(at, lower, upper);
  const equations: Equation[] = [];
  for (const [i, side] of activeRows(stated, at, near)) {
    const { columns, values } = stated.exact.rows[i]!;
    equations.push({ unknowns: columns, values, right: Dyadic.of(side) });
  }
  return solveExactly(equations, inside, exactly(at).entries);
}

/** Variables between their bounds, the furthest from them first. */
function interior(x: Float64Array, lower: Float64Array, upper: Float64Array): number[] {
  const room = (j: number): number => Math.min(x[j]! - lower[j]!, upper[j]! - x[j]!);
  return [...x.keys()].filter((j) => room(j) > 0).sort((a, b) => room(b) - room(a) || a - b);
}

/**
 * Multipliers near y whose reduced costs vanish exactly where they have to: where a bound is missing that they lean on and where x, if
 * given, is between its bounds; in a second attempt also wherever they are but rounding and a bound is missing. With `w` the costs are
 * those of the tangent there; without `hasCost` there are none.
 */
export function* clearedMultipliers(
  stated: Stated,
  y: Float64Array,
  lower: Float64Array,
  upper: Float64Array,
  { hasCost, x, w, near = 1e-9 }: { hasCost: boolean; x?: Float64Array; w?: Float64Array | undefined; near?: number },
): Generator<Rationals> {
  const exactW = w && exactly(w).entries;
  const costs = stated.exact.linear.map((cost, j) => {
    if (!hasCost) return Dyadic.zero;
    let sum = cost;
    const { columns, values } = stated.hessianRows[j]!;
    if (exactW) columns.forEach((k, t) => (sum = sum.plus(values[t]!.times(exactW[k]!))));
    return sum;
  });
  const groups: [number[], number[], number[]] = [[], [], []];
  for (let j = 0; j < stated.variableCount; j++) {
    const { rows, values } = stated.columns[j]!;
    let d = toNumber(costs[j]!);
    let size = Math.abs(d);
    rows.forEach((i, k) => {
      const term = toNumber(values[k]!) * y[i]!;
      d += term;
      size = Math.max(size, Math.abs(term));
    });
    const isNoise = Math.abs(d) <= 1e-6 * size;
    const isBetween = x !== undefined && isNoise && isInside(x[j]!, lower[j]!, upper[j]!, near);
    const missing = [lower[j]!, upper[j]!].filter((side) => !Number.isFinite(side)).length;
    if (isBetween || missing === 2) groups[0].push(j);
    else if (d !== 0 && !Number.isFinite(d > 0 ? lower[j]! : upper[j]!)) groups[1].push(j);
    else if (isNoise && missing === 1) groups[2].push(j);
  }
  const support = bySize(y);
  // Without costs one multiplier stays as it is: a proof has no length.
  const unknowns = hasCost ? support : support.slice(1);
  for (const columns of [[...groups[0], ...groups[1]], groups.flat()]) {
    const equations = columns.map((j): Equation => {
      const { rows, values } = stated.columns[j]!;
      return { unknowns: rows, values, right: costs[j]!.negated() };
    });
    const found = solveExactly(equations, unknowns, exactly(y).entries);
    if (found) yield found;
    if (groups[2].length === 0) return;
  }
}

const toNumber = ({ n, e }: Dyadic): number => Number(n) * 2 ** e;

function bySize(y: Float64Array): number[] {
  return [...y.keys()].filter((i) => y[i] !== 0).sort((a, b) => Math.abs(y[b]!) - Math.abs(y[a]!) || a - b);
}

/** The stationary point of the objective on the bounds and rows that x all but meets, with its multipliers. */
export function stationaryAt(
  stated: Stated,
  lower: Float64Array,
  upper: Float64Array,
  x: Float64Array,
  y: Float64Array,
  near: number,
): { x: Rationals; y: Rationals } | undefined {
  const n = stated.variableCount;
  const at = snapped(x, lower, upper, near);
  const inside = interior(at, lower, upper);
  const active = activeRows(stated, at, near);
  const equations: Equation[] = [];
  for (const [i, side] of active) {
    const { columns, values } = stated.exact.rows[i]!;
    equations.push({ unknowns: columns, values, right: Dyadic.of(side) });
  }
  const held = y.map((value, i) => (active.has(i) ? value : 0));
  for (const j of inside) {
    const own = stated.columns[j]!;
    const curved = stated.hessianRows[j]!;
    equations.push({
      unknowns: [...curved.columns, ...own.rows.map((i) => n + i)],
      values: [...curved.values, ...own.values],
      right: stated.exact.linear[j]!.negated(),
    });
  }
  const found = solveExactly(
    equations,
    [...inside, ...bySize(held).map((i) => n + i)],
    [...exactly(at).entries, ...exactly(held).entries],
  );
  if (!found) return undefined;
  const { over, entries } = found;
  return { x: { over, entries: entries.slice(0, n) }, y: { over, entries: entries.slice(n) } };
}

/** What a point proves: its objective, rounded up, and by how much it passes sides. Undefined where that is too much. */
export function pointClaim(
  stated: Stated,
  { over, entries }: Rationals,
  largestTolerance: number,
): PointClaim | undefined {
  const { exact } = stated;
  let tolerance = 0;
  const passes = (value: Dyadic, lower: Dyadic | undefined, upper: Dyadic | undefined): void => {
    for (const [side, excess] of [
      [lower, lower?.times(over).minus(value)],
      [upper, upper && value.minus(upper.times(over))],
    ] as const) {
      if (!side || !excess || excess.sign <= 0) continue;
      const size = side.absolute().isAtMost(Dyadic.one) ? Dyadic.one : side.absolute();
      tolerance = Math.max(tolerance, roundedUp(excess, over.times(size)));
    }
  };
  for (let j = 0; j < entries.length; j++) {
    if (exact.isInteger[j] === 1 && !entries[j]!.isMultipleOf(over)) return undefined;
    passes(entries[j]!, exact.lower[j], exact.upper[j]);
  }
  exact.rows.forEach(({ columns, values }, i) => {
    let sum = Dyadic.zero;
    columns.forEach((j, k) => (sum = sum.plus(values[k]!.times(entries[j]!))));
    passes(sum, exact.rowLower[i], exact.rowUpper[i]);
  });
  if (!(tolerance <= largestTolerance)) return undefined;
  let curved = Dyadic.zero;
  exact.hessian.forEach(({ columns, values }, i) =>
    columns.forEach((j, k) => (curved = curved.plus(values[k]!.times(entries[i]!).times(entries[j]!)))),
  );
  let linear = exact.constant.times(over);
  exact.linear.forEach((cost, j) => (linear = linear.plus(cost.times(entries[j]!))));
  const value = roundedUp(curved.times(half).plus(linear.times(over)), over.times(over));
  if (!Number.isFinite(value)) return undefined;
  const { over: denominator, lists } = written(over, entries);
  return { value, tolerance, ...(denominator && { over: denominator }), x: lists[0]! };
}

const half = new Dyadic(1n, -1);
