import { ArgumentError } from '../errors/index.js';
import {
  enumerateDecisions,
  choiceCosts,
  exceeds,
  isAllowed,
  planViolations,
  roundDelay,
  type DevicePlan,
  type Plan,
  type PlanningProblem,
} from '../models/index.js';

/** The best plan by trying all. */
export interface BruteForceAnswer {
  /** Round of the best plan, seconds; Infinity where no plan keeps all limits. */
  readonly totalSeconds: number;
  /** The best plan; absent where none keeps all limits. */
  readonly plan?: Plan;
  /** Combinations of choices whose shares were searched, of how many there are. */
  readonly searched: number;
  /** Combinations of choices tried. */
  readonly combinations: number;
}

/** More devices would take golden sections nested too deeply. */
const mostDevices = 3;

/**
 * All combinations of choices, each with its best shares by nested golden sections (the round is convex in the bandwidths):
 * slow, and without any of the planner's searches. The model's own costs and delays are taken. RangeError beyond three devices,
 * `maxCombinations` combinations, or with resource blocks.
 *
 * @param problem - Cell, devices, model and limits, in SI units.
 * @param maxCombinations - Most combinations that are tried.
 * @throws ArgumentError beyond three devices or `maxCombinations`, and with resource blocks.
 * @example
 * ```ts
 * import { parseProblemFile, planExact } from 'sft-opt';
 * import { bruteForcePlan, smallInstance } from 'sft-opt/testing';
 *
 * const { problem } = parseProblemFile('{ version: 1, model: deit-tiny, devices: [{ name: a, count: 2, distance: 60 m }] }');
 * const small = smallInstance(problem, { seed: 1, devices: 2, cuts: 2, points: 2 });
 * console.log(Math.abs(bruteForcePlan(small).totalSeconds / planExact(small).totalSeconds - 1) < 1e-6); // true
 * ```
 */
export function bruteForcePlan(problem: PlanningProblem, maxCombinations = 20_000): BruteForceAnswer {
  const { devices } = problem;
  if (devices.length > mostDevices) {
    throw new ArgumentError(`brute force is for at most ${mostDevices} devices, found ${devices.length}`, 'unsuitable');
  }
  if (problem.resourceBlockHz !== undefined)
    throw new ArgumentError('brute force is for divisible bandwidths', 'unsuitable');
  const lists = devices.map((device) => [
    ...[...enumerateDecisions(problem, device)]
      .filter(({ blocks, upPoint, downPoint }) =>
        isAllowed(problem, device, choiceCosts(problem, device, blocks, upPoint, downPoint)),
      )
      .map((choice): DevicePlan => ({ ...choice, participates: true, bandwidthHz: 0, serverShare: 1 })),
    ...(device.optional ? [leftOut] : []),
  ]);
  const combinations = lists.reduce((count, list) => count * list.length, 1);
  if (combinations > maxCombinations) {
    throw new ArgumentError(
      `brute force is for at most ${maxCombinations} combinations, found ${combinations}`,
      'unsuitable',
    );
  }
  let all: DevicePlan[][] = [[]];
  for (const list of lists) all = all.flatMap((before) => list.map((choice) => [...before, choice]));
  const search = new Search(problem);
  const ranked = all
    .filter((decisions) => keepsSums(problem, decisions))
    .map((decisions) => ({ decisions, estimate: search.delay(decisions, search.fairShares(decisions)) }))
    .sort((a, b) => a.estimate - b.estimate);
  for (const { decisions } of ranked) search.consider(decisions);
  const plan = search.bestPlan();
  const late = problem.deadlineSeconds !== undefined && exceeds(search.best, problem.deadlineSeconds);
  return {
    totalSeconds: plan && !late ? search.best : Infinity,
    ...(plan && !late && { plan }),
    searched: search.searched,
    combinations,
  };
}

const leftOut: DevicePlan = {
  participates: false,
  blocks: 0,
  upPoint: 0,
  downPoint: 0,
  bandwidthHz: 0,
  serverShare: 0,
};

/** Limits that the choices alone decide. */
function keepsSums(problem: PlanningProblem, decisions: readonly DevicePlan[]): boolean {
  if (!decisions.some(({ participates }) => participates)) return false;
  const { deadlineSeconds: _, ...timeless } = problem;
  const ofShares = new Set(['bandwidth', 'device-bandwidth', 'server-share', 'pinned', 'device-energy']);
  return planViolations(timeless, { devices: decisions }, 0).every(({ limit }) => ofShares.has(limit));
}

class Search {
  best = Infinity;
  searched = 0;
  private found: { readonly decisions: readonly DevicePlan[]; readonly shares: readonly number[] } | undefined;

  constructor(private readonly problem: PlanningProblem) {}

  consider(decisions: readonly DevicePlan[]): void {
    if (!this.mayBeFaster(decisions)) return;
    this.searched++;
    const { delay, shares } = this.bestShares(decisions);
    if (!(delay < this.best)) return;
    this.best = delay;
    this.found = { decisions, shares };
  }

  bestPlan(): Plan | undefined {
    return this.found && { devices: this.planned(this.found.decisions, this.found.shares) };
  }

  fairShares(decisions: readonly DevicePlan[]): number[] {
    const active = decisions.filter(({ participates }) => participates).length;
    return this.limits(decisions).map(([least, most]) =>
      Math.min(Math.max(this.problem.bandwidthHz / active, least), most),
    );
  }

  delay(decisions: readonly DevicePlan[], shares: readonly number[]): number {
    return roundDelay(this.problem, { devices: this.planned(decisions, shares) }).totalSeconds;
  }

