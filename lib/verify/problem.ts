import { add, divide, larger, ln2, logarithmOfOnePlus, multiply, negate, one } from './interval.js';
import { point, subtract, zero, type Interval } from './interval.js';
import type { Reader } from './reader.js';

/** The resolved problem a certificate speaks about: SI units, every choice with what it takes; undefined: no limit. */
export type Problem = ReturnType<typeof readProblem>;
export type Device = ReturnType<typeof readDevice>;
type Law = ReturnType<typeof readLaw>;

export function readProblem(reader: Reader) {
  const at = reader.members(
    'kind sharing stages aggregationSeconds deadlineSeconds shares limitTolerance limits devices',
  );
  at.kind.oneOf('split-fine-tuning');
  const sharing = at.sharing.oneOf('allocated', 'equal', 'batched');
  const stages = at.stages.array().map((factor) => factor.positive());
  const isKnown = sharing === 'batched' ? stages.length > 0 : stages.length === 1 && stages[0] === 1;
  if (!isKnown || stages.length > 3) at.stages.fail('not of this sharing');
  const limits = at.limits.array().map(readLimit);
  const devices = at.devices.array().map((device) => readDevice(device, stages.length, limits.length));
  if (devices.length === 0) at.devices.fail('at least one device is expected');
  const { hertz, most, isWhole: whole } = at.shares.members('hertz most isWhole');
  const isWhole = whole.oneOf(true, false);
  return {
    sharing,
    /** How often a round has each stage. */
    stages,
    aggregationSeconds: at.aggregationSeconds.number(0),
    deadlineSeconds: at.deadlineSeconds.optional((deadline) => deadline.number(0)),
    /** Of bandwidth: the hertz of a share of 1, how much all shares are at most, whether each is a whole number. */
    shares: { hertz: point(hertz.positive()), most: isWhole ? most.integer(0) : most.positive(), isWhole },
    /** τ, the part by which a limit may be passed. */
    tolerance: point(at.limitTolerance.number(0, 1e-6)),
    limits,
    devices,
  };
}

function readLimit(reader: Reader) {
  const { name, most, size } = reader.members('name most size');
  return { name: name.text(), most: most.number(), size: size.number(0) };
}

function readDevice(reader: Reader, stageCount: number, sharedCount: number) {
  const at = reader.members(
    'name optional minimumBandwidthHz maximumBandwidthHz uplink downlink leftOutUse limits choices',
  );
  const of = at.choices.members(
    'blocks upPoint downPoint seconds uplinkBits downlinkBits serverSeconds sharedUse ownUse uplinkEfficiencyLimit',
  );
  const limits = at.limits.array().map(readLimit);
  const count = of.serverSeconds.list().length;
  for (const label of [of.blocks, of.upPoint, of.downPoint]) label.numbers(count);
  const table = (member: Reader, rows: number, least?: number) =>
    member.array(rows).map((row) => row.numbers(count, least));
  const efficiencies = of.uplinkEfficiencyLimit.numbers(count, Number.MIN_VALUE, true);
  return {
    name: at.name.text(),
    optional: at.optional.oneOf(true, false),
    minimumBandwidthHz: at.minimumBandwidthHz.number(0),
    maximumBandwidthHz: at.maximumBandwidthHz.optional((most) => most.number(0)) ?? Infinity,
    uplink: readLaw(at.uplink),
    downlink: readLaw(at.downlink),
    /** What being left out takes of each shared limit. */
    leftOutUse: at.leftOutUse.numbers(sharedCount),
    limits,
    count,
    // Along the choices, of each stage or limit: less is better.
    loads: [of.seconds, of.uplinkBits, of.downlinkBits].map((member) => table(member, stageCount, 0)),
    serverSeconds: of.serverSeconds.numbers(count, 0),
    sharedUse: table(of.sharedUse, sharedCount),
    ownUse: table(of.ownUse, limits.length),
    /** What the device's energy allows each choice, bit/s/Hz; ∞ without a limit: more is better. */
    uplinkLimit: efficiencies.map((limit) => (limit > 0 ? limit : Infinity)),
  };
}

/**
 * Rate of a share of b Hz, increasing and concave: 1/R(b) is the mean over samples a of max(1/(η·b), 1/(b·log2(1 + a/b))), divided by
 * the used part u of the time; without samples 1/(u·η·b).
 */
function readLaw(reader: Reader) {
  const at = reader.members('useFraction efficiencyLimit snrBandwidthHz');
  const samples = at.snrBandwidthHz.array().map((a) => point(a.positive()));
  const efficiency = at.efficiencyLimit.optional((limit) => limit.positive()) ?? Infinity;
  if (samples.length === 0 && efficiency === Infinity) reader.fail('a limit or samples are expected');
  // Lines found before, by share: evidence names the same shares again and again.
  return { use: point(at.useFraction.positive(1)), efficiency, samples, known: new Map<number, Line>() };
}

/** A convex function at a point: its value, and slopes of lines below it towards smaller and larger shares from the value's lower end. */
export interface Line {
  readonly value: Interval;
  readonly left: Interval;
  readonly right: Interval;
}

