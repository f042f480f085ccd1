import { add, divide, larger, multiply, one, point, subtract, zero, type Interval } from './interval.js';
import { chain, memoryLimit, roundWork, shareHertz, timeAt } from './price.js';
import { Reader } from './reader.js';
import { readStatement, required, type StatedDevice, type Statement } from './statement.js';

/** One device's part in a plan. */
interface Decision {
  readonly choice: number;
  /** Hertz, or a number of resource blocks. */
  readonly share: number;
  readonly serverShare: number;
}

export interface StatedPlan {
  readonly decisions: readonly (Decision | undefined)[];
  readonly roundSeconds: number;
  /** Part by which the plan passes limits: 0, or the problem's tolerance. */
  readonly slack: 'none' | 'limit-tolerance';
}

export function readPlan(reader: Reader, statement: Statement): StatedPlan {
  const at = reader.object(['roundSeconds', 'slack', 'devices']);
  return {
    roundSeconds: at.roundSeconds.number(0),
    slack: at.slack.oneOf(['none', 'limit-tolerance']),
    decisions: at.devices.array(statement.devices.length).map((entry, n) =>
      entry.optional((decision) => {
        const members = decision.object(['choice', 'share', 'serverShare']);
        return {
          choice: members.choice.integer(0, statement.devices[n]!.count - 1),
          share: members.share.number(0),
          serverShare: members.serverShare.number(0),
        };
      }),
    ),
  };
}

/** Names of the limits that the plan is not shown to keep; empty where its claim is proven. */
export function brokenLimits(statement: Statement, plan: StatedPlan): string[] {
  const broken: string[] = [];
  const relaxed = plan.slack === 'none' ? one : statement.relaxed;
  const atMost = (name: string, found: Interval, limit: Interval) => {
    if (!(found.hi <= limit.lo)) broken.push(name);
  };
  let band = zero;
  let server = zero;
  let memory = zero;
  let missing = zero;
  plan.decisions.forEach((decision, n) => {
    const device = statement.devices[n]!;
    if (!decision) {
      if (!device.optional) broken.push(`participation of ${device.name}`);
      return;
    }
    const { choice, share, serverShare } = decision;
    const { costs } = device;
    const hertz = shareHertz(statement, share);
    if (statement.blocks && !Number.isInteger(share)) broken.push(`whole resource blocks of ${device.name}`);
    band = add(band, statement.blocks ? point(share) : hertz);
    if (costs.serverSeconds[choice]! > 0 && statement.sharing === 'allocated') server = add(server, point(serverShare));
    memory = add(memory, point(costs.serverMemoryBytes[choice]!));
    if (device.maximumBandwidthHz !== undefined) {
      atMost(`largest share of ${device.name}`, hertz, multiply(point(device.maximumBandwidthHz), relaxed));
    }
    const least = multiply(point(device.minimumBandwidthHz), subtract(point(2), relaxed));
    atMost(`least share of ${device.name}`, least, hertz);
    if (device.uplinkLimit[choice] === 0) broken.push(`energy of ${device.name}`);
    if (device.memoryBytes !== undefined) {
      atMost(
        `memory of ${device.name}`,
        point(costs.deviceMemoryBytes[choice]!),
        memoryLimit(device.memoryBytes, relaxed),
      );
    }
    if (statement.accuracy) {
      const short = subtract(required(statement.accuracy.minimum, relaxed), point(costs.accuracy[choice]!));
      if (statement.accuracy.scope === 'each') atMost(`accuracy of ${device.name}`, short, zero);
      missing = add(missing, multiply(point(device.weight), short));
    }
  });
  if (statement.blocks) atMost('resource blocks', band, point(statement.blocks.count));
  else atMost('bandwidth', band, multiply(point(statement.bandwidthHz), relaxed));
  atMost('server share', server, relaxed);
  if (statement.serverMemoryBytes !== undefined) {
    atMost('server memory', memory, memoryLimit(statement.serverMemoryBytes, relaxed));
  }
  if (statement.accuracy?.scope === 'mean') atMost('mean accuracy', missing, zero);
  const round = roundSeconds(statement, plan);
  atMost('round delay', round, point(plan.roundSeconds));
  if (statement.deadlineSeconds !== undefined) {
    atMost('deadline', round, multiply(point(statement.deadlineSeconds), relaxed));
  }
  return broken;
}

/** The round's delay (docs/model.md, section Delay). */
export function roundSeconds(statement: Statement, plan: StatedPlan): Interval {
  const parts: { device: StatedDevice; decision: Decision }[] = [];
  plan.decisions.forEach((decision, n) => {
    if (decision) parts.push({ device: statement.devices[n]!, decision });
  });
  const round = statement.sharing === 'batched' ? batchedRound(statement, parts) : separateRound(statement, parts);
  return add(round, point(statement.aggregationSeconds));
}

type Parts = readonly { readonly device: StatedDevice; readonly decision: Decision }[];

function separateRound(statement: Statement, parts: Parts): Interval {
  let longest = zero;
  for (const { device, decision } of parts) {
    const { choice, share, serverShare } = decision;
    let work = roundWork(statement, device, choice);
    if (statement.sharing === 'allocated' && work.hi > 0) work = divide(work, point(serverShare));
    const time = add(timeAt(device, chain(statement, device, choice), shareHertz(statement, share)), work);
    longest = larger(longest, time);
  }
  return longest;
}

/** max pre + K·Σ + (K − 1)·max(pre + post) + max(post + adapters). */
function batchedRound(statement: Statement, parts: Parts): Interval {
  let [work, pre, step, end] = [zero, zero, zero, zero];
  for (const { device, decision } of parts) {
    const { costs } = device;
    const { choice } = decision;
    const hertz = shareHertz(statement, decision.share);
    const cost = (name: keyof StatedDevice['costs']) => point(costs[name][choice]!);
    const uplinkLimit = device.uplinkLimit[choice]!;
    const time = (seconds: Interval, up: Interval, down: Interval) =>
      timeAt(device, { seconds, up, down, uplinkLimit }, hertz);
    const first = time(cost('preSeconds'), cost('uplinkBits'), zero);
    const last = time(cost('postSeconds'), zero, cost('downlinkBits'));
    work = add(work, roundWork(statement, device, choice));
    pre = larger(pre, first);
    step = larger(step, add(first, last));
    end = larger(end, add(last, time(zero, cost('adapterBits'), cost('adapterBits'))));
  }
  return add(add(add(pre, work), multiply(point(statement.stepsPerRound - 1), step)), end);
}

/** A plan with what may be claimed of it, as a certificate has it. */
export interface PlanClaim {
  readonly roundSeconds: number;
  readonly slack: StatedPlan['slack'];
  readonly devices: readonly (Decision | null)[];
}

/**
 * The claim that a plan supports: its round as this arithmetic bounds it from above; undefined if it is not shown to keep the limits.
 * For whoever writes certificates.
 */
export function claimPlan(problem: unknown, plan: Omit<PlanClaim, 'roundSeconds'>): PlanClaim | undefined {
  const statement = readStatement(Reader.of(problem));
  const decisions = plan.devices.map((decision) => decision ?? undefined);
  const claimed = { decisions, slack: plan.slack, roundSeconds: Infinity };
  const { hi } = roundSeconds(statement, claimed);
  if (!(hi < Infinity) || brokenLimits(statement, { ...claimed, roundSeconds: hi }).length > 0) return undefined;
  return { roundSeconds: hi, slack: plan.slack, devices: plan.devices };
}
