import { add, divide, larger, ln2, logarithmOfOnePlus, multiply, negate, one } from './interval.js';
import { point, subtract, zero, type Interval } from './interval.js';
import type { Reader } from './reader.js';

/** The resolved problem a certificate speaks about: SI units, every choice with what it takes; ∞: no limit. */
export type Problem = ReturnType<typeof readProblem>;
export type Device = ReturnType<typeof readDevice>;
export type Limit = ReturnType<typeof readLimit>;
type Law = ReturnType<typeof readLaw>;

/** With all limits passed, sums of so many whole shares are still exact. */
const mostWholeShares = 2 ** 52;

export function readProblem(reader: Reader) {
  const at = reader.members(
    'kind isBatched stages aggregationSeconds deadlineSeconds shares hasWholeShares limitTolerance limits devices',
  );
  at.kind.oneOf('split-fine-tuning');
  const isBatched = at.isBatched.oneOf(true, false);
  const stages = at.stages.array().map((factor) => factor.positive());
  const isKnown = isBatched ? stages.length > 0 : stages.length === 1 && stages[0] === 1;
  if (!isKnown || stages.length > 3) at.stages.fail('other stages are expected');
  const limits = at.limits.array().map(readLimit);
  const devices = at.devices.array().map((device) => readDevice(device, stages.length, limits.length));
  if (devices.length === 0) at.devices.fail('at least one device is expected');
  const tolerance = point(at.limitTolerance.number(0, 1e-6));
  const hasWholeShares = at.hasWholeShares.oneOf(true, false);
  return {
    /** Whether the server serves all at once; else each has its share of it. */
    isBatched,
    /** How often a round has each stage. */
    stages,
    aggregationSeconds: at.aggregationSeconds.number(0),
    deadlineSeconds: at.deadlineSeconds.optional((deadline) => deadline.number(0)) ?? Infinity,
    /** Of bandwidth, of all together at most; and whether each is a whole number. */
    shares: at.shares.number(0, hasWholeShares ? mostWholeShares : Infinity),
    hasWholeShares,
    /** τ, the part by which a limit may be passed; 1 + τ, 1 − τ. */
    tolerance,
    passed: add(one, tolerance),
    missed: subtract(one, tolerance),
    limits,
    devices,
  };
}

function readLimit(reader: Reader) {
  const { name, most, size } = reader.members('name most size');
  return { name: name.text(), most: most.number(), size: size.number(0) };
}

