/** An approximation of the Lagrangian's Hessian that learns from steps. */
export interface QuasiNewton {
  /** Back to a multiple of the identity. */
  reset(scale: number): void;
  /** Takes in a step s and the change y of the Lagrangian's gradient along it (y is overwritten). */
  update(step: Float64Array, gradientChange: Float64Array): void;
}

/**
 * Damped BFGS approximation of the Lagrangian's Hessian (Powell 1978; Nocedal & Wright, Procedure 18.2), stored as a
 * dense lower triangle row by row.
 */
export class DampedBfgs implements QuasiNewton {
  private readonly product: Float64Array;
  private fresh = true;

  constructor(
    private readonly order: number,
    readonly values: Float64Array,
  ) {
    this.product = new Float64Array(order);
    this.reset(1);
  }

  reset(scale: number): void {
    this.values.fill(0);
    for (let i = 0; i < this.order; i++) this.values[triangle(i, i)] = scale;
    this.fresh = true;
  }

  update(step: Float64Array, gradientChange: Float64Array): void {
    const { order: n, product } = this;
    let stepChange = dot(step, gradientChange);
    const changeSquare = dot(gradientChange, gradientChange);
    const stepSquare = dot(step, step);
    if (!(stepSquare > 0) || !Number.isFinite(changeSquare)) return;
    if (this.fresh) {
      // Scale the identity to the first curvature met (Nocedal & Wright, eq. 6.20).
      const curvature =
        stepChange > 1e-8 * stepSquare ? changeSquare / stepChange : Math.sqrt(changeSquare / stepSquare);
      this.reset(Math.min(1e8, Math.max(1e-6, curvature)));
      this.fresh = false;
    }
    this.multiply(step, product);
    const quadratic = dot(step, product);
    if (stepChange < 0.2 * quadratic) {
      const theta = (0.8 * quadratic) / (quadratic - stepChange);
      for (let j = 0; j < n; j++) gradientChange[j] = theta * gradientChange[j]! + (1 - theta) * product[j]!;
      stepChange = dot(step, gradientChange);
    }
    if (!(stepChange > 1e-300) || !(quadratic > 1e-300)) return;
    let k = 0;
    for (let i = 0; i < n; i++) {
      for (let j = 0; j <= i; j++, k++) {
        this.values[k] =
          this.values[k]! -
          (product[i]! * product[j]!) / quadratic +
          (gradientChange[i]! * gradientChange[j]!) / stepChange;
      }
    }
  }

  private multiply(direction: Float64Array, target: Float64Array): void {
    target.fill(0);
    let k = 0;
    for (let i = 0; i < this.order; i++) {
      for (let j = 0; j < i; j++, k++) {
        target[i] = target[i]! + this.values[k]! * direction[j]!;
        target[j] = target[j]! + this.values[k]! * direction[i]!;
      }
      target[i] = target[i]! + this.values[k]! * direction[i]!;
      k++;
    }
  }
}

function triangle(i: number, j: number): number {
  return (i * (i + 1)) / 2 + j;
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let j = 0; j < a.length; j++) sum += a[j]! * b[j]!;
  return sum;
}
