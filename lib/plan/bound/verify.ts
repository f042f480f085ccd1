import {
  buildChoices,
  secondsPerBit,
  type ChoiceTable,
  type Device,
  type PlanningProblem,
} from '../../models/index.js';
import type { StopSignal } from '../../solver/index.js';
import type { BoundCertificate, LimitMultipliers } from './certificate.js';
import { verifyBoxes } from './verify-boxes.js';
import {
  absencePrice,
  constantAvailable,
  constantPrices,
  couplingPrice,
  shareInterval,
  slackFactor,
  uplinkOf,
  usableBand,
  type ConstantPrices,
} from './verify-model.js';
import { CarefulSum, convexMinimumBelow, leastMeeting, roundingPart } from './verify-arithmetic.js';

/** What the recomputation of a certificate found. */
export interface BoundVerification {
  /** The certificate proves what it says. */
  readonly valid: boolean;
  /** What is proven, seconds: the certificate's figure if valid (Infinity for its null), else 0. */
  readonly boundSeconds: number;
  /** How far the dual is above zero, relative to the sum of its terms; > 0 is the proof. */
  readonly margin: number;
}

/**
 * Recomputes a bound from its saved multipliers with plain slow arithmetic over the model's own choice tables: golden
 * sections with a rigorous lower bound by convexity, compensated sums, a margin of 1e-12 of the terms' sizes for rounding.
 * Shares the model's tables, not the search. Stopped by its signal it has shown nothing.
 *
 * @param problem - Cell, devices, model and limits, in SI units.
 * @param certificate - What `boundPlan` gave.
 * @param signal - Ends the work once aborted.
 * @example
 * ```ts
 * import { boundPlan, parseProblemFile, verifyBound } from 'sft-opt';
 *
 * const { problem } = parseProblemFile('{ version: 1, model: deit-tiny, devices: [{ name: a, count: 2, distance: 60 m }] }');
 * const { certificate } = boundPlan(problem);
 * console.log(verifyBound(problem, certificate).valid); // true
 * ```
 */
export function verifyBound(
  problem: PlanningProblem,
  certificate: BoundCertificate,
  signal?: StopSignal,
): BoundVerification {
  if (certificate.sharing !== problem.sharing) return { valid: false, boundSeconds: 0, margin: -Infinity };
  const margin = certificateMargin(problem, certificate, signal);
  const valid = margin > 0;
  const claimed = certificate.boundSeconds ?? Infinity;
  return { valid, boundSeconds: valid ? claimed : 0, margin };
}

/** How much less is claimed, relative, where a recomputation does not confirm a certificate as it is. */
const concessions = [0, 1e-8, 1e-6, 1e-4, 1e-2];

/**
 * The certificate with the largest claim that its recomputation confirms: where rounding at a jump of whole blocks stands in
 * the way, a little less is proven rather than nothing.
 *
 * @param problem - Cell, devices, model and limits, in SI units.
 * @param certificate - What a dual gave.
 * @param signal - Ends the work once aborted.
 * @example
 * ```ts
 * import { parseProblemFile } from 'sft-opt';
 * import { boundPlan, confirmBound } from 'sft-opt/plan';
 *
 * const { problem } = parseProblemFile('{ version: 1, model: deit-tiny, devices: [{ name: a, count: 2, distance: 60 m }] }');
 * const { certificate } = boundPlan(problem);
 * console.log(confirmBound(problem, certificate).verification.valid); // true
 * ```
 */
export function confirmBound<Certificate extends BoundCertificate>(
  problem: PlanningProblem,
  certificate: Certificate,
  signal?: StopSignal,
): { readonly certificate: Certificate; readonly verification: BoundVerification } {
  const claimed = certificate.boundSeconds;
  for (const concession of claimed === null ? [0] : concessions) {
    const lowered = claimed === null ? certificate : { ...certificate, boundSeconds: claimed * (1 - concession) };
    const verification = verifyBound(problem, lowered, signal);
    if (verification.valid) return { certificate: lowered, verification };
    if (signal?.aborted) break;
  }
  return { certificate, verification: { valid: false, boundSeconds: 0, margin: -Infinity } };
}

