import {
  choiceCosts,
  exceeds,
  roundTraffic,
  type Device,
  type PinnedDecisions,
  type Plan,
  type PlanningProblem,
} from '../../models/index.js';
import type { Planner } from '../planner.js';
import type { BaselineReport } from '../report.js';
import { randomPlan } from './random-plan.js';
import {
  asConventional,
  bestCommonCut,
  equalShare,
  federatedLora,
  noCommonCut,
  splitFederated,
  vanillaSplit,
  type SchemeOutcome,
} from './schemes.js';

/** The answer that baselines are compared with. */
export interface Reference {
  readonly totalSeconds: number;
  readonly bitsPerRound: number;
}

/**
 * Conventional schemes on the same cell, from the same models. Those that leave a decision open have it made by
 * `planner`; each keeps the problem's memory and accuracy limits or says which it breaks.
 */
export function computeBaselines(
  problem: PlanningProblem,
  planner: Planner,
  seed: number,
  reference: Reference | undefined,
): BaselineReport[] {
  const conventional = asConventional(problem);
  const cut = bestCommonCut(problem);
  const point = uniformPoint(conventional);
  const pointAtCut = cut === undefined ? undefined : uniformPoint(conventional, cut);
  const pinnedPlan = (pins: Pins) => planPinned(conventional, planner, pins);
  const needs = (available: boolean, missing: string, outcome: () => SchemeOutcome): SchemeOutcome =>
    available ? outcome() : { note: missing };
  const noPoint = 'no single operating point reaches the accuracy limit';
  const schemes: [string, string, SchemeOutcome][] = [
    ['federated-lora', 'whole model on each device, equal bandwidth', federatedLora(problem)],
    ['vanilla-split', 'devices one after another, best common cut, no compression', vanillaSplit(problem)],
    ['split-federated', 'parallel, best common cut, no compression, equal shares', splitFederated(problem)],
    [
      'fixed-cut',
      'common cut, ratios and bandwidths optimised',
      needs(cut !== undefined, noCommonCut, () => pinnedPlan({ cut: cut! })),
    ],
    [
      'fixed-ratio',
      'one ratio for all, splits and bandwidths optimised',
      needs(point !== undefined, noPoint, () => pinnedPlan({ point: point! })),
    ],
    ['equal-bandwidth', 'equal bandwidth, splits and ratios optimised', pinnedPlan({ equalBandwidth: true })],
    [
      'split-alone',
      'one ratio, equal bandwidth, splits optimised',
      needs(point !== undefined, noPoint, () => pinnedPlan({ point: point!, equalBandwidth: true })),
    ],
    [
      'ratio-alone',
      'common cut, equal bandwidth, ratios optimised',
      needs(cut !== undefined, noCommonCut, () => pinnedPlan({ cut: cut!, equalBandwidth: true })),
    ],
    [
      'bandwidth-alone',
      'common cut, one ratio, bandwidths optimised',
      needs(pointAtCut !== undefined, cut === undefined ? noCommonCut : noPoint, () =>
        pinnedPlan({ cut: cut!, point: pointAtCut! }),
      ),
    ],
    ['random', 'choices at random within the limits, equal shares', randomPlan(problem, seed)],
  ];
  return schemes.map(([name, description, outcome]) => toReport(name, description, outcome, reference));
}

interface Pins {
  readonly cut?: number;
  readonly point?: number;
  readonly equalBandwidth?: boolean;
}

function planPinned(problem: PlanningProblem, planner: Planner, pins: Pins): SchemeOutcome {
  const pinned: PlanningProblem = {
    ...problem,
    devices: problem.devices.map((device) => {
      const decisions: PinnedDecisions = {
        ...(pins.cut !== undefined && { blocks: pins.cut }),
        ...(pins.point !== undefined && { upPoint: pins.point, downPoint: pins.point }),
        ...(pins.equalBandwidth && { bandwidthHz: equalShare(problem, device) }),
      };
      const costs = pins.cut === undefined ? device.costs : { ...device.costs, allowedBlocks: [pins.cut] };
      return { ...device, costs, pinned: decisions };
    }),
  };
  const { plan, totalSeconds, termination } = planner(pinned);
  if (plan) return { plan, totalSeconds, problem: pinned };
  const isDecided = termination === 'infeasible' || termination === 'locally-infeasible';
  return { note: isDecided ? 'no plan keeps the limits' : 'not found before the search was stopped' };
}

/** The coarsest operating point with which all devices together can reach the accuracy limit, at any cut or at one. */
function uniformPoint(problem: PlanningProblem, cut?: number): number | undefined {
  const count = Math.min(problem.upPoints.length, problem.downPoints.length);
  for (let point = 0; point < count; point++) {
    if (reachesAccuracy(problem, point, cut)) return point;
  }
  return undefined;
}

function reachesAccuracy(problem: PlanningProblem, point: number, cut: number | undefined): boolean {
  let weight = 0;
  let weighted = 0;
  let least = Infinity;
  for (const device of problem.devices) {
    const best = bestAccuracy(problem, device, point, cut);
    weight += device.weight;
    weighted += device.weight * best;
    least = Math.min(least, best);
  }
  return (problem.accuracy.scope === 'mean' ? weighted / weight : least) >= problem.accuracy.minimum;
}

/** Best accuracy of a device at one point over the cuts its memory allows; −Infinity if none does. */
function bestAccuracy(problem: PlanningProblem, device: Device, point: number, cut: number | undefined): number {
  let best = -Infinity;
  for (const blocks of cut === undefined ? device.costs.allowedBlocks : [cut]) {
    const costs = choiceCosts(problem, device, blocks, point, point);
    if (!exceeds(costs.deviceMemoryBytes, device.memoryBytes)) best = Math.max(best, costs.accuracy);
  }
  return best;
}

function toReport(
  name: string,
  description: string,
  outcome: SchemeOutcome,
  reference: Reference | undefined,
): BaselineReport {
  const { totalSeconds, plan, problem, note } = outcome;
  if (totalSeconds === undefined || !plan || !problem) {
    return { name, description, note: note ?? 'does not apply' };
  }
  const bitsPerRound = planBits(problem, plan);
  return {
    name,
    description,
    totalSeconds,
    bitsPerRound,
    ...(reference && {
      delaySaved: 1 - reference.totalSeconds / totalSeconds,
      trafficSaved: bitsPerRound > 0 ? 1 - reference.bitsPerRound / bitsPerRound : 0,
    }),
    ...(note !== undefined && { note }),
  };
}

/** All bits that cross the air in a round. */
export function planBits(problem: PlanningProblem, plan: Plan): number {
  return plan.devices.reduce((sum, decision, n) => {
    const traffic = roundTraffic(problem, problem.devices[n]!, decision);
    return sum + traffic.uplinkBits + traffic.downlinkBits;
  }, 0);
}
