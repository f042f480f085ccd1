/**
 * Restricted master of the dual: the largest z with z ≤ costᵢ + uᵢᵀλ for every cut i, over 0 ≤ λ ≤ upper. The
 * multipliers of `normalizedRows`, if there are any, sum to one instead (for homogeneous problems).
 *
 * It is solved from its dual side, where a cut is a column: rowCount + 1 rows, an explicit basis inverse, and a new
 * column enters the last basis (Dantzig–Wolfe). The weights of the columns are the primal recovery.
 */
export class CutMaster {
  /** Multipliers of the last solve. */
  readonly multipliers: Float64Array;
  /** Value z of the last solve. */
  value = -Infinity;
  private readonly costs: number[] = [];
  private readonly columns: Float64Array[] = [];
  private readonly size: number;
  /** Column in each basis position: i ≥ 0 a cut, −1 − r the slack of row r, −1 − rows − r the surplus of row r. */
  private readonly basis: Int32Array;
  private readonly inverse: Float64Array;
  private readonly basic: Float64Array;
  private readonly prices: Float64Array;
  private readonly direction: Float64Array;

  private readonly normalized: Uint8Array;
  private readonly firstNormalized: number;

  constructor(
    private readonly rowCount: number,
    private readonly upper: Float64Array,
    normalizedRows: readonly number[] = [],
  ) {
    this.size = rowCount + 1;
    this.normalized = new Uint8Array(rowCount);
    for (const row of normalizedRows) this.normalized[row] = 1;
    this.firstNormalized = this.normalized.indexOf(1);
    this.multipliers = new Float64Array(rowCount);
    this.basis = new Int32Array(this.size);
    this.inverse = new Float64Array(this.size * this.size);
    this.basic = new Float64Array(this.size);
    this.prices = new Float64Array(this.size);
    this.direction = new Float64Array(this.size);
  }

  /** Cuts held. */
  get cutCount(): number {
    return this.columns.length;
  }

  /** Adds the cut z ≤ cost + excessᵀλ and returns its index. */
  add(cost: number, excess: Float64Array): number {
    this.costs.push(cost);
    this.columns.push(Float64Array.from(excess));
    if (this.columns.length === 1) this.startBasis();
    return this.columns.length - 1;
  }

  /** Its coefficients. */
  excessOf(cut: number): Float64Array {
    return this.columns[cut]!;
  }

  /** Changes the constant of a cut; the basis stays feasible. */
  setCost(cut: number, cost: number): void {
    this.costs[cut] = cost;
  }

  /** Weight of every cut at the last solve; they sum to one. */
  weights(): Float64Array {
    const weights = new Float64Array(this.columns.length);
    for (let k = 0; k < this.size; k++) {
      const column = this.basis[k]!;
      if (column >= 0) weights[column] = Math.max(0, this.basic[k]!);
    }
    return weights;
  }

  /** Finds z and λ. Needs at least one cut. */
  solve(): void {
    const most = 60 + 20 * this.columns.length;
    for (let pivot = 0; pivot < most; pivot++) {
      this.price();
      const entering = this.entering(pivot > 40);
      if (entering === undefined || !this.pivot(entering)) break;
    }
    this.price();
    for (let r = 0; r < this.rowCount; r++) {
      this.multipliers[r] = Math.min(Math.max(0, -this.prices[r]!), this.upper[r]!);
    }
    this.value = this.prices[this.rowCount]!;
  }

  private startBasis(): void {
    const first = this.columns[0]!;
    let worst = this.firstNormalized;
    for (let r = 0; r < this.rowCount; r++) if (this.isNormalized(r) && first[r]! > first[worst]!) worst = r;
    for (let r = 0; r < this.rowCount; r++) {
      const surplus = this.isNormalized(r) ? r === worst : first[r]! > 0;
      this.basis[r] = surplus ? -1 - this.rowCount - r : -1 - r;
    }
    this.basis[this.rowCount] = 0;
    this.refactor();
  }

  /** Entries of a column; the surplus of every normalized row is the one free variable t. */
  private entry(column: number, row: number): number {
    if (column >= 0) return row === this.rowCount ? 1 : this.columns[column]![row]!;
    if (column >= -this.rowCount) return row === -1 - column ? 1 : 0;
    if (row === this.rowCount) return 0;
    const own = -1 - this.rowCount - column;
    return own === row || (this.isNormalized(own) && this.isNormalized(row)) ? -1 : 0;
  }

