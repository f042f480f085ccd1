import type { compileNl } from '../../lib/io/nl/index.js';
import { minimizeContinuous, resolvedFor } from '../../lib/minimize/continuous.js';
import type { MinimizeOptions, MinimizeResult } from '../../lib/minimize/index.js';
import type { MixedIntegerNonlinearProgram, NonlinearProgram } from '../../lib/problem/index.js';
import type { IterationCallback } from '../../lib/solver/index.js';
import type { Keywords } from './keywords.js';
import type { AmplAnswer } from './solution.js';

type NlProgram = ReturnType<typeof compileNl>;

/** What every method gets. */
export interface MethodCall {
  readonly program: NlProgram;
  readonly keywords: Keywords;
  readonly onIteration: IterationCallback | undefined;
}

type Method = (call: MethodCall) => AmplAnswer | Promise<AmplAnswer>;

/** All methods by the value of the keyword `method`. */
const methods: Readonly<Record<Keywords['method'], Method>> = {
  auto: (call) =>
    'integerVariables' in call.program || call.keywords.scope === 'global' ? branching(call) : continuous(call, 'auto'),
  sqp: (call) => continuous(call, 'sqp'),
  auglag: (call) => continuous(call, 'auglag'),
  bb: branching,
};

/** Solves with the method that the keywords name. */
export async function solveWith(call: MethodCall): Promise<AmplAnswer> {
  return methods[call.keywords.method](call);
}

function commonOptionsOf(keywords: Keywords): MinimizeOptions {
  return {
    optimalityTolerance: keywords.tol,
    feasibilityTolerance: keywords.tol,
    ...(keywords.maxiter !== undefined && { maxIterations: keywords.maxiter }),
    // The checks of options know an absent limit, not an infinite one.
    ...(Number.isFinite(keywords.timelimit) && { timeLimitSeconds: keywords.timelimit }),
  };
}

/** Branch and bound; the multipliers are those of the relaxation that gave the solution, with its integers held. */
async function branching(call: MethodCall): Promise<AmplAnswer> {
  const { program, keywords } = call;
  if (!('integerVariables' in program) && keywords.scope === 'local') return continuous(call, 'auto');
  // What searches is as large as a solver: most models do without.
  const { minimize } = await import('../../lib/minimize/index.js');
  const result = minimize(program, {
    ...commonOptionsOf(keywords),
    relativeGap: keywords.mipgap,
    maxNodes: keywords.maxnodes,
    scope: keywords.scope,
  });
  return { result, hasMultipliers: result.primalStatus === 'feasible', relaxed: false, details: [] };
}

/** A continuous method on a model with integers solves only its relaxation. */
function continuous({ program, keywords, onIteration }: MethodCall, method: 'auto' | 'sqp' | 'auglag'): AmplAnswer {
  const relaxation: NonlinearProgram = 'integerVariables' in program ? withoutIntegers(program) : program;
  const options = resolvedFor(relaxation, { ...commonOptionsOf(keywords), method });
  const result = minimizeContinuous(relaxation, options, { onIteration });
  return { result, hasMultipliers: true, relaxed: 'integerVariables' in program, details: attemptLines(result) };
}

function withoutIntegers(program: MixedIntegerNonlinearProgram): NonlinearProgram {
  const { integerVariables: _integers, specialOrderedSets: _sets, ...relaxation } = program;
  return relaxation;
}

/** What was tried, where it was more than one method. */
function attemptLines({ attempts }: MinimizeResult): string[] {
  if (attempts.length <= 1) return [];
  return attempts.map(
    ({ method, termination, iterations }) => `${method}: ${termination} after ${iterations} iterations`,
  );
}
