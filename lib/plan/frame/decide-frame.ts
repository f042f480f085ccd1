import { roundDelay, withFrame, type DecidedFrame, type Plan, type PlanningProblem } from '../../models/index.js';
import type { StopSignal } from '../../solver/index.js';
import { allocate } from '../bandwidth/index.js';
import { judgePlan } from '../judge.js';
import type { Planner, PlannerOutcome } from '../planner.js';
import type { BoundReport } from '../report.js';

export interface FrameContext {
  readonly planner: Planner;
  /** Whether an interval's bound comes from planning it (the exact method's tree), or from the dual alone. */
  readonly plansIntervals: boolean;
  readonly prove: (problem: PlanningProblem, outcome: PlannerOutcome) => BoundReport;
  readonly signal: StopSignal;
  readonly starts: readonly Plan[];
}

export interface FrameDecision {
  /** Part of the frame for the uplink of the best plan found; that of the start without one. */
  readonly uplinkFraction: number;
  readonly plan?: Plan;
  /** No plan at any fraction is faster, seconds: the least of the bounds of all intervals; Infinity where none has a plan. */
  readonly boundSeconds: number;
  /** Whether every interval's bound was recomputed and agreed. */
  readonly verified: boolean;
  /** Whether the search ended by itself. */
  readonly finished: boolean;
  /** Intervals bounded, and fractions planned for. */
  readonly intervals: number;
  readonly fractions: number;
}

interface Interval {
  readonly least: number;
  readonly most: number;
  readonly boundSeconds: number;
}

/** Intervals whose bound is within this of the best plan are not divided further, relative. */
const targetGap = 2e-3;
/** Narrower intervals are not divided: their bound lacks what the dual lacks at one fraction. */
const leastWidth = 2e-3;
const maxIntervals = 160;
/** Fractions a plan's choices are tried at, by golden sections. */
const maxSections = 40;

/**
 * The best division of a frame of time-division duplex between uplink and downlink. Of fractions φ in [φ₁, φ₂] none is faster than
 * a frame that gives φ₂ to the uplink and 1 − φ₁ to the downlink at once: rates rise with their part of the frame, and neither
 * what a choice uses nor the efficiency that its energy allows depends on it. So a bound of that problem holds for the whole
 * interval. Intervals are divided, the least bound first; each middle is planned for, and the fraction of its plan is then
 * moved to where these choices are fastest (a convex function: up/φ + down/(1 − φ) over concave rates).
 */
export function decideFrame(frame: DecidedFrame, start: PlanningProblem, context: FrameContext): FrameDecision {
  return new FrameSearch(frame, start, context).run();
}

class FrameSearch {
  private best: { fraction: number; plan: Plan; totalSeconds: number } | undefined;
  private verified = true;
  private intervals = 0;
  private fractions = 0;
  private readonly open: Interval[] = [];
  /** Least bound of the intervals that are closed: within the target of the best plan, or too narrow. */
  private closedBound = Infinity;

  constructor(
    private readonly frame: DecidedFrame,
    private readonly start: PlanningProblem,
    private readonly context: FrameContext,
  ) {}

  run(): FrameDecision {
    this.plan(0.5);
    this.assess(0, 1);
    let finished = true;
    while (this.open.length > 0) {
      if (this.context.signal.aborted || this.intervals >= maxIntervals) {
        finished = this.intervals >= maxIntervals && !this.context.signal.aborted;
        break;
      }
      const worst = this.takeLeast();
      if (worst.boundSeconds >= this.target() || worst.most - worst.least <= leastWidth) {
        this.closedBound = Math.min(this.closedBound, worst.boundSeconds);
        continue;
      }
      const middle = (worst.least + worst.most) / 2;
      this.plan(middle);
      this.assess(worst.least, middle);
      this.assess(middle, worst.most);
    }
    const openBound = this.open.reduce((least, { boundSeconds }) => Math.min(least, boundSeconds), this.closedBound);
    return {
      uplinkFraction: this.best?.fraction ?? 0.5,
      ...(this.best && { plan: this.best.plan }),
      boundSeconds: Math.min(openBound, this.best?.totalSeconds ?? Infinity),
      verified: this.verified,
      finished,
      intervals: this.intervals,
      fractions: this.fractions,
    };
  }

  private target(): number {
    return (this.best?.totalSeconds ?? Infinity) * (1 - targetGap);
  }

  private takeLeast(): Interval {
    const at = this.open.reduce(
      (least, each, k) => (each.boundSeconds < this.open[least]!.boundSeconds ? k : least),
      0,
    );
    return this.open.splice(at, 1)[0]!;
  }

  /** Bounds the fractions between two and opens them. */
  private assess(least: number, most: number): void {
    this.intervals++;
    const relaxed = withFrame(this.start, most, 1 - least);
    const bound = this.context.prove(relaxed, this.outcomeOf(relaxed));
    if (bound.source === 'none') this.verified = false;
    this.open.push({ least, most, boundSeconds: bound.boundSeconds });
  }

  /** Bounds beyond the best plan are of no use: its delay is given as what is known. */
  private outcomeOf(relaxed: PlanningProblem): PlannerOutcome {
    const { best } = this;
    if (this.context.plansIntervals) return this.context.planner(relaxed, best ? [best.plan] : []);
    return best
      ? { plan: best.plan, totalSeconds: best.totalSeconds, termination: 'stalled' }
      : { totalSeconds: Infinity, termination: 'stalled' };
  }

  /** Plans for one fraction, then moves the fraction to where the plan's choices are fastest. */
  private plan(fraction: number): void {
    this.fractions++;
    const starts = this.best ? [this.best.plan, ...this.context.starts] : this.context.starts;
    const { plan } = this.context.planner(this.frame.at(fraction).problem, starts);
    if (!plan) return;
    this.keep(fraction, plan);
    const moved = this.fastestFraction(plan);
    if (moved) this.keep(moved.fraction, moved.plan);
  }

  private keep(fraction: number, plan: Plan): void {
    const problem = this.frame.at(fraction).problem;
    if (judgePlan(problem, plan).violations.length > 0) return;
    const { totalSeconds } = roundDelay(problem, plan);
    if (this.best && totalSeconds >= this.best.totalSeconds) return;
    this.best = { fraction, plan, totalSeconds };
  }

  private fastestFraction(plan: Plan): { fraction: number; plan: Plan } | undefined {
    const at = (fraction: number) => {
      const found = allocate(withFrame(this.start, fraction), plan.devices);
      return found.status === 'optimal'
        ? { fraction, totalSeconds: found.totalSeconds, plan: found.plan }
        : { fraction, totalSeconds: Infinity, plan: undefined };
    };
    const golden = (Math.sqrt(5) - 1) / 2;
    let [low, high] = [1e-3, 1 - 1e-3];
    let left = at(high - golden * (high - low));
    let right = at(low + golden * (high - low));
    for (let k = 0; k < maxSections && high - low > 1e-7; k++) {
      if (left.totalSeconds <= right.totalSeconds) {
        [high, right] = [right.fraction, left];
        left = at(high - golden * (high - low));
      } else {
        [low, left] = [left.fraction, right];
        right = at(low + golden * (high - low));
      }
    }
    const better = left.totalSeconds <= right.totalSeconds ? left : right;
    return better.plan && { fraction: better.fraction, plan: better.plan };
  }
}
