import type { LinearRow } from '../linear/certificate.js';
import type { Expressions } from './expressions.js';
import { operationValue } from './expressions.js';
import type { Interval, SmoothFunction } from './intervals.js';

/** Ranges of all slots, and the point at which cuts are sought. */
export interface CutPlace {
  readonly lower: Float64Array;
  readonly upper: Float64Array;
  readonly point: Float64Array;
}

/** Coefficients beyond this spoil the linear program; the ranges are too wide to say anything. */
const largestCoefficient = 1e9;

/** How far the result of operation i at the point is from what its operands make of it, relative to its size. */
export function operationViolation(expressions: Expressions, i: number, point: Float64Array): number {
  const slot = expressions.variableCount + i;
  const operation = expressions.operations[i]!;
  if (operation.kind === 'affine' || operation.kind === 'constant') return 0;
  const result = operationValue(operation, expressions.smooth[i], point);
  if (operation.kind === 'divide') {
    const [a, b] = [point[operation.operands[0]!]!, point[operation.operands[1]!]!];
    const residual = Math.abs(a - b * point[slot]!);
    return Number.isFinite(result) ? Math.min(residual, Math.abs(result - point[slot]!)) : residual;
  }
  if (!Number.isFinite(result)) return Infinity;
  return Math.abs(result - point[slot]!) / Math.max(1, Math.abs(result));
}

/** The rows that say what the affine operations are; they hold everywhere. */
export function affineRows({ operations, variableCount }: Expressions): LinearRow[] {
  const rows: LinearRow[] = [];
  operations.forEach(({ kind, operands, coefficients, parameter }, i) => {
    if (kind !== 'affine') return;
    const sides = { lower: -parameter, upper: -parameter };
    rows.push({ indices: [...operands, variableCount + i], values: [...coefficients, -1], ...sides });
  });
  return rows;
}

/** Rows that hold for operation i within the ranges; tangents at the point. */
export function operationCuts(expressions: Expressions, i: number, place: CutPlace): LinearRow[] {
  const { variableCount, operations, smooth } = expressions;
  const { kind, operands } = operations[i]!;
  const slot = variableCount + i;
  const [a, b] = [operands[0]!, operands[1]!];
  const { lower, upper, point } = place;
  switch (kind) {
    case 'constant':
    case 'affine':
      return [];
    case 'multiply':
      return productCuts(slot, a, b, place);
    case 'divide':
      return productCuts(a, slot, b, place);
    case 'abs': {
      const secant = chord(Math.abs, lower[a]!, upper[a]!);
      return [
        row([slot, a], [1, -1], 0, Infinity),
        row([slot, a], [1, 1], 0, Infinity),
        ...(secant ? [row([slot, a], [1, -secant.slope], -Infinity, secant.constant)] : []),
      ];
    }
    case 'minimum':
    case 'maximum':
      return extremumCuts(kind === 'maximum' ? 1 : -1, slot, a, b, place);
    default:
      return smoothCuts(smooth[i]!, slot, a, [lower[a]!, upper[a]!], point[a]!).filter(isUsable);
  }
}

/** McCormick's envelope of result = a·b. */
function productCuts(result: number, a: number, b: number, { lower, upper }: CutPlace): LinearRow[] {
  const rows: LinearRow[] = [];
  const [la, ua, lb, ub] = [lower[a]!, upper[a]!, lower[b]!, upper[b]!];
  const add = (x: number, y: number, from: number, to: number): void => {
    // (a − x)(b − y) has one sign: result − y·a − x·b ≥ −x·y, or ≤.
    if (!Number.isFinite(x) || !Number.isFinite(y)) return;
    rows.push(row([result, a, b], [1, -y, -x], from === 0 ? -x * y : -Infinity, to === 0 ? -x * y : Infinity));
  };
  add(la, lb, 0, 1);
  add(ua, ub, 0, 1);
  add(la, ub, 1, 0);
  add(ua, lb, 1, 0);
  return rows.filter(isUsable);
}

function extremumCuts(sign: 1 | -1, slot: number, a: number, b: number, { lower, upper }: CutPlace): LinearRow[] {
  const rows: LinearRow[] = [];
  for (const [x, y] of [
    [a, b],
    [b, a],
  ] as const) {
    // max(x, y) ≥ x, and ≤ x + max(0, most of y − x).
    const most = sign > 0 ? upper[y]! - lower[x]! : upper[x]! - lower[y]!;
    const reach = Math.max(0, most);
    rows.push(row([slot, x], [sign, -sign], 0, Number.isFinite(reach) ? reach : Infinity));
  }
  return rows.filter(isUsable);
}

