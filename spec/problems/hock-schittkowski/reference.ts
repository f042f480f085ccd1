import type { AnalyticProblem } from '../../support/analytic-problem.js';

/**
 * One problem of W. Hock & K. Schittkowski, "Test Examples for Nonlinear Programming Codes", Lecture Notes in Economics and
 * Mathematical Systems 187, Springer 1981.
 */
export interface HockSchittkowskiProblem extends Omit<AnalyticProblem, 'name'> {
  readonly number: number;
  /** Best objective value known; as published unless `published` says otherwise. */
  readonly optimum: number;
  /** The book's value where it differs from `optimum`; the reason is in `note`. */
  readonly published?: number;
  /** A point where `optimum` is attained (to the digits given), mostly as published. */
  readonly solution?: readonly number[];
  readonly note?: string;
}

/** The numbers 1 to `count`, for building sums. */
export function upTo(count: number): number[] {
  return Array.from({ length: count }, (_, k) => k + 1);
}

/** Terms joined by plus signs, each in parentheses. */
export function sum(terms: readonly string[]): string {
  return terms.map((term) => `(${term})`).join(' + ');
}

/** The same bounds for `count` variables. */
export function equalBounds(count: number, lower: number, upper: number): (readonly [number, number])[] {
  return upTo(count).map(() => [lower, upper] as const);
}

export const rosenbrock = '100*(x2 - x1^2)^2 + (1 - x1)^2';
