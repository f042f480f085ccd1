import { binaryRule, unaryRule, type BinaryRule, type UnaryRule } from './elementary.js';
import type { PiecewiseLinear } from './graph.js';
import { affineCode } from './node-table.js';
import { Op } from './opcodes.js';
import type { OperationGroup, Tape } from './tape.js';

/**
 * Values, first and second partial derivatives of all operations of a tape at one point. Each sweep is done once a
 * point: asking again at the same x costs a comparison.
 */
export class TapeState {
  /** Value of every slot. */
  readonly values: Float64Array;
  /** Partial derivative of each operation by its operands, beside `tape.operands`. */
  readonly partials: Float64Array;
  /** Second partial derivatives of operation i: aa, ab, bb at 3·i, 3·i + 1, 3·i + 2. */
  readonly secondPartials: Float64Array;

  private readonly at: Float64Array;
  private valuesDone = false;
  private partialsDone = false;
  private secondPartialsDone = false;

  constructor(readonly tape: Tape) {
    this.values = new Float64Array(tape.operationBase + tape.operationCount);
    this.values.set(tape.constants, tape.variableCount);
    this.partials = Float64Array.from(tape.coefficients);
    this.secondPartials = new Float64Array(3 * tape.operationCount);
    this.at = new Float64Array(tape.variableCount);
  }

  /** Makes `values` those at x. */
  evaluate(x: Float64Array): void {
    if (this.valuesDone && samePoint(this.at, x)) return;
    const { tape, values } = this;
    this.at.set(x);
    values.set(x);
    for (const group of tape.groups) evaluateGroup(tape, group, values);
    this.valuesDone = true;
    this.partialsDone = false;
    this.secondPartialsDone = false;
  }

  /** Makes `values` and `partials` those at x. */
  differentiate(x: Float64Array): void {
    this.evaluate(x);
    if (this.partialsDone) return;
    for (const group of this.tape.groups) differentiateGroup(this.tape, group, this.values, this.partials);
    this.partialsDone = true;
  }

  /** Makes `values`, `partials` and `secondPartials` those at x. */
  differentiateTwice(x: Float64Array): void {
    this.differentiate(x);
    if (this.secondPartialsDone) return;
    for (const group of this.tape.groups) {
      secondPartialsOfGroup(this.tape, group, this.values, this.partials, this.secondPartials);
    }
    this.secondPartialsDone = true;
  }
}

function samePoint(known: Float64Array, x: Float64Array): boolean {
  for (let j = 0; j < known.length; j++) if (known[j] !== x[j]) return false;
  return true;
}

function evaluateGroup(tape: Tape, group: OperationGroup, values: Float64Array): void {
  const { operandStarts, operands, coefficients, parameters, operationBase } = tape;
  const { code, start, end } = group;
  switch (code) {
    case affineCode:
      for (let i = start; i < end; i++) {
        let sum = parameters[i]!;
        for (let k = operandStarts[i]!; k < operandStarts[i + 1]!; k++) sum += coefficients[k]! * values[operands[k]!]!;
        values[operationBase + i] = sum;
      }
      return;
    case Op.multiply:
      for (let i = start, k = operandStarts[start]!; i < end; i++, k += 2) {
        values[operationBase + i] = values[operands[k]!]! * values[operands[k + 1]!]!;
      }
      return;
    case Op.square:
      for (let i = start, k = operandStarts[start]!; i < end; i++, k++) {
        const base = values[operands[k]!]!;
        values[operationBase + i] = base * base;
      }
      return;
    case Op.powerConstantExponent:
      for (let i = start, k = operandStarts[start]!; i < end; i++, k++) {
        values[operationBase + i] = fixedPower(values[operands[k]!]!, parameters[i]!);
      }
      return;
    case Op.ifThenElse:
      for (let i = start, k = operandStarts[start]!; i < end; i++, k += 3) {
        const condition = values[operands[k]!]!;
        values[operationBase + i] = Number.isNaN(condition) ? NaN : values[operands[condition !== 0 ? k + 1 : k + 2]!]!;
      }
      return;
    case Op.piecewiseLinear:
      for (let i = start, k = operandStarts[start]!; i < end; i++, k++) {
        values[operationBase + i] = piecewiseValue(tape.piecewise[parameters[i]!]!, values[operands[k]!]!);
      }
      return;
    default: {
      const unary = unaryRule(code);
      if (unary) evaluateUnary(tape, group, unary, values);
      else evaluateBinary(tape, group, binaryRule(code)!, values);
    }
  }
}

function evaluateUnary(tape: Tape, group: OperationGroup, rule: UnaryRule, values: Float64Array): void {
  const { operandStarts, operands, operationBase } = tape;
  const { value } = rule;
  for (let i = group.start, k = operandStarts[i]!; i < group.end; i++, k++) {
    values[operationBase + i] = value(values[operands[k]!]!);
  }
}

function evaluateBinary(tape: Tape, group: OperationGroup, rule: BinaryRule, values: Float64Array): void {
  const { operandStarts, operands, operationBase } = tape;
  const { value } = rule;
  for (let i = group.start, k = operandStarts[i]!; i < group.end; i++, k += 2) {
    values[operationBase + i] = value(values[operands[k]!]!, values[operands[k + 1]!]!);
  }
}

