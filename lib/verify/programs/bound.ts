import { Reader } from '../reader.js';
import { provenShift } from './convexity.js';
import { Dyadic } from './dyadic.js';
import { addTransposed, inner, symmetricProduct } from './products.js';
import { readVector, type Duty, type ProgramStatement, type RationalVector } from './statement.js';

/** Bounds of the variables at a node. */
export interface Box {
  readonly lower: (Dyadic | undefined)[];
  readonly upper: (Dyadic | undefined)[];
}

/** The box at the root: bounds of integers are whole. */
export function rootBox({ lower, upper, isInteger }: ProgramStatement): Box {
  return {
    lower: lower.map((side, j) => (isInteger[j] === 1 ? side?.ceil() : side)),
    upper: upper.map((side, j) => (isInteger[j] === 1 ? side?.floor() : side)),
  };
}

/** The least of d·x over a side to side interval; undefined for −∞. */
function leastTerm(factor: Dyadic, lower: Dyadic | undefined, upper: Dyadic | undefined): Dyadic | undefined {
  if (factor.n === 0n) return Dyadic.zero;
  const side = factor.n > 0n ? lower : upper;
  return side && factor.times(side);
}

/**
 * D²·(a lower bound on the objective over box and rows) from multipliers y = Y/D and the point w = W/D of a tangent; undefined if it is
 * −∞. Without an objective (`ray`): D·(a lower bound on 0), which refutes the box if it is positive.
 */
export function dualValue(
  program: ProgramStatement,
  box: Box,
  { over, entries: y }: Omit<RationalVector, 'words'>,
  kind: 'dual' | 'ray',
  tangent?: readonly Dyadic[],
  shift?: readonly Dyadic[],
): Dyadic | undefined {
  const isDual = kind === 'dual';
  const reduced = program.linear.map((cost) => (isDual ? cost.times(over) : Dyadic.zero));
  const square = over.times(over);
  let value = isDual ? program.constant.times(square) : Dyadic.zero;
  if (tangent) {
    const product = symmetricProduct(program.hessian, tangent);
    value = value.minus(inner(product, tangent).times(half));
    product.forEach((slope, j) => (reduced[j] = reduced[j]!.plus(slope)));
  }
  addTransposed(program.rows, y, reduced);
  const scale = isDual ? over : Dyadic.one;
  for (let i = 0; i < y.length; i++) {
    const term = leastTerm(y[i]!.negated(), program.rowLower[i], program.rowUpper[i]);
    if (term === undefined) return undefined;
    value = value.plus(term.times(scale));
  }
  for (let j = 0; j < reduced.length; j++) {
    const [lower, upper, bend] = [box.lower[j], box.upper[j], isDual ? shift?.[j] : undefined];
    let term: Dyadic | undefined;
    if (bend === undefined || bend.n === 0n) term = leastTerm(reduced[j]!, lower, upper)?.times(scale);
    else {
      // Concave: least at an end.
      const w = tangent?.[j] ?? Dyadic.zero;
      const at = (x: Dyadic): Dyadic => {
        const away = x.times(over).minus(w);
        return reduced[j]!.times(x)
          .times(over)
          .minus(bend.times(half).times(away.times(away)));
      };
      const ends = lower && upper && [at(lower), at(upper)];
      term = ends && (ends[0]!.isAtMost(ends[1]!) ? ends[0] : ends[1]);
    }
    if (term === undefined) return undefined;
    value = value.plus(term);
  }
  return value;
}

const half = new Dyadic(1n, -1);

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
  if (limit === undefined) return false;
  let rest = Dyadic.zero;
  for (let k = 0; k < columns.length; k++) {
    if (k === place) continue;
    const factor = flips ? values[k]!.negated() : values[k]!;
    const term = leastTerm(factor, box.lower[columns[k]!], box.upper[columns[k]!]);
    if (term === undefined) return false;
    rest = rest.plus(term);
  }
  const own = values[place]!.times(value);
  return limit.minus(rest).isAtMost(flips ? own.negated() : own);
}

/** A bound: changes go on a trail, so that a node costs what it changes. */
class Trail {
  private readonly undo: (() => void)[] = [];

  constructor(
    private readonly box: Box,
    private readonly isInteger: Uint8Array,
  ) {}

  get length(): number {
    return this.undo.length;
  }

  tighten(side: 'lower' | 'upper', variable: number, value: Dyadic): void {
    const whole = side === 'lower' ? value.ceil() : value.floor();
    const next = this.isInteger[variable] === 1 ? whole : value;
    const sides = this.box[side];
    const before = sides[variable];
    if (before !== undefined && (side === 'lower' ? next.isAtMost(before) : before.isAtMost(next))) return;
    sides[variable] = next;
    this.undo.push(() => (sides[variable] = before));
  }

  backTo(length: number): void {
    while (this.undo.length > length) this.undo.pop()!();
  }
}