function certificateMargin(problem: PlanningProblem, certificate: BoundCertificate, signal?: StopSignal): number {
  switch (certificate.kind) {
    case 'threshold':
      return thresholdMargin(problem, certificate.boundSeconds ?? Infinity, certificate.multipliers, signal);
    case 'boxes':
      return verifyBoxes(problem, certificate, signal);
    case 'floor':
      return floorMargin(problem, certificate.device, certificate.boundSeconds ?? Infinity);
  }
}

/** Dual of "every device within `seconds`", relative to the size of its terms. */
function thresholdMargin(
  problem: PlanningProblem,
  seconds: number,
  multipliers: LimitMultipliers,
  signal?: StopSignal,
): number {
  const constant = constantPrices(problem, multipliers);
  const bandwidth = multipliers.bandwidth ?? 0;
  const serverShare = problem.sharing === 'allocated' ? (multipliers['server-share'] ?? 0) : 0;
  if (!constant || ![bandwidth, serverShare].every((price) => price >= 0 && price < Infinity)) return -Infinity;
  const prices = { ...constant, bandwidth, serverShare };
  if (problem.sharing === 'batched' && seconds < Infinity) return -Infinity;
  const sum = new CarefulSum();
  const weightSum = problem.devices.reduce((total, device) => total + device.weight, 0);
  for (const device of problem.devices) {
    if (signal?.aborted) return -Infinity;
    const least = leastDeviceValue(problem, device, seconds - problem.aggregationSeconds, prices, weightSum);
    if (least === Infinity) return Infinity;
    sum.add(least);
  }
  sum.add(-prices.bandwidth * usableBand(problem) * slackFactor);
  sum.add(-prices.serverShare * slackFactor);
  for (const available of constantAvailable(problem, prices)) sum.add(-available);
  return (sum.value() - 1e-12 * sum.size) / Math.max(sum.size, Number.MIN_VALUE);
}

interface Prices extends ConstantPrices {
  readonly bandwidth: number;
  readonly serverShare: number;
}

/** Least price of one device over its choices, each met within `seconds`. */
function leastDeviceValue(
  problem: PlanningProblem,
  device: Device,
  seconds: number,
  prices: Prices,
  weightSum: number,
): number {
  const table = buildChoices(problem, device);
  let least = device.optional ? absencePrice(problem, device, prices.accuracy, weightSum) : Infinity;
  for (let j = 0; j < table.count; j++) {
    const other = couplingPrice(problem, device, table, j, prices, weightSum);
    if (other >= least) continue;
    least = Math.min(least, other + leastSharePrice(problem, device, table, j, seconds, prices, least - other));
  }
  return least;
}

/** Sending time of a whole round at a bandwidth in Hz. */
function roundSeconds(problem: PlanningProblem, device: Device, table: ChoiceTable, j: number, hertz: number): number {
  const adapters = table.adapterBits[j]!;
  const up = problem.stepsPerRound * table.uplinkBits[j]! + adapters;
  const down = problem.stepsPerRound * table.downlinkBits[j]! + adapters;
  return (
    (up > 0 ? up * secondsPerBit(uplinkOf(device, table, j), hertz) : 0) +
    (down > 0 ? down * secondsPerBit(device.downlink, hertz) : 0)
  );
}

