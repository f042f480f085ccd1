/** How much a residual counts: ρ(z), even, ρ(z) ≈ z²/2 near 0. */
export interface Loss {
  /** ρ(z). */
  value(z: number): number;
  /** ρ′(z)/z: the weight of the residual in a step; 1 at 0. */
  weight(z: number): number;
  /** ρ″(z). */
  curvature(z: number): number;
}

/** z²/2. */
export const squares: Loss = { value: (z) => 0.5 * z * z, weight: () => 1, curvature: () => 1 };

/**
 * z²/2 up to δ, δ|z| − δ²/2 beyond (Huber 1964); δ = ∞ gives half the squares.
 *
 * @param delta - δ, size from which residuals count linearly, > 0.
 * @example
 * ```ts
 * import { huber } from 'sft-opt/least-squares';
 *
 * console.log(huber(1).value(0.5), huber(1).value(3)); // 0.125 2.5
 * ```
 */
export function huber(delta: number): Loss {
  if (delta === Infinity) return squares;
  return {
    value: (z) => (Math.abs(z) <= delta ? 0.5 * z * z : delta * (Math.abs(z) - 0.5 * delta)),
    weight: (z) => (Math.abs(z) <= delta ? 1 : delta / Math.abs(z)),
    curvature: (z) => (Math.abs(z) <= delta ? 1 : 0),
  };
}

/**
 * δ²(√(1 + (z/δ)²) − 1): a smooth form of Huber's.
 *
 * @param delta - Size from which residuals count for less than their square, > 0.
 * @example
 * ```ts
 * import { softAbsolute } from 'sft-opt/least-squares';
 *
 * console.log(softAbsolute(1).value(0), softAbsolute(1).value(Math.sqrt(3))); // 0 1
 * ```
 */
export function softAbsolute(delta: number): Loss {
  const root = (z: number): number => Math.sqrt(1 + (z / delta) ** 2);
  return {
    value: (z) => delta * delta * (root(z) - 1),
    weight: (z) => 1 / root(z),
    curvature: (z) => 1 / root(z) ** 3,
  };
}

/**
 * (δ²/2)·ln(1 + (z/δ)²): far residuals count for almost nothing.
 *
 * @param delta - Size from which residuals count for less than their square, > 0.
 * @example
 * ```ts
 * import { cauchy } from 'sft-opt/least-squares';
 *
 * console.log(cauchy(1).value(0), cauchy(1).value(1)); // 0 0.346574
 * ```
 */
export function cauchy(delta: number): Loss {
  const ratio = (z: number): number => (z / delta) ** 2;
  return {
    value: (z) => 0.5 * delta * delta * Math.log1p(ratio(z)),
    weight: (z) => 1 / (1 + ratio(z)),
    curvature: (z) => (1 - ratio(z)) / (1 + ratio(z)) ** 2,
  };
}
