import type { Plan, ProblemSource, SourceChange } from '../../models/index.js';
import type { Decision, Oracle } from '../oracle.js';
import { together, type Relaxation } from './relaxations.js';

/** A change is known well enough once it lies within this part of its value from one that does not do. */
const precision = 4e-4;
/** The same for accuracies, absolute. */
const accuracyPrecision = 1e-6;
/** Steps of a search at most; each is a decision. */
const mostSteps = 40;
const rememberedPlans = 8;

/** How far one limit has to be loosened, others being what they are. */
export interface LeastChange {
  /** As one would write it; a plan was found with exactly this. */
  readonly value: number;
  /** Anything tighter than this is proven impossible, where something is. */
  readonly impossibleBeyond?: number;
  /** The two agree to 0.1 %. */
  readonly isLeast: boolean;
  /** Ended by the time limit: less may do. */
  readonly wasStopped: boolean;
}

/** Decisions about changes of one source; plans found on the way help to decide later ones. */
export class ChangeSearch {
  private readonly hints: Plan[] = [];

  constructor(
    readonly source: ProblemSource,
    readonly oracle: Oracle,
  ) {}

  decide(changes: readonly SourceChange[]): Decision {
    const rebuilt = this.source.rebuild(together(changes));
    if (!rebuilt.ok) return { verdict: 'undecided' };
    const decision = this.oracle.decide(rebuilt.source.problem, this.hints);
    if (decision.plan) this.remember(decision.plan);
    return decision;
  }

  /** The tightest value of one limit with which the others, changed as given, have a plan; undefined if none has. */
  least(relaxation: Relaxation, others: readonly SourceChange[] = []): LeastChange | undefined {
    if (relaxation.limit === 'deadline') return this.leastDeadline(relaxation, others);
    const at = (value: number) => this.decide([...others, relaxation.change(value)]);
    const open = loosestThatDoes(relaxation, at);
    if (!open) return undefined;
    // Alone, a limit that stays as it is leaves the problem without a plan: that is why it is asked about.
    const unchanged = others.length === 0 ? 'impossible' : at(relaxation.from).verdict;
    if (unchanged === 'feasible') return { value: relaxation.from, isLeast: true, wasStopped: false };
    const proven = unchanged === 'impossible';
    const found = relaxation.steps
      ? tightestStep(relaxation.steps, proven, at)
      : tightestValue({ ...relaxation, loosest: open.value }, proven, at, open.plan, () => this.oracle.stopped);
    return this.confirmed(relaxation, found, at);
  }

  private confirmed(
    relaxation: Relaxation,
    { value, impossible }: Bracket,
    at: (value: number) => Decision,
  ): LeastChange | undefined {
    const written = relaxation.rounded(value);
    if (at(written).verdict !== 'feasible') return undefined;
    return {
      value: written,
      ...(impossible !== undefined && { impossibleBeyond: impossible }),
      isLeast: impossible !== undefined && agree(relaxation, written, impossible),
      wasStopped: this.oracle.stopped,
    };
  }

  /** The round of the fastest plan is the least deadline. */
  private leastDeadline(relaxation: Relaxation, others: readonly SourceChange[]): LeastChange | undefined {
    const rebuilt = this.source.rebuild(together([...others, relaxation.change(Infinity)]));
    if (!rebuilt.ok) return undefined;
    const { plan, totalSeconds, boundSeconds } = this.oracle.fastest(rebuilt.source.problem);
    if (!plan) return undefined;
    this.remember(plan);
    const bracket = {
      value: totalSeconds,
      ...(boundSeconds > 0 && { impossible: Math.min(boundSeconds, totalSeconds) }),
    };
    return this.confirmed(relaxation, bracket, (value) => this.decide([...others, relaxation.change(value)]));
  }

  private remember(plan: Plan): void {
    this.hints.unshift(plan);
    this.hints.length = Math.min(this.hints.length, rememberedPlans);
  }
}

function loosestThatDoes(
  { loosest, lessLoose = [] }: Relaxation,
  at: (value: number) => Decision,
): { readonly value: number; readonly plan?: Plan } | undefined {
  for (const value of [loosest, ...lessLoose]) {
    const { verdict, plan } = at(value);
    if (verdict === 'feasible') return { value, ...(plan && { plan }) };
  }
  return undefined;
}

/** Nothing worth the name lies between what does and what is proven not to. */
function agree({ limit, granule }: Relaxation, works: number, impossible: number): boolean {
  if (limit === 'accuracy') return Math.abs(works - impossible) <= 1e-5;
  if (granule !== undefined && Math.floor(impossible / granule + 1e-9) >= Math.round(works / granule) - 1) return true;
  return Math.abs(works - impossible) <= 1e-3 * Math.abs(works);
}

/** The tightest value known to do, and the loosest that is proven not to (for steps: nothing below `value` does). */
interface Bracket {
  readonly value: number;
  readonly impossible?: number;
}

function tightestStep(steps: readonly number[], provenBefore: boolean, at: (value: number) => Decision): Bracket {
  let failing = -1;
  let impossible = provenBefore ? -1 : -2;
  let working = steps.length - 1;
  while (working - failing > 1) {
    const middle = (working + failing) >> 1;
    const { verdict } = at(steps[middle]!);
    if (verdict === 'feasible') working = middle;
    else failing = middle;
    if (verdict === 'impossible') impossible = middle;
  }
  // Between two steps nothing changes.
  return { value: steps[working]!, ...(impossible >= -1 && { impossible: steps[impossible + 1]! }) };
}

function tightestValue(
  { limit, from, loosest, neededBy }: Relaxation,
  provenAtFrom: boolean,
  at: (value: number) => Decision,
  plan: Plan | undefined,
  isStopped: () => boolean,
): Bracket {
  const isAccuracy = limit === 'accuracy';
  const isClose = (a: number, b: number) =>
    isAccuracy ? Math.abs(a - b) <= accuracyPrecision : Math.abs(a - b) <= precision * Math.abs(b);
  const between = (a: number, b: number) => (isAccuracy || !(a > 0) ? (a + b) / 2 : Math.sqrt(a * b));
  const needed = (found: Plan | undefined, value: number) => {
    const need = found && neededBy ? neededBy(found) : value;
    return from < loosest ? Math.min(value, Math.max(need, from)) : Math.max(value, Math.min(need, from));
  };
  let working = needed(plan, loosest);
  let failing = from;
  let impossible = provenAtFrom ? from : undefined;
  let undecided: number | undefined;
  for (let step = 0; step < mostSteps && !isStopped() && !isClose(failing, working); step++) {
    // Small changes are likelier than those by orders of magnitude.
    const middle = working > 4 * failing && failing > 0 && !isAccuracy ? 2 * failing : between(failing, working);
    const decision = at(middle);
    if (decision.verdict === 'feasible') {
      working = needed(decision.plan, middle);
      continue;
    }
    failing = middle;
    if (decision.verdict === 'impossible') impossible = middle;
    else undecided ??= middle;
  }
  // Where decisions were left open, find how far the proof goes.
  for (let step = 0; step < mostSteps && impossible !== undefined && undecided !== undefined && !isStopped(); step++) {
    if (isClose(impossible, undecided)) break;
    const middle = between(impossible, undecided);
    const { verdict } = at(middle);
    if (verdict === 'impossible') impossible = middle;
    else undecided = middle;
  }
  return { value: working, ...(impossible !== undefined && { impossible }) };
}
