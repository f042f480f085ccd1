import { SparseSymmetricFactor, Triplets, type SparseMatrix } from '../../linalg/index.js';
import type { SparseProgram } from './scaling.js';

/**
 * The quasi-definite system of one Newton step,
 *
 *   [P + diag(w) + ρI    Aᵀ        ] [dx]   [r₁]
 *   [A                  −diag(d) − δI] [dy] = [r₂]
 *
 * with w ≥ 0 from the bounds and d ≥ 0 from the inequality rows. ρ and δ keep it factorable by LDLᵀ with any ordering
 * (Vanderbei 1995). Iterative refinement takes their effect out of the solution again, or they stay in it as the proximal
 * terms ½ρ‖x − xₖ‖² and ½δ‖y − yₖ‖² around the present iterate, which vanish where the iteration converges.
 */
export class KktSystem {
  private readonly factorization: SparseSymmetricFactor;
  /** Lower triangle without ρ and δ, kept for refinement. */
  private readonly matrix: SparseMatrix;
  /** The matrix with ρ and δ, which was factored. */
  private readonly shifted: SparseMatrix;
  private readonly hessianSlots: Int32Array;
  private readonly diagonalSlots: Int32Array;
  private readonly signs: Int8Array;
  private readonly hessianValues: Float64Array;
  readonly order: number;

  constructor(
    private readonly program: SparseProgram,
    private readonly stop: () => boolean,
  ) {
    const { variableCount: n, constraintCount: m, hessian, constraintMatrix } = program;
    this.order = n + m;
    const triplets = new Triplets();
    triplets.addMatrix(hessian);
    const hessianCount = triplets.count;
    triplets.addMatrix(constraintMatrix, n);
    const matrixCount = triplets.count;
    triplets.addDiagonal(n + m);
    const { matrix, slots } = triplets.assemble(n + m, n + m);
    this.matrix = matrix;
    this.hessianSlots = slots.subarray(0, hessianCount);
    this.diagonalSlots = slots.subarray(matrixCount);
    this.hessianValues = hessian.values;
    this.shifted = { ...matrix, values: new Float64Array(matrix.values.length) };
    this.signs = Int8Array.from({ length: n + m }, (_, k) => (k < n ? 1 : -1));
    this.factorization = new SparseSymmetricFactor(matrix, undefined, undefined, stop);
  }

  get factorEntries(): number {
    return this.factorization.factorEntries;
  }

  /** Puts the weights w (length n) and d (length m) in and factors; false also when stopped. */
  factor(weights: Float64Array, rowWeights: Float64Array, primalShift: number, dualShift: number): boolean {
    const { matrix, diagonalSlots, signs } = this;
    const regularized = this.shifted.values;
    const { variableCount: n, constraintCount: m } = this.program;
    const { values } = matrix;
    for (let k = 0; k < n + m; k++) values[diagonalSlots[k]!] = 0;
    // Diagonal entries of P share their slot with the weights.
    this.restoreHessianDiagonal();
    for (let j = 0; j < n; j++) values[diagonalSlots[j]!]! += weights[j]!;
    for (let i = 0; i < m; i++) values[diagonalSlots[n + i]!] = -rowWeights[i]!;
    regularized.set(values);
    for (let k = 0; k < n + m; k++) regularized[diagonalSlots[k]!]! += k < n ? primalShift : -dualShift;
    return this.factorization.factor(regularized, {
      signs,
      smallest: 0,
      replacement: Math.max(primalShift, dualShift),
      stop: this.stop,
    });
  }

  private restoreHessianDiagonal(): void {
    const { hessian, variableCount: n } = this.program;
    const { values } = this.matrix;
    for (let j = 0; j < n; j++) {
      for (let k = hessian.columnStarts[j]!; k < hessian.columnStarts[j + 1]!; k++) {
        if (hessian.rowIndices[k] === j) values[this.hessianSlots[k]!] = this.hessianValues[k]!;
      }
    }
  }

  /**
   * Solves for (dx, dy) with refinement, on the system without ρ and δ, or with them if `proximal`: they then are the
   * terms of a proximal step. Returns the residual's max-norm.
   */
  solve(rightHandSide: Float64Array, solution: Float64Array, maxSteps: number, proximal = false): number {
    const system = proximal ? this.shifted : this.matrix;
    return this.factorization.solveRefined(system, rightHandSide, solution, maxSteps, 1e-14);
  }
}
