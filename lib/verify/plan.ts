import { add, divide, larger, multiply, negate, point, zero, type Interval } from './interval.js';
import { Reader, type Obligation } from './reader.js';
import * as model from './statement.js';
import type { Statement } from './statement.js';

/** A plan with what is claimed of it. */
export interface PlanClaim {
  readonly roundSeconds: number;
  /** Part by which the plan passes limits: 0, or the problem's tolerance. */
  readonly slack: 'none' | 'limit-tolerance';
  /** Shares in hertz, or numbers of resource blocks; null: left out. */
  readonly devices: readonly ({
    readonly choice: number;
    readonly share: number;
    readonly serverShare: number;
  } | null)[];
}

type Demand = (obligation: Obligation, isMet: boolean, what: string) => void;

export function verifyPlanClaim(reader: Reader, statement: Statement): PlanClaim {
  const at = reader.members('roundSeconds slack devices');
  const roundSeconds = at.roundSeconds.number(0);
  const slack = at.slack.oneOf('none', 'limit-tolerance');
  const devices = at.devices.array(statement.devices.length).map((entry, n) => {
    if (entry.isNull) return null;
    const { choice, share, serverShare } = entry.members('choice share serverShare');
    const last = statement.devices[n]!.count - 1;
    return { choice: choice.integer(0, last), share: share.number(), serverShare: serverShare.number() };
  });
  const demand: Demand = (obligation, isMet, what) => reader.require(obligation, isMet, `not shown to keep: ${what}`);
  const round = judgedRound(statement, { slack, devices }, demand);
  demand('round delay', round.hi <= roundSeconds, 'round delay');
  return { roundSeconds, slack, devices };
}

/** Demands every limit, by intervals: each holds where the upper end does. Returns the round. */
function judgedRound(statement: Statement, plan: Omit<PlanClaim, 'roundSeconds'>, demand: Demand): Interval {
  const { sharing, limits, stages, blocks, deadlineSeconds } = statement;
  const part = plan.slack === 'none' ? zero : statement.tolerance;
  const longest = stages.map(() => zero);
  const used = limits.map(() => zero);
  const atMost = (obligation: Obligation, found: Interval, limit: Interval, of = '') =>
    demand(obligation, found.hi <= limit.lo, `${obligation}${of}`);
  let [band, server, round] = [zero, zero, point(statement.aggregationSeconds)];
  demand('participation', plan.devices.some(Boolean), 'participation of any device');
  plan.devices.forEach((decision, n) => {
    const device = statement.devices[n]!;
    const own = ` of ${device.name}`;
    const { choice, share, serverShare } = decision ?? { choice: -1, share: 0, serverShare: 0 };
    limits.forEach((_, k) => (used[k] = add(used[k]!, model.sharedUse(device, k, choice))));
    demand('participation', decision !== null || device.optional, `participation${own}`);
    if (!decision) return;
    const hertz = model.shareHertz(statement, share);
    demand('shares not negative', share > 0 && serverShare >= 0, `shares above 0${own}`);
    demand('whole resource blocks', !blocks || Number.isInteger(share), `whole resource blocks${own}`);
    atMost('least share', model.relaxed(device.minimumBandwidthHz, negate(part)), hertz, own);
    atMost('largest share', hertz, model.relaxed(device.maximumBandwidthHz, part), own);
    device.limits.forEach(({ name, most, size }, k) =>
      atMost('own limit', point(device.ownUse[k]![choice]!), model.relaxed(most, part, size), `: ${name}${own}`),
    );
    // Whole numbers up to a limit below 2^53 add exactly.
    band = blocks ? point(band.lo + share) : add(band, hertz);
    let work = point(device.serverSeconds[choice]!);
    if (sharing === 'batched') [round, work] = [add(round, work), zero];
    else if (sharing === 'allocated' && work.hi > 0) {
      server = add(server, point(serverShare));
      work = divide(work, point(serverShare));
    }
    model.loadsOf(statement, device, choice, 'stages').forEach((load, r) => {
      longest[r] = larger(longest[r]!, add(model.loadTime(device, choice, load, hertz).value, work));
    });
  });
  atMost('bandwidth', band, model.allShares(statement, part));
  atMost('server share', server, model.relaxed(1, part));
  limits.forEach(({ name, most, size }, k) =>
    atMost('shared limit', used[k]!, model.relaxed(most, part, size), `: ${name}`),
  );
  stages.forEach((factor, r) => (round = add(round, multiply(point(factor), longest[r]!))));
  if (deadlineSeconds !== undefined) atMost('deadline', round, model.relaxed(deadlineSeconds, part));
  return round;
}

/** The claim that a plan supports, its round bounded from above; undefined if it is not shown to keep the limits. */
export function claimPlan(problem: unknown, plan: Omit<PlanClaim, 'roundSeconds'>): PlanClaim | undefined {
  const missed: string[] = [];
  const demand: Demand = (_, isMet, what) => {
    if (!isMet) missed.push(what);
  };
  const { hi } = judgedRound(model.readStatement(Reader.of(problem)), plan, demand);
  return missed.length === 0 && hi < Infinity ? { roundSeconds: hi, ...plan } : undefined;
}
