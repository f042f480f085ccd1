import { add, divide, larger, multiply, one, point, subtract, zero, type Interval } from './interval.js';
import * as model from './problem.js';
import { CertificateError, Reader } from './reader.js';

/** A plan with what is claimed of it. */
export interface PlanClaim {
  readonly roundSeconds: number;
  /** Part by which the plan passes limits at most, from 0 to the problem's tolerance. */
  readonly slack: number;
  /** Shares of bandwidth and of the server; null: left out. */
  readonly devices: readonly ({
    readonly choice: number;
    readonly share: number;
    readonly serverShare: number;
  } | null)[];
}

export function verifyPlanClaim(reader: Reader, problem: model.Problem): { seconds: number; slack: number } {
  const at = reader.members('roundSeconds slack devices');
  const seconds = at.roundSeconds.number(0);
  const slack = at.slack.number(0);
  const round = roundOf(reader, at.devices.array(problem.devices.length), slack, problem);
  reader.require('round delay', round.hi <= seconds, 'not shown to keep: round delay');
  return { seconds, slack };
}

/** The claim that a plan supports, its round bounded from above; undefined if it is not shown to keep the limits. */
export function claimPlan(problem: unknown, plan: Omit<PlanClaim, 'roundSeconds'>): PlanClaim | undefined {
  try {
    const devices = plan.devices.map((entry) => new Reader(entry));
    const { hi } = roundOf(new Reader(plan), devices, plan.slack, model.readProblem(new Reader(problem)));
    return hi < Infinity ? { roundSeconds: hi, ...plan } : undefined;
  } catch (error) {
    if (error instanceof CertificateError) return undefined;
    throw error;
  }
}

/** The round of a plan that keeps every limit: by intervals, each of which has to keep it with its upper end. */
function roundOf(at: Reader, entries: readonly Reader[], slack: number, problem: model.Problem): Interval {
  const { isBatched, limits, stages, shares, hasWholeShares, deadlineSeconds } = problem;
  const part = point(slack);
  const passed = (limit: number) => multiply(point(limit), add(one, part)).lo;
  const longest = stages.map(() => zero);
  const used = limits.map(() => zero);
  const keep = (obligation: string, isKept: boolean, of = '') =>
    at.require(obligation, isKept, `not shown to keep: ${obligation}${of}`);
  let [band, server, round] = [zero, zero, point(problem.aggregationSeconds)];
  keep('tolerance', slack <= problem.tolerance.lo);
  keep('participation', !entries.every(({ isNull }) => isNull));
  problem.devices.forEach((device, n) => {
    const own = ` of ${device.name}`;
    const decision = entries[n]!.optional((entry) => entry.members('choice share serverShare'));
    const choice = decision?.choice.integer(0, device.count - 1) ?? -1;
    keep('participation', choice >= 0 || device.optional, own);
    limits.forEach((_, k) => (used[k] = add(used[k]!, point(model.sharedUse(device, k, choice)))));
    if (!decision) return;
    const [share, serverShare] = [decision.share.number(), decision.serverShare.number()];
    keep('shares not negative', share > 0 && serverShare >= 0, own);
    keep('whole shares', !hasWholeShares || Number.isInteger(share), own);
    keep('least share', multiply(point(device.leastShare), subtract(one, part)).hi <= share, own);
    keep('largest share', share <= passed(device.mostShare), own);
    device.limits.forEach((limit, k) =>
      keep('own limit', device.ownUse[k]![choice]! <= model.endOf(limit, part).lo, `: ${limit.name}${own}`),
    );
    // Whole numbers up to a limit below 2^53 add exactly.
    band = hasWholeShares ? point(band.lo + share) : add(band, point(share));
    let work = point(device.serverSeconds[choice]!);
    if (isBatched) [round, work] = [add(round, work), zero];
    else if (work.hi > 0) {
      server = add(server, point(serverShare));
      work = divide(work, point(serverShare));
    }
    model.loadsOf(problem, device, choice, true).forEach((load, r) => {
      longest[r] = larger(longest[r]!, add(model.loadTime(device, choice, load, share).value, work));
    });
  });
  keep('all shares', band.hi <= passed(shares));
  keep('server share', server.hi <= passed(1));
  limits.forEach((limit, k) => keep('shared limit', used[k]!.hi <= model.endOf(limit, part).lo, `: ${limit.name}`));
  stages.forEach((factor, r) => (round = add(round, multiply(point(factor), longest[r]!))));
  keep('deadline', round.hi <= passed(deadlineSeconds));
  return round;
}
