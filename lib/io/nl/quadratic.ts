import { assembleSparse, type SparseMatrix } from '../../linalg/index.js';
import type { NonlinearProgram, QuadraticProgram } from '../../problem/index.js';

/**
 * The quadratic (or linear) program that a problem is, if its objective is at most quadratic and its constraints are
 * linear by `meta`; undefined otherwise. P need not be semidefinite. Rows keep their order, so multipliers agree; the
 * constant parts of the rows are moved to their sides.
 */
export function toQuadraticProgram(problem: NonlinearProgram): QuadraticProgram | undefined {
  const { meta } = problem;
  const { variableCount: n, constraintCount: m, linearConstraints, objectiveShape } = meta;
  if (objectiveShape !== 'linear' && objectiveShape !== 'quadratic') return undefined;
  if (m > 0 && !linearConstraints?.every((flag) => flag === 1)) return undefined;
  if (objectiveShape === 'quadratic' && (!problem.hessian || !meta.hessianPattern)) return undefined;
  if (!problem.gradient || (m > 0 && !(problem.jacobian && problem.constraints && meta.jacobianPattern)))
    return undefined;
  const origin = new Float64Array(n);
  const linear = new Float64Array(n);
  problem.gradient(origin, linear);
  return {
    linear,
    constant: problem.objective(origin),
    lower: meta.lower,
    upper: meta.upper,
    ...(objectiveShape === 'quadratic' && { hessian: constantHessian(problem, origin) }),
    ...constantRows(problem, origin),
  };
}

function constantHessian(problem: NonlinearProgram, origin: Float64Array): SparseMatrix {
  const { variableCount: n, constraintCount: m, hessianPattern } = problem.meta;
  const { rows, columns } = hessianPattern!;
  const values = new Float64Array(rows.length);
  problem.hessian!(origin, 1, new Float64Array(m), values);
  return assembleSparse(n, n, mirrored(rows, columns), mirrored(columns, rows), mirrored(values, values)).matrix;

  /** Entries of the lower triangle, then those strictly above it. */
  function mirrored(lower: ArrayLike<number>, upper: ArrayLike<number>): Float64Array {
    const all = Array.from(lower);
    for (let k = 0; k < rows.length; k++) if (rows[k] !== columns[k]) all.push(upper[k]!);
    return Float64Array.from(all);
  }
}

function constantRows(
  problem: NonlinearProgram,
  origin: Float64Array,
): Pick<QuadraticProgram, 'constraintMatrix' | 'constraintLower' | 'constraintUpper'> {
  const { variableCount: n, constraintCount: m, jacobianPattern, constraintLower, constraintUpper } = problem.meta;
  if (m === 0) return { constraintLower, constraintUpper };
  const { rows, columns } = jacobianPattern!;
  const values = new Float64Array(rows.length);
  problem.jacobian!(origin, values);
  const constants = new Float64Array(m);
  problem.constraints!(origin, constants);
  return {
    constraintMatrix: assembleSparse(m, n, rows, columns, values).matrix,
    constraintLower: constraintLower.map((side, i) => side - constants[i]!),
    constraintUpper: constraintUpper.map((side, i) => side - constants[i]!),
  };
}
