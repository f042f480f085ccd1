import { AugmentedLagrangianSolver } from '../auglag/index.js';
import { LimitedMemoryMinimizer, TrustRegionNewton, offersSecondDerivatives } from '../bound/index.js';
import { solveDirect } from '../direct/index.js';
import { type Evaluator, type SolveContext } from '../nlp/index.js';
import type { NonlinearProgram } from '../problem/index.js';
import { interiorOptions, runInterior, suitsInterior } from '../interior/index.js';
import { solveQp } from '../qp/sparse/index.js';
import { Budget, type IterationCallback, type SolverResult, type StopSignal } from '../solver/index.js';
import { runSqp } from '../sqp/index.js';
import { isConvex, toQuadraticProgram } from './classify.js';

/** Methods that `minimize` can put to work. */
export type MethodName = 'qp' | 'trust-region-newton' | 'limited-memory' | 'sqp' | 'auglag' | 'interior' | 'direct';

/** What one attempt gets to work with. */
export interface AttemptInput {
  /** The problem, counting its evaluations. */
  readonly problem: NonlinearProgram;
  readonly evaluator: Evaluator;
  readonly start: Float64Array;
  readonly multipliers?: Float64Array | undefined;
  readonly boundMultipliers?: Float64Array | undefined;
  readonly budget: Budget;
  /** Whether to leave the problem to another method where it turns out not to suit this one. */
  readonly mayGiveWay: boolean;
  readonly signal?: StopSignal | undefined;
  readonly optimalityTolerance: number;
  readonly feasibilityTolerance: number;
  readonly onIteration?: IterationCallback | undefined;
}

/** Result of an attempt; `gaveWay` where the method left a problem that does not suit it. */
export type AttemptResult = SolverResult & { readonly gaveWay?: boolean };

/** Runs one method; undefined when it does not apply to the problem after all. */
export function runMethod(method: MethodName, input: AttemptInput): AttemptResult | undefined {
  const { problem, start, budget } = input;
  const tolerances = {
    optimalityTolerance: input.optimalityTolerance,
    feasibilityTolerance: input.feasibilityTolerance,
  };
  const context: SolveContext = {
    start,
    multipliers: input.multipliers,
    boundMultipliers: input.boundMultipliers,
    budget,
    onIteration: input.onIteration,
  };
  switch (method) {
    case 'qp':
      return runQp(input);
    case 'trust-region-newton':
      return offersSecondDerivatives(problem) ? new TrustRegionNewton(problem).solve(tolerances, context) : undefined;
    case 'limited-memory':
      return new LimitedMemoryMinimizer(problem).solve(tolerances, context);
    case 'interior':
      return suitsInterior(problem) ? runInterior(problem, interiorOptions.resolve(tolerances), context) : undefined;
    case 'direct':
      return solveDirect(problem, tolerances, context);
    case 'auglag':
      return new AugmentedLagrangianSolver(problem, tolerances).solve(context);
    case 'sqp':
      return runSqp(problem, tolerances, { ...context, mayGiveWay: input.mayGiveWay });
  }
}

/** Solves the quadratic program that the problem says it is, and evaluates the problem at its solution. */
function runQp(input: AttemptInput): SolverResult | undefined {
  const { evaluator, start, budget, boundMultipliers } = input;
  const multipliers = input.multipliers ?? evaluator.meta.startMultipliers;
  const quadratic = toQuadraticProgram(evaluator, start);
  if (!quadratic || !isConvex(quadratic.hessian, () => budget.exhausted(0, 0) !== undefined)) return undefined;
  const result = solveQp(
    quadratic,
    {
      optimalityTolerance: Math.min(1e-8, input.optimalityTolerance),
      feasibilityTolerance: Math.min(1e-8, input.feasibilityTolerance),
      ...(Number.isFinite(budget.timeLimitSeconds) && { timeLimitSeconds: Math.max(1e-3, budget.timeLimitSeconds) }),
      ...(Number.isFinite(budget.maxIterations) && { maxIterations: Math.max(1, budget.maxIterations) }),
    },
    boundMultipliers && { x: start, multipliers, boundMultipliers },
    { signal: budget.signal, convex: true },
  );
  const objective =
    budget.exhausted(0, evaluator.counts.objective) === undefined ? evaluator.objective(result.x) : result.objective;
  return { ...result, objective };
}
