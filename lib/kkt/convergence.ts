import { clearAbsentSides, kktResiduals, type KktResiduals, type NonlinearProgram } from '../problem/index.js';
import { addTransposedProduct } from './kkt-matrix.js';
import type { Evaluation, PointValues } from './evaluation.js';
import type { QuadraticModel } from './quadratic-model.js';

/** First-order residuals in the problem's own units from the algorithm's scaled quantities; workspaces are kept. */
export class ConvergenceTest {
  private readonly gradient: Float64Array;
  private readonly product: Float64Array;
  private readonly constraints: Float64Array;
  /** y in the problem's own units, of the last call. */
  readonly multipliers: Float64Array;
  /** z likewise. */
  readonly boundMultipliers: Float64Array;

  constructor(private readonly evaluation: Evaluation) {
    const { variableCount: n, constraintCount: m } = evaluation.meta;
    this.gradient = new Float64Array(n);
    this.product = new Float64Array(n);
    this.constraints = new Float64Array(m);
    this.multipliers = new Float64Array(m);
    this.boundMultipliers = new Float64Array(n);
  }

  /** Multipliers that rounding leaves on sides that are not there count in the residuals and are kept as 0. */
  residuals(
    point: PointValues,
    model: QuadraticModel,
    rowMultipliers: Float64Array,
    boundMultipliers: Float64Array,
  ): KktResiduals {
    const { scaling, meta } = this.evaluation;
    const { gradient, product, constraints } = this;
    product.fill(0);
    addTransposedProduct(model.structure, model.jacobian, rowMultipliers, product);
    for (let j = 0; j < gradient.length; j++) {
      gradient[j] = model.gradient[j]! / scaling.objective;
      product[j] = product[j]! / scaling.objective;
      this.boundMultipliers[j] = boundMultipliers[j]! / scaling.objective;
    }
    for (let i = 0; i < constraints.length; i++) {
      const factor = scaling.constraints[i]!;
      constraints[i] = point.constraints[i]! / factor;
      this.multipliers[i] = (rowMultipliers[i]! * factor) / scaling.objective;
    }
    const residuals = kktResiduals(meta, {
      x: point.x,
      multipliers: this.multipliers,
      boundMultipliers: this.boundMultipliers,
      gradient,
      constraintValues: constraints,
      jacobianTransposeMultipliers: product,
    });
    clearAbsentSides(this.multipliers, meta.constraintLower, meta.constraintUpper);
    clearAbsentSides(this.boundMultipliers, meta.lower, meta.upper);
    return residuals;
  }
}

/**
 * Residuals of a point from fresh evaluations of the problem itself. Null when the problem cannot be evaluated there.
 */
export function independentResiduals(
  problem: NonlinearProgram,
  x: Float64Array,
  multipliers: Float64Array,
  boundMultipliers: Float64Array,
): KktResiduals | null {
  const { meta } = problem;
  const gradient = new Float64Array(meta.variableCount).fill(NaN);
  const constraintValues = new Float64Array(meta.constraintCount).fill(NaN);
  const product = new Float64Array(meta.variableCount);
  const pattern = meta.jacobianPattern;
  const length = pattern ? pattern.rows.length : meta.constraintCount * meta.variableCount;
  const jacobian = new Float64Array(length).fill(NaN);
  try {
    problem.gradient!(x.slice(), gradient);
    if (meta.constraintCount > 0) {
      problem.constraints!(x.slice(), constraintValues);
      problem.jacobian!(x.slice(), jacobian);
    }
  } catch {
    return null;
  }
  for (let k = 0; k < length; k++) {
    const row = pattern ? pattern.rows[k]! : Math.floor(k / meta.variableCount);
    const column = pattern ? pattern.columns[k]! : k % meta.variableCount;
    // A row without a multiplier has no part in the stationarity, whatever its derivative.
    if (multipliers[row] !== 0) product[column] = product[column]! + jacobian[k]! * multipliers[row]!;
  }
  return kktResiduals(meta, {
    x,
    multipliers,
    boundMultipliers,
    gradient,
    constraintValues,
    jacobianTransposeMultipliers: product,
  });
}
