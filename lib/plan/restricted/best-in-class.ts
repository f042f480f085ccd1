import { exceeds, type Plan, type PlanningProblem } from '../../models/index.js';
import { boundPlan } from '../bound/index.js';
import { judgePlan, type JudgedPlan } from '../judge.js';
import { bestFixedPlan } from './best-fixed-plan.js';
import type { ClassContext, ClassOutcome } from './class-outcome.js';
import { commonCuts, commonPoints } from './common-values.js';
import { equalShares, levelIntervals, type LevelInterval } from './equal-shares.js';
import { inTermsOf, withCommonDecisions, type CommonDecisions } from './restricted-problem.js';
import type { Restriction } from './restriction.js';

/** Evaluations of the dual for one value: enough to exclude most, and the bound of those that are solved. */
const boundEvaluations = 100;
/** A value must promise this much, relative, to be worth a search. */
const worthwhile = 1e-9;

/**
 * The best plan of a class: the values of its common decisions are bounded by the dual, and those whose bound promises more
 * than the best plan known are given to the planner, the most promising first.
 */
export function bestInClass(problem: PlanningProblem, restriction: Restriction, context: ClassContext): ClassOutcome {
  const { values, contradiction, complete } = commonDecisions(problem, restriction);
  if (contradiction !== undefined) return without('does-not-apply', { note: contradiction });
  if (values.length === 0) return without('infeasible', { note: nothingCommon(problem, restriction) });
  if (restriction.cut && restriction.point) return bestFixedPlan(problem, values, complete, context);
  return new ClassSearch(problem, values, complete ? undefined : relaxation(problem, values), context).run();
}

function without(status: ClassOutcome['status'], more: Partial<ClassOutcome> = {}): ClassOutcome {
  const boundSeconds = status === 'infeasible' ? Infinity : 0;
  return { status, totalSeconds: Infinity, boundSeconds, counts: { values: 0, solves: 0 }, ...more };
}

/** All values of the common decisions together, or the pins that contradict them. */
function commonDecisions(problem: PlanningProblem, restriction: Restriction) {
  const cuts = restriction.cut ? commonCuts(problem) : undefined;
  const points = restriction.point ? commonPoints(problem) : undefined;
  const shares = restriction.bandwidth ? equalShares(problem) : undefined;
  const contradiction = [cuts, points, shares].map((each) => each?.contradiction).find((text) => text !== undefined);
  const values: CommonDecisions[] = [];
  for (const cut of cuts?.values ?? [undefined]) {
    for (const point of points?.values ?? [undefined]) {
      for (const share of shares?.values ?? [undefined]) {
        values.push({
          ...(cut !== undefined && { cut }),
          ...(point !== undefined && { point }),
          ...(share !== undefined && { shares: share }),
        });
      }
    }
  }
  return { values, contradiction, complete: shares?.complete ?? true };
}

/** What holds the common decisions of any group, listed or not: its cut and point, with shares somewhere in one of the intervals. */
interface Relaxation {
  readonly others: readonly CommonDecisions[];
  readonly intervals: readonly LevelInterval[];
}

function relaxation(problem: PlanningProblem, values: readonly CommonDecisions[]): Relaxation {
  const others = new Map(
    values.map(({ cut, point }) => [
      JSON.stringify([cut, point]),
      { ...(cut !== undefined && { cut }), ...(point && { point }) },
    ]),
  );
  return { others: [...others.values()], intervals: levelIntervals(problem) };
}

function nothingCommon(problem: PlanningProblem, restriction: Restriction): string {
  return restriction.cut && commonCuts(problem).values.length === 0
    ? 'no number of blocks is open to every device'
    : 'equal shares do not fit into the band';
}

interface BoundedValue {
  readonly problem: PlanningProblem;
  readonly boundSeconds: number;
}

class ClassSearch {
  private best: JudgedPlan | undefined;
  private solves = 0;
  /** Some value was neither solved nor proven empty. */
  private undecided = false;

