import type { Plan, PlanningProblem } from '../../models/index.js';
import { claimPlan, type PlanClaim } from '../../verify/evidence.js';
import type { StatedProblem } from './state-problem.js';

/**
 * A plan as a certificate claims it: shares rounded down so that every limit holds exactly where that is possible, else within the
 * limits' tolerance; its round as the checker's own arithmetic bounds it from above. Undefined if the plan keeps no such claim.
 */
export function statePlan(problem: PlanningProblem, stated: StatedProblem, plan: Plan): PlanClaim | undefined {
  const decisions = plan.devices.map((decision, n) => {
    if (!decision.participates) return null;
    const { blocks, upPoint, downPoint } = stated.devices[n]!.choices;
    const choice = blocks.findIndex(
      (count, j) => count === decision.blocks && upPoint[j] === decision.upPoint && downPoint[j] === decision.downPoint,
    );
    const share = decision.bandwidthHz / (problem.resourceBlockHz ?? 1);
    return { choice, share: stated.hasWholeShares ? Math.round(share) : share, serverShare: decision.serverShare };
  });
  const exact = roundedDown(stated, decisions);
  return (
    claimPlan(stated, { devices: exact, slack: 0 }) ??
    claimPlan(stated, { devices: decisions, slack: stated.limitTolerance })
  );
}

type Decisions = readonly ({ readonly choice: number; readonly share: number; readonly serverShare: number } | null)[];

/** Takes what the sums exceed their limits by, and a few roundings, from all shares alike. */
function roundedDown(stated: StatedProblem, decisions: Decisions): Decisions {
  const total = (pick: (n: number) => number) =>
    decisions.reduce((sum, decision, n) => sum + (decision ? pick(n) : 0), 0);
  const spare = 1 - (decisions.length + 4) * 2 ** -52;
  const band = total((n) => decisions[n]!.share);
  const server = total((n) =>
    stated.devices[n]!.choices.serverSeconds[decisions[n]!.choice]! > 0 ? decisions[n]!.serverShare : 0,
  );
  const bandFactor = Math.min(1, (stated.shares / band) * spare);
  const serverFactor = Math.min(1, spare / server);
  return decisions.map((decision, n) => {
    if (!decision) return null;
    const device = stated.devices[n]!;
    const capped = Math.min(decision.share, device.mostShare ?? Infinity);
    return {
      choice: decision.choice,
      share: stated.hasWholeShares ? decision.share : Math.max(capped * bandFactor, device.leastShare),
      serverShare: decision.serverShare * (stated.isBatched ? 1 : serverFactor),
    };
  });
}
