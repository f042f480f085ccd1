import type { NonlinearProgram } from '../../lib/problem/index.js';

/**
 * minimise Σ wⱼ/xⱼ / n²  subject to  Σ xⱼ ≤ 1,  Σ aⱼxⱼ ≤ b,  1e-9 ≤ xⱼ ≤ 1: many separable variables, two coupling rows.
 * With b = ∞ the minimum is (Σ √wⱼ)²/n², at xⱼ = √wⱼ/Σ√w.
 */
export function separableCoupled(
  size: number,
  secondSide: number,
): Required<NonlinearProgram> & { readonly weights: Float64Array } {
  const weights = Float64Array.from({ length: size }, (_, j) => 1 + ((j * 7919) % 1000) / 1000);
  const diagonal = Int32Array.from({ length: size }, (_, j) => j);
  const rows = Int32Array.from({ length: 2 * size }, (_, k) => (k < size ? 0 : 1));
  const columns = Int32Array.from({ length: 2 * size }, (_, k) => k % size);
  const cost = (j: number): number => (j % 3 === 0 ? 1.5 : 0.3);
  const scale = 1 / (size * size);
  return {
    weights,
    meta: {
      variableCount: size,
      constraintCount: 2,
      lower: new Float64Array(size).fill(1e-9),
      upper: new Float64Array(size).fill(1),
      constraintLower: Float64Array.of(-Infinity, -Infinity),
      constraintUpper: Float64Array.of(1, secondSide),
      start: new Float64Array(size).fill(0.5 / size),
      jacobianPattern: { rows, columns },
      hessianPattern: { rows: diagonal, columns: diagonal },
    },
    objective: (x) => scale * x.reduce((sum, entry, j) => sum + weights[j]! / entry, 0),
    gradient: (x, values) => x.forEach((entry, j) => (values[j] = (-scale * weights[j]!) / (entry * entry))),
    constraints: (x, values) => {
      values[0] = x.reduce((sum, entry) => sum + entry, 0);
      values[1] = x.reduce((sum, entry, j) => sum + cost(j) * entry, 0);
    },
    jacobian: (_x, values) => {
      for (let j = 0; j < size; j++) {
        values[j] = 1;
        values[size + j] = cost(j);
      }
    },
    hessian: (x, weight, _multipliers, values) =>
      x.forEach((entry, j) => (values[j] = (2 * weight * scale * weights[j]!) / entry ** 3)),
    hessianProduct: (x, weight, _multipliers, direction, values) =>
      x.forEach((entry, j) => (values[j] = (2 * weight * scale * weights[j]! * direction[j]!) / entry ** 3)),
  };
}
