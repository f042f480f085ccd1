import type { Device, Plan, PlanningProblem, ProblemSource, RoundDelay, SourceChange } from '../../models/index.js';
import { choiceCosts } from '../../models/index.js';
import type { StopSignal } from '../../solver/index.js';
import type { Planner, PlannerOutcome } from '../planner.js';
import { provesSomething } from '../proven-bound.js';
import type { BoundReport, WhatIfReport } from '../report.js';

const megahertz = 1e6;
const gibibyte = 2 ** 30;
const accuracyStep = 1e-3;
const mostStragglers = 3;

/** The answer the changes are measured against. */
export interface WhatIfBase {
  readonly plan: Plan;
  readonly delay: RoundDelay;
}

/** How changed problems are solved and what is proven of them. */
export interface WhatIfContext {
  readonly planner: Planner;
  readonly prove: (problem: PlanningProblem, outcome: PlannerOutcome) => BoundReport;
  readonly signal?: StopSignal | undefined;
}

/**
 * The problem solved again with one thing changed: one more megahertz, one more gibibyte on the device with the least
 * memory to spare, 0.1 point less accuracy, and the round without each of its slowest devices. Each starts from the answer's
 * own plan, so that what only relaxes a problem is never slower, and has its own bound.
 */
export function whatIf(source: ProblemSource, base: WhatIfBase, context: WhatIfContext): WhatIfReport[] {
  return changesToAsk(source.problem, base).map(([change, wanted]) => {
    if (context.signal?.aborted) return { change, note: 'search stopped' };
    const rebuilt = source.rebuild(wanted);
    if (!rebuilt.ok) return { change, note: rebuilt.reason };
    const { problem } = rebuilt.source;
    const outcome = context.planner(problem, [planWithout(source.problem, base.plan, wanted.without ?? [])]);
    const { plan, totalSeconds, termination } = outcome;
    if (!plan) return { change, note: termination === 'infeasible' ? 'no plan keeps all limits' : 'no plan found' };
    const bound = context.prove(problem, outcome);
    const proven = provesSomething(problem, bound)
      ? { boundSeconds: Math.min(bound.boundSeconds, totalSeconds) }
      : { note: 'no bound is proven' };
    return { change, totalSeconds, delayChangeSeconds: totalSeconds - base.delay.totalSeconds, ...proven };
  });
}

/** The plan of the devices that stay. */
function planWithout({ devices }: PlanningProblem, plan: Plan, without: readonly string[]): Plan {
  return { devices: plan.devices.filter((_, n) => !without.includes(devices[n]!.name)) };
}

function changesToAsk(problem: PlanningProblem, base: WhatIfBase): [string, SourceChange][] {
  const changes: [string, SourceChange][] = [
    ['1 MHz more bandwidth', { bandwidthHz: problem.bandwidthHz + megahertz }],
  ];
  const tightest = tightestDevice(problem, base.plan);
  if (tightest) {
    const memoryBytes = tightest.memoryBytes + gibibyte;
    changes.push([`1 GiB more memory on ${tightest.name}`, { devices: { [tightest.name]: { memoryBytes } } }]);
  }
  const { minimum } = problem.accuracy;
  if (minimum > 0) {
    changes.push(['0.1 point less accuracy', { minimumAccuracy: Math.max(0, minimum - accuracyStep) }]);
  }
  for (const { name } of stragglers(problem, base)) changes.push([`without ${name}`, { without: [name] }]);
  return changes;
}

/** The participating device that uses the largest part of a limited memory. */
function tightestDevice(problem: PlanningProblem, plan: Plan): Device | undefined {
  let tightest: Device | undefined;
  let most = 0;
  problem.devices.forEach((device, n) => {
    const decision = plan.devices[n]!;
    if (!decision.participates || device.memoryBytes === Infinity) return;
    const costs = choiceCosts(problem, device, decision.blocks, decision.upPoint, decision.downPoint);
    const used = costs.deviceMemoryBytes / device.memoryBytes;
    if (used > most) {
      most = used;
      tightest = device;
    }
  });
  return tightest;
}

/** Devices whose absence may help most: of those with the longest chains, the ones that take the most bandwidth. */
function stragglers(problem: PlanningProblem, base: WhatIfBase): Device[] {
  if (problem.devices.length < 2) return [];
  const candidates = problem.devices.flatMap((device, n) => {
    const stages = base.delay.stages[n];
    if (!stages) return [];
    return [{ device, bandwidthHz: base.plan.devices[n]!.bandwidthHz, chain: base.delay.chainSeconds[n]! }];
  });
  const longest = Math.max(...candidates.map(({ chain }) => chain));
  return candidates
    .filter(({ chain }) => chain >= longest * (1 - 1e-6))
    .sort((a, b) => b.bandwidthHz - a.bandwidthHz)
    .slice(0, mostStragglers)
    .map(({ device }) => device);
}
