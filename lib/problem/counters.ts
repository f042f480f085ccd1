import type { MixedIntegerNonlinearProgram, NonlinearProgram } from './nlp.js';

/** How often each evaluation of a problem was asked for. */
export interface EvaluationCounts {
  /** Evaluations of the objective. */
  objective: number;
  /** Evaluations of all rows. */
  constraints: number;
  /** Evaluations of the objective's gradient. */
  gradient: number;
  /** Evaluations of the rows' Jacobian. */
  jacobian: number;
  /** Evaluations of the Lagrangian's Hessian. */
  hessian: number;
  /** Products of that Hessian and a vector. */
  hessianProduct: number;
}

/** Counters before the first evaluation. */
export function zeroCounts(): EvaluationCounts {
  return { objective: 0, constraints: 0, gradient: 0, jacobian: 0, hessian: 0, hessianProduct: 0 };
}

/** The same problem, counting into `counts`. Capabilities that the problem lacks stay absent. */
export function countEvaluations<P extends NonlinearProgram | MixedIntegerNonlinearProgram>(
  problem: P,
  counts: EvaluationCounts,
): P {
  const counted: NonlinearProgram = {
    meta: problem.meta,
    objective: (x) => {
      counts.objective++;
      return problem.objective(x);
    },
    ...(problem.constraints && {
      constraints: (x: Float64Array, values: Float64Array) => {
        counts.constraints++;
        problem.constraints!(x, values);
      },
    }),
    ...(problem.gradient && {
      gradient: (x: Float64Array, values: Float64Array) => {
        counts.gradient++;
        problem.gradient!(x, values);
      },
    }),
    ...(problem.jacobian && {
      jacobian: (x: Float64Array, values: Float64Array) => {
        counts.jacobian++;
        problem.jacobian!(x, values);
      },
    }),
    ...(problem.hessian && {
      hessian: (x: Float64Array, objectiveWeight: number, multipliers: Float64Array, values: Float64Array) => {
        counts.hessian++;
        problem.hessian!(x, objectiveWeight, multipliers, values);
      },
    }),
    ...(problem.hessianProduct && {
      hessianProduct: (
        x: Float64Array,
        objectiveWeight: number,
        multipliers: Float64Array,
        direction: Float64Array,
        values: Float64Array,
      ) => {
        counts.hessianProduct++;
        problem.hessianProduct!(x, objectiveWeight, multipliers, direction, values);
      },
    }),
  };
  if (!('integerVariables' in problem)) return counted as P;
  const { integerVariables, specialOrderedSets } = problem;
  return { ...counted, integerVariables, ...(specialOrderedSets && { specialOrderedSets }) } as unknown as P;
}
