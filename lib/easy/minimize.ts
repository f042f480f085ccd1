import {
  minimize as minimizeProgram,
  type MinimizeContext,
  type MinimizeOptions,
  type MinimizeResult,
} from '../minimize/index.js';
import type { MixedIntegerNonlinearProgram, NonlinearProgram } from '../problem/index.js';
import type { IterationCallback, StopSignal } from '../solver/index.js';
import { byName, InputCheck, type Bounds, type Integers } from './input.js';
import { buildProgram } from './program.js';
import { reported, type Reported } from './report.js';
import type { Constraint, Point } from './row.js';

/** What `minimize(f, x0, …)` takes beside function and start; also every option of the structured form. */
export interface MinimizeSpec<Start extends readonly number[]> extends MinimizeOptions {
  /** Bounds of the variables. Default: none. */
  readonly bounds?: Bounds;
  /** Conditions, in a list or by name. Default: none. */
  readonly constraints?: readonly Constraint<Point<Start>>[] | Readonly<Record<string, Constraint<Point<Start>>>>;
  /** ∇f(x), one number a variable. Default: differences. */
  readonly gradient?: (x: Point<Start>) => ArrayLike<number>;
  /** Rows of ∇²f(x); used where all constraints are linear. Default: differences or quasi-Newton matrices. */
  readonly hessian?: (x: Point<Start>) => readonly ArrayLike<number>[];
  /** Names of the variables, for `values`, `bounds` and `integers`. Default: none. */
  readonly names?: readonly string[];
  /** Variables that must be integers. Default: none. */
  readonly integers?: Integers;
  /** True if f and the feasible set are known to be convex: the answer is then called `optimal`. Default: unknown. */
  readonly convex?: boolean;
  /** Stops the work where its flag is up. */
  readonly signal?: StopSignal;
  /** Called once an iteration; returning false ends the work. */
  readonly onIteration?: IterationCallback;
}

/** A solution of `minimize(f, x0, …)`. */
export interface FunctionMinimum<Start extends readonly number[]> extends MinimizeResult, Reported {
  /** The point as a list of numbers, of the length of the start. */
  readonly point: Point<Start>;
  /** The point by name; present where names were given. */
  readonly values?: Readonly<Record<string, number>>;
  /** Multipliers y of the constraints by name; present where constraints were named. */
  readonly multipliersByName?: Readonly<Record<string, number>>;
}

/**
 * Minimises f(x) from a start, within bounds and constraints.
 *
 * @param f Function of a list of numbers. It gets a copy: changing x changes nothing.
 * @param start x0, finite; its length is the number of variables.
 * @param spec Bounds, constraints, derivatives, names, integers and options.
 * @returns The best point with evidence: `success`, `point`, `objective`, `multipliers`, `residuals`, `attempts`.
 * @throws InputError naming everything that is wrong with the input; OptionsError for options.
 * @example
 * ```ts
 * import { minimize } from 'sft-opt/easy';
 *
 * const { point } = minimize((x) => (x[0] - 1) ** 2 + (x[1] - 2) ** 2, [0, 0], {
 *   bounds: [0, null],
 *   constraints: { budget: { linear: [1, 1], atMost: 2 } },
 * });
 * console.log(point); // [ 0.5, 1.5 ]
 * ```
 */
export function minimize<const Start extends readonly number[]>(
  f: (x: Point<Start>) => number,
  start: Start,
  spec?: MinimizeSpec<Start>,
): FunctionMinimum<Start>;
/**
 * Minimises a structured nonlinear program, perhaps with integer variables: typed arrays, sparse patterns, second
 * derivatives.
 *
 * @param problem The program in the standard form of `sft-opt/problem`.
 * @param options Tolerances, limits, method.
 * @param context Start, multipliers, stop signal, callback.
 * @throws OptionsError for wrong options and RangeError when `method` does not fit the problem.
 */
export function minimize(
  problem: NonlinearProgram | MixedIntegerNonlinearProgram,
  options?: MinimizeOptions,
  context?: MinimizeContext,
): MinimizeResult & Reported;
export function minimize<Start extends readonly number[]>(
  first: ((x: Point<Start>) => number) | NonlinearProgram | MixedIntegerNonlinearProgram,
  second?: Start | MinimizeOptions,
  third?: MinimizeSpec<Start> | MinimizeContext,
): MinimizeResult & Reported {
  if (typeof first !== 'function') {
    return reported(
      minimizeProgram(first, second as MinimizeOptions | undefined, third as MinimizeContext | undefined),
    );
  }
  return minimizeFunction(first, second as Start, third as MinimizeSpec<Start> | undefined);
}

function minimizeFunction<Start extends readonly number[]>(
  f: (x: Point<Start>) => number,
  start: Start,
  spec: MinimizeSpec<Start> = {},
): FunctionMinimum<Start> {
  const check = new InputCheck();
  const { bounds, constraints, gradient, hessian, names, integers, convex, signal, onIteration, ...options } = spec;
  const program = buildProgram(check, f, start, { bounds, constraints, gradient, hessian, names, integers, convex });
  check.done();
  const result = minimizeProgram(program, options, { signal, onIteration });
  const { constraintNames } = program.meta;
  return reported({
    ...result,
    point: Array.from(result.x) as unknown as Point<Start>,
    ...(names && { values: byName(names, result.x) }),
    ...(constraintNames && { multipliersByName: byName(constraintNames, result.multipliers) }),
  });
}
