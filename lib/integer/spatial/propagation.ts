import type { LinearForm } from '../../problem/index.js';
import type { Expressions } from './expressions.js';
import {
  everything,
  outward,
  product,
  quotient,
  scaled,
  sum,
  unaryInverse,
  unaryRange,
  type Interval,
} from './intervals.js';

/** Sides of a function over the box. */
export interface Sided {
  readonly form: LinearForm;
  readonly lower: number;
  readonly upper: number;
}

const passes = 6;
/** Share of its width that a range must lose to be looked at again. */
const worthwhile = 0.05;
const rounding = 1e-9;

/**
 * Ranges of all slots from the ranges of the variables, the operations and the sides of the functions, forwards and
 * backwards (hull consistency: Benhamou et al. 1999). Nothing feasible is lost: sides count as a rounding error wider,
 * results are rounded outwards, integers inwards only past a tolerance.
 */
export class BoxPropagation {
  private lower!: Float64Array;
  private upper!: Float64Array;
  private changed = false;
  private empty = false;

  constructor(
    private readonly expressions: Expressions,
    /** 1 where a slot is an integer variable. */
    private readonly integer: Uint8Array,
    private readonly integralityTolerance: number,
  ) {}

  /** Tightens the ranges of all slots in place; false if nothing is left. */
  tighten(lower: Float64Array, upper: Float64Array, sided: readonly Sided[]): boolean {
    this.lower = lower;
    this.upper = upper;
    this.empty = false;
    for (let j = 0; j < this.expressions.variableCount; j++) {
      if (lower[j]! > upper[j]!) return false;
    }
    for (let pass = 0; pass < passes; pass++) {
      this.changed = false;
      this.forward();
      for (const { form, lower: low, upper: high } of sided) {
        this.linear(form.slots, form.coefficients, low - form.constant, high - form.constant);
        if (this.isEmpty()) return false;
      }
      this.backward();
      if (this.isEmpty()) return false;
      if (!this.isChanged()) break;
    }
    return !this.isEmpty();
  }

  private isEmpty(): boolean {
    return this.empty;
  }

  private isChanged(): boolean {
    return this.changed;
  }

  private range(slot: number): Interval {
    return [this.lower[slot]!, this.upper[slot]!];
  }

  private restrict(slot: number, [least, most]: Interval): void {
    let low = Number.isNaN(least) ? -Infinity : least;
    let high = Number.isNaN(most) ? Infinity : most;
    if (this.integer[slot] === 1) {
      low = Math.ceil(low - this.integralityTolerance);
      high = Math.floor(high + this.integralityTolerance);
    } else {
      low -= rounding * Math.min(1, Math.abs(low)) * (Number.isFinite(low) ? 1 : 0);
      high += rounding * Math.min(1, Math.abs(high)) * (Number.isFinite(high) ? 1 : 0);
    }
    const oldLow = this.lower[slot]!;
    const oldHigh = this.upper[slot]!;
    const width = oldHigh - oldLow;
    if (low > oldLow) this.lower[slot] = low;
    if (high < oldHigh) this.upper[slot] = high;
    const gain = Math.max(low - oldLow, oldHigh - high);
    if (gain > 0 && (width === Infinity ? gain > 0 : gain > worthwhile * width)) this.changed = true;
    const gap = this.lower[slot]! - this.upper[slot]!;
    if (!(gap > 0)) return;
    if (gap > 1e-8 * Math.max(1, Math.abs(this.lower[slot]!)) || this.integer[slot] === 1) this.empty = true;
    else {
      this.lower[slot] = Math.min(this.lower[slot]!, oldHigh);
      this.upper[slot] = Math.max(this.lower[slot], Math.min(this.upper[slot]!, oldHigh));
    }
  }

