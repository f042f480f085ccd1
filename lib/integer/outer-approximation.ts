import { ArgumentError } from '../errors/index.js';
import * as z from '../schema/index.js';
import { denseMatrix } from '../linalg/index.js';
import type { MixedIntegerNonlinearProgram, QuadraticProgram } from '../problem/index.js';
import { Budget, defineOptions, isSolved, type Termination } from '../solver/index.js';
import { fractionalVariables } from './branching.js';
import { denseJacobian } from './tangents.js';
import { largestViolation, withBounds, type RelaxationResult, type RelaxationSolver } from './relaxation.js';
import { branchAndBound, treeOptions, type Candidate } from './tree.js';

/** Options of outer approximation: types, defaults and meanings. */
export const outerApproximationOptions = defineOptions({
  relativeGap: treeOptions.schema.shape.relativeGap,
  absoluteGap: z.number().nonnegative().default(1e-7).describe('Stop when incumbent − bound is at or below this.'),
  maxRounds: z.int().positive().default(100).describe('Master problems before giving up.'),
  feasibilityTolerance: z.number().positive().default(1e-6).describe('Largest relative violation of a solution.'),
  integralityTolerance: z.number().positive().default(1e-6).describe('Distance to an integer that counts as integral.'),
  timeLimitSeconds: treeOptions.schema.shape.timeLimitSeconds,
});
/** Options of outer approximation. */
export type OuterApproximationOptions = z.input<typeof outerApproximationOptions.schema>;

/** A solver of linear programs, given as quadratic programs without a Hessian. */
export type LinearSolver = (program: QuadraticProgram) => RelaxationResult;

/** Answer of outer approximation. */
export interface OuterApproximationResult {
  /** Why the search ended. */
  readonly termination: Termination;
  /** The best point found. */
  readonly x?: Float64Array;
  /** Its value. */
  readonly objective: number;
  /** No point is below it. */
  readonly bound: number;
  /** Distance of value and bound over the value's size. */
  readonly relativeGap: number;
  /** Master problems solved. */
  readonly rounds: number;
  /** Linear cuts made. */
  readonly cutCount: number;
  /** Nodes of the linear relaxation's tree. */
  readonly nodeCount: number;
}

/**
 * Outer approximation of a convex MINLP (Duran & Grossmann 1986; Fletcher & Leyffer 1994): a mixed-integer linear master of
 * the linearisations gives bounds and integer points, nonlinear programs with these integers fixed give solutions and
 * new linearisations. Requires `meta.convex`, a gradient, and a Jacobian where there are constraints.
 *
 * @param problem - The program with its integer variables.
 * @param solvers - Solver of the nonlinear programs, and of the linear ones with integers.
 * @param given - Gaps and limits; what is absent takes its default.
 * @param signal - Ends the work once aborted.
 * @throws ArgumentError where the problem is not declared convex or lacks first derivatives.
 * @example
 * ```ts
 * import { type MixedIntegerNonlinearProgram, solveQp, solveSqp } from 'sft-opt';
 * import { outerApproximation } from 'sft-opt/integer';
 * import { NlModelBuilder, compileNl, expressions } from 'sft-opt/io/nl';
 *
 * const builder = new NlModelBuilder('small');
 * const x = builder.variable({ lower: 0, upper: 4, integer: true });
 * const y = builder.variable({ lower: 0, upper: 4 });
 * builder.constraint(expressions.add(x, y), { upper: 5.5 });
 * builder.maximise(expressions.add(expressions.multiply(2, x), y));
 * const model = builder.build();
 * const problem = compileNl(model) as MixedIntegerNonlinearProgram;
 * const convex = { ...problem, meta: { ...problem.meta, convex: true } };
 * const result = outerApproximation(convex, { nonlinear: (each) => solveSqp(each), linear: (each) => solveQp(each) });
 * console.log(result.termination, result.x); // optimal Float64Array(2) [ 4, 1.5 ]
 * ```
 */
