/**
 * The one tolerance of limits: a quantity may pass its limit by this much relative to the limit's size. Search, bound,
 * oracle and report share it.
 */
export const limitTolerance = 1e-9;

/** True where `found` is above `allowed` by more than the tolerance, or is NaN. */
export function exceeds(found: number, allowed: number): boolean {
  return !(found <= allowed + (Number.isFinite(allowed) ? limitTolerance * Math.abs(allowed) : 0));
}

/** True where `found` is below `required` by more than the tolerance, or is NaN. */
export function fallsShort(found: number, required: number): boolean {
  return !(found >= required - (Number.isFinite(required) ? limitTolerance * Math.abs(required) : 0));
}