/** Checks a bound: no point within rows, bounds and integers has an objective below `value`; undefined: there is no point. */
export function verifyProgramBound(
  reader: Reader,
  program: ProgramStatement,
  duty: Duty,
): { value: number | undefined; leaves: number } {
  const at = reader.members('value step convexity nodes');
  const value = at.value.optional((part) => part.number());
  const shift = value === undefined ? undefined : provenShift(program, at.convexity, duty);
  const target = value === undefined ? undefined : Dyadic.of(value);
  const step = target && at.step.optional((part) => readStep(part, program, target, duty));
  const nodes = at.nodes.list();
  if (nodes.length === 0) at.nodes.fail('none is given');
  const box = rootBox(program);
  const trail = new Trail(box, program.isInteger);
  const seen = new Uint8Array(nodes.length);
  const stack: { node: number; mark: number; side?: 'lower' | 'upper'; variable?: number; value?: Dyadic }[] = [
    { node: 0, mark: 0 },
  ];
  let leaves = 0;
  while (stack.length > 0) {
    const { node: index, mark, side, variable, value: bound } = stack.pop()!;
    trail.backTo(mark);
    if (side) trail.tighten(side, variable!, bound!);
    const node = at.nodes.entry(index);
    if (seen[index] === 1) node.fail('has two parents');
    duty.spend(1, node.path);
    seen[index] = 1;
    const parts = node.members('split tighten dual ray empty');
    const kinds = nodeKinds.filter((kind) => !parts[kind].isNull);
    if (kinds.length !== 1) node.fail(`one of ${nodeKinds.join(', ')} is expected`);
    const part = parts[kinds[0]!];
    const later = (child: Reader): number => child.integer(index + 1, nodes.length - 1);
    if (kinds[0] === 'split') {
      const split = part.members('variable at below above');
      const j = split.variable.integer(0, program.linear.length - 1);
      const cut = Dyadic.of(split.at.integer(-Number.MAX_SAFE_INTEGER));
      duty.require('branching on integers', part.path, program.isInteger[j] === 1, `variable ${j} is not an integer`);
      stack.push({
        node: later(split.above),
        mark: trail.length,
        side: 'lower',
        variable: j,
        value: cut.plus(Dyadic.one),
      });
      stack.push({ node: later(split.below), mark: trail.length, side: 'upper', variable: j, value: cut });
    } else if (kinds[0] === 'tighten') {
      const tighten = part.members('steps next');
      for (const entry of tighten.steps.array()) {
        const found = readTightening(entry, program);
        duty.spend(program.rows[found.row]!.columns.length + 1, entry.path);
        duty.require(
          'tightening implied',
          entry.path,
          isImplied(program, box, found),
          'the row does not imply this bound',
        );
        trail.tighten(found.side, found.variable, found.value);
      }
      stack.push({ node: later(tighten.next), mark: trail.length });
    } else {
      leaves++;
      if (kinds[0] === 'empty') {
        const { variable: j, row: i } = part.members('variable row');
        if (j.isNull === i.isNull) part.fail('a variable or a row is expected');
        const [lower, upper, k] = j.isNull
          ? [program.rowLower, program.rowUpper, i.integer(0, program.rows.length - 1)]
          : [box.lower, box.upper, j.integer(0, program.linear.length - 1)];
        const [low, high] = [lower[k], upper[k]];
        const isCrossed = low !== undefined && high !== undefined && !low.isAtMost(high);
        duty.require('bound crossed', part.path, isCrossed, 'the sides do not cross');
      } else verifyLeaf(part, kinds[0]!, program, box, target, step, shift, duty);
    }
  }
  return { value, leaves };
}

const nodeKinds = ['split', 'tighten', 'dual', 'ray', 'empty'] as const;

function verifyLeaf(
  part: Reader,
  kind: 'dual' | 'ray',
  program: ProgramStatement,
  box: Box,
  target: Dyadic | undefined,
  step: Dyadic | undefined,
  shift: readonly Dyadic[] | undefined,
  duty: Duty,
): void {
  const at = part.members('over rows at');
  const y = readVector(at.rows, at.over, program.rows.length);
  const tangent = at.at.optional((point) => readVector(point, at.over, program.linear.length));
  const words = y.words + (tangent?.words ?? 0);
  duty.hold(program.size * words, part.path);
  duty.spend(program.size * words, part.path);
  if (kind === 'dual' && target === undefined) part.fail('a dual does not show that there is no point');
  if (kind === 'ray' && tangent) part.fail('a ray has no tangent');
  const value = dualValue(program, box, y, kind, tangent?.entries, shift);
  if (kind === 'ray') {
    duty.require('ray refutes', part.path, value?.sign === 1, 'does not show that no point is here');
    return;
  }
  // In whole steps from `target`, what is above the step before is at it or above.
  const goal = (step ? target!.minus(step) : target!).times(y.over).times(y.over);
  const isReached = value !== undefined && goal.isAtMost(value) && !(step && value.isAtMost(goal));
  duty.require('dual value', part.path, isReached, 'does not show that no point here is below the bound');
}

/** The objective takes whole multiples of `step` away from the bound only. */
function readStep(reader: Reader, program: ProgramStatement, target: Dyadic, duty: Duty): Dyadic {
  const step = Dyadic.of(reader.number(Number.MIN_VALUE));
  const isLattice =
    program.isLinear &&
    program.linear.every((cost, j) => cost.n === 0n || (program.isInteger[j] === 1 && cost.isMultipleOf(step))) &&
    target.minus(program.constant).isMultipleOf(step);
  duty.require('objective in steps', reader.path, isLattice, 'the objective does not move in these steps');
  return step;
}

function readTightening(reader: Reader, program: ProgramStatement): Tightening {
  const at = reader.members('row variable side value');
  return {
    row: at.row.integer(0, program.rows.length - 1),
    variable: at.variable.integer(0, program.linear.length - 1),
    side: at.side.oneOf('lower', 'upper'),
    value: Dyadic.of(at.value.number()),
  };
}