  /** Even with the whole server each, the devices would need more than the band to be as fast as the best. */
  private mayBeFaster(decisions: readonly DevicePlan[]): boolean {
    if (this.best === Infinity) return true;
    let needed = 0;
    this.limits(decisions).forEach(([least, most], n) => {
      if (!decisions[n]!.participates) return;
      let [low, high] = [least, most];
      if (this.chainAlone(n, decisions[n]!, high) > this.best) needed = Infinity;
      for (let k = 0; k < 60 && needed < Infinity; k++) {
        const middle = (low + high) / 2;
        if (this.chainAlone(n, decisions[n]!, middle) > this.best) low = middle;
        else high = middle;
      }
      needed += low;
    });
    return needed <= this.problem.bandwidthHz * (1 + 1e-9);
  }

  private chainAlone(n: number, decision: DevicePlan, bandwidthHz: number): number {
    const serverShare = this.problem.sharing === 'equal' ? 1 / this.problem.devices.length : 1;
    const devices = this.problem.devices.map((_, k) => (k === n ? { ...decision, bandwidthHz, serverShare } : leftOut));
    const { chainSeconds, aggregationSeconds } = roundDelay(this.problem, { devices });
    return chainSeconds[n]! + aggregationSeconds;
  }

  private limits(decisions: readonly DevicePlan[]): [number, number][] {
    const { bandwidthHz, devices } = this.problem;
    return devices.map(({ minimumBandwidthHz, maximumBandwidthHz, pinned }, n) => {
      if (!decisions[n]!.participates) return [0, 0];
      if (pinned.bandwidthHz !== undefined) return [pinned.bandwidthHz, pinned.bandwidthHz];
      return [minimumBandwidthHz, Math.min(maximumBandwidthHz, bandwidthHz)];
    });
  }

  private bestShares(decisions: readonly DevicePlan[]): { delay: number; shares: readonly number[] } {
    const limits = this.limits(decisions);
    const active = decisions.flatMap(({ participates }, n) => (participates ? [n] : []));
    const shares = decisions.map(() => 0);
    if (
      exceeds(
        active.reduce((sum, n) => sum + limits[n]![0], 0),
        this.problem.bandwidthHz,
      )
    ) {
      return { delay: Infinity, shares };
    }
    const visit = (position: number, left: number): number => {
      const n = active[position]!;
      const later = active.slice(position + 1);
      const reserved = later.reduce((sum, k) => sum + limits[k]![0], 0);
      const most = Math.max(limits[n]![0], Math.min(limits[n]![1], left - reserved));
      if (later.length === 0) {
        shares[n] = most;
        return this.delay(decisions, shares);
      }
      const at = (share: number) => {
        shares[n] = share;
        return visit(position + 1, left - share);
      };
      return at(minimiser(at, limits[n]![0], most));
    };
    const delay = visit(0, this.problem.bandwidthHz);
    return { delay, shares: [...shares] };
  }

  /** The plan with these bandwidths, the server shared best. */
  private planned(decisions: readonly DevicePlan[], shares: readonly number[]): DevicePlan[] {
    const { problem } = this;
    const fixed = problem.sharing === 'equal' ? 1 / problem.devices.length : 1;
    const plan = decisions.map((decision, n) =>
      decision.participates ? { ...decision, bandwidthHz: shares[n]!, serverShare: fixed } : decision,
    );
    if (problem.sharing !== 'allocated') return plan;
    const { stages, chainSeconds } = roundDelay(problem, { devices: plan });
    const work = stages.map((stage) => (stage ? problem.stepsPerRound * stage.server : 0));
    const own = work.map((seconds, n) => chainSeconds[n]! - seconds);
    if (!own.every(Number.isFinite)) return plan;
    const time = timeOfShares(own, work);
    return plan.map((decision, n) => ({
      ...decision,
      serverShare: !decision.participates ? 0 : work[n]! > 0 ? Math.min(1, work[n]! / (time - own[n]!)) : 1,
    }));
  }
}

/** T with Σ work / (T − own) = 1, by bisection. */
function timeOfShares(own: readonly number[], work: readonly number[]): number {
  let low = own.reduce((most, seconds) => Math.max(most, seconds), 0);
  let high = low + work.reduce((sum, seconds) => sum + seconds, 0);
  for (let k = 0; k < 200 && high - low > 1e-15 * high; k++) {
    const middle = (low + high) / 2;
    let needed = 0;
    work.forEach((seconds, n) => {
      if (seconds > 0) needed += middle > own[n]! ? seconds / (middle - own[n]!) : Infinity;
    });
    if (needed > 1) low = middle;
    else high = middle;
  }
  return high;
}

/** Minimiser of a convex function by golden sections; it may be infinite at its ends. */
function minimiser(value: (x: number) => number, low: number, high: number): number {
  const golden = (Math.sqrt(5) - 1) / 2;
  let [a, b] = [low, high];
  let [x, y] = [b - golden * (b - a), a + golden * (b - a)];
  let [atX, atY] = [value(x), value(y)];
  for (let k = 0; k < 60 && b - a > 1e-11 * Math.abs(high); k++) {
    if (atX <= atY) {
      [b, y, atY] = [y, x, atX];
      x = b - golden * (b - a);
      atX = value(x);
    } else {
      [a, x, atX] = [x, y, atY];
      y = a + golden * (b - a);
      atY = value(y);
    }
  }
  return [low, x, y, high].reduce((best, candidate) => (value(candidate) < value(best) ? candidate : best));
}
