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

/** True if the problem has the exact derivatives that the method needs. */
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

/** The same on a problem that is guarded and in ordinary units already. */
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