function readDevice(reader: Reader, stageCount: number, sharedCount: number) {
  const at = reader.members('name optional leastShare mostShare uplink downlink leftOutUse limits choices');
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
    leastShare: at.leastShare.number(0),
    mostShare: at.mostShare.optional((most) => most.number(0)) ?? Infinity,
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
 * Rate of a share b, increasing and concave: 1/R(b) is the mean over samples a, the ratios of signal to noise of a share of 1, of
 * max(1/(η·b), 1/(b·log2(1 + a/b))), divided by the hertz of a share of 1 that are used; without samples of 1/(η·b).
 */
function readLaw(reader: Reader) {
  const at = reader.members('usedHertz efficiencyLimit snr');
  const samples = at.snr.array().map((a) => point(a.positive()));
  const efficiency = at.efficiencyLimit.optional((limit) => limit.positive()) ?? Infinity;
  if (samples.length === 0 && efficiency === Infinity) reader.fail('a limit or samples are expected');
  // Lines found before, by share: evidence names the same shares again and again.
  return { used: point(at.usedHertz.positive()), efficiency, samples, known: new Map<number, Line>() };
}

/** A convex function at a point: its value, and slopes of lines below it towards smaller and larger shares from the value's lower end. */
export interface Line {
  readonly value: Interval;
  readonly left: Interval;
  readonly right: Interval;
}

/** 1/R at b, s/bit; η is lowered to `limit`. */
function secondsPerBit(law: Law, limit: number, share: number): Line {
  const eta = Math.min(law.efficiency, limit);
  const isPlain = eta === law.efficiency;
  const known = isPlain ? law.known.get(share) : undefined;
  if (known) return known;
  const b = point(share);
  const value = eta === Infinity ? zero : divide(one, multiply(point(eta), b));
  const slope = negate(divide(value, b));
  const cap: Line = { value, left: slope, right: slope };
  const lines = law.samples.length === 0 ? [cap] : law.samples.map((a) => sampleLine(cap, a, b));
  const count = multiply(law.used, point(lines.length));
  const mean = (part: keyof Line) => divide(lines.map((line) => line[part]).reduce(add), count);
  const right = mean('right');
  const left = lines.some((each) => each.left !== each.right) ? mean('left') : right;
  const line = { value: mean('value'), left, right };
  if (isPlain) law.known.set(share, line);
  return line;
}

/** Of the larger branch. Where the two meet (within 1e-6) the cap's line holds towards smaller shares, Shannon's towards larger ones. */
function sampleLine(cap: Line, a: Interval, b: Interval): Line {
  const z = divide(a, b);
  const log = logarithmOfOnePlus(z);
  const value = divide(ln2, multiply(b, log));
  // d/db b·ln(1 + a/b) = ln(1 + z) − z/(1 + z) ≥ 0.
  const rise = larger(subtract(log, divide(z, add(one, z))), zero);
  const slope = negate(divide(multiply(value, rise), multiply(b, log)));
  if (Math.abs(cap.value.lo - value.lo) <= 1e-6 * value.lo) {
    const lo = Math.min(cap.value.lo, value.lo);
    return { value: { lo, hi: larger(cap.value, value).hi }, left: cap.left, right: slope };
  }
  if (cap.value.lo > value.lo) return { ...cap, value: larger(cap.value, value) };
  return { value: larger(cap.value, value), left: slope, right: slope };
}

/** What may be used of a limit that is passed by a part of its size. */
export function endOf({ most, size }: Limit, part: Interval): Interval {
  return add(point(most), multiply(part, point(size)));
}

/** What a choice of a device, −1 for being left out, takes of the k-th shared limit. */
export function sharedUse({ leftOutUse, sharedUse: table }: Device, k: number, j: number): number {
  return j < 0 ? leftOutUse[k]! : table[k]![j]!;
}

/** The most that all shares together may be, limits passed by τ. */
export function mostShares({ shares, hasWholeShares, passed }: Problem): number {
  const { hi } = multiply(point(shares), passed);
  return hasWholeShares ? Math.floor(hi) : hi;
}

/** Shares that an admissible plan may give a device, limits passed by τ. */
export function shareRange(problem: Problem, { leastShare, mostShare }: Device): { least: number; most: number } {
  const least = multiply(point(leastShare), problem.missed).lo;
  const most = Math.min(multiply(point(mostShare), problem.passed).hi, mostShares(problem));
  return problem.hasWholeShares ? { least: Math.ceil(least), most: Math.floor(most) } : { least, most };
}

/** Choices that a device's own limits, passed by τ, do not rule out: none if it may have no share. */
export function admissibleChoices(problem: Problem, device: Device): number[] {
  const { least, most } = shareRange(problem, device);
  const ends = device.limits.map((limit) => endOf(limit, problem.tolerance).hi);
  const count = most > 0 && least <= most ? device.count : 0;
  return Array.from({ length: count }, (_, j) => j).filter((j) => ends.every((end, k) => device.ownUse[k]![j]! <= end));
}

/** What a choice asks of a stage: seconds, bits up, bits down. */
export type Load = readonly Interval[];

/**
 * The loads of a choice by stages, or all of them one after another. T = aggregation + Σ factor · max over devices of stage (and own
 * work), with the work of all together where it is batched; no device's chain is longer than the stages' sum.
 */
export function loadsOf({ stages }: Problem, { loads }: Device, j: number, byStages: boolean): Load[] {
  const times = (factor: number, r: number): Load =>
    loads.map((table) => multiply(point(factor), point(table[r]![j]!)));
  if (byStages) return stages.map((_, r) => times(1, r));
  return [stages.map(times).reduce((x, y) => x.map((part, k) => add(part, y[k]!)))];
}

/** The time that a load takes at a share, with lines below it along the shares. */
export function loadTime(device: Device, j: number, load: Load, share: number): Line {
  let [value, left, right] = [load[0]!, zero, zero];
  for (let way = 1; way <= 2; way++) {
    const bits = load[way]!;
    if (!(bits.hi > 0)) continue;
    const isUp = way === 1;
    const line = secondsPerBit(isUp ? device.uplink : device.downlink, isUp ? device.uplinkLimit[j]! : Infinity, share);
    value = add(value, multiply(bits, line.value));
    const isSmooth = left === right && line.left === line.right;
    right = add(right, multiply(bits, line.right));
    left = isSmooth ? right : add(left, multiply(bits, line.left));
  }
  return { value, left, right };
}
