import { DenseSymmetricFactor } from '../linalg/index.js';
import type { KktMatrix, KktRequest, KktVerdict, ModelStructure } from './kkt-matrix.js';

/** Rows with at least this ρ are eliminated into the Hessian block (H + aaᵀ/ρ), which keeps the order small. */
const condensationThreshold = 1e-7;
/** Pivots below this fraction of the largest entry count as zero. */
const zeroPivot = 1e-15;
const equilibrationPasses = 2;

/** `KktMatrix` of small problems: only free variables and active rows enter a dense matrix. */
export class DenseKkt implements KktMatrix {
  expired?: () => boolean;
  private readonly position: Int32Array;
  private readonly rowPosition: Int32Array;
  private readonly freeVariables: Int32Array;
  private readonly activeRows: Int32Array;
  private factorization: DenseSymmetricFactor;
  private matrix: Float64Array;
  private compact: Float64Array;
  private scale: Float64Array;
  private rowMaximum: Float64Array;
  private order = 0;
  private freeCount = 0;
  private activeCount = 0;
  private request: KktRequest | undefined;

  constructor(private readonly structure: ModelStructure) {
    const { variableCount: n, rowCount: m } = structure;
    this.position = new Int32Array(n);
    this.rowPosition = new Int32Array(m);
    this.freeVariables = new Int32Array(n);
    this.activeRows = new Int32Array(m);
    const capacity = n + Math.min(m, n);
    this.factorization = new DenseSymmetricFactor(capacity);
    this.matrix = new Float64Array(capacity * capacity);
    this.compact = new Float64Array(capacity);
    this.scale = new Float64Array(capacity);
    this.rowMaximum = new Float64Array(capacity);
  }

  get operations(): number {
    return this.order ** 3 / 3;
  }

  factor(request: KktRequest): KktVerdict {
    this.request = request;
    this.number(request);
    this.assemble(request);
    if (!this.equilibrate()) return 'indefinite';
    const inertia = this.factorization.factor(this.matrix, this.order, zeroPivot);
    if (inertia.negative > this.activeCount) return 'indefinite';
    if (inertia.negative < this.activeCount) return 'rank-deficient';
    return inertia.zero > 0 ? 'indefinite' : 'regular';
  }

  private number({ held, active, rowDiagonal }: KktRequest): void {
    const { variableCount: n, rowCount: m } = this.structure;
    let order = 0;
    for (let j = 0; j < n; j++) {
      this.position[j] = held[j] === 0 ? order : -1;
      if (held[j] === 0) this.freeVariables[order++] = j;
    }
    this.freeCount = order;
    let rows = 0;
    for (let i = 0; i < m; i++) {
      const explicit = active[i] !== 0 && rowDiagonal[i]! < condensationThreshold;
      this.rowPosition[i] = explicit ? order : -1;
      if (!explicit) continue;
      this.activeRows[rows++] = i;
      order++;
    }
    this.activeCount = rows;
    this.order = order;
    if (order <= this.factorization.capacity) return;
    const capacity = Math.max(order, Math.min(n + m, Math.ceil(1.5 * order)));
    this.factorization = new DenseSymmetricFactor(capacity);
    this.matrix = new Float64Array(capacity * capacity);
    this.compact = new Float64Array(capacity);
    this.scale = new Float64Array(capacity);
    this.rowMaximum = new Float64Array(capacity);
  }

  private assemble(request: KktRequest): void {
    const { structure, position, rowPosition, matrix, order } = this;
    matrix.fill(0, 0, order * order);
    const { rows, columns } = structure.hessian;
    for (let k = 0; k < request.hessian.length; k++) {
      const p = position[rows[k]!]!;
      const q = position[columns[k]!]!;
      if (p < 0 || q < 0) continue;
      const at = p >= q ? p * order + q : q * order + p;
      matrix[at] = matrix[at]! + request.hessian[k]!;
    }
    for (let p = 0; p < this.freeCount; p++) {
      const at = p * order + p;
      matrix[at] = matrix[at]! + request.variableDiagonal[this.freeVariables[p]!]!;
    }
    for (let i = 0; i < structure.rowCount; i++) {
      if (request.active[i] === 0) continue;
      const p = rowPosition[i]!;
      if (p >= 0) this.assembleRow(request, i, p);
      else this.condenseRow(request, i);
    }
  }

