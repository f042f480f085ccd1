import { DenseCholesky, dotRange } from '../../../linalg/index.js';
import type { Curve } from './curve.js';
import type { Sample } from './observations.js';

/** What one direction loses at given shapes and decay when its scales are 1: a column for each scale. */
export interface Columns {
  readonly width: number;
  readonly shapes: readonly number[];
  readonly decay: number;
  /** √w times the losses, column after column. */
  readonly weighted: Float64Array;
  /** Products of the columns with one another, with √w, and with √w·A. */
  readonly gram: Float64Array;
  readonly withOnes: Float64Array;
  readonly withAccuracy: Float64Array;
}

/** Share of the whole below which a difference of sums of squares is not trusted. */
const cancelled = 1e-6;

/** Limit and scales by weighted least squares with scales ≥ 0, for pairs of columns. */
export class LinearPart {
  private readonly order: number;
  private readonly matrix: Float64Array;
  private readonly right: Float64Array;
  private readonly reduced: Float64Array;
  private readonly solution: Float64Array;
  private readonly active: Int32Array;
  private readonly cholesky: DenseCholesky;
  private readonly ones: number;
  private readonly withAccuracy: number;
  private readonly total: number;

  constructor(
    private readonly sample: Sample,
    scales: number,
  ) {
    this.order = 1 + scales;
    this.matrix = new Float64Array(this.order * this.order);
    this.right = new Float64Array(this.order);
    this.reduced = new Float64Array(this.order * this.order);
    this.solution = new Float64Array(this.order);
    this.active = new Int32Array(this.order);
    this.cholesky = new DenseCholesky(this.order);
    const { weight, accuracy } = sample;
    this.ones = weight.reduce((sum, w) => sum + w, 0);
    this.withAccuracy = weight.reduce((sum, w, i) => sum + w * accuracy[i]!, 0);
    this.total = weight.reduce((sum, w, i) => sum + w * accuracy[i]! ** 2, 0);
  }

  /** Sum of squares that is left; infinite where the columns determine nothing. */
  squares(up: Columns, down: Columns): number {
    const count = this.solve(up, down);
    if (count === 0) return Infinity;
    let rest = this.total;
    for (let j = 0; j < count; j++) rest -= this.solution[j]! * this.right[this.active[j]!]!;
    return rest > cancelled * this.total ? rest : this.summedResiduals(up, down, count);
  }

  /** What is left where nearly nothing is: the difference of the sums has lost its digits then. */
  private summedResiduals(up: Columns, down: Columns, count: number): number {
    const { solution, active } = this;
    const { size, rootWeight, accuracy } = this.sample;
    let sum = 0;
    for (let i = 0; i < size; i++) {
      let residual = rootWeight[i]! * (accuracy[i]! - solution[0]!);
      for (let j = 1; j < count; j++) {
        const column = active[j]! - 1;
        const from = column < up.width ? up : down;
        const at = column < up.width ? column : column - up.width;
        residual += solution[j]! * from.weighted[at * size + i]!;
      }
      sum += residual * residual;
    }
    return sum;
  }

  /** The whole vector of parameters, within their bounds. */
  parameters(curve: Curve, up: Columns, down: Columns): Float64Array | undefined {
    const count = this.solve(up, down);
    if (count === 0) return undefined;
    const theta = new Float64Array(curve.size);
    theta[0] = Math.min(1, Math.max(0.01, this.solution[0]!));
    [up, down].slice(0, curve.terms).forEach(({ shapes, decay, width }, term) => {
      const place = curve.place(term as 0 | 1);
      theta.set(shapes, place.shape);
      if (curve.form.cut === 'decaying') theta[place.decay] = decay;
      for (let k = 0; k < width; k++) {
        const at = this.active.subarray(0, count).indexOf(1 + (term === 0 ? k : up.width + k));
        const scale = at < 0 ? 1e-4 : this.solution[at]!;
        theta[place.scale + k] = Math.log(scale);
      }
    });
    return theta;
  }

  /** Solves for the limit and the scales that are not held at zero; returns how many these are. */
  private solve(up: Columns, down: Columns): number {
    this.assemble(up, down);
    const { order, matrix, right, reduced, solution, active, cholesky } = this;
    let count = order;
    for (let k = 0; k < order; k++) active[k] = k;
    for (;;) {
      for (let a = 0; a < count; a++) {
        solution[a] = right[active[a]!]!;
        for (let b = 0; b < count; b++) reduced[a * count + b] = matrix[active[a]! * order + active[b]!]!;
      }
      if (cholesky.factor(reduced, count, 0, 1e-13) >= 0) return 0;
      cholesky.solve(solution.subarray(0, count));
      let left = 1;
      for (let j = 1; j < count; j++) if (solution[j]! > 0) active[left++] = active[j]!;
      if (left === count) return count;
      count = left;
    }
  }

  /** Normal equations in limit, scales up, scales down: accuracy = limit − Σ scale · column. */
  private assemble(up: Columns, down: Columns): void {
    const { order, matrix, right } = this;
    const { size } = this.sample;
    matrix[0] = this.ones;
    right[0] = this.withAccuracy;
    for (const [columns, first] of [
      [up, 1],
      [down, 1 + up.width],
    ] as const) {
      for (let a = 0; a < columns.width; a++) {
        const at = first + a;
        matrix[at] = matrix[at * order] = -columns.withOnes[a]!;
        right[at] = -columns.withAccuracy[a]!;
        for (let b = 0; b < columns.width; b++) {
          matrix[at * order + first + b] = columns.gram[a * columns.width + b]!;
        }
      }
    }
    for (let a = 0; a < up.width; a++) {
      for (let b = 0; b < down.width; b++) {
        const product = dotRange(up.weighted, a * size, down.weighted, b * size, size);
        matrix[(1 + a) * order + 1 + up.width + b] = product;
        matrix[(1 + up.width + b) * order + 1 + a] = product;
      }
    }
  }
}
