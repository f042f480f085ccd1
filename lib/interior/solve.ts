import { ArgumentError } from '../errors/index.js';
import { assess, concludeWith, crossedBound, Evaluator, type SolveContext, solveThroughDoor } from '../nlp/index.js';
import { zeroCounts, type NonlinearProgram } from '../problem/index.js';
import { Budget, isSolved, type SolverResult } from '../solver/index.js';
import {
  DenseKkt,
  denseLowerTriangle,
  densePattern,
  Evaluation,
  modelStructure,
  SparseKkt,
  type Ending,
  type KktMatrix,
} from '../kkt/index.js';
import { InteriorAlgorithm } from './algorithm.js';
import { interiorOptions, type InteriorOptions } from './options.js';

/**
 * True if the problem has the exact derivatives that the method needs.
 *
 * @param problem - The program: facts in `meta`, functions, and those derivatives that it has.
 * @example
 * ```ts
 * import { suitsInterior } from 'sft-opt/interior';
 *
 * const problem = {
 *   meta: {
 *     variableCount: 2,
 *     constraintCount: 1,
 *     lower: Float64Array.of(0, 0),
 *     upper: Float64Array.of(Infinity, Infinity),
 *     constraintLower: Float64Array.of(-Infinity),
 *     constraintUpper: Float64Array.of(2),
 *     start: Float64Array.of(0, 0),
 *   },
 *   objective: (x: Float64Array) => (x[0]! - 1) ** 2 + (x[1]! - 2) ** 2,
 *   constraints: (x: Float64Array, c: Float64Array) => void (c[0] = x[0]! + x[1]!),
 * };
 * console.log(suitsInterior(problem)); // false
 * ```
 */
export function suitsInterior(problem: NonlinearProgram): boolean {
  return (
    problem.gradient !== undefined &&
    problem.hessian !== undefined &&
    (problem.meta.constraintCount === 0 || problem.jacobian !== undefined)
  );
}

/**
 * Solves a nonlinear program by a primal–dual interior-point method with a filter line search (Wächter & Biegler 2006):
 * its work an iteration is one sparse factorisation however many sides are active, which makes it the method for large
 * problems with many inequalities. Needs exact first and second derivatives; throws RangeError where they are missing.
 *
 * @param problem - The program: facts in `meta`, functions, and those derivatives that it has.
 * @param given - Tolerances and limits; what is absent takes its default.
 * @param context - Signal and callback of this call.
 * @throws ArgumentError where exact first or second derivatives are missing.
 * @example
 * ```ts
 * import { solveInterior } from 'sft-opt';
 * import { NlModelBuilder, compileNl, expressions } from 'sft-opt/io/nl';
 *
 * const builder = new NlModelBuilder('small');
 * const x = builder.variable({ lower: 0, upper: 4, integer: true });
 * const y = builder.variable({ lower: 0, upper: 4 });
 * builder.constraint(expressions.add(x, y), { upper: 5.5 });
 * builder.maximise(expressions.add(expressions.multiply(2, x), y));
 * const model = builder.build();
 * const { termination, x: point } = solveInterior(compileNl(model));
 * console.log(termination, point.map((value) => Math.round(1e4 * value) / 1e4)); // optimal Float64Array(2) [ 4, 1.5 ]
 * ```
 */
export function solveInterior(
  problem: NonlinearProgram,
  given?: Partial<InteriorOptions>,
  context: SolveContext = {},
): SolverResult {
  if (!suitsInterior(problem))
    throw new ArgumentError('the interior-point method needs exact derivatives and a Hessian', 'unsuitable');
  return solveThroughDoor(problem, interiorOptions.resolve(given), context, runInterior);
}

/**
 * The same on a problem that is guarded and in ordinary units already.
 *
 * @param problem - The program: facts in `meta`, functions, and those derivatives that it has.
 * @param options - Tolerances and limits, complete.
 * @param context - Signal and callback of this call.
 * @example
 * ```ts
 * import { interiorOptions, runInterior } from 'sft-opt/interior';
 * import { NlModelBuilder, compileNl, expressions } from 'sft-opt/io/nl';
 *
 * const builder = new NlModelBuilder('small');
 * const x = builder.variable({ lower: 0, upper: 4, integer: true });
 * const y = builder.variable({ lower: 0, upper: 4 });
 * builder.constraint(expressions.add(x, y), { upper: 5.5 });
 * builder.maximise(expressions.add(expressions.multiply(2, x), y));
 * const model = builder.build();
 * const { x: point } = runInterior(compileNl(model), interiorOptions.defaults);
 * console.log(point.map((value) => Math.round(1e4 * value) / 1e4)); // Float64Array(2) [ 4, 1.5 ]
 * ```
 */
export function runInterior(
  problem: NonlinearProgram,
  options: InteriorOptions,
  context: SolveContext = {},
): SolverResult {
  const { meta } = problem;
  const { variableCount: n, constraintCount: m } = meta;
  const evaluator = new Evaluator(problem, zeroCounts());
  const budget = context.budget ?? new Budget({ ...options, signal: context.signal });
  const evaluation = new Evaluation(evaluator.problem, options.feasibilityTolerance);
  const structure = modelStructure(
    n,
    m,
    meta.hessianPattern ?? denseLowerTriangle(n),
    meta.jacobianPattern ?? densePattern(m, n),
  );
  const matrix: KktMatrix = n <= options.denseLimit ? new DenseKkt(structure) : new SparseKkt(structure);
  const algorithm = new InteriorAlgorithm(evaluation, structure, matrix, options, () => evaluator.counts.objective);
  const crossed =
    crossedBound(meta.lower, meta.upper) >= 0 || crossedBound(meta.constraintLower, meta.constraintUpper) >= 0;
  const ending: Ending = crossed
    ? { termination: 'infeasible', message: 'Two sides of a variable or constraint exclude each other.' }
    : algorithm.run({
        start: context.start ?? meta.start,
        multipliers: context.multipliers ?? meta.startMultipliers,
        boundMultipliers: context.boundMultipliers ?? meta.startBoundMultipliers,
        budget,
        onIteration: context.onIteration,
      });
  const { iterate, convergence } = algorithm;
  const known = !Number.isNaN(evaluation.incumbentObjective);
  const claims = isSolved(ending.termination) || ending.termination === 'locally-infeasible';
  const atIterate = !crossed && (claims || !known);
  if (!crossed && known) {
    convergence.residuals(iterate.current, iterate.model, algorithm.rowMultipliers, algorithm.boundMultipliers);
  }
  const candidate = {
    x: atIterate ? iterate.current.x : known ? evaluation.incumbent : meta.start,
    objective: atIterate ? iterate.current.objective / evaluation.scaling.objective : evaluation.incumbentObjective,
    multipliers: convergence.multipliers,
    ...(isSolved(ending.termination) && { boundMultipliers: convergence.boundMultipliers }),
  };
  return concludeWith(
    meta,
    candidate,
    assess(evaluator, candidate),
    { ...ending, iterations: algorithm.iterations, counts: evaluator.counts, timeSeconds: budget.elapsedSeconds() },
    options,
  );
}