export function outerApproximation(
  problem: MixedIntegerNonlinearProgram,
  solvers: { readonly nonlinear: RelaxationSolver; readonly linear: LinearSolver },
  given: Partial<OuterApproximationOptions> = {},
  signal?: AbortSignal,
): OuterApproximationResult {
  if (problem.meta.convex !== true)
    throw new ArgumentError('outer approximation needs a problem known to be convex', 'unsuitable');
  if (!problem.gradient || (problem.meta.constraintCount > 0 && !problem.jacobian)) {
    throw new ArgumentError('outer approximation needs a gradient and a Jacobian', 'unsuitable');
  }
  return new OuterApproximation(problem, solvers, outerApproximationOptions.resolve(given), signal).run();
}

class OuterApproximation {
  private readonly master: LinearMaster;
  private readonly budget: Budget;
  private incumbent: Candidate<Float64Array> | undefined;
  private bound = -Infinity;
  private rounds = 0;
  private nodeCount = 0;
  /** Integer points whose nonlinear program has been solved. */
  private readonly settled = new Set<string>();
  /** Least bound of integer points left out although their programs were neither solved nor proven empty. */
  private unsettledBound = Infinity;

  constructor(
    private readonly problem: MixedIntegerNonlinearProgram,
    private readonly solvers: { readonly nonlinear: RelaxationSolver; readonly linear: LinearSolver },
    private readonly options: ReturnType<typeof outerApproximationOptions.resolve>,
    signal: AbortSignal | undefined,
  ) {
    this.master = new LinearMaster(problem);
    this.budget = new Budget({ timeLimitSeconds: options.timeLimitSeconds, signal });
  }

  run(): OuterApproximationResult {
    const { meta } = this.problem;
    const relaxed = this.solvers.nonlinear(withBounds(this.problem, meta.lower, meta.upper, meta.start), this.budget);
    if (isEmpty(relaxed)) return this.result('infeasible');
    this.master.linearise(relaxed.x);
    while (this.rounds < this.options.maxRounds) {
      const ended = this.budget.exhausted(0, 0);
      if (ended) return this.result(ended);
      const point = this.solveMaster();
      if (point === 'limit') return this.result(this.budget.exhausted(0, 0) ?? 'stalled');
      if (point === 'failed') return this.result('stalled');
      if (point === 'empty') return this.result(this.allProven(this.incumbent ? 'optimal' : 'infeasible'));
      if (this.isClosed()) return this.result(this.allProven('optimal'));
      this.settled.add(this.keyOf(point));
      this.master.linearise(this.fixIntegers(point));
      if (this.isClosed()) return this.result(this.allProven('optimal'));
    }
    return this.result('iteration-limit');
  }

  private allProven(claim: 'optimal' | 'infeasible'): Termination {
    return this.unsettledBound === Infinity ? claim : 'stalled';
  }

  private keyOf(x: Float64Array): string {
    return [...this.problem.integerVariables].map((k) => Math.round(x[k]!)).join();
  }

  private isClosed(): boolean {
    if (!this.incumbent) return false;
    const { objective } = this.incumbent;
    return (
      objective - this.bound <=
      Math.max(this.options.absoluteGap, this.options.relativeGap * Math.max(1, Math.abs(objective)))
    );
  }

