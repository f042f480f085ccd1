import type { Plan, PlanningProblem } from '../../models/index.js';
import type { StopSignal } from '../../solver/index.js';
import { boundPlan } from '../bound/index.js';
import { fastestFeasible, type JudgedPlan } from '../judge.js';
import type { Planner } from '../planner.js';
import type { TradeOffReport } from '../report.js';
import { sparePower } from '../spare-power.js';
import { resources, type Resource } from './resource.js';

export interface TradeOffContext {
  readonly planner: Planner;
  /** The answer without the limit. */
  readonly plan: Plan;
  /** What is proven of the problem without the limit, seconds. */
  readonly boundSeconds: number;
  readonly points?: number;
  readonly signal?: StopSignal | undefined;
}

const defaultPoints = 8;
/** Halvings of the range in which the tightest limit that leaves a plan is searched. */
const halvings = 6;
/** The tightest limit of energy that is tried: this far from the least need to what the answer uses. */
const leastEnergyFraction = 0.02;

type TradeOffPoint = TradeOffReport['points'][number];

/**
 * The least round delay against a limit on what each device may use in a round, from the tightest limit that leaves a plan to
 * what the answer without it uses. Each point is a planning problem with the limit in it, with its own bound; plans of
 * tighter limits are starts of the looser ones, so that the curve never rises.
 */
export function tradeOffCurve(
  problem: PlanningProblem,
  name: TradeOffReport['resource'],
  context: TradeOffContext,
): TradeOffReport {
  const resource = resources[name];
  const note = resource.obstacle(problem);
  if (note !== undefined) return { resource: name, points: [], note };
  return new Curve(problem, resource, context).trace();
}

class Curve {
  private readonly known: Plan[] = [];
  /** The answer as it is printed: at the least power of each device. */
  private readonly answer: Plan;

  constructor(
    private readonly problem: PlanningProblem,
    private readonly resource: Resource,
    private readonly context: TradeOffContext,
  ) {
    this.answer = sparePower(problem, context.plan);
  }

  trace(): TradeOffReport {
    const { resource, context } = this;
    const limits = this.limits();
    const points: TradeOffPoint[] = [];
    // From the tightest on, so that each point starts from the plans of those before.
    for (const limit of limits) {
      if (context.signal?.aborted) return { resource: resource.name, points, note: 'search stopped' };
      points.push(this.point(limit));
    }
    return { resource: resource.name, points };
  }

  /** Limits from the tightest to the use of the answer. */
  private limits(): number[] {
    const { problem, resource, context } = this;
    const most = this.mostUsed(problem, this.answer);
    const needs = problem.devices
      .filter(({ optional }) => !optional)
      .map((device) => resource.leastNeed(problem, device));
    const need = Math.max(0, ...needs);
    const count = context.points ?? defaultPoints;
    const parts = Array.from({ length: count }, (_, k) => k / Math.max(1, count - 1));
    if (!(most > need)) return [most];
    // Close to the least need of energy nothing is ever sent: steps grow from there. Traffic is spaced by its own ratio.
    const origin = resource.name === 'energy' ? need : 0;
    const first = resource.name === 'energy' ? need + (most - need) * leastEnergyFraction : need;
    const least = this.tightest(origin, first, most);
    return parts.map((part) => origin + (most - origin) * ((least - origin) / (most - origin)) ** (1 - part));
  }

  /** The tightest limit from `first` on found to leave a plan; every plan on the way is a start of the points to come. */
  private tightest(origin: number, first: number, most: number): number {
    let low = first;
    let high = most;
    let trial = first;
    for (let k = 0; k <= halvings && this.context.signal?.aborted !== true; k++) {
      const limited = this.limited(trial);
      const plan = this.context.planner(limited, this.known).plan;
      if (plan) {
        this.known.push(plan);
        high = Math.min(trial, Math.max(first, this.mostUsed(limited, plan)));
      } else low = trial;
      if (high <= low * (1 + 1e-9)) break;
      trial = origin + Math.sqrt((low - origin) * (high - origin));
    }
    return high;
  }

  private mostUsed(problem: PlanningProblem, plan: Plan): number {
    const { resource } = this;
    return problem.devices.reduce((most, _, n) => Math.max(most, resource.used(problem, plan, n)), 0);
  }

  private limited(limit: number): PlanningProblem {
    // A shade of room for the sum of a plan's own use.
    const allowed = limit * (1 + 1e-12);
    return { ...this.problem, devices: this.problem.devices.map((device) => this.resource.limited(device, allowed)) };
  }

  private point(limit: number): TradeOffPoint {
    const { context } = this;
    const limited = this.limited(limit);
    const starts = [...this.known, context.plan];
    const { plan, termination } = context.planner(limited, starts);
    const best = fastestFeasible(limited, plan ? [plan, ...starts] : starts);
    if (best) this.known.push(best.plan);
    const known = best && { incumbentSeconds: best.totalSeconds };
    const { boundSeconds } = boundPlan(limited, {}, { ...known, signal: context.signal });
    if (!best) {
      const proven = boundSeconds === Infinity || termination === 'infeasible';
      return { limit, status: proven ? 'infeasible' : 'not-found' };
    }
    return { limit, status: 'found', ...this.figures(limited, best, Math.max(boundSeconds, context.boundSeconds)) };
  }

  private figures(problem: PlanningProblem, { plan: found, totalSeconds }: JudgedPlan, boundSeconds: number) {
    const plan = sparePower(problem, found);
    const sum = (resource: Resource) => problem.devices.reduce((all, _, n) => all + resource.used(problem, plan, n), 0);
    return {
      totalSeconds,
      boundSeconds: Math.min(boundSeconds, totalSeconds),
      mostUsed: this.mostUsed(problem, plan),
      bitsPerRound: sum(resources.traffic),
      energyJoulePerRound: sum(resources.energy),
    };
  }
}
