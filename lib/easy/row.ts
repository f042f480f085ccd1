import type { RowSides } from './input.js';

/** A point with as many numbers as the start has: `x[0]` of a start written out is a number, also under `noUncheckedIndexedAccess`. */
export type Point<Start extends readonly number[]> = { readonly [K in keyof Start]: number };

/** A condition on a function of x. */
export interface FunctionRow<X> extends RowSides {
  /** c(x). */
  readonly value: (x: X) => number;
  /** ∇c(x), one number a variable. Default: differences. */
  readonly gradient?: (x: X) => ArrayLike<number>;
}

/** A condition on a linear function of x, which is declared as such. */
export interface LinearRow extends RowSides {
  /** Coefficients, one a variable. */
  readonly linear: readonly number[];
}

/** A condition: exactly one of `value` and `linear`, and at least one side. */
export type Constraint<X> = FunctionRow<X> | LinearRow;
