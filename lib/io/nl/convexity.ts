import { assembleSparse, isPositiveSemidefinite } from '../../linalg/index.js';
import type { SparsityPattern } from '../../problem/index.js';
import { functionCurvatures } from './curvature.js';
import type { Tape } from './tape.js';

/** Values of the Hessian of objectiveWeight·f + Σ multipliers[i]·cᵢ at x, in the order of its pattern. */
export type WeightedHessian = (
  x: Float64Array,
  objectiveWeight: number,
  multipliers: Float64Array,
  values: Float64Array,
) => void;

/** What is to be known of a model to judge it. */
export interface ConvexityInput {
  readonly tape: Tape;
  /** Polynomial degree of the objective and of each constraint. */
  readonly degrees: Uint8Array;
  readonly lower: Float64Array;
  readonly upper: Float64Array;
  readonly constraintLower: Float64Array;
  readonly constraintUpper: Float64Array;
  readonly start: Float64Array;
  /** Where quadratic functions may be judged by their Hessian. */
  readonly hessian?: { readonly evaluate: WeightedHessian; readonly pattern: SparsityPattern } | undefined;
}

/** Elements of all Hessians that are looked at, at most. */
const mostHessianEntries = 20_000_000;

/**
 * True if the minimisation is proven convex: the objective is, every curved row has one side alone and is convex towards it.
 * Rules on expressions come first; quadratic functions that they leave open are judged by whether their Hessian is
 * semidefinite up to rounding.
 */
export function isProvenConvex(input: ConvexityInput): boolean {
  const { tape, degrees, lower, upper, constraintLower, constraintUpper } = input;
  const curvatures = functionCurvatures(tape, lower, upper);
  const open: { readonly index: number; readonly sign: 1 | -1 }[] = [];
  for (let index = 0; index < curvatures.length; index++) {
    const { convex, concave } = curvatures[index]!;
    if (degrees[index]! <= 1 || (convex && concave)) continue;
    const hasLower = index > 0 && constraintLower[index - 1]! > -Infinity;
    const hasUpper = index === 0 || constraintUpper[index - 1]! < Infinity;
    if (hasLower && hasUpper) return false;
    if ((!hasUpper || convex) && (!hasLower || concave)) continue;
    if (degrees[index] !== 2) return false;
    open.push({ index, sign: hasUpper ? 1 : -1 });
  }
  if (open.length === 0) return true;
  const { hessian } = input;
  if (!hessian || open.length * hessian.pattern.rows.length > mostHessianEntries) return false;
  const judge = new QuadraticJudge(input, hessian);
  return open.every(({ index, sign }) => judge.isConvex(index, sign));
}

class QuadraticJudge {
  private readonly values: Float64Array;
  private readonly multipliers: Float64Array;
  private readonly position: Int32Array;

  constructor(
    private readonly input: ConvexityInput,
    private readonly hessian: NonNullable<ConvexityInput['hessian']>,
  ) {
    this.values = new Float64Array(hessian.pattern.rows.length);
    this.multipliers = new Float64Array(input.constraintLower.length);
    this.position = new Int32Array(input.lower.length);
  }

  /** Whether sign times the function, whose Hessian is constant, is convex. */
  isConvex(index: number, sign: 1 | -1): boolean {
    const { values, multipliers, position } = this;
    const { rows, columns } = this.hessian.pattern;
    multipliers.fill(0);
    if (index > 0) multipliers[index - 1] = sign;
    this.hessian.evaluate(this.input.start, index === 0 ? sign : 0, multipliers, values);
    position.fill(-1);
    let order = 0;
    const own: { readonly row: number; readonly column: number; readonly value: number }[] = [];
    for (let k = 0; k < values.length; k++) {
      const value = values[k]!;
      if (!Number.isFinite(value)) return false;
      if (value === 0) continue;
      for (const j of [rows[k]!, columns[k]!]) if (position[j]! < 0) position[j] = order++;
      const [a, b] = [position[rows[k]!]!, position[columns[k]!]!];
      own.push({ row: Math.max(a, b), column: Math.min(a, b), value });
    }
    const part = (of: 'row' | 'column' | 'value') => own.map((entry) => entry[of]);
    return isPositiveSemidefinite(assembleSparse(order, order, part('row'), part('column'), part('value')).matrix);
  }
}
