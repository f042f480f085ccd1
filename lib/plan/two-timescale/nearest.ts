import type { PlanningProblem } from '../../models/index.js';
import type { PlanChoices } from '../choices/index.js';
import type { RelaxedPlan } from './relaxation.js';

/** The allowed choice of each device nearest to the relaxed plan, in units of one block and one operating point. */
export function nearestEntries(problem: PlanningProblem, choices: PlanChoices, relaxed: RelaxedPlan): Int32Array {
  const upLogs = problem.upPoints.map(({ ratio }) => Math.log(ratio));
  const downLogs = problem.downPoints.map(({ ratio }) => Math.log(ratio));
  const upUnit = spacing(upLogs);
  const downUnit = spacing(downLogs);
  return Int32Array.from({ length: choices.deviceCount }, (_, n) => {
    let best = choices.start[n]!;
    let least = Infinity;
    for (let j = choices.start[n]!; j < choices.start[n + 1]!; j++) {
      if (choices.blocks[j]! < 0 && choices.start[n + 1]! - choices.start[n]! > 1) continue;
      const cut = choices.blocks[j]! - relaxed.cut[n]!;
      const up = (upLogs[choices.upPoint[j]!]! - relaxed.logUp[n]!) / upUnit;
      const down = (downLogs[choices.downPoint[j]!]! - relaxed.logDown[n]!) / downUnit;
      const distance = cut * cut + up * up + (problem.tiedRatios ? 0 : down * down);
      if (distance < least) {
        least = distance;
        best = j;
      }
    }
    return best;
  });
}

function spacing(logs: readonly number[]): number {
  return logs.length > 1 ? Math.max(1e-9, (logs.at(-1)! - logs[0]!) / (logs.length - 1)) : 1;
}
