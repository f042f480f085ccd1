import {
  addTransposedProduct,
  multiplyHessian,
  multiplyJacobian,
  type KktMatrix,
  type KktRequest,
  type ModelStructure,
} from './kkt-matrix.js';
import { maxAbs } from './norms.js';

const maxPasses = 4;
const target = 1e-13;

/** Solves a factored system with iterative refinement on the matrix as asked for, without the factors' regularisation. */
export class RefinedSolve {
  private readonly wanted: Float64Array;
  private readonly solution: Float64Array;
  private readonly residual: Float64Array;
  private readonly variables: Float64Array;
  private readonly rows: Float64Array;

  constructor(
    private readonly matrix: KktMatrix,
    variableCount: number,
    rowCount: number,
  ) {
    this.wanted = new Float64Array(variableCount + rowCount);
    this.solution = new Float64Array(variableCount + rowCount);
    this.residual = new Float64Array(variableCount + rowCount);
    this.variables = new Float64Array(variableCount);
    this.rows = new Float64Array(rowCount);
  }

  /**
   * Overwrites `rightHandSide`, whose components for held variables and inactive rows must be 0. Returns the residual
   * relative to it (max-norms).
   */
  solve(structure: ModelStructure, request: KktRequest, rightHandSide: Float64Array): number {
    const { wanted, solution, residual } = this;
    wanted.set(rightHandSide);
    residual.set(rightHandSide);
    solution.fill(0);
    const wantedSize = Math.max(maxAbs(wanted), Number.MIN_VALUE);
    const goal = target * wantedSize;
    let reached = Infinity;
    let previous = Infinity;
    for (let pass = 0; pass < maxPasses; pass++) {
      this.matrix.solve(residual);
      for (let k = 0; k < solution.length; k++) solution[k] = solution[k]! + residual[k]!;
      const size = this.residualOf(structure, request);
      if (!(size < previous)) {
        // The last correction did harm.
        if (pass > 0) for (let k = 0; k < solution.length; k++) solution[k] = rightHandSide[k]!;
        break;
      }
      rightHandSide.set(solution);
      reached = size;
      if (size <= goal || size > 0.5 * previous) break;
      previous = size;
    }
    rightHandSide.set(solution);
    return reached / wantedSize;
  }

  /** residual ← wanted − K·solution; returns its max-norm. */
  private residualOf(structure: ModelStructure, request: KktRequest): number {
    const { wanted, solution, residual, variables, rows } = this;
    const n = variables.length;
    const step = solution.subarray(0, n);
    const multipliers = solution.subarray(n);
    multiplyHessian(structure, request.hessian, step, variables);
    addTransposedProduct(structure, request.jacobian, multipliers, variables);
    multiplyJacobian(structure, request.jacobian, step, rows);
    for (let j = 0; j < n; j++) {
      const product = variables[j]! + request.variableDiagonal[j]! * step[j]!;
      residual[j] = request.held[j] !== 0 ? 0 : wanted[j]! - product;
    }
    for (let i = 0; i < rows.length; i++) {
      const product = rows[i]! - request.rowDiagonal[i]! * multipliers[i]!;
      residual[n + i] = request.active[i] === 0 ? 0 : wanted[n + i]! - product;
    }
    return maxAbs(residual);
  }
}