/**
 * Tangents and chords of w = g(x) over a range: g is shifted to be convex (for the lower side) and concave (for the upper
 * one) by a multiple of (x − l)(x − u), none where the range of g″ shows that it is so already.
 */
function smoothCuts(g: SmoothFunction, w: number, x: number, range: Interval, at: number): LinearRow[] {
  const [low, high] = range;
  const [least, most] = g.secondRange(range);
  const rows: LinearRow[] = [];
  const point = inside(at, low, high);
  for (const side of [1, -1] as const) {
    // side·g from below.
    const curvature = side > 0 ? least : -most;
    if (curvature >= 0) {
      for (const t of new Set([point, ...ends(g, low, high, point)])) rows.push(...tangent(g, side, 0, w, x, range, t));
    } else if ((side > 0 ? most : -least) <= 0) {
      const secant = chord(g.value, low, high);
      if (secant) rows.push(line(side, w, x, secant.slope, secant.constant));
    } else if (Number.isFinite(curvature) && Number.isFinite(low) && Number.isFinite(high)) {
      rows.push(...tangent(g, side, -curvature / 2, w, x, range, point));
    }
  }
  return rows;
}

/** Without a point known the ends give tangents, too. */
function ends(g: SmoothFunction, low: number, high: number, point: number): number[] {
  return [low, high].filter((t) => t !== point && Number.isFinite(t) && Number.isFinite(g.first(t)));
}

/** A point strictly within a range that it may stand at the end of, where derivatives may be infinite. */
function inside(at: number, low: number, high: number): number {
  const clipped = Math.min(Math.max(Number.isFinite(at) ? at : 0, low), high);
  const width = high - low;
  if (!Number.isFinite(width) || width <= 0) return clipped;
  return Math.min(Math.max(clipped, low + 1e-4 * width), high - 1e-4 * width);
}

function tangent(
  g: SmoothFunction,
  side: 1 | -1,
  shift: number,
  w: number,
  x: number,
  [low, high]: Interval,
  t: number,
): LinearRow[] {
  const bend = shift === 0 ? 0 : side * shift;
  const value = g.value(t) + (bend === 0 ? 0 : bend * (t - low) * (t - high));
  const slope = g.first(t) + (bend === 0 ? 0 : bend * (2 * t - low - high));
  if (!Number.isFinite(value) || !Number.isFinite(slope)) return [];
  return [line(side, w, x, slope, value - slope * t)];
}

/** w ≥ slope·x + constant for side 1, ≤ for −1. */
function line(side: 1 | -1, w: number, x: number, slope: number, constant: number): LinearRow {
  return row([w, x], [1, -slope], side > 0 ? constant : -Infinity, side > 0 ? Infinity : constant);
}

function chord(
  value: (x: number) => number,
  low: number,
  high: number,
): { slope: number; constant: number } | undefined {
  const [from, to] = [value(low), value(high)];
  if (!Number.isFinite(from) || !Number.isFinite(to)) return undefined;
  if (!(high - low > 1e-12 * Math.max(1, Math.abs(low)))) return undefined;
  const slope = (to - from) / (high - low);
  return { slope, constant: from - slope * low };
}

function row(indices: readonly number[], values: readonly number[], lower: number, upper: number): LinearRow {
  // A product of a slot with itself, or of slots that share one.
  const sums = new Map<number, number>();
  indices.forEach((index, k) => sums.set(index, (sums.get(index) ?? 0) + values[k]!));
  return { indices: [...sums.keys()], values: [...sums.values()], lower, upper };
}

function isUsable({ values, lower, upper }: LinearRow): boolean {
  return (
    Array.from(values).every((value) => Math.abs(value) <= largestCoefficient) &&
    (Number.isFinite(lower) || Number.isFinite(upper))
  );
}

/** How far the point is outside a row, relative to the row's size; negative inside. */
export function rowViolation({ indices, values, lower, upper }: LinearRow, point: Float64Array): number {
  let sum = 0;
  let size = 0;
  for (let k = 0; k < indices.length; k++) {
    sum += values[k]! * point[indices[k]!]!;
    size = Math.max(size, Math.abs(values[k]!));
  }
  return Math.max(lower - sum, sum - upper) / Math.max(size, 1e-12);
}
