/**
 * The one tolerance of limits: a quantity may pass its limit by this much relative to the limit's size. Search, bound,
 * oracle and report share it.
 */
export const limitTolerance = 1e-9;

/**
 * True where `found` is above `allowed` by more than the tolerance, or is NaN.
 *
 * @param found - What is compared with it.
 * @param allowed - The limit.
 * @example
 * ```ts
 * import { exceeds } from 'sft-opt/models';
 *
 * console.log(exceeds(1 + 1e-12, 1), exceeds(1.1, 1), exceeds(NaN, 1)); // false true true
 * ```
 */
export function exceeds(found: number, allowed: number): boolean {
  return !(found <= allowed + (Number.isFinite(allowed) ? limitTolerance * Math.abs(allowed) : 0));
}

/**
 * True where `found` is below `required` by more than the tolerance, or is NaN.
 *
 * @param found - What is compared with it.
 * @param required - What must be reached.
 * @example
 * ```ts
 * import { fallsShort } from 'sft-opt/models';
 *
 * console.log(fallsShort(1 - 1e-12, 1), fallsShort(0.9, 1)); // false true
 * ```
 */
export function fallsShort(found: number, required: number): boolean {
  return !(found >= required - (Number.isFinite(required) ? limitTolerance * Math.abs(required) : 0));
}
