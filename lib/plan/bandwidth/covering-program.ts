/** What rounding may break of a row, relative. */
const roundingPart = 1e-15;

/**
 * Least c·u over u ≥ 0 with a_k·u ≥ β_k for a growing list of rows with a_k ≥ 0: two or three variables, any number of rows. The
 * simplex method on the dual (max β·ω, Σ ω_k·a_k ≤ c, ω ≥ 0), whose basis has as many columns as there are variables and stays
 * feasible when a row is added.
 */
export class CoveringProgram {
  /** The minimiser of the rows so far. */
  readonly point: Float64Array;
  /** Its value: a lower bound of every problem whose constraints imply the rows. */
  value = 0;
  private readonly size: number;
  private readonly rows: Float64Array[] = [];
  private readonly sides: number[] = [];
  /** Rows of the basis; −1 − r for the slack of variable r. */
  private readonly basis: Int32Array;
  private readonly weights: Float64Array;
  private readonly inverse: Float64Array;
  private readonly column: Float64Array;

  constructor(private readonly costs: readonly number[]) {
    this.size = costs.length;
    this.point = new Float64Array(this.size);
    this.basis = Int32Array.from(costs, (_, r) => -1 - r);
    this.weights = Float64Array.from(costs);
    this.inverse = new Float64Array(this.size * this.size);
    this.column = new Float64Array(this.size);
  }

  get rowCount(): number {
    return this.rows.length;
  }

  /** Dual weight ω of every row, 0 outside the basis. */
  multipliers(): Float64Array {
    const result = new Float64Array(this.rows.length);
    this.basis.forEach((k, i) => {
      if (k >= 0) result[k] = Math.max(0, this.weights[i]!);
    });
    return result;
  }

  /** Adds a row; call `solve` afterwards. */
  add(row: ArrayLike<number>, side: number): void {
    this.rows.push(Float64Array.from(row));
    this.sides.push(side);
  }

  /** The least point of the rows so far; false where rounding left no basis to go on with. */
  solve(): boolean {
    // Each pivot raises the dual value or is degenerate; the limit ends a cycle of degenerate ones.
    for (let pivots = 0; pivots < 200; pivots++) {
      if (!this.factorise()) return false;
      this.price();
      const entering = this.mostViolated();
      if (entering === undefined) return true;
      const leaving = this.ratioTest(entering);
      if (leaving < 0) return false;
      this.basis[leaving] = entering;
    }
    return true;
  }

  private entry(k: number, r: number): number {
    return k >= 0 ? this.rows[k]![r]! : k === -1 - r ? 1 : 0;
  }

  /** Inverse of the basis, whose column i is row basis[i], by Gauss–Jordan elimination; then its weights. */
  private factorise(): boolean {
    const { size, inverse } = this;
    const matrix = new Float64Array(size * size);
    for (let i = 0; i < size; i++) for (let r = 0; r < size; r++) matrix[r * size + i] = this.entry(this.basis[i]!, r);
    inverse.fill(0);
    for (let i = 0; i < size; i++) inverse[i * size + i] = 1;
    for (let i = 0; i < size; i++) {
      let pivot = i;
      for (let r = i + 1; r < size; r++) {
        if (Math.abs(matrix[r * size + i]!) > Math.abs(matrix[pivot * size + i]!)) pivot = r;
      }
      const largest = matrix[pivot * size + i]!;
      if (!(Math.abs(largest) > 0)) return false;
      for (let j = 0; j < size; j++) {
        const [a, b] = [matrix[pivot * size + j]!, inverse[pivot * size + j]!];
        matrix[pivot * size + j] = matrix[i * size + j]!;
        inverse[pivot * size + j] = inverse[i * size + j]!;
        matrix[i * size + j] = a / largest;
        inverse[i * size + j] = b / largest;
      }
      for (let r = 0; r < size; r++) {
        const factor = matrix[r * size + i]!;
        if (r === i || factor === 0) continue;
        for (let j = 0; j < size; j++) {
          matrix[r * size + j]! -= factor * matrix[i * size + j]!;
          inverse[r * size + j]! -= factor * inverse[i * size + j]!;
        }
      }
    }
    for (let i = 0; i < size; i++) {
      let weight = 0;
      for (let r = 0; r < size; r++) weight += inverse[i * size + r]! * this.costs[r]!;
      this.weights[i] = weight;
    }
    return true;
  }

  /** u = β_B·B⁻¹, the prices of the dual's rows. */
  private price(): void {
    const { size, inverse, point } = this;
    this.value = 0;
    for (let r = 0; r < size; r++) {
      let sum = 0;
      for (let i = 0; i < size; i++) {
        const k = this.basis[i]!;
        if (k >= 0) sum += this.sides[k]! * inverse[i * size + r]!;
      }
      point[r] = sum;
      this.value += this.costs[r]! * sum;
    }
  }

  /** Row that the point breaks most; −1 − r where variable r is below 0. */
  private mostViolated(): number | undefined {
    let worst: number | undefined;
    let most = roundingPart;
    const see = (k: number, lacking: number) => {
      if (!(lacking > most) || this.basis.includes(k)) return;
      most = lacking;
      worst = k;
    };
    const size = this.value / this.costs.reduce((sum, cost) => sum + cost, 0);
    this.rows.forEach((row, k) => {
      let reached = 0;
      for (let r = 0; r < this.size; r++) reached += row[r]! * this.point[r]!;
      see(k, (this.sides[k]! - reached) / Math.max(Math.abs(reached), Math.abs(this.sides[k]!)));
    });
    for (let r = 0; r < this.size; r++) see(-1 - r, -this.point[r]! / size);
    return worst;
  }

  private ratioTest(entering: number): number {
    const { size, inverse, column } = this;
    let leaving = -1;
    let least = Infinity;
    for (let i = 0; i < size; i++) {
      column[i] = 0;
      for (let r = 0; r < size; r++) column[i]! += inverse[i * size + r]! * this.entry(entering, r);
      if (!(column[i]! > 0)) continue;
      const ratio = Math.max(0, this.weights[i]!) / column[i]!;
      if (ratio < least) {
        least = ratio;
        leaving = i;
      }
    }
    return leaving;
  }
}
