import { checkDerivatives as checkProgram, type DerivativeReport } from '../derivative/index.js';
import type { NonlinearProgram } from '../problem/index.js';
import { InputCheck } from './input.js';
import type { MinimizeSpec } from './minimize.js';
import { buildProgram } from './program.js';
import type { Point } from './row.js';

/** What `checkDerivatives(f, x, …)` compares. */
export interface DerivativeSpec<Start extends readonly number[]> extends Pick<
  MinimizeSpec<Start>,
  'gradient' | 'hessian' | 'constraints' | 'bounds'
> {
  /** Largest relative difference that is not reported. Default 1e-5. */
  readonly tolerance?: number;
}

/**
 * Compares given derivatives at x with central differences.
 *
 * @param f The function.
 * @param x Where to compare; not at a kink.
 * @param spec The derivatives, as `minimize` takes them.
 * @returns `agrees`, and what does not, worst first. Throws what the functions throw.
 * @throws InputError naming everything that is wrong with the input.
 * @example
 * ```ts
 * import { checkDerivatives } from 'sft-opt/easy';
 *
 * // 3 is given, 6 is right.
 * console.log(checkDerivatives((x) => x[0] ** 2, [3], { gradient: (x) => [x[0]] }).agrees); // false
 * ```
 */
export function checkDerivatives<const Start extends readonly number[]>(
  f: (x: Point<Start>) => number,
  x: Start,
  spec: DerivativeSpec<Start>,
): DerivativeReport;
/**
 * Compares the derivatives of a structured program with central differences.
 *
 * @param problem The program.
 * @param x Where to compare. Default: its start.
 * @param tolerance Largest relative difference that is not reported. Default 1e-5.
 */
export function checkDerivatives(problem: NonlinearProgram, x?: Float64Array, tolerance?: number): DerivativeReport;
export function checkDerivatives<Start extends readonly number[]>(
  first: ((x: Point<Start>) => number) | NonlinearProgram,
  x?: Start | Float64Array,
  third?: DerivativeSpec<Start> | number,
): DerivativeReport {
  if (typeof first !== 'function')
    return checkProgram(first, x as Float64Array | undefined, third as number | undefined);
  const { tolerance, ...parts } = third as DerivativeSpec<Start>;
  const check = new InputCheck();
  const program = buildProgram(check, first, x as Start, parts);
  check.done();
  return checkProgram(program, program.meta.start, tolerance);
}
