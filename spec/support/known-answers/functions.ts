/** Smooth functions with their first and second derivatives, in units of size 1. */
export interface SmoothFunction {
  value(x: ArrayLike<number>): number;
  gradient(x: ArrayLike<number>): number[];
  /** Full, row by row. */
  hessian(x: ArrayLike<number>): number[][];
}

type Profile = readonly [value: (t: number) => number, slope: (t: number) => number, curvature: (t: number) => number];

const logistic = (t: number): number => 1 / (1 + Math.exp(-t));

/** Convex functions of one number, each with its first two derivatives. */
export const convexProfiles: Readonly<
  Record<'square' | 'quartic' | 'exponential' | 'softplus' | 'hyperbola', Profile>
> = {
  square: [(t) => 0.5 * t * t, (t) => t, () => 1],
  quartic: [(t) => 0.25 * t ** 4, (t) => t ** 3, (t) => 3 * t * t],
  exponential: [(t) => Math.exp(0.5 * t), (t) => 0.5 * Math.exp(0.5 * t), (t) => 0.25 * Math.exp(0.5 * t)],
  softplus: [
    (t) => Math.log1p(Math.exp(-Math.abs(t))) + Math.max(0, t),
    logistic,
    (t) => logistic(t) * (1 - logistic(t)),
  ],
  hyperbola: [(t) => Math.hypot(1, t), (t) => t / Math.hypot(1, t), (t) => Math.hypot(1, t) ** -3],
};

export interface Term {
  readonly weight: number;
  readonly profile: Profile;
  readonly along: readonly number[];
  readonly offset: number;
}

const dot = (a: ArrayLike<number>, b: ArrayLike<number>): number => {
  let sum = 0;
  for (let j = 0; j < a.length; j++) sum += a[j]! * b[j]!;
  return sum;
};

/** Σ wₖ φₖ(aₖᵀx − bₖ) + qᵀx + c. */
export function termSum(terms: readonly Term[], linear: readonly number[], constant = 0): SmoothFunction {
  const n = linear.length;
  return {
    value: (x) =>
      terms.reduce(
        (sum, { weight, profile, along, offset }) => sum + weight * profile[0](dot(along, x) - offset),
        constant + dot(linear, x),
      ),
    gradient: (x) => {
      const result = [...linear];
      for (const { weight, profile, along, offset } of terms) {
        const slope = weight * profile[1](dot(along, x) - offset);
        for (let j = 0; j < n; j++) result[j]! += slope * along[j]!;
      }
      return result;
    },
    hessian: (x) => {
      const result = zeros(n);
      for (const { weight, profile, along, offset } of terms) {
        const curvature = weight * profile[2](dot(along, x) - offset);
        for (let i = 0; i < n; i++) for (let j = 0; j < n; j++) result[i]![j]! += curvature * along[i]! * along[j]!;
      }
      return result;
    },
  };
}

/** Σⱼ of polynomials of single variables, coefficients from the constant upwards. */
export function separable(polynomials: readonly (readonly number[])[]): SmoothFunction {
  const derivative = (p: readonly number[]): number[] => p.slice(1).map((c, k) => c * (k + 1));
  const at = (p: readonly number[], t: number): number => p.reduceRight((sum, c) => sum * t + c, 0);
  const first = polynomials.map(derivative);
  const second = first.map(derivative);
  return {
    value: (x) => polynomials.reduce((sum, p, j) => sum + at(p, x[j]!), 0),
    gradient: (x) => first.map((p, j) => at(p, x[j]!)),
    hessian: (x) => second.map((p, i) => second.map((_, j) => (i === j ? at(p, x[j]!) : 0))),
  };
}

/** (x₀ − a)² + Σ s²(xᵢ − xᵢ₋₁²)²: its only stationary point is the minimum, 0. */
export function chain(first: number, steepness: readonly number[]): SmoothFunction {
  const n = steepness.length + 1;
  const gap = (x: ArrayLike<number>, i: number): number => x[i]! - x[i - 1]! ** 2;
  return {
    value: (x) => steepness.reduce((sum, s, k) => sum + (s * gap(x, k + 1)) ** 2, (x[0]! - first) ** 2),
    gradient: (x) => {
      const result = new Array<number>(n).fill(0);
      result[0] = 2 * (x[0]! - first);
      steepness.forEach((s, k) => {
        const slope = 2 * s * s * gap(x, k + 1);
        result[k + 1]! += slope;
        result[k]! -= 2 * slope * x[k]!;
      });
      return result;
    },
    hessian: (x) => {
      const result = zeros(n);
      result[0]![0] = 2;
      steepness.forEach((s, k) => {
        const w = 2 * s * s;
        result[k + 1]![k + 1]! += w;
        result[k]![k]! += w * (4 * x[k]! ** 2 - 2 * gap(x, k + 1));
        result[k]![k + 1]! -= 2 * w * x[k]!;
        result[k + 1]![k]! -= 2 * w * x[k]!;
      });
      return result;
    },
  };
}

/** ½xᵀAx + qᵀx. */
export function quadraticForm(matrix: readonly (readonly number[])[], linear: readonly number[]): SmoothFunction {
  return {
    value: (x) =>
      0.5 *
        dot(
          x,
          matrix.map((row) => dot(row, x)),
        ) +
      dot(linear, x),
    gradient: (x) => matrix.map((row, i) => dot(row, x) + linear[i]!),
    hessian: () => matrix.map((row) => [...row]),
  };
}

function zeros(n: number): number[][] {
  return Array.from({ length: n }, () => new Array<number>(n).fill(0));
}
