import {
  buildChoices,
  secondsPerBit,
  secondsPerBitSlope,
  type ChoiceTable,
  type Device,
  type PlanningProblem,
  type RateLaw,
} from '../../models/index.js';
import type { StopSignal } from '../../solver/index.js';
import type { BoxCertificate, BoxNode, LimitMultipliers } from './certificate.js';
import { CarefulSum, convexMinimumBelow, leastMeeting, roundingPart } from './verify-arithmetic.js';
import {
  absencePrice,
  constantAvailable,
  constantPrices,
  couplingPrice,
  shareInterval,
  slackFactor,
  trafficPart,
  uplinkOf,
  usableBand,
} from './verify-model.js';

/** One requirement of one choice: seconds + up·r↑(b) + down·r↓(b) ≤ X. */
interface Stage {
  readonly seconds: number;
  readonly up: number;
  readonly down: number;
}

interface VerifiedChoice {
  readonly stages: readonly Stage[];
  readonly serverSeconds: number;
  readonly uplink: RateLaw;
  readonly table: ChoiceTable;
  readonly index: number;
}

interface Setting {
  readonly problem: PlanningProblem;
  readonly choices: readonly (readonly VerifiedChoice[])[];
  readonly weights: readonly number[];
  /** Round without aggregation that no plan may reach. */
  readonly claim: number;
  readonly weightSum: number;
  readonly signal: StopSignal | undefined;
}

/**
 * Least margin over all parts of the partition, relative to the claim: each part's linearised dual at its saved
 * multipliers against the claimed bound.
 */
export function verifyBoxes(problem: PlanningProblem, certificate: BoxCertificate, signal?: StopSignal): number {
  const steps = problem.stepsPerRound;
  const weights = certificate.form === 'chain' ? [1] : steps > 1 ? [1, steps - 1, 1] : [1, 1];
  const choices = problem.devices.map((device) => deviceChoices(problem, device, certificate.form));
  const claim = (certificate.boundSeconds ?? Infinity) - problem.aggregationSeconds;
  if (!(claim < Infinity)) return -Infinity;
  // No round is shorter than its aggregation, whatever the multipliers.
  if (claim <= 0) return Number.EPSILON;
  const weightSum = problem.devices.reduce((sum, device) => sum + device.weight, 0);
  const setting = { problem, choices, weights, claim, weightSum, signal };
  return coversAllPlans(setting, certificate.lower, certificate.upper)
    ? partMargin(setting, certificate.partition, certificate.lower, certificate.upper)
    : -Infinity;
}

/** Every plan as fast as the claim has its thresholds in the box. */
function coversAllPlans(setting: Setting, lower: readonly number[], upper: readonly number[]): boolean {
  const { weights, claim } = setting;
  if (lower.length !== weights.length || upper.length !== weights.length) return false;
  let least = leastServer(setting);
  for (let r = 0; r < weights.length; r++) {
    if (!(lower[r]! <= stageFloor(setting, r) * (1 + 1e-12)) || !Number.isFinite(upper[r])) return false;
    least += weights[r]! * lower[r]!;
  }
  return upper.every((value, r) => value >= (lower[r]! + Math.max(0, claim - least) / weights[r]!) * (1 - 1e-9));
}

function partMargin(setting: Setting, node: BoxNode, low: readonly number[], high: readonly number[]): number {
  if (low.some((value, r) => value > high[r]!)) return Infinity;
  if ('multipliers' in node) return (boxBound(setting, node.multipliers, low, high) - setting.claim) / setting.claim;
  const { axis, at, below, above } = node;
  if (!(axis >= 0 && axis < low.length) || !Number.isFinite(at)) return -Infinity;
  const belowHigh = high.map((value, r) => (r === axis ? Math.min(value, at) : value));
  const aboveLow = low.map((value, r) => (r === axis ? Math.max(value, at) : value));
  return Math.min(partMargin(setting, below, low, belowHigh), partMargin(setting, above, aboveLow, high));
}