  private forward(): void {
    const { operations, variableCount } = this.expressions;
    for (let i = 0; i < operations.length && !this.empty; i++) {
      const { kind, operands, coefficients, parameter } = operations[i]!;
      const slot = variableCount + i;
      const a = operands.length > 0 ? this.range(operands[0]!) : everything;
      const b = operands.length > 1 ? this.range(operands[1]!) : everything;
      switch (kind) {
        case 'constant':
          this.restrict(slot, [parameter, parameter]);
          break;
        case 'affine': {
          let total: Interval = [parameter, parameter];
          operands.forEach((operand, k) => (total = sum(total, scaled(this.range(operand), coefficients[k]!))));
          this.restrict(slot, total);
          break;
        }
        case 'multiply':
          this.restrict(slot, product(a, b));
          break;
        case 'divide':
          this.restrict(slot, quotient(a, b));
          break;
        case 'minimum':
          this.restrict(slot, [Math.min(a[0], b[0]), Math.min(a[1], b[1])]);
          break;
        case 'maximum':
          this.restrict(slot, [Math.max(a[0], b[0]), Math.max(a[1], b[1])]);
          break;
        default:
          this.restrict(slot, unaryRange(kind, a, parameter));
      }
    }
  }

  private backward(): void {
    const { operations, variableCount } = this.expressions;
    for (let i = operations.length - 1; i >= 0 && !this.empty; i--) {
      const { kind, operands, coefficients, parameter } = operations[i]!;
      const slot = variableCount + i;
      const result = this.range(slot);
      const [a, b] = [operands[0]!, operands[1]!];
      switch (kind) {
        case 'constant':
          break;
        case 'affine':
          this.linear([...operands, slot], [...coefficients, -1], -parameter, -parameter);
          break;
        case 'multiply':
          this.factor(a, b, result);
          this.factor(b, a, result);
          break;
        case 'divide':
          this.restrict(a, product(result, this.range(b)));
          this.factor(b, slot, this.range(a));
          break;
        case 'minimum':
          this.restrict(a, [result[0], Infinity]);
          this.restrict(b, [result[0], Infinity]);
          break;
        case 'maximum':
          this.restrict(a, [-Infinity, result[1]]);
          this.restrict(b, [-Infinity, result[1]]);
          break;
        default:
          this.restrict(a, unaryInverse(kind, result, this.range(a), parameter));
          this.restrict(a, domainOf(kind, parameter));
      }
    }
  }

  /** x·other = result. */
  private factor(x: number, other: number, result: Interval): void {
    const [low, high] = this.range(other);
    if (low > 0 || high < 0) this.restrict(x, quotient(result, [low, high]));
  }

  /** Intersects each range with what low ≤ Σ coefficients·slot ≤ high leaves of it. */
  private linear(slots: readonly number[], coefficients: readonly number[], low: number, high: number): void {
    const slack = rounding * Math.max(1, Math.min(Math.abs(low), Math.abs(high)));
    let least = 0;
    let most = 0;
    let leastInfinite = 0;
    let mostInfinite = 0;
    for (let k = 0; k < slots.length; k++) {
      const [small, large] = scaled(this.range(slots[k]!), coefficients[k]!);
      if (small === -Infinity) leastInfinite++;
      else least += small;
      if (large === Infinity) mostInfinite++;
      else most += large;
    }
    const error = 1e-13 * (Math.abs(least) + Math.abs(most)) + slack;
    if ((leastInfinite === 0 && least > high + error) || (mostInfinite === 0 && most < low - error)) {
      this.empty = true;
      return;
    }
    for (let k = 0; k < slots.length && !this.empty; k++) {
      const coefficient = coefficients[k]!;
      if (coefficient === 0) continue;
      const [small, large] = scaled(this.range(slots[k]!), coefficient);
      const others = (total: number, infinite: number, own: number, end: number): number =>
        infinite === 0 ? total - own : infinite === 1 && own === end ? total : end;
      const upTo = (high + error - others(least, leastInfinite, small, -Infinity)) / coefficient;
      const downTo = (low - error - others(most, mostInfinite, large, Infinity)) / coefficient;
      this.restrict(slots[k]!, coefficient > 0 ? outward(downTo, upTo) : outward(upTo, downTo));
    }
  }
}

/** Where an operation is defined. */
function domainOf(kind: string, parameter: number): Interval {
  if (kind === 'log' || kind === 'sqrt') return [0, Infinity];
  if (kind === 'power' && !Number.isInteger(parameter)) return [0, Infinity];
  return kind === 'asin' || kind === 'acos' ? [-1, 1] : everything;
}