/** A lower bound on λ·b + μ·s for one choice within `seconds`; may stop early once above `cutoff`. */
function leastSharePrice(
  problem: PlanningProblem,
  device: Device,
  table: ChoiceTable,
  j: number,
  seconds: number,
  prices: Prices,
  cutoff: number,
): number {
  const [least, most] = shareInterval(problem, device);
  if (!(least <= most)) return Infinity;
  const perHertz = prices.bandwidth / problem.bandwidthHz;
  if (seconds === Infinity) return perHertz * least;
  const work = problem.stepsPerRound * table.serverSeconds[j]!;
  const local = problem.stepsPerRound * (table.preSeconds[j]! + table.postSeconds[j]!) + table.exchangeSeconds[j]!;
  const fixed = problem.sharing === 'equal' ? local + work * problem.devices.length : local;
  const allocated = problem.sharing === 'allocated' && work > 0;
  const leastServer = allocated ? work / slackFactor : 0;
  // What rounding may take from the time left is a part of the whole delay, however little is left and however flat the rate.
  const within = seconds * (1 + roundingPart);
  const left = (hertz: number) => within - fixed - roundSeconds(problem, device, table, j, hertz);
  if (problem.resourceBlockHz !== undefined) {
    const share = (hertz: number) => (allocated ? work / Math.max(left(hertz), leastServer) : 0);
    return leastPriceInBlocks(
      problem.resourceBlockHz,
      least,
      most,
      (hertz) => left(hertz) >= leastServer,
      (hertz) => perHertz * hertz + prices.serverShare * share(hertz),
    );
  }
  const low = leastMeeting((hertz) => left(hertz) >= leastServer, least, most);
  if (low === undefined) return Infinity;
  if (!allocated || prices.serverShare === 0) return perHertz * low;
  // At `low` the share may exceed the whole server by rounding only; the price stays convex and finite from there on.
  const price = (hertz: number) => {
    const time = left(hertz);
    return perHertz * hertz + prices.serverShare * (time > 0 ? Math.min(work / time, 2) : 2);
  };
  return convexMinimumBelow(price, low, most, cutoff);
}

/** Least of a convex price over the whole numbers of resource blocks that meet the time, by bisection of differences. */
function leastPriceInBlocks(
  block: number,
  least: number,
  most: number,
  meets: (hertz: number) => boolean,
  price: (hertz: number) => number,
): number {
  let low = Math.max(1, Math.ceil(least / block - 1e-6));
  let high = Math.floor(most / block + 1e-6);
  if (low > high || !meets(high * block)) return Infinity;
  const lastOf = (holds: (count: number) => boolean) => {
    let from = low;
    let to = high;
    while (from < to) {
      const middle = Math.floor((from + to) / 2);
      if (holds(middle)) to = middle;
      else from = middle + 1;
    }
    return from;
  };
  low = lastOf((count) => meets(count * block));
  high = Math.max(low, high);
  const best = lastOf((count) => count === high || price((count + 1) * block) >= price(count * block));
  // Where the price hardly falls, rounding may end the bisection early by as much for every block to come.
  const rounding = Math.max(1e-12, (high - low) * 1e-15);
  return Math.min(price(best * block), price(Math.min(high, best + 1) * block)) * (1 - rounding);
}

/** No other device matters: this one's fastest choice with all of everything. */
function floorMargin(problem: PlanningProblem, name: string, seconds: number): number {
  // No round is shorter than its aggregation, even where every device may stay away.
  if (seconds <= problem.aggregationSeconds) return Number.EPSILON;
  const device = problem.devices.find((candidate) => candidate.name === name);
  if (!device || device.optional) return -Infinity;
  const table = buildChoices(problem, device);
  const [least, most] = shareInterval(problem, device);
  if (!(least <= most)) return Infinity;
  let fastest = Infinity;
  for (let j = 0; j < table.count; j++) {
    const work = (problem.stepsPerRound * table.serverSeconds[j]!) / slackFactor;
    const server = problem.sharing === 'equal' ? work * problem.devices.length : work;
    const local = problem.stepsPerRound * (table.preSeconds[j]! + table.postSeconds[j]!) + table.exchangeSeconds[j]!;
    fastest = Math.min(fastest, local + server + roundSeconds(problem, device, table, j, most));
  }
  if (fastest === Infinity) return Infinity;
  return (fastest + problem.aggregationSeconds - seconds) / fastest + Number.EPSILON;
}