/** Least over the box's corners of the linearised Lagrangian, less a margin for rounding. */
function boxBound(
  setting: Setting,
  multipliers: LimitMultipliers,
  low: readonly number[],
  high: readonly number[],
): number {
  const { problem, weights } = setting;
  const constant = constantPrices(problem, multipliers);
  const bandwidth = multipliers.bandwidth ?? 0;
  if (!constant || !(bandwidth >= 0 && bandwidth < Infinity)) return -Infinity;
  const prices = { ...constant, bandwidth };
  const corners = Array.from({ length: 1 << weights.length }, (_, v) =>
    weights.map((_weight, r) => ((v >> r) & 1 ? high[r]! : low[r]!)),
  );
  const sums = corners.map((corner) => {
    const sum = new CarefulSum();
    corner.forEach((value, r) => sum.add(weights[r]! * value));
    sum.add(-prices.bandwidth * usableBand(problem) * slackFactor);
    for (const available of constantAvailable(problem, prices)) sum.add(-available);
    return sum;
  });
  for (let n = 0; n < problem.devices.length; n++) {
    if (setting.signal?.aborted) return -Infinity;
    const device = problem.devices[n]!;
    const absent = device.optional ? absencePrice(problem, device, prices.accuracy, setting.weightSum) : Infinity;
    const least = corners.map(() => absent);
    for (const choice of setting.choices[n]!) {
      const tangent = shareTangent(problem, device, choice, high);
      if (!tangent) continue;
      const fixed =
        choice.serverSeconds + couplingPrice(problem, device, choice.table, choice.index, prices, setting.weightSum);
      corners.forEach((corner, v) => {
        const share = tangent.share + tangent.slope * (corner[tangent.stage]! - tangent.at);
        const value = fixed + (prices.bandwidth / problem.bandwidthHz) * share;
        if (value < least[v]!) least[v] = value;
      });
    }
    if (least[0] === Infinity) return Infinity;
    least.forEach((value, v) => sums[v]!.add(value));
  }
  return Math.min(...sums.map((sum) => sum.value() - 1e-12 * sum.size));
}

/** A supporting line of b(X), X the threshold of the stage that needs most at the box's upper corner; hertz. */
function shareTangent(problem: PlanningProblem, device: Device, choice: VerifiedChoice, high: readonly number[]) {
  const [least, most] = shareInterval(problem, device);
  let tangent = { share: least, slope: 0, stage: 0, at: 0 };
  for (let r = 0; r < choice.stages.length; r++) {
    const stage = choice.stages[r]!;
    const share = leastMeeting(
      (hertz) => stageSeconds(device, choice, stage, hertz) <= high[r]! * (1 + 1e-13),
      least,
      most,
    );
    if (share === undefined) return undefined;
    if (share <= tangent.share * (1 + 1e-9)) continue;
    const slope =
      (stage.up > 0 ? stage.up * secondsPerBitSlope(choice.uplink, share) : 0) +
      (stage.down > 0 ? stage.down * secondsPerBitSlope(device.downlink, share) : 0);
    const at = supportSeconds(device, choice, stage, share, most, slope);
    // So flat that the line says less than nothing at the upper corner: what is needed there holds for the whole box.
    const isFlat = !(high[r]! - at < -slope * share);
    tangent = { share, slope: isFlat ? 0 : 1 / slope, stage: r, at };
  }
  if (problem.resourceBlockHz === undefined) return tangent;
  const block = problem.resourceBlockHz;
  const share = block * Math.max(1, Math.ceil(tangent.share / block - 1e-6));
  return share > most * (1 + 1e-12) ? undefined : { share, slope: 0, stage: 0, at: 0 };
}

/**
 * Seconds at `share` of a line of `slope` seconds a hertz that lies below the stage's seconds at every share in [share, most], less
 * what rounding may change in these: a slope next to nothing turns that into any share. The models' own laws bend away from
 * their tangents by more than their slopes' errors; of a custom law, whose slope is taken on trust nowhere, the least of its
 * seconds above the line is sought.
 */
