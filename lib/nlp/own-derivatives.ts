import type { NonlinearProgram } from '../problem/index.js';

export type DerivativeName = 'gradient' | 'jacobian' | 'hessian' | 'hessianProduct';

/** The problem without some derivative, and without second ones that would belong to a first one. */
export function without(problem: NonlinearProgram, what: DerivativeName): NonlinearProgram {
  const dropped: DerivativeName[] =
    what === 'gradient' || what === 'jacobian' ? [what, 'hessian', 'hessianProduct'] : [what];
  const kept = (name: DerivativeName): boolean => problem[name] !== undefined && !dropped.includes(name);
  return {
    meta: problem.meta,
    objective: (x) => problem.objective(x),
    ...(problem.constraints && {
      constraints: (x: Float64Array, values: Float64Array) => problem.constraints!(x, values),
    }),
    ...(kept('gradient') && { gradient: (x: Float64Array, values: Float64Array) => problem.gradient!(x, values) }),
    ...(kept('jacobian') && { jacobian: (x: Float64Array, values: Float64Array) => problem.jacobian!(x, values) }),
    ...(kept('hessian') && {
      hessian: (x: Float64Array, weight: number, multipliers: Float64Array, values: Float64Array) =>
        problem.hessian!(x, weight, multipliers, values),
    }),
    ...(kept('hessianProduct') && {
      hessianProduct: (
        x: Float64Array,
        weight: number,
        multipliers: Float64Array,
        direction: Float64Array,
        values: Float64Array,
      ) => problem.hessianProduct!(x, weight, multipliers, direction, values),
    }),
  };
}

/** Derivatives that were differenced, not `given`, are kept for the last point: judging a point again costs nothing. */
export function remembering(problem: NonlinearProgram, given: NonlinearProgram): NonlinearProgram {
  const n = problem.meta.variableCount;
  return {
    ...problem,
    ...(problem.gradient && !given.gradient && { gradient: once(n, (x, values) => problem.gradient!(x, values)) }),
    ...(problem.jacobian && !given.jacobian && { jacobian: once(n, (x, values) => problem.jacobian!(x, values)) }),
  };
}

function once(
  variableCount: number,
  evaluate: (x: Float64Array, values: Float64Array) => void,
): (x: Float64Array, values: Float64Array) => void {
  const at = new Float64Array(variableCount).fill(NaN);
  let kept = new Float64Array(0);
  return (x, values) => {
    if (kept.length === values.length && variableCount > 0 && x.every((value, j) => value === at[j])) {
      values.set(kept);
      return;
    }
    evaluate(x, values);
    at.fill(NaN);
    if (!values.every(Number.isFinite)) return;
    at.set(x);
    kept = Float64Array.from(values);
  };
}
