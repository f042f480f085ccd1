import type { PlanningProblem, ProblemSource } from '../../models/index.js';
import type { Oracle } from '../oracle.js';
import type { InfeasibilityReport, LimitConflict, Remedy } from '../report.js';
import { singleConflicts } from './conflicts.js';
import { findRemedies } from './remedies.js';

/**
 * Why a problem has no plan: the limits that conflict by themselves, else those that conflict only together; and what would
 * make it feasible.
 *
 * @param source - A problem with the way to change it.
 * @param oracle - Solves changed problems.
 * @example
 * ```ts
 * import { parseProblemFile } from 'sft-opt';
 * import { solvePlan } from 'sft-opt/plan';
 *
 * const { problem } = parseProblemFile('{ version: 1, model: deit-tiny, devices: [{ name: a, count: 2, distance: 60 m }] }');
 * const none = { ...problem, deadlineSeconds: 1e-6 };
 * const { infeasibility } = solvePlan(none, { whatIf: 'never', baselines: false });
 * console.log(infeasibility?.conflicts[0]!.limit); // deadline
 * ```
 */
export function explainInfeasibility(source: ProblemSource, oracle: Oracle): InfeasibilityReport {
  const { problem } = source;
  const conflicts = singleConflicts(source);
  const remedies = findRemedies(source, oracle);
  return {
    conflicts: conflicts.length > 0 ? conflicts : jointConflicts(problem, remedies),
    remedies,
    isComplete: !oracle.stopped,
  };
}

/** No limit fails by itself: those whose change would help conflict with each other. */
function jointConflicts(problem: PlanningProblem, remedies: readonly Remedy[]): LimitConflict[] {
  const changes = remedies.flatMap((remedy) => remedy.changes);
  const names = [...new Set(changes.map(({ limit }) => limit))];
  const together = `${names.join(', ')} cannot be kept together`;
  const alone = `${names[0]} cannot be kept with the other limits (${problem.devices.length} devices)`;
  return changes.map(({ limit, device, from, to }) => ({
    limit,
    devices: device === undefined ? [] : [device],
    reachable: to,
    required: from,
    message: names.length > 1 ? together : alone,
  }));
}