/** 1/R at b, s/bit; η is lowered to `limit`. */
function secondsPerBit(law: Law, limit: number, hertz: Interval): Line {
  const eta = Math.min(law.efficiency, limit);
  const isPlain = hertz.lo === hertz.hi && eta === law.efficiency;
  const known = isPlain ? law.known.get(hertz.lo) : undefined;
  if (known) return known;
  const value = eta === Infinity ? zero : divide(one, multiply(point(eta), hertz));
  const slope = negate(divide(value, hertz));
  const cap: Line = { value, left: slope, right: slope };
  const lines = law.samples.length === 0 ? [cap] : law.samples.map((a) => sampleLine(cap, a, hertz));
  const count = multiply(law.use, point(lines.length));
  const mean = (part: keyof Line) => divide(lines.map((line) => line[part]).reduce(add), count);
  const right = mean('right');
  const line = {
    value: mean('value'),
    right,
    left: lines.some((one) => one.left !== one.right) ? mean('left') : right,
  };
  if (isPlain) law.known.set(hertz.lo, line);
  return line;
}

/** Of the larger branch. Where the two meet (within 1e-6) the cap's line holds towards smaller shares, Shannon's towards larger ones. */
function sampleLine(cap: Line, a: Interval, hertz: Interval): Line {
  const z = divide(a, hertz);
  const log = logarithmOfOnePlus(z);
  const value = divide(ln2, multiply(hertz, log));
  // d/db b·ln(1 + a/b) = ln(1 + z) − z/(1 + z) ≥ 0.
  const rise = larger(subtract(log, divide(z, add(one, z))), zero);
  const slope = negate(divide(multiply(value, rise), multiply(hertz, log)));
  if (Math.abs(cap.value.lo - value.lo) <= 1e-6 * value.lo) {
    const lo = Math.min(cap.value.lo, value.lo);
    return { value: { lo, hi: larger(cap.value, value).hi }, left: cap.left, right: slope };
  }
  if (cap.value.lo > value.lo) return { ...cap, value: larger(cap.value, value) };
  return { value: larger(cap.value, value), left: slope, right: slope };
}

/** A quantity that may be passed, or fallen short of where that is negative, by a part of its size. */
export function relaxed(limit: number, part: Interval, size = Math.abs(limit)): Interval {
  return add(point(limit), multiply(part, point(size)));
}

/** What a choice of a device, −1 for being left out, takes of the k-th shared limit. */
export function sharedUse({ leftOutUse, sharedUse: table }: Device, k: number, j: number): Interval {
  return point(j < 0 ? leftOutUse[k]! : table[k]![j]!);
}

/** Choices that a device's own limits, passed by τ, do not rule out. */
export function admissibleChoices({ tolerance }: Problem, { count, limits, ownUse }: Device): number[] {
  const most = limits.map((limit) => relaxed(limit.most, tolerance, limit.size).hi);
  return Array.from({ length: count }, (_, j) => j).filter((j) => most.every((end, k) => ownUse[k]![j]! <= end));
}

/** What all shares together may be; a number of whole ones is not passed. */
export function allShares({ shares }: Problem, part: Interval): Interval {
  return shares.isWhole ? point(shares.most) : relaxed(shares.most, part);
}

/** Shares that an admissible plan may give a device, limits passed by τ. */
export function shareRange(problem: Problem, device: Device): { least: number; most: number } {
  const { shares, tolerance } = problem;
  const least = divide(relaxed(device.minimumBandwidthHz, negate(tolerance)), shares.hertz).lo;
  const ownMost = device.maximumBandwidthHz;
  const own = ownMost === Infinity ? Infinity : divide(relaxed(ownMost, tolerance), shares.hertz).hi;
  const most = Math.min(own, allShares(problem, tolerance).hi);
  return shares.isWhole
    ? { least: Math.max(1, Math.ceil(least)), most: Math.floor(most) }
    : { least: Math.max(0, least), most };
}

/** What a choice asks of a stage: seconds, bits up, bits down. */
export type Load = readonly Interval[];

/** How thresholds are put on a round: one for each device's chain without waiting, or one for each stage that all wait for. */
export type Form = 'chain' | 'stages';

/**
 * The loads of a choice by `stages`, or all of them one after another. T = aggregation + Σ factor · max over devices of stage (and own
 * work), with the work of all together where it is batched; no device's chain is longer than the stages' sum.
 */
export function loadsOf({ stages }: Problem, { loads }: Device, j: number, form: Form): Load[] {
  const times = (factor: number, r: number): Load =>
    loads.map((table) => multiply(point(factor), point(table[r]![j]!)));
  if (form === 'stages') return stages.map((_, r) => times(1, r));
  return [stages.map(times).reduce((x, y) => x.map((part, k) => add(part, y[k]!)))];
}

/** The time that a load takes at a share, with lines below it along the shares. */
export function loadTime({ shares }: Problem, device: Device, j: number, load: Load, share: number): Line {
  const hertz = multiply(point(share), shares.hertz);
  let [value, left, right] = [load[0]!, zero, zero];
  for (let way = 1; way <= 2; way++) {
    const bits = load[way]!;
    if (!(bits.hi > 0)) continue;
    const line = secondsPerBit(
      way === 1 ? device.uplink : device.downlink,
      way === 1 ? device.uplinkLimit[j]! : Infinity,
      hertz,
    );
    const perShare = multiply(bits, shares.hertz);
    value = add(value, multiply(bits, line.value));
    const isSmooth = left === right && line.left === line.right;
    right = add(right, multiply(perShare, line.right));
    left = isSmooth ? right : add(left, multiply(perShare, line.left));
  }
  return { value, left, right };
}
