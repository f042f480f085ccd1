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

/**
 * Counters before the first evaluation.
 *
 * @example
 * ```ts
 * import { zeroCounts } from 'sft-opt';
 *
 * console.log(zeroCounts().objective); // 0
 * ```
 */
export function zeroCounts(): EvaluationCounts {
  return { objective: 0, constraints: 0, gradient: 0, jacobian: 0, hessian: 0, hessianProduct: 0 };
}

/**
 * The same problem, counting into `counts`. Capabilities that the problem lacks stay absent.
 *
 * @param problem - The program.
 * @param counts - Counted up at every evaluation.
 * @example
 * ```ts
 * import { countEvaluations, zeroCounts } from 'sft-opt';
 *
 * const problem = {
 *   meta: {
 *     variableCount: 2,
 *     constraintCount: 0,
 *     lower: Float64Array.of(0, 0),
 *     upper: Float64Array.of(4, 4),
 *     constraintLower: new Float64Array(0),
 *     constraintUpper: new Float64Array(0),
 *     start: Float64Array.of(1, 1),
 *   },
 *   objective: (x: Float64Array) => (x[0]! - 2) ** 2 + (x[1]! + 1) ** 2,
 *   gradient: (x: Float64Array, g: Float64Array) => void g.set([2 * (x[0]! - 2), 2 * (x[1]! + 1)]),
 * };
 * const counts = zeroCounts();
 * countEvaluations(problem, counts).objective(Float64Array.of(1, 1));
 * console.log(counts.objective); // 1
 * ```
 */
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
