import {
  allowedUse,
  buildChoices,
  choiceCosts,
  enumerateDecisions,
  exceeds,
  sumLimit,
  type ExtraLimit,
  type PlanningProblem,
} from '../../models/index.js';
import type { LimitConflict } from '../report.js';
import { toldApart } from './rounding.js';

/** Extra limits that fail by themselves: on a device whose least use is more, or on a sum whose least is. */
export function extraConflicts(problem: PlanningProblem): LimitConflict[] {
  return (problem.extraLimits ?? []).flatMap((limit, k) =>
    limit.scope === 'each' ? deviceConflicts(problem, limit, k) : sumConflict(problem, limit, k),
  );
}

function deviceConflicts(problem: PlanningProblem, limit: ExtraLimit, k: number): LimitConflict[] {
  return problem.devices.flatMap((device): LimitConflict[] => {
    const uses = [...enumerateDecisions(problem, device)].map(
      ({ blocks, upPoint, downPoint }) => choiceCosts(problem, device, blocks, upPoint, downPoint).extraUse[k]!,
    );
    const [reachable, required] = [Math.min(...uses), allowedUse(limit, device)];
    if (device.optional || uses.length === 0 || !exceeds(reachable, required)) return [];
    const [least, allowed] = shownApart(reachable, required, limit.unit);
    const message = `${device.name} uses at least ${least} of ${limit.name}; ${allowed} are allowed`;
    return [{ limit: 'extra', devices: [device.name], reachable, required, message }];
  });
}

/** Optional devices may use less than nothing, where a use may be negative. */
function sumConflict(problem: PlanningProblem, limit: ExtraLimit, k: number): LimitConflict[] {
  const reachable = problem.devices.reduce((sum, device) => {
    const least = Math.min(...buildChoices(problem, device).extraUse[k]!);
    return sum + (device.optional ? Math.min(0, least) : least);
  }, 0);
  const required = sumLimit(limit);
  if (!Number.isFinite(reachable) || !exceeds(reachable, required)) return [];
  const [least, allowed] = shownApart(reachable, required, limit.unit);
  const message = `the devices use at least ${least} of ${limit.name} together; ${allowed} are allowed`;
  return [{ limit: 'extra', devices: [], reachable, required, message }];
}

function shownApart(reachable: number, required: number, unit: string): [string, string] {
  return toldApart(reachable, required, (value, digits) => `${Number(value.toPrecision(digits))} ${unit}`);
}