  /** Integer point of the present linearisations with the least value, among those not yet settled. */
  private solveMaster(): Float64Array | 'empty' | 'failed' | 'limit' {
    this.rounds++;
    const { master, options } = this;
    const root = { lower: master.lower(), upper: master.upper() };
    type Box = typeof root;
    const result = branchAndBound<Box, { bound: number; x?: Float64Array; closed?: boolean }, Float64Array>(
      {
        root,
        bound: ({ lower, upper }) => {
          const relaxed = this.solvers.linear(master.program(lower, upper));
          if (isEmpty(relaxed)) return { bound: Infinity, closed: true };
          if (relaxed.primalStatus !== 'feasible') return { bound: -Infinity };
          const free = fractionalVariables(this.problem.integerVariables, relaxed.x, options.integralityTolerance);
          const bound = relaxed.objective;
          if (free.length > 0) return { bound, x: relaxed.x };
          if (this.settled.has(this.keyOf(relaxed.x))) {
            // Cut off by branching around it; its own value is the incumbent's or worse.
            return this.isPoint(lower, upper) ? { bound: Infinity, closed: true } : { bound, x: relaxed.x };
          }
          return { bound, x: relaxed.x, closed: true, candidate: { objective: bound, solution: relaxed.x } };
        },
        branch: ({ lower, upper }, { x }) => {
          if (!x) return [];
          const free = fractionalVariables(this.problem.integerVariables, x, options.integralityTolerance);
          if (free.length === 0) return this.around(lower, upper, x);
          free.sort((a, b) => Math.abs((a.value % 1) - 0.5) - Math.abs((b.value % 1) - 0.5));
          const { variable, value } = free[0]!;
          const below = Float64Array.from(upper);
          const above = Float64Array.from(lower);
          below[variable] = Math.floor(value);
          above[variable] = Math.floor(value) + 1;
          return [
            { lower, upper: below },
            { lower: above, upper },
          ];
        },
      },
      { relativeGap: 1e-9, absoluteGap: 1e-9, ...this.timeLeft() },
      { signal: this.budget.signal },
    );
    this.nodeCount += result.nodeCount;
    if (result.termination === 'infeasible') return 'empty';
    if (result.termination === 'time-limit' || result.termination === 'interrupted') {
      // The bound of an unfinished master is one of the problem all the same.
      this.bound = Math.max(this.bound, result.bound);
      return 'limit';
    }
    if (!result.incumbent || result.termination !== 'optimal') return 'failed';
    this.bound = Math.max(this.bound, result.bound);
    return result.incumbent.solution;
  }

  private timeLeft(): { timeLimitSeconds?: number } {
    const left = this.budget.timeLimitSeconds - this.budget.elapsedSeconds();
    return left === Infinity ? {} : { timeLimitSeconds: Math.max(1e-3, left) };
  }

  private isPoint(lower: Float64Array, upper: Float64Array): boolean {
    return this.problem.integerVariables.every((k) => lower[k]! >= upper[k]!);
  }

  /** Divides a box at an integer point of it: below, above and at one coordinate. */
  private around(
    lower: Float64Array,
    upper: Float64Array,
    x: Float64Array,
  ): { lower: Float64Array; upper: Float64Array }[] {
    const variable = this.problem.integerVariables.find((k) => lower[k]! < upper[k]!);
    if (variable === undefined) return [];
    const value = Math.round(x[variable]!);
    const parts: { lower: Float64Array; upper: Float64Array }[] = [];
    for (const [low, high] of [
      [lower[variable]!, value - 1],
      [value, value],
      [value + 1, upper[variable]!],
    ] as const) {
      if (low > high) continue;
      const part = { lower: Float64Array.from(lower), upper: Float64Array.from(upper) };
      part.lower[variable] = low;
      part.upper[variable] = high;
      parts.push(part);
    }
    return parts;
  }

  /** Where to linearise next: the optimum with these integers, or the least violated point. */
  private fixIntegers(point: Float64Array): Float64Array {
    const { meta, integerVariables } = this.problem;
    const lower = Float64Array.from(meta.lower);
    const upper = Float64Array.from(meta.upper);
    const start = point.slice(0, meta.variableCount);
    for (const k of integerVariables) lower[k] = upper[k] = start[k] = Math.round(point[k]!);
    const result = this.solvers.nonlinear(withBounds(this.problem, lower, upper, start), this.budget);
    const x = Float64Array.from(result.x);
    for (const k of integerVariables) x[k] = start[k]!;
    if (largestViolation(this.problem, x) <= this.options.feasibilityTolerance) {
      const objective = this.problem.objective(x);
      if (objective < (this.incumbent?.objective ?? Infinity)) this.incumbent = { objective, solution: x };
      if (!isSolved(result.termination)) this.unsettledBound = Math.min(this.unsettledBound, this.bound);
    } else if (!isEmpty(result)) this.unsettledBound = Math.min(this.unsettledBound, this.bound);
    return x;
  }

