import type { Reader } from '../reader.js';
import { verifyTree } from '../tree.js';
import { provenShift } from './convexity.js';
import { Dyadic } from './dyadic.js';
import { addTransposed, inner, product } from './products.js';
import { readVector, type Box, type ProgramStatement, type RationalVector, type Sides } from './statement.js';

/** The least of d·x over a side to side interval; undefined for −∞. */
function leastTerm(factor: Dyadic, lower: Dyadic | undefined, upper: Dyadic | undefined): Dyadic | undefined {
  if (factor.n === 0n) return Dyadic.zero;
  const side = factor.n > 0n ? lower : upper;
  return side && factor.times(side);
}

const half = new Dyadic(1n, -1);

/**
 * D²·(a lower bound on the objective over box and rows) from multipliers y = Y/D and the point w = W/D of a tangent; undefined if it is
 * −∞. With D = 0 a lower bound on 0, which refutes the box if it is positive.
 */
export function dualValue(
  { constant, linear, hessian, rows, rowLower, rowUpper }: ProgramStatement,
  { lower, upper }: Box,
  { over, entries: y }: RationalVector,
  tangent?: readonly Dyadic[],
  shift?: readonly Dyadic[],
): Dyadic | undefined {
  const scale = over.sign === 0 ? Dyadic.one : over;
  const reduced = linear.map((cost) => cost.times(over));
  let value: Dyadic | undefined = constant.times(over).times(scale);
  if (tangent) {
    const slopes = product(hessian, tangent);
    value = value.minus(inner(slopes, tangent).times(half));
    slopes.forEach((slope, j) => (reduced[j] = reduced[j]!.plus(slope)));
  }
  addTransposed(rows, y, reduced);
  for (let i = 0; value && i < y.length; i++) {
    const term = leastTerm(y[i]!.negated(), rowLower[i], rowUpper[i]);
    value = term && value.plus(term.times(scale));
  }
  for (let j = 0; value && j < reduced.length; j++) {
    const bend = over.sign === 0 ? undefined : shift?.[j];
    const term =
      bend === undefined || bend.n === 0n
        ? leastTerm(reduced[j]!, lower[j], upper[j])?.times(scale)
        : leastConcave(reduced[j]!, bend, tangent?.[j] ?? Dyadic.zero, over, lower[j], upper[j]);
    value = term && value.plus(term);
  }
  return value;
}

/** The least of D·d·x − ½·s·(D·x − W)² over an interval: at an end. */
function leastConcave(
  slope: Dyadic,
  bend: Dyadic,
  w: Dyadic,
  over: Dyadic,
  ...[lower, upper]: Sides
): Dyadic | undefined {
  if (!lower || !upper) return undefined;
  const [a, b] = [lower, upper].map((x) => {
    const away = x.times(over).minus(w);
    return slope
      .times(x)
      .times(over)
      .minus(bend.times(half).times(away.times(away)));
  });
  return a!.isAtMost(b!) ? a : b;
}

/** A bound of a whole variable that holds in a part of the tree, with those found before. */
interface Change {
  readonly side: 'lower' | 'upper';
  readonly variable: number;
  readonly value: Dyadic;
  readonly before: Change | undefined;
  readonly depth: number;
}

/** The bounds of a part, those of whole variables rounded inwards. */
function boxOf({ lower, upper, isInteger }: ProgramStatement, changes: Change | undefined): Box {
  const box = {
    lower: lower.map((side, j) => (isInteger[j] === 1 ? side?.ceil() : side)),
    upper: upper.map((side, j) => (isInteger[j] === 1 ? side?.floor() : side)),
  };
  for (let change = changes; change; change = change.before) {
    const { side, variable, value } = change;
    const now = box[side][variable];
    if (!now || (side === 'lower' ? now.isAtMost(value) : value.isAtMost(now))) box[side][variable] = value;
  }
  return box;
}

function hasCrossing(lower: Sides, upper: Sides): boolean {
  return lower.some((low, k) => low && upper[k] && !low.isAtMost(upper[k]));
}

/** Checks a bound: no point within rows, bounds and integers has an objective below `value`; undefined: there is no point. */
export function verifyProgramBound(
  reader: Reader,
  program: ProgramStatement,
): { value: number | undefined; leaves: number } {
  const { nodes, ...at } = reader.members('value step factor shift nodes');
  const value = at.value.optional((part) => part.number());
  const target = value === undefined ? undefined : Dyadic.of(value);
  const shift = target && provenShift(program, at);
  const step = target && at.step.optional((part) => readStep(part, program, target));
  const isVoid = hasCrossing(program.rowLower, program.rowUpper);
  const leaves = verifyTree<Change | undefined>(nodes, undefined, (node, part) => {
    if (node.has('variable')) return split(node, part, program);
    node.spend(program.linear.length + (part?.depth ?? 0));
    const box = boxOf(program, part);
    if (!isVoid && !hasCrossing(box.lower, box.upper)) verifyLeaf(node, program, box, target, step, shift);
    return [];
  });
  return { value, leaves };
}

/** The whole variable is at most `at`, or at least one more. */
function split(node: Reader, before: Change | undefined, { isInteger }: ProgramStatement): Change[] {
  const { variable: given, at } = node.members('variable at');
  const variable = given.integer(0, isInteger.length - 1);
  const cut = Dyadic.of(at.integer(-Number.MAX_SAFE_INTEGER));
  node.require('branching on integers', isInteger[variable] === 1, `variable ${variable} is not an integer`);
  node.spend(1);
  const depth = (before?.depth ?? 0) + 1;
  return [
    { side: 'lower', variable, value: cut.plus(Dyadic.one), before, depth },
    { side: 'upper', variable, value: cut, before, depth },
  ];
}

function verifyLeaf(
  node: Reader,
  program: ProgramStatement,
  box: Box,
  target: Dyadic | undefined,
  step: Dyadic | undefined,
  shift: readonly Dyadic[] | undefined,
): void {
  const at = node.members('over rows at');
  const y = readVector(at.rows, at.over, program.rows.length, program.size);
  const tangent = at.at.optional((point) => readVector(point, at.over, program.linear.length, program.size));
  const isRay = y.over.sign === 0;
  if (isRay && tangent) node.fail('a ray has no tangent');
  if (!isRay && !target) node.fail('does not show that there is no point: `over` has to be 0');
  const value = dualValue(program, box, y, tangent?.entries, shift);
  // In whole steps from the target, what is above the step before is at it or above.
  const goal = isRay ? Dyadic.zero : (step ? target!.minus(step) : target!).times(y.over).times(y.over);
  const excess = value?.minus(goal).sign ?? -1;
  const what = isRay ? 'that no point is here' : 'that no point here is below the bound';
  node.require('leaf proven', isRay || step ? excess > 0 : excess >= 0, `does not show ${what}`);
}

/** The objective takes whole multiples of `step` away from the bound only. */
function readStep(reader: Reader, program: ProgramStatement, target: Dyadic): Dyadic {
  const step = Dyadic.of(reader.positive());
  const isLattice =
    program.isLinear &&
    program.linear.every((cost, j) => cost.n === 0n || (program.isInteger[j] === 1 && cost.isMultipleOf(step))) &&
    target.minus(program.constant).isMultipleOf(step);
  reader.require('objective in steps', isLattice, 'the objective does not move in these steps');
  return step;
}
