import * as z from '../../schema/index.js';
import { branchAndBound, type Candidate } from '../../integer/index.js';
import { exceeds, type Plan, type PlanningProblem } from '../../models/index.js';
import { Budget, commonOptions, defineOptions, type Termination, type StopSignal } from '../../solver/index.js';
import { boundPlan, type BoundCertificate, type PlanBound } from '../bound/index.js';
import { buildColumns } from '../bound/columns.js';
import { judgePlan, relativeGapOf } from '../judge.js';
import { breakTies, LocalSearch } from '../local-search/index.js';
import type { SolveProgress } from '../progress.js';
import { allChoices } from './active-choices.js';
import { BatchedNodes } from './batched-nodes.js';
import { PlanTree, type Combination } from './plan-tree.js';
import { SeparateNodes } from './separate-nodes.js';

/** Options of `planExact`: types, defaults and meanings. */
export const exactOptions = defineOptions({
  relativeGap: z
    .number()
    .nonnegative()
    .default(5e-7)
    .describe('A plan is called optimal when no other can be shorter by more than this, relative.'),
  maxNodes: z.int().positive().default(10_000_000).describe('Nodes of the tree before the best plan is returned.'),
  timeLimitSeconds: commonOptions.timeLimitSeconds,
});
/** Options of `planExact`; `exactOptions` has each with its default and meaning. */
export type ExactOptions = z.input<typeof exactOptions.schema>;

/** What a caller of `planExact` may pass beside options. */
export interface ExactContext {
  /** Ends the search with the best plan so far once aborted. */
  readonly signal?: StopSignal | undefined;
  /** Called after every node of the tree; returning false ends the search as `interrupted`. */
  readonly onProgress?: ((progress: SolveProgress) => boolean | undefined) | undefined;
  /** Told of each faster plan as it is found; whether it keeps a deadline is for the listener to judge. */
  readonly onPlan?: ((plan: Plan) => void) | undefined;
  /** Plans known before; one that breaks a limit is ignored. */
  readonly starts?: readonly Plan[] | undefined;
  /** Root bound computed before. */
  readonly bound?: PlanBound | undefined;
}

/** What branch and bound found and proved. */
export interface ExactAnswer {
  /** `optimal` and `infeasible` are proven; otherwise the limit that ended the search. */
  readonly termination: Termination;
  /** Best plan found; absent if none is known. */
  readonly plan?: Plan;
  /** Its round delay, seconds; Infinity without a plan. */
  readonly totalSeconds: number;
  /** No plan is faster, by the tree: root dual, dual of every open node, enumeration of what was closed. */
  readonly boundSeconds: number;
  /** (T − bound) / T; Infinity without a plan. */
  readonly relativeGap: number;
  /** No plan is faster, by the dual of the whole problem alone: what `certificate` proves and `verifyBound` can check. */
  readonly rootBoundSeconds: number;
  /**
   * Certificate of the root bound. What lies between `rootBoundSeconds` and `boundSeconds` rests on the tree's enumeration
   * and has no certificate of its own.
   */
  readonly certificate: BoundCertificate;
  /** Nodes bounded. */
  readonly nodeCount: number;
  /** Counts of work, by name. */
  readonly statistics: Readonly<Record<string, number>>;
}

/**
 * Branch and bound over the dual bound: the plan with the least round delay, with a proof within `relativeGap`.
 *
 * @param problem - Cell, devices, model and limits, in SI units.
 * @param given - Gap and limits; what is absent takes its default.
 * @param context - Plans known before, signal and callbacks of this call.
 * @throws OptionsError for options that do not fit.
 * @example
 * ```ts
 * import { parseProblemFile, planExact } from 'sft-opt';
 *
 * const { problem } = parseProblemFile('{ version: 1, model: deit-tiny, devices: [{ name: a, count: 2, distance: 60 m }] }');
 * const { termination, relativeGap } = planExact(problem);
 * console.log(termination, relativeGap <= 1e-6); // optimal true
 * ```
 */
