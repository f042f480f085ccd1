import { addTransposedProduct, multiplyHessian, multiplyJacobian, type ModelStructure } from './kkt-matrix.js';

/**
 * min ½dᵀHd + gᵀd  subject to  rowLower ≤ Ad ≤ rowUpper,  stepLower ≤ d ≤ stepUpper: the subproblem of one iteration.
 */
export interface QuadraticModel {
  readonly structure: ModelStructure;
  readonly gradient: Float64Array;
  readonly hessian: Float64Array;
  readonly jacobian: Float64Array;
  readonly rowLower: Float64Array;
  readonly rowUpper: Float64Array;
  readonly stepLower: Float64Array;
  readonly stepUpper: Float64Array;
}

export function quadraticModel(structure: ModelStructure): QuadraticModel {
  const { variableCount: n, rowCount: m } = structure;
  return {
    structure,
    gradient: new Float64Array(n),
    hessian: new Float64Array(structure.hessian.rows.length),
    jacobian: new Float64Array(structure.jacobian.rows.length),
    rowLower: new Float64Array(m),
    rowUpper: new Float64Array(m),
    stepLower: new Float64Array(n),
    stepUpper: new Float64Array(n),
  };
}

/** Where a row or variable is held: −1 lower side, 1 upper side, 0 free. Equal sides count as held at the upper one. */
export interface WorkingSet {
  /** One entry a row. */
  readonly rows: Int8Array;
  /** One entry a variable. */
  readonly variables: Int8Array;
}

export function workingSet(variableCount: number, rowCount: number): WorkingSet {
  return { rows: new Int8Array(rowCount), variables: new Int8Array(variableCount) };
}

/** Step, multipliers and working set of a subproblem. */
export interface SubproblemSolution {
  readonly step: Float64Array;
  readonly rowMultipliers: Float64Array;
  readonly boundMultipliers: Float64Array;
  readonly workingSet: WorkingSet;
  /** Σ violations of the linearised rows that no step within the bounds removes (0 when consistent). */
  linearViolation: number;
  /** δ that was added to the Hessian's diagonal. */
  shift: number;
}

export function subproblemSolution(variableCount: number, rowCount: number): SubproblemSolution {
  return {
    step: new Float64Array(variableCount),
    rowMultipliers: new Float64Array(rowCount),
    boundMultipliers: new Float64Array(variableCount),
    workingSet: workingSet(variableCount, rowCount),
    linearViolation: 0,
    shift: 0,
  };
}

/** target ← g + (H + δI)d + Aᵀy; A·d into `rowActivity`. */
export function modelGradient(
  model: QuadraticModel,
  shift: number,
  step: Float64Array,
  rowMultipliers: Float64Array,
  target: Float64Array,
  rowActivity: Float64Array,
): void {
  multiplyHessian(model.structure, model.hessian, step, target);
  for (let j = 0; j < target.length; j++) target[j] = target[j]! + model.gradient[j]! + shift * step[j]!;
  addTransposedProduct(model.structure, model.jacobian, rowMultipliers, target);
  multiplyJacobian(model.structure, model.jacobian, step, rowActivity);
}
