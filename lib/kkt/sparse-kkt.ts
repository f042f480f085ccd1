import { assembleSparse, SparseSymmetricFactor, type SparseMatrix } from '../linalg/index.js';
import type { KktMatrix, KktRequest, KktVerdict, ModelStructure } from './kkt-matrix.js';

/**
 * Pivots are 1×1 (see `SparseSymmetricFactor`), so the matrix is made quasi-definite by these shares of its largest
 * Hessian entry and of 1; the callers' refinement removes their effect.
 */
const variableRegularization = 1e-11;
const rowRegularization = 1e-9;
/** Growth beyond which the factors are not to be trusted. */
const largestGrowth = 1e14;

/**
 * `KktMatrix` of large sparse problems. The whole pattern is analysed once; variables that are held and rows that are
 * not active stay in the matrix as ±1 on the diagonal.
 */
export class SparseKkt implements KktMatrix {
  expired?: () => boolean;
  regularizationScale = 1;
  private readonly lower: SparseMatrix;
  private readonly slots: Int32Array;
  /** Made by the first `factor`, whose run says when to stop. */
  private factorization: SparseSymmetricFactor | undefined;
  private readonly held: Int8Array;
  private readonly active: Int8Array;

  constructor(private readonly structure: ModelStructure) {
    const { variableCount: n, rowCount: m, hessian, jacobian } = structure;
    const order = n + m;
    const hessianLength = hessian.rows.length;
    const jacobianLength = jacobian.rows.length;
    const rows = new Int32Array(hessianLength + jacobianLength + order);
    const columns = new Int32Array(rows.length);
    for (let k = 0; k < hessianLength; k++) {
      rows[k] = Math.max(hessian.rows[k]!, hessian.columns[k]!);
      columns[k] = Math.min(hessian.rows[k]!, hessian.columns[k]!);
    }
    for (let k = 0; k < jacobianLength; k++) {
      rows[hessianLength + k] = n + jacobian.rows[k]!;
      columns[hessianLength + k] = jacobian.columns[k]!;
    }
    for (let k = 0; k < order; k++)
      rows[hessianLength + jacobianLength + k] = columns[hessianLength + jacobianLength + k] = k;
    const assembled = assembleSparse(order, order, rows, columns);
    this.lower = assembled.matrix;
    this.slots = assembled.slots;
    this.held = new Int8Array(n);
    this.active = new Int8Array(m);
  }

  get operations(): number {
    const { factorization } = this;
    return factorization !== undefined && factorization.operations < Infinity ? factorization.operations : 0;
  }

  factor(request: KktRequest): KktVerdict {
    this.held.set(request.held);
    this.active.set(request.active);
    this.assemble(request);
    const rules = { mostNegative: this.structure.rowCount, ...(this.expired && { stop: this.expired }) };
    const factorization = (this.factorization ??= new SparseSymmetricFactor(
      this.lower,
      undefined,
      undefined,
      this.expired,
    ));
    if (!factorization.factor(this.lower.values, rules)) return 'indefinite';
    if (factorization.growth > largestGrowth) return 'indefinite';
    const { negative } = factorization.inertia;
    const { rowCount } = this.structure;
    // Rows are quasi-definite by their regularisation: too few negative signs are a matter of rounding.
    return negative > rowCount ? 'indefinite' : negative < rowCount ? 'rank-deficient' : 'regular';
  }

  private assemble(request: KktRequest): void {
    const { structure, slots, held, active } = this;
    const { values } = this.lower;
    const { hessian, jacobian, variableCount: n, rowCount: m } = structure;
    values.fill(0);
    let largest = 0;
    const hessianLength = hessian.rows.length;
    for (let k = 0; k < hessianLength; k++) {
      const i = hessian.rows[k]!;
      const j = hessian.columns[k]!;
      if (held[i] !== 0 || held[j] !== 0) continue;
      const value = request.hessian[k]!;
      const size = Math.abs(value);
      if (size > largest) largest = size;
      values[slots[k]!] = values[slots[k]!]! + value;
    }
    for (let k = 0; k < jacobian.rows.length; k++) {
      if (active[jacobian.rows[k]!] === 0 || held[jacobian.columns[k]!] !== 0) continue;
      const slot = slots[hessianLength + k]!;
      values[slot] = values[slot]! + request.jacobian[k]!;
    }
    const diagonal = hessianLength + jacobian.rows.length;
    const shift = this.regularizationScale * variableRegularization * Math.max(1, largest);
    const rowShift = this.regularizationScale * rowRegularization;
    for (let j = 0; j < n; j++) {
      const slot = slots[diagonal + j]!;
      values[slot] = held[j] !== 0 ? 1 : values[slot]! + request.variableDiagonal[j]! + shift;
    }
    for (let i = 0; i < m; i++) {
      values[slots[diagonal + n + i]!] = active[i] === 0 ? -1 : -request.rowDiagonal[i]! - rowShift;
    }
  }

  solve(rightHandSide: Float64Array): void {
    const { held, active } = this;
    const n = held.length;
    for (let j = 0; j < n; j++) if (held[j] !== 0) rightHandSide[j] = 0;
    for (let i = 0; i < active.length; i++) if (active[i] === 0) rightHandSide[n + i] = 0;
    this.factorization!.solve(rightHandSide);
  }
}
