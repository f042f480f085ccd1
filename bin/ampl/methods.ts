import { solveAugmentedLagrangian } from '../../lib/auglag/index.js';
import type { compileNl } from '../../lib/io/nl/index.js';
import type { IterationCallback, SolverResult } from '../../lib/solver/index.js';
import { isSolved } from '../../lib/solver/index.js';
import { solveSqp } from '../../lib/sqp/index.js';
import type { Keywords } from './keywords.js';
import type { AmplAnswer } from './solution.js';

type NlProgram = ReturnType<typeof compileNl>;

/** What every method gets. */
export interface MethodCall {
  readonly program: NlProgram;
  readonly keywords: Keywords;
  readonly boundMultipliers: Float64Array | undefined;
  readonly onIteration: IterationCallback | undefined;
}

type Method = (call: MethodCall) => AmplAnswer;

/** All methods by the value of the keyword `method`. */
const methods: Readonly<Record<Keywords['method'], Method>> = {
  auto: (call) => solveAutomatically(call),
  sqp: (call) => continuous(call, solveBySqp(call)),
  auglag: (call) => continuous(call, solveByAugmentedLagrangian(call)),
  bb: (call) => solveAutomatically(call),
};

/** Solves with the method that the keywords name. */
export function solveWith(call: MethodCall): AmplAnswer {
  return methods[call.keywords.method](call);
}

function commonOptionsOf(keywords: Keywords) {
  return {
    optimalityTolerance: keywords.tol,
    feasibilityTolerance: keywords.tol,
    maxIterations: keywords.maxiter,
    // The checks of options know an absent limit, not an infinite one.
    ...(Number.isFinite(keywords.timelimit) && { timeLimitSeconds: keywords.timelimit }),
  };
}

function callOf({ onIteration }: MethodCall) {
  return onIteration ? { onIteration } : {};
}

function solveBySqp(call: MethodCall): SolverResult {
  return solveSqp(call.program, commonOptionsOf(call.keywords), callOf(call));
}

function solveByAugmentedLagrangian(call: MethodCall): SolverResult {
  return solveAugmentedLagrangian(call.program, commonOptionsOf(call.keywords), callOf(call));
}

function solveAutomatically(call: MethodCall): AmplAnswer {
  const first = solveBySqp(call);
  if (isSolved(first.termination)) return continuous(call, first);
  const second = solveByAugmentedLagrangian(call);
  return continuous(call, isSolved(second.termination) ? second : first);
}

/** A continuous method on a model with integers solves only its relaxation. */
function continuous({ program }: MethodCall, result: SolverResult): AmplAnswer {
  return { result, hasMultipliers: true, relaxed: 'integerVariables' in program, details: [] };
}
