import type { NonlinearProgram } from '../../lib/problem/index.js';

/** Largest disagreement of a problem's derivatives with differences, in units of what differences can resolve. */
export interface DerivativeErrors {
  readonly gradient: number;
  readonly jacobian: number;
  readonly hessian: number;
  readonly hessianProduct: number;
}

const relativeStep = 1e-4;
const allowance = 1e-6;
const roundOff = 50 * Number.EPSILON;

/**
 * Derivatives against central differences with one Richardson extrapolation (error O(step⁴)); a figure ≤ 1 means
 * agreement to 1e-6 relative, plus what cancellation in the difference costs.
 */
export function derivativeErrors(problem: NonlinearProgram, x: Float64Array): DerivativeErrors {
  const { variableCount: n, constraintCount: m } = problem.meta;
  const y = Float64Array.from({ length: m }, (_, i) => Math.cos(i + 1));
  const objectiveWeight = 0.7;
  const values = (at: Float64Array): Float64Array => {
    const out = new Float64Array(m + 1);
    problem.constraints?.(at, out.subarray(1));
    out[0] = problem.objective(at);
    return out;
  };
  const first = denseFirst(problem, x);
  const lagrangianGradient = (at: Float64Array): Float64Array => {
    const rows = denseFirst(problem, at);
    return Float64Array.from({ length: n }, (_, j) => {
      let sum = objectiveWeight * rows[0]![j]!;
      for (let i = 0; i < m; i++) sum += y[i]! * rows[i + 1]![j]!;
      return sum;
    });
  };
  const hessian = denseHessian(problem, x, objectiveWeight, y);
  const errors = { gradient: 0, jacobian: 0, hessian: 0, hessianProduct: 0 };
  const direction = new Float64Array(n);
  const product = new Float64Array(n);
  for (let j = 0; j < n; j++) {
    const functionSlopes = slopes(values, x, j);
    errors.gradient = Math.max(errors.gradient, disagreement(first[0]![j]!, functionSlopes, 0));
    for (let i = 1; i <= m; i++) {
      errors.jacobian = Math.max(errors.jacobian, disagreement(first[i]![j]!, functionSlopes, i));
    }
    const gradientSlopes = slopes(lagrangianGradient, x, j);
    direction.fill(0);
    direction[j] = 1;
    problem.hessianProduct?.(x, objectiveWeight, y, direction, product);
    for (let i = 0; i < n; i++) {
      const entry = hessian[i * n + j]!;
      errors.hessian = Math.max(errors.hessian, disagreement(entry, gradientSlopes, i));
      const difference = Math.abs(entry - product[i]!) / (1e-9 * Math.max(1, Math.abs(entry)));
      errors.hessianProduct = Math.max(errors.hessianProduct, Number.isNaN(difference) ? Infinity : difference);
    }
  }
  return errors;
}

interface Slopes {
  readonly slope: Float64Array;
  /** What round-off can do to each slope. */
  readonly uncertainty: Float64Array;
}

function slopes(evaluate: (x: Float64Array) => Float64Array, x: Float64Array, j: number): Slopes {
  const step = relativeStep * Math.sqrt(Math.max(1, Math.abs(x[j]!)));
  const at = (offset: number): Float64Array => {
    const moved = x.slice();
    moved[j]! += offset;
    return evaluate(moved);
  };
  const [far, farBack, near, nearBack] = [at(step), at(-step), at(step / 2), at(-step / 2)];
  const slope = far.map((value, i) => {
    const wide = (value - farBack[i]!) / (2 * step);
    const narrow = (near[i]! - nearBack[i]!) / step;
    return (4 * narrow - wide) / 3;
  });
  const uncertainty = far.map((value, i) => {
    const wide = (value - farBack[i]!) / (2 * step);
    return (roundOff * Math.max(Math.abs(value), Math.abs(farBack[i]!))) / step + 1e-3 * Math.abs(slope[i]! - wide);
  });
  return { slope, uncertainty };
}

function disagreement(derivative: number, { slope, uncertainty }: Slopes, i: number): number {
  const error = Math.abs(derivative - slope[i]!);
  const ratio = error / (allowance * Math.max(1, Math.abs(derivative)) + uncertainty[i]!);
  return Number.isNaN(ratio) ? Infinity : ratio;
}

/** Gradient, then the Jacobian's rows, dense. */
function denseFirst(problem: NonlinearProgram, x: Float64Array): Float64Array[] {
  const { variableCount: n, constraintCount: m, jacobianPattern } = problem.meta;
  const rows = Array.from({ length: m + 1 }, () => new Float64Array(n));
  problem.gradient!(x, rows[0]!);
  if (m === 0) return rows;
  const values = new Float64Array(jacobianPattern!.rows.length);
  problem.jacobian!(x, values);
  values.forEach((value, k) => (rows[jacobianPattern!.rows[k]! + 1]![jacobianPattern!.columns[k]!]! += value));
  return rows;
}

function denseHessian(problem: NonlinearProgram, x: Float64Array, weight: number, y: Float64Array): Float64Array {
  const { variableCount: n, hessianPattern } = problem.meta;
  const values = new Float64Array(hessianPattern!.rows.length);
  problem.hessian!(x, weight, y, values);
  const dense = new Float64Array(n * n);
  values.forEach((value, k) => {
    const row = hessianPattern!.rows[k]!;
    const column = hessianPattern!.columns[k]!;
    dense[row * n + column]! += value;
    if (row !== column) dense[column * n + row]! += value;
  });
  return dense;
}