  constructor(
    private readonly problem: PlanningProblem,
    private readonly values: readonly CommonDecisions[],
    /** What bounds the class where not all of its values are listed. */
    private readonly relaxed: Relaxation | undefined,
    private readonly context: ClassContext,
  ) {
    for (const plan of context.starts) this.offer(problem, inTermsOf(problem, plan));
  }

  run(): ClassOutcome {
    const bounded: BoundedValue[] = [];
    for (const value of this.values) {
      if (this.stopped) return this.outcome('stopped', 0);
      bounded.push(this.bound(value, this.bestSeconds));
    }
    bounded.sort((a, b) => a.boundSeconds - b.boundSeconds);
    for (const { problem, boundSeconds } of bounded) {
      if (!(boundSeconds < this.bestSeconds * (1 - worthwhile))) break;
      if (this.stopped) return this.outcome('stopped', this.relaxed ? 0 : bounded[0]!.boundSeconds);
      this.solve(problem);
    }
    const leastBound = this.relaxed ? this.relaxedBound(this.relaxed) : bounded[0]!.boundSeconds;
    return this.outcome(this.status(leastBound), leastBound);
  }

  /** The least bound of all intervals: neighbours are bounded together, and parted where they promise most. */
  private relaxedBound({ others, intervals }: Relaxation): number {
    const part = (own: CommonDecisions, from: number, to: number) => {
      const between = { least: intervals[from]!.least, most: intervals[to - 1]!.most };
      return { own, from, to, boundSeconds: this.bound({ ...own, between }, this.bestSeconds).boundSeconds };
    };
    const open = others.map((own) => part(own, 0, intervals.length));
    for (;;) {
      if (this.stopped) return 0;
      open.sort((a, b) => b.boundSeconds - a.boundSeconds);
      const { own, from, to, boundSeconds } = open.pop()!;
      if (to - from === 1 || boundSeconds >= this.bestSeconds) return boundSeconds;
      const middle = (from + to) >> 1;
      open.push(part(own, from, middle), part(own, middle, to));
    }
  }

  private get stopped(): boolean {
    return this.context.signal?.aborted === true;
  }

  private get bestSeconds(): number {
    return this.best?.totalSeconds ?? Infinity;
  }

  /** A value's bound, no better than it has to be: from `enoughSeconds` on it neither is searched nor lowers the bound of the class. */
  private bound(common: CommonDecisions, enoughSeconds: number): BoundedValue {
    const problem = withCommonDecisions(this.problem, common);
    const goal = enoughSeconds < Infinity && { incumbentSeconds: enoughSeconds, targetSeconds: enoughSeconds };
    const { boundSeconds } = boundPlan(problem, { maxEvaluations: boundEvaluations }, { ...goal });
    const late = problem.deadlineSeconds !== undefined && exceeds(boundSeconds * (1 - 1e-9), problem.deadlineSeconds);
    return { problem, boundSeconds: late ? Infinity : boundSeconds };
  }

  private solve(restricted: PlanningProblem): void {
    this.solves++;
    const starts = this.best ? [inTermsOf(restricted, this.best.plan)] : [];
    const { plan, termination } = this.context.planner(restricted, starts);
    if (plan) this.offer(restricted, plan);
    else if (termination !== 'infeasible') this.undecided = true;
  }

  private offer(restricted: PlanningProblem, plan: Plan): void {
    const judged = judgePlan(restricted, plan);
    if (judged.isFeasible && judged.totalSeconds < this.bestSeconds) this.best = judged;
  }

  private status(leastBound: number): ClassOutcome['status'] {
    if (this.best) return 'found';
    if (leastBound === Infinity) return 'infeasible';
    return this.undecided || this.relaxed ? 'not-found' : 'infeasible';
  }

  private outcome(status: ClassOutcome['status'], leastBound: number): ClassOutcome {
    const proven = Math.min(leastBound, this.bestSeconds);
    return {
      status,
      ...(this.best && { plan: this.best.plan }),
      totalSeconds: this.bestSeconds,
      boundSeconds: status === 'infeasible' ? Infinity : proven,
      counts: { values: this.values.length, solves: this.solves },
    };
  }
}
