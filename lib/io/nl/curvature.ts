import type { PiecewiseLinear } from './graph.js';
import { affineCode } from './node-table.js';
import { Op } from './opcodes.js';
import type { Tape, TapeFunction } from './tape.js';

/** What the rules below prove of a function on the box: affine functions are both. Neither says nothing. */
export interface Curvature {
  readonly convex: boolean;
  readonly concave: boolean;
}

/** Curvature of an operation, with the least and largest value it takes on the box. */
interface Term extends Curvature {
  readonly low: number;
  readonly high: number;
}

/** A function of one argument where the argument's range allows it. */
interface Shape extends Curvature {
  readonly increasing: boolean;
  readonly decreasing: boolean;
  readonly low: number;
  readonly high: number;
}

/**
 * Curvature of each of the tape's functions by the rules of disciplined convex programming (Grant, Boyd & Ye 2006) with
 * ranges of subexpressions from the variables' bounds: sums, composition of monotone convex functions with convex ones,
 * squares over positive affine functions, x·ln x. What the rules do not prove is left open.
 */
export function functionCurvatures(tape: Tape, lower: Float64Array, upper: Float64Array): Curvature[] {
  const terms = new TermAnalysis(tape, lower, upper);
  return tape.functions.map((part) => terms.curvatureOf(part));
}

const unknown: Term = { convex: false, concave: false, low: -Infinity, high: Infinity };

class TermAnalysis {
  private readonly terms: Term[] = [];

  constructor(
    private readonly tape: Tape,
    lower: Float64Array,
    upper: Float64Array,
  ) {
    const { terms } = this;
    lower.forEach((low, j) => terms.push({ convex: true, concave: true, low, high: upper[j]! }));
    for (const value of tape.constants) terms.push({ convex: true, concave: true, low: value, high: value });
    for (let i = 0; i < tape.operationCount; i++) terms.push(sane(this.operation(i)));
  }

  curvatureOf({ slots, coefficients }: TapeFunction): Curvature {
    let convex = true;
    let concave = true;
    slots.forEach((slot, k) => {
      const term = scaled(this.terms[slot]!, coefficients[k]!);
      convex &&= term.convex;
      concave &&= term.concave;
    });
    return { convex, concave };
  }

  private operation(i: number): Term {
    const { codes, operandStarts, operands, coefficients, parameters, piecewise } = this.tape;
    const start = operandStarts[i]!;
    const end = operandStarts[i + 1]!;
    const a = this.terms[operands[start]!]!;
    const code = codes[i]!;
    switch (code) {
      case affineCode: {
        let sum: Term = { convex: true, concave: true, low: parameters[i]!, high: parameters[i]! };
        for (let k = start; k < end; k++) sum = added(sum, scaled(this.terms[operands[k]!]!, coefficients[k]!));
        return sum;
      }
      case Op.multiply:
        return this.product(operands[start]!, operands[start + 1]!);
      case Op.divide:
        return this.quotient(operands[start]!, operands[start + 1]!);
      case Op.maximum:
      case Op.minimum:
        return extremum(code, a, this.terms[operands[start + 1]!]!);
      case Op.power:
        return isConstant(a) && a.low > 0 ? exponential(this.terms[operands[start + 1]!]!, Math.log(a.low)) : unknown;
      case Op.powerConstantExponent:
        return composed(a, powerShape(parameters[i]!, a));
      case Op.piecewiseLinear:
        return composed(a, piecewiseShape(piecewise[parameters[i]!]!));
      default:
        return composed(a, shapeOf(code, a));
    }
  }

  private product(left: number, right: number): Term {
    const a = this.terms[left]!;
    const b = this.terms[right]!;
    const corners = [a.low * b.low, a.low * b.high, a.high * b.low, a.high * b.high].map((value) => value || 0);
    const range = { low: Math.min(...corners), high: Math.max(...corners) };
    if (isConstant(a)) return { ...scaled(b, a.low), ...range };
    if (isConstant(b)) return { ...scaled(a, b.low), ...range };
    const isEntropy = (x: number, y: number): boolean =>
      this.codeOf(y) === Op.log && this.operandOf(y) === x && isAffine(this.terms[x]!);
    if (isEntropy(left, right) || isEntropy(right, left)) return { ...range, convex: true, concave: false };
    return { ...unknown, ...range };
  }

  private quotient(left: number, right: number): Term {
    const a = this.terms[left]!;
    const b = this.terms[right]!;
    if (isConstant(b)) return b.low === 0 ? unknown : scaled(a, 1 / b.low);
    const reciprocal = composed(b, powerShape(-1, b));
    if (isConstant(a)) return scaled(reciprocal, a.low);
    // A square, or a higher even power, of an affine function over a positive affine one.
    const isSquareOverLinear =
      this.isEvenPower(left) && isAffine(this.terms[this.operandOf(left)]!) && isAffine(b) && b.low >= 0;
    return isSquareOverLinear ? { convex: true, concave: false, low: 0, high: Infinity } : unknown;
  }

  private isEvenPower(slot: number): boolean {
    const code = this.codeOf(slot);
    if (code !== Op.powerConstantExponent) return code === Op.square;
    const exponent = this.tape.parameters[slot - this.tape.operationBase]!;
    return exponent > 0 && exponent % 2 === 0;
  }

  private codeOf(slot: number): number {
    return slot < this.tape.operationBase ? Number.NaN : this.tape.codes[slot - this.tape.operationBase]!;
  }

  private operandOf(slot: number): number {
    return this.tape.operands[this.tape.operandStarts[slot - this.tape.operationBase]!]!;
  }
}

const isAffine = ({ convex, concave }: Curvature): boolean => convex && concave;
const isConstant = ({ low, high }: Term): boolean => low === high;