function differentiateGroup(tape: Tape, group: OperationGroup, values: Float64Array, partials: Float64Array): void {
  const { operandStarts, operands, parameters } = tape;
  const { code, start, end } = group;
  switch (code) {
    case affineCode:
      return;
    case Op.multiply:
      for (let i = start, k = operandStarts[start]!; i < end; i++, k += 2) {
        partials[k] = values[operands[k + 1]!]!;
        partials[k + 1] = values[operands[k]!]!;
      }
      return;
    case Op.square:
      for (let i = start, k = operandStarts[start]!; i < end; i++, k++) partials[k] = 2 * values[operands[k]!]!;
      return;
    case Op.powerConstantExponent:
      for (let i = start, k = operandStarts[start]!; i < end; i++, k++) {
        partials[k] = parameters[i]! * fixedPower(values[operands[k]!]!, parameters[i]! - 1);
      }
      return;
    case Op.ifThenElse:
      for (let i = start, k = operandStarts[start]!; i < end; i++, k += 3) {
        const holds = values[operands[k]!] !== 0;
        partials[k] = 0;
        partials[k + 1] = holds ? 1 : 0;
        partials[k + 2] = holds ? 0 : 1;
      }
      return;
    case Op.piecewiseLinear:
      for (let i = start, k = operandStarts[start]!; i < end; i++, k++) {
        partials[k] = piecewiseSlope(tape.piecewise[parameters[i]!]!, values[operands[k]!]!);
      }
      return;
    default: {
      const unary = unaryRule(code);
      if (unary) differentiateUnary(tape, group, unary, values, partials);
      else differentiateBinary(tape, group, binaryRule(code)!, values, partials);
    }
  }
}

function differentiateUnary(
  tape: Tape,
  group: OperationGroup,
  rule: UnaryRule,
  values: Float64Array,
  partials: Float64Array,
): void {
  const { operandStarts, operands, operationBase } = tape;
  const { first } = rule;
  for (let i = group.start, k = operandStarts[i]!; i < group.end; i++, k++) {
    partials[k] = first ? first(values[operands[k]!]!, values[operationBase + i]!) : 0;
  }
}

function differentiateBinary(
  tape: Tape,
  group: OperationGroup,
  rule: BinaryRule,
  values: Float64Array,
  partials: Float64Array,
): void {
  const { operandStarts, operands, operationBase } = tape;
  const { firstA, firstB } = rule;
  for (let i = group.start, k = operandStarts[i]!; i < group.end; i++, k += 2) {
    const a = values[operands[k]!]!;
    const b = values[operands[k + 1]!]!;
    const y = values[operationBase + i]!;
    partials[k] = firstA ? firstA(a, b, y) : 0;
    partials[k + 1] = firstB ? firstB(a, b, y) : 0;
  }
}

function secondPartialsOfGroup(
  tape: Tape,
  group: OperationGroup,
  values: Float64Array,
  partials: Float64Array,
  second: Float64Array,
): void {
  const { operandStarts, operands, parameters, operationBase } = tape;
  const { code, start, end } = group;
  if (code === affineCode || code === Op.ifThenElse || code === Op.piecewiseLinear) return;
  if (code === Op.multiply) {
    for (let i = start; i < end; i++) second[3 * i + 1] = 1;
    return;
  }
  if (code === Op.powerConstantExponent) {
    for (let i = start, k = operandStarts[start]!; i < end; i++, k++) {
      const exponent = parameters[i]!;
      second[3 * i] = exponent * (exponent - 1) * fixedPower(values[operands[k]!]!, exponent - 2);
    }
    return;
  }
  const unary = unaryRule(code);
  if (unary) {
    if (!unary.second) return;
    for (let i = start, k = operandStarts[start]!; i < end; i++, k++) {
      second[3 * i] = unary.second(values[operands[k]!]!, values[operationBase + i]!, partials[k]!);
    }
    return;
  }
  const { secondAA, secondAB, secondBB } = binaryRule(code)!;
  for (let i = start, k = operandStarts[start]!; i < end; i++, k += 2) {
    const a = values[operands[k]!]!;
    const b = values[operands[k + 1]!]!;
    const y = values[operationBase + i]!;
    if (secondAA) second[3 * i] = secondAA(a, b, y);
    if (secondAB) second[3 * i + 1] = secondAB(a, b, y);
    if (secondBB) second[3 * i + 2] = secondBB(a, b, y);
  }
}

/** base^exponent with the small integer exponents done by multiplication. */
export function fixedPower(base: number, exponent: number): number {
  switch (exponent) {
    case 0:
      return 1;
    case 1:
      return base;
    case 2:
      return base * base;
    case 3:
      return base * base * base;
    case 4: {
      const square = base * base;
      return square * square;
    }
    case -1:
      return 1 / base;
    case -2:
      return 1 / (base * base);
    default:
      return base ** exponent;
  }
}

/** The function is 0 at 0. */
function piecewiseValue(table: PiecewiseLinear, x: number): number {
  return integral(table, x) - integral(table, 0);
}

/** Integral of the slope from the first breakpoint to x. */
function integral(table: PiecewiseLinear, x: number): number {
  const { slopes, breakpoints } = table;
  let from = breakpoints[0]!;
  if (x <= from) return slopes[0]! * (x - from);
  let sum = 0;
  for (let k = 1; k < slopes.length; k++) {
    const to = breakpoints[k] ?? Infinity;
    sum += slopes[k]! * (Math.min(x, to) - from);
    if (x <= to) break;
    from = to;
  }
  return sum;
}

/** Slope to the right of x. */
function piecewiseSlope(table: PiecewiseLinear, x: number): number {
  let k = 0;
  while (k < table.breakpoints.length && x >= table.breakpoints[k]!) k++;
  return table.slopes[k]!;
}
