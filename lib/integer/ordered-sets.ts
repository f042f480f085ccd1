import { satisfiesSet, type MixedIntegerNonlinearProgram, type SpecialOrderedSet } from '../problem/index.js';

/** Lower and upper bounds of all variables. */
export interface Box {
  readonly lower: Float64Array;
  readonly upper: Float64Array;
}

/** The set whose variables x spreads furthest beyond what it allows; undefined if all sets hold. */
export function violatedSet(
  sets: readonly SpecialOrderedSet[] | undefined,
  x: Float64Array,
  tolerance: number,
): SpecialOrderedSet | undefined {
  let worst: SpecialOrderedSet | undefined;
  let excess = 0;
  for (const set of sets ?? []) {
    if (satisfiesSet(set, x, tolerance)) continue;
    const [from, to] = heaviestWindow(set, x);
    const outside = sumOf(set, x, 0, set.variables.length) - sumOf(set, x, from, to);
    if (outside > excess) {
      excess = outside;
      worst = set;
    }
  }
  return worst;
}

/** Two boxes that hold every point of the box that satisfies the set, neither of them x (Beale & Forrest 1976). */
export function divideSet(
  { kind, variables }: SpecialOrderedSet,
  box: Box,
  x: Float64Array,
  tolerance: number,
): [Box, Box] {
  const used = Array.from(variables.keys()).filter((k) => Math.abs(x[variables[k]!]!) > tolerance);
  const [first, last] = [used[0]!, used.at(-1)!];
  let weighted = 0;
  let total = 0;
  for (const k of used) {
    const weight = Math.abs(x[variables[k]!]!);
    weighted += weight * k;
    total += weight;
  }
  const middle = Math.floor(weighted / total);
  if (kind === 1) {
    const split = Math.min(Math.max(middle, first), last - 1);
    return [zeroed(box, variables.subarray(split + 1)), zeroed(box, variables.subarray(0, split + 1))];
  }
  const split = Math.min(Math.max(middle, first + 1), last - 1);
  return [zeroed(box, variables.subarray(split + 1)), zeroed(box, variables.subarray(0, split))];
}

/** The box in which each set keeps only the neighbours where x is largest. */
export function withSetsHeld({ specialOrderedSets }: MixedIntegerNonlinearProgram, box: Box, x: Float64Array): Box {
  let held = box;
  for (const set of specialOrderedSets ?? []) {
    const [from, to] = heaviestWindow(set, x);
    held = zeroed(held, [...set.variables.subarray(0, from), ...set.variables.subarray(to)]);
  }
  return held;
}

function zeroed({ lower, upper }: Box, variables: Iterable<number>): Box {
  const box = { lower: Float64Array.from(lower), upper: Float64Array.from(upper) };
  for (const j of variables) {
    box.lower[j] = Math.max(box.lower[j]!, 0);
    box.upper[j] = Math.min(box.upper[j]!, 0);
  }
  return box;
}

function heaviestWindow(set: SpecialOrderedSet, x: Float64Array): [number, number] {
  const { kind, variables } = set;
  let best = 0;
  let most = -1;
  for (let from = 0; from + Math.min(kind, variables.length) <= variables.length; from++) {
    const sum = sumOf(set, x, from, from + kind);
    if (sum > most) {
      most = sum;
      best = from;
    }
  }
  return [best, Math.min(best + kind, variables.length)];
}

function sumOf({ variables }: SpecialOrderedSet, x: Float64Array, from: number, to: number): number {
  let sum = 0;
  for (let k = from; k < Math.min(to, variables.length); k++) sum += Math.abs(x[variables[k]!]!);
  return sum;
}
