import { dotProduct } from '../kkt/index.js';
import type { LowRankTerm } from '../kkt/index.js';

/** Share of sᵀBs below which the change of the gradient is damped (Powell 1978). */
const dampingShare = 0.2;

/**
 * Damped BFGS matrix from the last few pairs only: θI + Σ aₖaₖᵀ − Σ bₖbₖᵀ with aₖ = yₖ/√(sₖᵀyₖ) and bₖ = Bₖsₖ/√(sₖᵀBₖsₖ)
 * (Nocedal & Wright §7.2, unrolled). The diagonal θ is what a KKT matrix stores, the rest is its low-rank term.
 */
export class LimitedMemoryBfgs implements LowRankTerm {
  readonly vectors: Float64Array[] = [];
  readonly signs: number[] = [];
  private readonly steps: Float64Array[] = [];
  private readonly changes: Float64Array[] = [];
  private readonly product: Float64Array;

  constructor(
    order: number,
    readonly values: Float64Array,
    private readonly memory: number,
  ) {
    this.product = new Float64Array(order);
    this.reset(1);
  }

  reset(scale: number): void {
    this.steps.length = this.changes.length = this.vectors.length = this.signs.length = 0;
    this.values.fill(scale);
  }

  /** Takes in a step s and the change y of the Lagrangian's gradient along it (y is overwritten). */
  update(step: Float64Array, gradientChange: Float64Array): void {
    const stepSquare = dotProduct(step, step);
    const changeSquare = dotProduct(gradientChange, gradientChange);
    if (!(stepSquare > 0) || !Number.isFinite(changeSquare)) return;
    let stepChange = dotProduct(step, gradientChange);
    const curvature = stepChange > 1e-8 * stepSquare ? changeSquare / stepChange : Math.sqrt(changeSquare / stepSquare);
    const theta = Math.min(1e8, Math.max(1e-6, curvature));
    if (this.steps.length === 0) this.values.fill(theta);
    this.multiply(step, this.product);
    const quadratic = dotProduct(step, this.product);
    if (stepChange < dampingShare * quadratic) {
      const share = ((1 - dampingShare) * quadratic) / (quadratic - stepChange);
      for (let j = 0; j < step.length; j++) {
        gradientChange[j] = share * gradientChange[j]! + (1 - share) * this.product[j]!;
      }
      stepChange = dotProduct(step, gradientChange);
    }
    if (!(stepChange > 1e-300) || !(quadratic > 1e-300)) return;
    this.steps.push(step.slice());
    this.changes.push(gradientChange.slice());
    if (this.steps.length > this.memory) {
      this.steps.shift();
      this.changes.shift();
    }
    this.unroll(theta);
  }

  /** All a and b from the pairs kept, beginning with θI. */
  private unroll(theta: number): void {
    const { vectors, signs, steps, changes, product } = this;
    vectors.length = signs.length = 0;
    this.values.fill(theta);
    for (let k = 0; k < steps.length; k++) {
      const step = steps[k]!;
      const change = changes[k]!;
      this.multiply(step, product);
      const quadratic = dotProduct(step, product);
      const stepChange = dotProduct(step, change);
      if (!(quadratic > 0) || !(stepChange > 0)) continue;
      vectors.push(change.map((value) => value / Math.sqrt(stepChange)));
      signs.push(1);
      vectors.push(product.map((value) => value / Math.sqrt(quadratic)));
      signs.push(-1);
    }
  }

  private multiply(direction: Float64Array, target: Float64Array): void {
    const theta = this.values[0]!;
    for (let j = 0; j < target.length; j++) target[j] = theta * direction[j]!;
    this.addProduct(direction, target);
  }

  addProduct(direction: Float64Array, target: Float64Array): void {
    for (let k = 0; k < this.vectors.length; k++) {
      const vector = this.vectors[k]!;
      const factor = this.signs[k]! * dotProduct(vector, direction);
      for (let j = 0; j < target.length; j++) target[j] = target[j]! + factor * vector[j]!;
    }
  }
}