  /**
   * Scales rows and columns so that the largest entry of each is about 1, which leaves the inertia as it is and gives
   * the zero tolerance a meaning. False if an entry is not finite.
   */
  private equilibrate(): boolean {
    const { matrix, order, scale, rowMaximum } = this;
    scale.fill(1, 0, order);
    for (let pass = 0; pass < equilibrationPasses; pass++) {
      rowMaximum.fill(0, 0, order);
      for (let i = 0; i < order; i++) {
        for (let j = 0; j <= i; j++) {
          const size = Math.abs(matrix[i * order + j]!);
          if (!(size < Infinity)) return false;
          if (size > rowMaximum[i]!) rowMaximum[i] = size;
          if (size > rowMaximum[j]!) rowMaximum[j] = size;
        }
      }
      for (let i = 0; i < order; i++) rowMaximum[i] = rowMaximum[i] === 0 ? 1 : 1 / Math.sqrt(rowMaximum[i]!);
      for (let i = 0; i < order; i++) {
        const factor = rowMaximum[i]!;
        scale[i] = scale[i]! * factor;
        for (let j = 0; j <= i; j++) matrix[i * order + j] = matrix[i * order + j]! * factor * rowMaximum[j]!;
      }
    }
    return true;
  }

  private assembleRow(request: KktRequest, row: number, at: number): void {
    const { structure, position, matrix, order } = this;
    for (let e = structure.rowStarts[row]!; e < structure.rowStarts[row + 1]!; e++) {
      const k = structure.rowEntries[e]!;
      const q = position[structure.jacobian.columns[k]!]!;
      if (q >= 0) matrix[at * order + q] = matrix[at * order + q]! + request.jacobian[k]!;
    }
    matrix[at * order + at] = -request.rowDiagonal[row]!;
  }

  private condenseRow(request: KktRequest, row: number): void {
    const { structure, position, matrix, order } = this;
    const weight = 1 / request.rowDiagonal[row]!;
    const end = structure.rowStarts[row + 1]!;
    for (let e = structure.rowStarts[row]!; e < end; e++) {
      const k = structure.rowEntries[e]!;
      const p = position[structure.jacobian.columns[k]!]!;
      const value = weight * request.jacobian[k]!;
      if (p < 0 || value === 0) continue;
      for (let f = structure.rowStarts[row]!; f < end; f++) {
        const l = structure.rowEntries[f]!;
        const q = position[structure.jacobian.columns[l]!]!;
        if (q >= 0 && q <= p) matrix[p * order + q] = matrix[p * order + q]! + value * request.jacobian[l]!;
      }
    }
  }

  solve(rightHandSide: Float64Array): void {
    const { structure, position, rowPosition, compact, request } = this;
    const { variableCount: n, rowCount: m, rowStarts, rowEntries, jacobian } = structure;
    const { active, rowDiagonal, jacobian: values } = request!;
    for (let p = 0; p < this.freeCount; p++) compact[p] = rightHandSide[this.freeVariables[p]!]!;
    for (let r = 0; r < this.activeCount; r++) compact[this.freeCount + r] = rightHandSide[n + this.activeRows[r]!]!;
    for (let i = 0; i < m; i++) {
      if (active[i] === 0 || rowPosition[i]! >= 0) continue;
      const factor = rightHandSide[n + i]! / rowDiagonal[i]!;
      if (factor === 0) continue;
      for (let e = rowStarts[i]!; e < rowStarts[i + 1]!; e++) {
        const k = rowEntries[e]!;
        const p = position[jacobian.columns[k]!]!;
        if (p >= 0) compact[p] = compact[p]! + factor * values[k]!;
      }
    }
    for (let k = 0; k < this.order; k++) compact[k] = compact[k]! * this.scale[k]!;
    this.factorization.solve(compact);
    for (let k = 0; k < this.order; k++) compact[k] = compact[k]! * this.scale[k]!;
    for (let j = 0; j < n; j++) rightHandSide[j] = position[j]! < 0 ? 0 : compact[position[j]!]!;
    for (let i = 0; i < m; i++) {
      if (active[i] === 0) rightHandSide[n + i] = 0;
      else if (rowPosition[i]! >= 0) rightHandSide[n + i] = compact[rowPosition[i]!]!;
      else {
        let product = -rightHandSide[n + i]!;
        for (let e = rowStarts[i]!; e < rowStarts[i + 1]!; e++) {
          const k = rowEntries[e]!;
          product += values[k]! * rightHandSide[jacobian.columns[k]!]!;
        }
        rightHandSide[n + i] = product / rowDiagonal[i]!;
      }
    }
  }
}
