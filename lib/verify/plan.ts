import { add, divide, larger, multiply, negate, point, zero, type Interval } from './interval.js';
import * as model from './problem.js';
import { CertificateError, Reader } from './reader.js';

/** A plan with what is claimed of it. */
export interface PlanClaim {
  readonly roundSeconds: number;
  /** Part by which the plan passes limits: 0, or the problem's tolerance. */
  readonly slack: 'none' | 'limit-tolerance';
  /** Shares of bandwidth and of the server; null: left out. */
  readonly devices: readonly ({
    readonly choice: number;
    readonly share: number;
    readonly serverShare: number;
  } | null)[];
}

export function verifyPlanClaim(
  reader: Reader,
  problem: model.Problem,
): { seconds: number; slack: PlanClaim['slack'] } {
  const at = reader.members('roundSeconds slack devices');
  const seconds = at.roundSeconds.number(0);
  const slack = at.slack.oneOf('none', 'limit-tolerance');
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
function roundOf(at: Reader, entries: readonly Reader[], slack: PlanClaim['slack'], problem: model.Problem): Interval {
  const { sharing, limits, stages, shares, deadlineSeconds } = problem;
  const part = slack === 'none' ? zero : problem.tolerance;
  const longest = stages.map(() => zero);
  const used = limits.map(() => zero);
  const keep = (obligation: string, isKept: boolean, of = '') =>
    at.require(obligation, isKept, `not shown to keep: ${obligation}${of}`);
  let [band, server, round] = [zero, zero, point(problem.aggregationSeconds)];
  keep('participation', !entries.every(({ isNull }) => isNull));
  problem.devices.forEach((device, n) => {
    const own = ` of ${device.name}`;
    const decision = entries[n]!.optional((entry) => entry.members('choice share serverShare'));
    const choice = decision?.choice.integer(0, device.count - 1) ?? -1;
    keep('participation', choice >= 0 || device.optional, own);
    limits.forEach((_, k) => (used[k] = add(used[k]!, model.sharedUse(device, k, choice))));
    if (!decision) return;
    const [share, serverShare] = [decision.share.number(), decision.serverShare.number()];
    const hertz = multiply(point(share), shares.hertz);
    keep('shares not negative', share > 0 && serverShare >= 0, own);
    keep('whole resource blocks', !shares.isWhole || Number.isInteger(share), own);
    keep('least share', model.relaxed(device.minimumBandwidthHz, negate(part)).hi <= hertz.lo, own);
    keep('largest share', hertz.hi <= model.relaxed(device.maximumBandwidthHz, part).lo, own);
    device.limits.forEach(({ name, most, size }, k) =>
      keep('own limit', device.ownUse[k]![choice]! <= model.relaxed(most, part, size).lo, `: ${name}${own}`),
    );
    // Whole numbers up to a limit below 2^53 add exactly.
    band = shares.isWhole ? point(band.lo + share) : add(band, point(share));
    let work = point(device.serverSeconds[choice]!);
    if (sharing === 'batched') [round, work] = [add(round, work), zero];
    else if (sharing === 'allocated' && work.hi > 0) {
      server = add(server, point(serverShare));
      work = divide(work, point(serverShare));
    }
    model.loadsOf(problem, device, choice, 'stages').forEach((load, r) => {
      longest[r] = larger(longest[r]!, add(model.loadTime(problem, device, choice, load, share).value, work));
    });
  });
  keep('bandwidth', band.hi <= model.allShares(problem, part).lo);
  keep('server share', server.hi <= model.relaxed(1, part).lo);
  limits.forEach(({ name, most, size }, k) =>
    keep('shared limit', used[k]!.hi <= model.relaxed(most, part, size).lo, `: ${name}`),
  );
  stages.forEach((factor, r) => (round = add(round, multiply(point(factor), longest[r]!))));
  keep('deadline', deadlineSeconds === undefined || round.hi <= model.relaxed(deadlineSeconds, part).lo);
  return round;
}