export function planExact(
  problem: PlanningProblem,
  given: Partial<ExactOptions> = {},
  context: ExactContext = {},
): ExactAnswer {
  const options = exactOptions.resolve(given);
  const budget = new Budget({ timeLimitSeconds: options.timeLimitSeconds, signal: context.signal });
  const ended = () => budget.exhausted(0, 0) !== undefined;
  const stop: StopSignal = {
    get aborted() {
      return ended();
    },
  };
  const root = context.bound ?? boundPlan(problem, rootOptions(options.timeLimitSeconds), { signal: context.signal });
  if (root.boundSeconds === Infinity || provenLate(problem, root.boundSeconds)) return infeasible(root);
  const isChain = problem.sharing === 'batched' && root.columns.requirementWeights.length === 1;
  const columns = isChain ? buildColumns(root.columns, 'stages') : root.columns;
  const { onPlan } = context;
  const tell = (entries: Int32Array) => {
    const plan = onPlan && search.evaluator.plan(problem, entries);
    if (plan) onPlan(plan);
  };
  const search = new LocalSearch({
    problem,
    choices: columns,
    budget,
    wholeBlocks: true,
    onBetter: ({ entries }) => tell(entries),
  });
  search.startFromPlans(context.starts ?? []);
  search.startFromDual(root);
  const { evaluator } = search;
  const first = firstCombination(problem, search);
  const duals = problem.sharing === 'batched' ? new BatchedNodes(columns, stop) : new SeparateNodes(columns, stop);
  const tree = new PlanTree({ choices: allChoices(columns) }, columns, duals, evaluator, ended);
  const result = branchAndBound(
    tree,
    {
      relativeGap: options.relativeGap,
      absoluteGap: 0,
      maxNodes: options.maxNodes,
      ...(options.timeLimitSeconds < Infinity && {
        timeLimitSeconds: Math.max(1e-3, options.timeLimitSeconds - budget.elapsedSeconds()),
      }),
    },
    {
      incumbent: first,
      signal: context.signal,
      onNode: ({ objective, bound }) =>
        context.onProgress?.({ phase: 'search', totalSeconds: objective, boundSeconds: bound }),
      onIncumbent: ({ solution }) => tell(solution.choices),
    },
  );
  const fastest = result.incumbent && evaluator.plan(problem, result.incumbent.solution.choices);
  const plan = fastest && preferredPlan(problem, fastest, stop);
  const totalSeconds = plan ? judgePlan(problem, plan).totalSeconds : Infinity;
  // A tree with estimated leaves has closed them without proof; that nothing is feasible does not rest on them.
  const treeBound = evaluator.isEstimate ? 0 : result.bound;
  const boundSeconds = Math.min(Math.max(treeBound, root.boundSeconds), totalSeconds);
  return {
    termination: evaluator.isEstimate && result.termination === 'optimal' ? 'stalled' : result.termination,
    ...(plan && { plan }),
    totalSeconds,
    boundSeconds: result.termination === 'infeasible' ? Infinity : boundSeconds,
    relativeGap: plan ? relativeGapOf(totalSeconds, boundSeconds) : Infinity,
    rootBoundSeconds: root.boundSeconds,
    certificate: root.certificate,
    nodeCount: result.nodeCount,
    statistics: {
      ...root.statistics,
      nodes: result.nodeCount,
      enumerationSteps: tree.enumeratedSteps,
      combinations: evaluator.evaluations,
      unprovenLeaves: result.unprovenLeaves,
    },
  };
}

/** Between equally fast plans the one that the conventions prefer. */
function preferredPlan(problem: PlanningProblem, fastest: Plan, stop: StopSignal): Plan {
  const preferred = stop.aborted ? undefined : breakTies(problem, fastest, stop);
  if (!preferred) return fastest;
  return judgePlan(problem, preferred).isFeasible ? preferred : fastest;
}

/** Rounding and tree must get their turn: the root takes at most a third of the time. */
function rootOptions(timeLimitSeconds: number) {
  const limit = timeLimitSeconds < Infinity && { timeLimitSeconds: timeLimitSeconds / 3 };
  return { relativeTolerance: 1e-7, maxBoxes: 16, ...limit };
}

function provenLate(problem: PlanningProblem, boundSeconds: number): boolean {
  return problem.deadlineSeconds !== undefined && boundSeconds > problem.deadlineSeconds * (1 + 2e-9);
}

function infeasible(root: PlanBound): ExactAnswer {
  return {
    termination: 'infeasible',
    totalSeconds: Infinity,
    boundSeconds: Infinity,
    relativeGap: Infinity,
    rootBoundSeconds: root.boundSeconds,
    certificate: root.certificate,
    nodeCount: 0,
    statistics: { ...root.statistics },
  };
}

/** What the local search found, if it meets the deadline. */
function firstCombination({ deadlineSeconds = Infinity }: PlanningProblem, { best }: LocalSearch) {
  if (!best || exceeds(best.totalSeconds, deadlineSeconds) || best.totalSeconds === Infinity) return undefined;
  const solution: Combination = { choices: best.entries, totalSeconds: best.totalSeconds };
  const candidate: Candidate<Combination> = { objective: best.totalSeconds, solution };
  return candidate;
}