/** Ranges that arithmetic on infinities spoilt are open. */
function sane(term: Term): Term {
  return {
    ...term,
    low: Number.isNaN(term.low) ? -Infinity : term.low,
    high: Number.isNaN(term.high) ? Infinity : term.high,
  };
}

function scaled({ convex, concave, low, high }: Term, factor: number): Term {
  if (factor === 0) return { convex: true, concave: true, low: 0, high: 0 };
  return factor > 0
    ? { convex, concave, low: factor * low, high: factor * high }
    : { convex: concave, concave: convex, low: factor * high, high: factor * low };
}

function added(a: Term, b: Term): Term {
  return {
    convex: a.convex && b.convex,
    concave: a.concave && b.concave,
    low: a.low + b.low,
    high: a.high + b.high,
  };
}

function extremum(code: number, a: Term, b: Term): Term {
  const isMaximum = code === Op.maximum;
  const pick = isMaximum ? Math.max : Math.min;
  return {
    convex: isMaximum && a.convex && b.convex,
    concave: !isMaximum && a.concave && b.concave,
    low: pick(a.low, b.low),
    high: pick(a.high, b.high),
  };
}

/** e^(rate·a). */
function exponential(a: Term, rate: number): Term {
  return composed(scaled(a, rate), shapeOf(Op.exp, scaled(a, rate)));
}

/** The shape applied to a term (Boyd & Vandenberghe 2004, §3.2.4). */
function composed(inner: Term, shape: Shape | undefined): Term {
  if (shape === undefined) return unknown;
  const { convex, concave, increasing, decreasing, low, high } = shape;
  const follows = (own: boolean, rising: boolean, falling: boolean): boolean =>
    own && (isAffine(inner) || (increasing && rising) || (decreasing && falling));
  return {
    convex: follows(convex, inner.convex, inner.concave),
    concave: follows(concave, inner.concave, inner.convex),
    low,
    high,
  };
}

/** A function that rises over the whole of its argument's range. */
function rising(value: (x: number) => number, { low, high }: Term, convex: boolean, concave: boolean): Shape {
  return { convex, concave, increasing: true, decreasing: false, low: value(low), high: value(high) };
}

/** An even function with its minimum at 0. */
function bowl(value: (x: number) => number, { low, high }: Term): Shape {
  const ends = [value(low), value(high)];
  return {
    convex: true,
    concave: false,
    increasing: low >= 0,
    decreasing: high <= 0,
    low: low > 0 || high < 0 ? Math.min(...ends) : value(0),
    high: Math.max(...ends),
  };
}

function shapeOf(code: number, a: Term): Shape | undefined {
  const { low, high } = a;
  switch (code) {
    case Op.negate:
      return { convex: true, concave: true, increasing: false, decreasing: true, low: -high, high: -low };
    case Op.square:
      return bowl((x) => x * x, a);
    case Op.abs:
      return bowl(Math.abs, a);
    case Op.cosh:
      return bowl(Math.cosh, a);
    case Op.exp:
      return rising(Math.exp, a, true, false);
    case Op.log:
    case Op.log10:
      // Not defined below 0: there the argument's own curvature keeps the domain convex, as `composed` demands it.
      return rising(code === Op.log ? Math.log : Math.log10, { ...a, low: Math.max(0, low) }, false, true);
    case Op.sqrt:
      return rising(Math.sqrt, { ...a, low: Math.max(0, low) }, false, true);
    case Op.acosh:
      return rising(Math.acosh, { ...a, low: Math.max(1, low) }, false, true);
    case Op.sinh:
      return rising(Math.sinh, a, low >= 0, high <= 0);
    case Op.tanh:
      return rising(Math.tanh, a, high <= 0, low >= 0);
    case Op.atan:
      return rising(Math.atan, a, high <= 0, low >= 0);
    case Op.asinh:
      return rising(Math.asinh, a, high <= 0, low >= 0);
    default:
      return undefined;
  }
}

/** x^exponent. */
function powerShape(exponent: number, a: Term): Shape | undefined {
  const { low, high } = a;
  const isInteger = Number.isInteger(exponent);
  const value = (x: number) => x ** exponent;
  if (exponent > 0) {
    if (isInteger && exponent % 2 === 0) return bowl(value, a);
    if (isInteger) return rising(value, a, low >= 0, high <= 0);
    const inDomain = { ...a, low: Math.max(0, low) };
    // Above 1 a convex argument would leave the domain {argument ≥ 0} unproven where it may be negative.
    const isProven = exponent < 1 || low >= 0 || isAffine(a);
    return isProven ? rising(value, inDomain, exponent > 1, exponent < 1) : undefined;
  }
  // A pole at 0: on one side of it only. A concave argument keeps {argument > 0} convex, an affine one as well.
  if (low >= 0 || (!isInteger && a.concave)) {
    const from = Math.max(0, low);
    return { convex: true, concave: false, increasing: false, decreasing: true, low: value(high), high: value(from) };
  }
  if (high > 0 || !isInteger) return undefined;
  const isEven = exponent % 2 === 0;
  return {
    convex: isEven,
    concave: !isEven,
    increasing: isEven,
    decreasing: !isEven,
    low: Math.min(value(low), isEven ? Infinity : -Infinity),
    high: Math.max(value(low), isEven ? Infinity : -Infinity),
  };
}

function piecewiseShape({ slopes }: PiecewiseLinear): Shape {
  const rises = (from: number, to: number) => slopes.slice(1).every((slope, k) => from * slope >= to * slopes[k]!);
  return {
    convex: rises(1, 1),
    concave: rises(-1, -1),
    increasing: slopes.every((slope) => slope >= 0),
    decreasing: slopes.every((slope) => slope <= 0),
    low: -Infinity,
    high: Infinity,
  };
}