function supportSeconds(
  device: Device,
  choice: VerifiedChoice,
  stage: Stage,
  share: number,
  most: number,
  slope: number,
): number {
  const here = stageSeconds(device, choice, stage, share);
  const custom =
    (stage.up > 0 && choice.uplink.kind === 'custom') || (stage.down > 0 && device.downlink.kind === 'custom');
  if (!custom || !(slope < 0)) return here * (1 - roundingPart);
  const above = (hertz: number) => stageSeconds(device, choice, stage, hertz) - slope * (hertz - share);
  const least = share < most ? convexMinimumBelow(above, share, most, Infinity) : here;
  return Math.min(here, least) - roundingPart * (here - slope * (most - share));
}

function stageSeconds(device: Device, { uplink }: VerifiedChoice, stage: Stage, hertz: number): number {
  return (
    stage.seconds +
    (stage.up > 0 ? stage.up * secondsPerBit(uplink, hertz) : 0) +
    (stage.down > 0 ? stage.down * secondsPerBit(device.downlink, hertz) : 0)
  );
}

function deviceChoices(problem: PlanningProblem, device: Device, form: 'chain' | 'stages'): VerifiedChoice[] {
  const table = buildChoices(problem, device);
  const steps = problem.stepsPerRound;
  const list = Array.from({ length: table.count }, (_, j) => {
    const pre = table.preSeconds[j]!;
    const post = table.postSeconds[j]!;
    const up = table.uplinkBits[j]!;
    const down = table.downlinkBits[j]!;
    const adapter = table.adapterBits[j]!;
    const exchange = table.exchangeSeconds[j]!;
    const seconds = steps * (pre + post) + exchange;
    const chain = { seconds, up: steps * up + adapter, down: steps * down + adapter };
    const first = { seconds: pre, up, down: 0 };
    const step = { seconds: pre + post, up, down };
    const end = { seconds: post + exchange, up: adapter, down: down + adapter };
    const stages = form === 'chain' ? [chain] : steps > 1 ? [first, step, end] : [first, end];
    const uplink = uplinkOf(device, table, j);
    return { stages, serverSeconds: steps * table.serverSeconds[j]!, uplink, table, index: j };
  });
  const meanCounts = problem.accuracy.scope === 'mean' && problem.accuracy.minimum > -Infinity;
  const figures = list.map((choice) => figuresOf(problem, choice, meanCounts));
  return list.filter((_choice, j) => !figures.some((other, k) => k !== j && replaces(other, figures[j]!, k < j)));
}

/** Everything about a choice that a plan would rather have less of. */
function figuresOf(
  problem: PlanningProblem,
  { stages, serverSeconds, table, index }: VerifiedChoice,
  meanCounts: boolean,
): Float64Array {
  return Float64Array.from([
    serverSeconds,
    table.serverMemoryBytes[index]!,
    trafficPart(problem, table, index),
    meanCounts ? -table.accuracy[index]! : 0,
    -table.uplinkEfficiencyLimit[index]!,
    ...table.extraUse.map((use) => use[index]!),
    ...stages.flatMap(({ seconds, up, down }) => [seconds, up, down]),
  ]);
}

/**
 * True if every plan with a choice of figures `mine` stays feasible and gets no slower with the other, so that it need not be
 * priced: its supporting line may lie lower than the other's. Of equals the first replaces.
 */
function replaces(theirs: Float64Array, mine: Float64Array, first: boolean): boolean {
  let less = first;
  for (let k = 0; k < mine.length; k++) {
    if (theirs[k]! > mine[k]!) return false;
    less ||= theirs[k]! < mine[k]!;
  }
  return less;
}

/** Every plan needs at least this much of a stage's threshold. */
function stageFloor(setting: Setting, r: number): number {
  let largest = 0;
  setting.problem.devices.forEach((device, n) => {
    if (device.optional) return;
    const most = shareInterval(setting.problem, device)[1];
    let least = Infinity;
    for (const choice of setting.choices[n]!) {
      least = Math.min(least, stageSeconds(device, choice, choice.stages[r]!, most));
    }
    largest = Math.max(largest, least);
  });
  return largest * (1 - 1e-12);
}

function leastServer(setting: Setting): number {
  let sum = 0;
  setting.problem.devices.forEach((device, n) => {
    if (!device.optional) sum += Math.min(...setting.choices[n]!.map((choice) => choice.serverSeconds));
  });
  return sum * (1 - 1e-12);
}