  private cost(column: number): number {
    if (column >= 0) return this.costs[column]!;
    if (column >= -this.rowCount) return 0;
    return this.isFree(column) ? 1 : this.upper[-1 - this.rowCount - column]!;
  }

  private isNormalized(row: number): boolean {
    return this.normalized[row] === 1;
  }

  private isFree(column: number): boolean {
    return column < -this.rowCount && this.isNormalized(-1 - this.rowCount - column);
  }

  private price(): void {
    const { size, prices, inverse } = this;
    prices.fill(0);
    for (let k = 0; k < size; k++) {
      const cost = this.cost(this.basis[k]!);
      if (cost === 0) continue;
      for (let r = 0; r < size; r++) prices[r]! += cost * inverse[k * size + r]!;
    }
  }

  private reducedCost(column: number): number {
    let value = this.cost(column);
    for (let r = 0; r < this.size; r++) value -= this.prices[r]! * this.entry(column, r);
    return value;
  }

  /** Most negative reduced cost, or the first negative one (Bland 1977) when cycling must be ruled out. */
  private entering(bland: boolean): number | undefined {
    let best: number | undefined;
    let least = 0;
    for (let column = -2 * this.rowCount; column < this.columns.length; column++) {
      // The free variable is basic from the start and never leaves.
      if (this.isFree(column)) continue;
      const reduced = this.reducedCost(column);
      const scale = 1e-13 * (Math.abs(this.cost(column)) + Math.abs(this.prices[this.rowCount]!) + 1e-3);
      if (reduced < Math.min(least, -scale)) {
        best = column;
        least = reduced;
        if (bland) return best;
      }
    }
    return best;
  }

  private pivot(entering: number): boolean {
    const { size, inverse, direction, basic } = this;
    let leaving = -1;
    let step = Infinity;
    for (let k = 0; k < size; k++) {
      let value = 0;
      for (let r = 0; r < size; r++) value += inverse[k * size + r]! * this.entry(entering, r);
      direction[k] = value;
      if (value > 1e-11 && !this.isFree(this.basis[k]!)) {
        const ratio = Math.max(0, basic[k]!) / value;
        if (ratio < step || (ratio === step && value > direction[leaving]!)) {
          step = ratio;
          leaving = k;
        }
      }
    }
    if (leaving < 0) return false;
    const left = this.basis[leaving]!;
    this.basis[leaving] = entering;
    if (this.refactor()) return true;
    this.basis[leaving] = left;
    this.refactor();
    return false;
  }

  /** Inverts the basis by Gauss–Jordan with row pivoting; the size is that of the coupling rows. */
  private refactor(): boolean {
    const { size, inverse } = this;
    const matrix = new Float64Array(size * size);
    inverse.fill(0);
    for (let k = 0; k < size; k++) {
      inverse[k * size + k] = 1;
      for (let r = 0; r < size; r++) matrix[r * size + k] = this.entry(this.basis[k]!, r);
    }
    for (let k = 0; k < size; k++) {
      let best = k;
      for (let r = k + 1; r < size; r++) {
        if (Math.abs(matrix[r * size + k]!) > Math.abs(matrix[best * size + k]!)) best = r;
      }
      const pivot = matrix[best * size + k]!;
      if (Math.abs(pivot) < 1e-300) return false;
      for (let c = 0; c < size; c++) {
        swap(matrix, best * size + c, k * size + c);
        swap(inverse, best * size + c, k * size + c);
        matrix[k * size + c]! /= pivot;
        inverse[k * size + c]! /= pivot;
      }
      for (let r = 0; r < size; r++) {
        const factor = r === k ? 0 : matrix[r * size + k]!;
        if (factor === 0) continue;
        for (let c = 0; c < size; c++) {
          matrix[r * size + c]! -= factor * matrix[k * size + c]!;
          inverse[r * size + c]! -= factor * inverse[k * size + c]!;
        }
      }
    }
    for (let k = 0; k < size; k++) this.basic[k] = inverse[k * size + this.rowCount]!;
    return true;
  }
}

function swap(values: Float64Array, a: number, b: number): void {
  const kept = values[a]!;
  values[a] = values[b]!;
  values[b] = kept;
}
