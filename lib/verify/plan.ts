import { add, divide, larger, multiply, point, zero, type Interval } from './interval.js';
import { couplingLimits, deviceLimits, relaxed, required } from './limits.js';
import { Reader, type Obligation } from './reader.js';
import { loadTime, roundWork, stageLoad, stagesOf } from './round.js';
import { readStatement, shareHertz, type Statement } from './statement.js';

/** One device's part in a plan. */
export interface PlanDecision {
  readonly choice: number;
  /** Hertz, or a number of resource blocks. */
  readonly share: number;
  readonly serverShare: number;
}

/** A plan with what is claimed of it. */
export interface PlanClaim {
  readonly roundSeconds: number;
  /** Part by which the plan passes limits: 0, or the problem's tolerance. */
  readonly slack: 'none' | 'limit-tolerance';
  readonly devices: readonly (PlanDecision | null)[];
}

type Demand = (obligation: Obligation, isMet: boolean, what: string) => void;

export function verifyPlanClaim(reader: Reader, statement: Statement): PlanClaim {
  const claim = reader.members((at) => ({
    roundSeconds: at('roundSeconds').number(0),
    slack: at('slack').oneOf(['none', 'limit-tolerance']),
    devices: at('devices')
      .array(statement.devices.length)
      .map(
        (entry, n) =>
          entry.optional((decision) =>
            decision.members((of) => ({
              choice: of('choice').integer(0, statement.devices[n]!.count - 1),
              share: of('share').number(),
              serverShare: of('serverShare').number(),
            })),
          ) ?? null,
      ),
  }));
  checkPlan(statement, claim, (obligation, isMet, what) =>
    reader.require(obligation, isMet, `not shown to keep: ${what}`),
  );
  return claim;
}

/** Every limit and the round, by intervals: the claim holds where the upper ends do. */
function checkPlan(statement: Statement, claim: PlanClaim, demand: Demand): void {
  const { devices, blocks, sharing, deadlineSeconds } = statement;
  const slack = claim.slack === 'none' ? zero : statement.tolerance;
  const atMost = (obligation: Obligation, found: Interval, limit: Interval, of = '') =>
    demand(obligation, found.hi <= limit.lo, `${obligation}${of}`);
  const sums = couplingLimits(statement, slack).map((limit) => ({ ...limit, sum: zero }));
  let band = zero;
  let server = zero;
  demand('participation', claim.devices.some(Boolean), 'participation of any device');
  claim.devices.forEach((decision, n) => {
    const device = devices[n]!;
    const of = ` of ${device.name}`;
    demand('participation', decision !== null || device.optional, `participation${of}`);
    for (const entry of sums) entry.sum = add(entry.sum, entry.amount(device, decision?.choice ?? -1));
    if (!decision) return;
    const { choice, share, serverShare } = decision;
    const hertz = shareHertz(statement, share);
    demand(
      'shares not negative',
      share > 0 && serverShare >= 0,
      `a share above 0 of the band, none negative of the server${of}`,
    );
    demand('whole resource blocks', !blocks || Number.isInteger(share), `whole resource blocks${of}`);
    atMost('least share', required(device.minimumBandwidthHz, slack), hertz, of);
    if (device.maximumBandwidthHz !== undefined) {
      atMost('largest share', hertz, relaxed(device.maximumBandwidthHz, slack), of);
    }
    for (const { name, found, limit } of deviceLimits(statement, device, choice, slack)) atMost(name, found, limit, of);
    // Whole numbers up to a limit below 2^53 add exactly.
    band = blocks ? point(band.lo + share) : add(band, hertz);
    if (device.costs.serverSeconds[choice]! > 0 && sharing === 'allocated') server = add(server, point(serverShare));
  });
  atMost('bandwidth', band, blocks ? point(blocks.count) : relaxed(statement.bandwidthHz, slack));
  atMost('server share', server, relaxed(1, slack));
  for (const { name, sum, limit } of sums) atMost(name, sum, limit);
  const round = roundSeconds(statement, claim.devices);
  atMost('round delay', round, point(claim.roundSeconds));
  if (deadlineSeconds !== undefined) atMost('deadline', round, relaxed(deadlineSeconds, slack));
}

function roundSeconds(statement: Statement, decisions: PlanClaim['devices']): Interval {
  const { sharing, devices } = statement;
  const stages = stagesOf(statement, sharing === 'batched' ? 'stages' : 'chain');
  const longest = stages.map(() => zero);
  let round = point(statement.aggregationSeconds);
  decisions.forEach((decision, n) => {
    if (!decision) return;
    const device = devices[n]!;
    let work = roundWork(statement, device, decision.choice);
    if (sharing === 'batched') round = add(round, work);
    else if (sharing === 'allocated' && work.hi > 0) work = divide(work, point(decision.serverShare));
    const hertz = shareHertz(statement, decision.share);
    stages.forEach((stage, r) => {
      const { value } = loadTime(device, decision.choice, stageLoad(device, decision.choice, stage), hertz);
      longest[r] = larger(longest[r]!, sharing === 'batched' ? value : add(value, work));
    });
  });
  stages.forEach(({ weight }, r) => (round = add(round, multiply(point(weight), longest[r]!))));
  return round;
}

/** The claim that a plan supports, its round bounded from above; undefined if it is not shown to keep the limits. */
export function claimPlan(problem: unknown, plan: Omit<PlanClaim, 'roundSeconds'>): PlanClaim | undefined {
  const statement = readStatement(Reader.of(problem));
  const claim = { ...plan, roundSeconds: roundSeconds(statement, plan.devices).hi };
  let isKept = claim.roundSeconds < Infinity;
  checkPlan(statement, claim, (_obligation, isMet) => (isKept &&= isMet));
  return isKept ? claim : undefined;
}