  private result(termination: Termination): OuterApproximationResult {
    const objective = this.incumbent?.objective ?? Infinity;
    const bound = termination === 'infeasible' ? Infinity : Math.min(this.bound, this.unsettledBound, objective);
    return {
      termination,
      ...(this.incumbent && { x: this.incumbent.solution }),
      objective,
      bound,
      relativeGap: this.incumbent ? (objective - bound) / Math.max(1, Math.abs(objective)) : Infinity,
      rounds: this.rounds,
      cutCount: this.master.rowCount,
      nodeCount: this.nodeCount,
    };
  }
}

function isEmpty(result: RelaxationResult): boolean {
  return result.termination === 'infeasible' || result.termination === 'locally-infeasible';
}

/** min η subject to linearisations; η is the last variable. */
class LinearMaster {
  private readonly rows: number[][] = [];
  private readonly rowLower: number[] = [];
  private readonly rowUpper: number[] = [];
  private linearRowsAdded = false;

  constructor(private readonly problem: MixedIntegerNonlinearProgram) {}

  get rowCount(): number {
    return this.rows.length;
  }

  lower(): Float64Array {
    return Float64Array.from([...this.problem.meta.lower, -Infinity]);
  }

  upper(): Float64Array {
    return Float64Array.from([...this.problem.meta.upper, Infinity]);
  }

  program(lower: Float64Array, upper: Float64Array): QuadraticProgram {
    const n = this.problem.meta.variableCount;
    const linear = new Float64Array(n + 1);
    linear[n] = 1;
    return {
      linear,
      constraintMatrix: denseMatrix(this.rows.length, n + 1, Float64Array.from(this.rows.flat())),
      constraintLower: Float64Array.from(this.rowLower),
      constraintUpper: Float64Array.from(this.rowUpper),
      lower,
      upper,
    };
  }

  /** Adds the tangents of objective and constraints at x; affine constraints once, with both sides. */
  linearise(x: Float64Array): void {
    const { problem } = this;
    const { meta } = problem;
    const gradient = new Float64Array(meta.variableCount);
    problem.gradient!(x, gradient);
    this.addTangent(gradient, problem.objective(x), x, -Infinity, 0, -1);
    if (meta.constraintCount === 0) return;
    const values = new Float64Array(meta.constraintCount);
    problem.constraints!(x, values);
    const jacobian = denseJacobian(problem, x);
    for (let row = 0; row < meta.constraintCount; row++) {
      const affine = meta.linearConstraints?.[row] === 1;
      if (affine && this.linearRowsAdded) continue;
      this.addTangent(jacobian[row]!, values[row]!, x, meta.constraintLower[row]!, meta.constraintUpper[row]!, 0);
    }
    this.linearRowsAdded = true;
  }

  /** lower ≤ value + slopeᵀ(y − x) + factor·η ≤ upper. */
  private addTangent(
    slope: Float64Array,
    value: number,
    x: Float64Array,
    lower: number,
    upper: number,
    factor: number,
  ): void {
    if (!Number.isFinite(value) || !slope.every(Number.isFinite)) return;
    let constant = value;
    slope.forEach((entry, k) => (constant -= entry * x[k]!));
    this.rows.push([...slope, factor]);
    this.rowLower.push(lower - constant);
    this.rowUpper.push(upper - constant);
  }
}
