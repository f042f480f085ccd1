import type { Reader } from '../reader.js';
import { verifyTree } from '../tree.js';
import { provenShift } from './convexity.js';
import { Dyadic } from './dyadic.js';
import { addTransposed, inner, symmetricProduct } from './products.js';
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
    const product = symmetricProduct(hessian, tangent);
    value = value.minus(inner(product, tangent).times(half));
    product.forEach((slope, j) => (reduced[j] = reduced[j]!.plus(slope)));
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

/** One implied bound: from a row and the bounds of its other variables. */
export interface Tightening {
  readonly row: number;
  readonly variable: number;
  readonly side: 'lower' | 'upper';
  readonly value: Dyadic;
}

export function isImplied(program: ProgramStatement, box: Box, { row, variable, side, value }: Tightening): boolean {
  const { columns, values } = program.rows[row]!;
  const place = columns.indexOf(variable);
  if (place < 0 || values[place]!.n === 0n) return false;
  // a·x ≤ limit − rest, or the same with all signs changed.
  const flips = values[place]!.n > 0n === (side === 'lower');
  const limit = flips ? program.rowLower[row]?.negated() : program.rowUpper[row];
  let rest = limit;
  for (let k = 0; rest && k < columns.length; k++) {
    if (k === place) continue;
    const factor = flips ? values[k]!.negated() : values[k]!;
    const term = leastTerm(factor, box.lower[columns[k]!], box.upper[columns[k]!]);
    rest = term && rest.minus(term);
  }
  const own = values[place]!.times(value);
  return rest?.isAtMost(flips ? own.negated() : own) ?? false;
}

/** A bound of a variable that holds in a part of the tree, with those found before. */
interface Change extends Omit<Tightening, 'row'> {
  readonly before: Change | undefined;
  readonly depth: number;
}

function changed(before: Change | undefined, change: Omit<Tightening, 'row'>): Change {
  return { ...change, before, depth: (before?.depth ?? 0) + 1 };
}

/** Bounds tightened by changes, those of whole variables rounded inwards. */
class TightBox {
  readonly lower: (Dyadic | undefined)[];
  readonly upper: (Dyadic | undefined)[];

  constructor(
    private readonly program: ProgramStatement,
    changes?: Change,
  ) {
    const { lower, upper, isInteger } = program;
    this.lower = lower.map((side, j) => (isInteger[j] === 1 ? side?.ceil() : side));
    this.upper = upper.map((side, j) => (isInteger[j] === 1 ? side?.floor() : side));
    for (let change = changes; change; change = change.before) this.tighten(change);
  }

  tighten({ side, variable, value }: Omit<Tightening, 'row'>): void {
    const isWhole = this.program.isInteger[variable] === 1;
    const next = !isWhole ? value : side === 'lower' ? value.ceil() : value.floor();
    const now = this[side][variable];
    if (!now || (side === 'lower' ? now.isAtMost(next) : next.isAtMost(now))) this[side][variable] = next;
  }

  /** Whether the bounds of a variable cross. */
  get isEmpty(): boolean {
    return hasCrossing(this.lower, this.upper);
  }
}

function hasCrossing(lower: Sides, upper: Sides): boolean {
  return lower.some((low, k) => low && upper[k] && !low.isAtMost(upper[k]));
}

/** Checks a bound: no point within rows, bounds and integers has an objective below `value`; undefined: there is no point. */
export function verifyProgramBound(
  reader: Reader,
  program: ProgramStatement,
): { value: number | undefined; leaves: number } {
  const at = reader.members('value step convexity nodes');
  const value = at.value.optional((part) => part.number());
  const target = value === undefined ? undefined : Dyadic.of(value);
  const shift = target && provenShift(program, at.convexity);
  const step = target && at.step.optional((part) => readStep(part, program, target));
  const n = program.linear.length;
  const isVoid = hasCrossing(program.rowLower, program.rowUpper);
  const leaves = verifyTree<Change | undefined>(at.nodes, undefined, (node, part) => {
    if (node.has('variable')) return split(node, part, program);
    node.spend(n + (part?.depth ?? 0));
    const box = new TightBox(program, part);
    if (node.has('steps')) return tightened(node, part, box, program);
    if (!isVoid && !box.isEmpty) verifyLeaf(node, program, box, target, step, shift);
    return [];
  });
  return { value, leaves };
}

/** The whole variable is at most `at`, or at least one more. */
function split(node: Reader, part: Change | undefined, { isInteger }: ProgramStatement): Change[] {
  const { variable: given, at } = node.members('variable at');
  const variable = given.integer(0, isInteger.length - 1);
  const cut = Dyadic.of(at.integer(-Number.MAX_SAFE_INTEGER));
  node.require('branching on integers', isInteger[variable] === 1, `variable ${variable} is not an integer`);
  node.spend(1);
  return [
    changed(part, { side: 'lower', variable, value: cut.plus(Dyadic.one) }),
    changed(part, { side: 'upper', variable, value: cut }),
  ];
}

/** Bounds that a row and the bounds of its other variables imply. */
function tightened(
  node: Reader,
  part: Change | undefined,
  box: TightBox,
  program: ProgramStatement,
): [Change | undefined] {
  let changes = part;
  for (const entry of node.members('steps').steps.array()) {
    const at = entry.members('row variable side value');
    const row = at.row.integer(0, program.rows.length - 1);
    const variable = at.variable.integer(0, program.linear.length - 1);
    const step = { row, variable, side: at.side.oneOf('lower', 'upper'), value: Dyadic.of(at.value.number()) };
    entry.spend(program.rows[row]!.columns.length + 1);
    entry.require('tightening implied', isImplied(program, box, step), 'the row does not imply this bound');
    box.tighten(step);
    changes = changed(changes, step);
  }
  return [changes];
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
