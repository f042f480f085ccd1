import { ArgumentError } from '../../errors/index.js';
import { accuracy } from '../accuracy/index.js';
import {
  energyEfficiencyLimit,
  gainOverNoise,
  leastSecondsPerBit,
  knowsPower,
  scaledLaw,
  withEfficiencyLimit,
  type RateLaw,
} from '../link/index.js';
import type { Device, DevicePlan, ExtraLimit, PlanningProblem } from './problem.js';
import { exceeds, fallsShort } from './tolerance.js';

/**
 * The discrete choices of one device, (c, ρ↑, ρ↓), as columns: entry j of every array belongs to choice j. Only choices
 * that the device's memory, energy and traffic, its pinned decisions and a per-device accuracy limit allow are listed. Order: by
 * blocks, then by up point, then by down point.
 */
export interface ChoiceTable {
  /** Choices left after pins and memory. */
  readonly count: number;
  /** Blocks on the device of each choice. */
  readonly blocks: Int32Array;
  /** Index into `upPoints` of each choice. */
  readonly upPoint: Int32Array;
  /** Index into `downPoints` of each choice. */
  readonly downPoint: Int32Array;
  /** Device forward and encode, seconds a step. */
  readonly preSeconds: Float64Array;
  /** Device decode and backward, seconds a step. */
  readonly postSeconds: Float64Array;
  /** Bits of one step. */
  readonly uplinkBits: Float64Array;
  /** Bits sent down in a local step. */
  readonly downlinkBits: Float64Array;
  /** Bits of the adapters, once a round in each direction. */
  readonly adapterBits: Float64Array;
  /** Device time to code the adapters, once a round, seconds. */
  readonly exchangeSeconds: Float64Array;
  /** Server work of one step at full throughput, codec included, seconds. */
  readonly serverSeconds: Float64Array;
  /** Memory of the server for the device, bytes. */
  readonly serverMemoryBytes: Float64Array;
  /** Memory of the device, bytes. */
  readonly deviceMemoryBytes: Float64Array;
  /** Bits a second and hertz that the device's energy allows on the uplink; Infinity without a limit of energy. */
  readonly uplinkEfficiencyLimit: Float64Array;
  /** A(ρ↑, ρ↓, c). */
  readonly accuracy: Float64Array;
  /** Use of each of the problem's `extraLimits`. */
  readonly extraUse: readonly Float64Array[];
}

/** Everything about one choice that delay, memory and accuracy need. */
export interface ChoiceCosts {
  /** Forward pass on the device, seconds a local step. */
  readonly forwardSeconds: number;
  /** Encoding on the device, seconds a local step. */
  readonly encodeSeconds: number;
  /** Decoding on the device, seconds a local step. */
  readonly decodeSeconds: number;
  /** Backward pass on the device, seconds a local step. */
  readonly backwardSeconds: number;
  /** Bits sent up in a local step. */
  readonly uplinkBits: number;
  /** Bits sent down in a local step. */
  readonly downlinkBits: number;
  /** Bits of the adapters, each way, in a round. */
  readonly adapterBits: number;
  /** Coding of the adapters, once a round. */
  readonly exchangeSeconds: number;
  /** Work of the server at full throughput, seconds a local step. */
  readonly serverSeconds: number;
  /** Memory of the server for the device, bytes. */
  readonly serverMemoryBytes: number;
  /** Memory of the device, bytes. */
  readonly deviceMemoryBytes: number;
  /** Energy of computing in a round, joule. */
  readonly computeJoule: number;
  /** Bits a second and hertz that the energy left after computing allows; 0 where it does not suffice to send at all. */
  readonly uplinkEfficiencyLimit: number;
  /** Accuracy under the choice, 0…1. */
  readonly accuracy: number;
  /** Use of each of the problem's `extraLimits`. */
  readonly extraUse: readonly number[];
}

/**
 * Costs of (blocks, upPoint, downPoint) on one device, whether or not they are allowed.
 *
 * @param problem - Cell, devices, model and limits, in SI units.
 * @param device - One of the problem's devices.
 * @param blocks - c, blocks on the device, from 0.
 * @param upPoint - Index of the operating point of activations.
 * @param downPoint - Index of the operating point of gradients.
 * @example
 * ```ts
 * import { parseProblemFile } from 'sft-opt';
 * import { choiceCosts } from 'sft-opt/models';
 *
 * const { problem } = parseProblemFile('{ version: 1, model: deit-tiny, devices: [{ name: a, count: 2, distance: 60 m }] }');
 * const { forwardSeconds, backwardSeconds } = choiceCosts(problem, problem.devices[0]!, 2, 0, 0);
 * console.log(forwardSeconds > 0, backwardSeconds > 0); // true true
 * ```
 */
export function choiceCosts(
  problem: PlanningProblem,
  device: Device,
  blocks: number,
  upPoint: number,
  downPoint: number,
): ChoiceCosts {
  const costs = device.costs;
  const up = problem.upPoints[upPoint]!;
  const down = problem.downPoints[downPoint]!;
  const upValues = costs.upValues[blocks]!;
  const downValues = costs.downValues[blocks]!;
  // Where nothing is sent nothing is lost: an uncompressed ratio stands for the missing direction.
  const upRatio = upValues > 0 ? up.ratio : 1;
  const downRatio = downValues > 0 ? down.ratio : 1;
  const workspaceBytes = Math.max(upValues * up.workspaceBytesPerValue, downValues * down.workspaceBytesPerValue);
  const forwardSeconds = costs.forwardSeconds[blocks]!;
  const encodeSeconds = upValues * up.encodeSecondsPerValue * device.codecTimeFactor;
  const decodeSeconds = downValues * down.decodeSecondsPerValue * device.codecTimeFactor;
  const backwardSeconds = costs.backwardSeconds[blocks]!;
  const uplinkBits = messageBits(costs.headerBits, upValues, costs.bitsPerValue, upRatio);
  const adapterBits = costs.adapterBits[blocks]!;
  const exchangeSeconds = (costs.exchange?.codecSeconds[blocks] ?? 0) * device.codecTimeFactor;
  const stepSeconds = forwardSeconds + encodeSeconds + decodeSeconds + backwardSeconds;
  const computing = problem.stepsPerRound * stepSeconds + exchangeSeconds;
  const computeJoule = device.computePowerWatt * computing;
  const downlinkBits = messageBits(costs.headerBits, downValues, costs.bitsPerValue, downRatio);
  const serverSeconds =
    costs.serverSeconds[blocks]! +
    upValues * up.serverDecodeSecondsPerValue +
    downValues * down.serverEncodeSecondsPerValue;
  const reached = accuracy(problem.accuracy.model, upRatio, downRatio, blocks) - exchangeLoss(problem, adapterBits);
  return {
    forwardSeconds,
    encodeSeconds,
    decodeSeconds,
    backwardSeconds,
    uplinkBits,
    downlinkBits,
    adapterBits,
    exchangeSeconds,
    serverSeconds,
    serverMemoryBytes: costs.serverMemoryBytes[blocks]!,
    deviceMemoryBytes: costs.deviceMemoryBytes[blocks]! + workspaceBytes,
    computeJoule,
    uplinkEfficiencyLimit: uplinkEfficiencyLimit(
      device,
      computeJoule,
      problem.stepsPerRound * uplinkBits + adapterBits,
    ),
    accuracy: reached,
    extraUse:
      problem.extraLimits?.map((limit) =>
        limit.use(device, {
          blocks,
          upPoint,
          downPoint,
          deviceSeconds: forwardSeconds + encodeSeconds + decodeSeconds + backwardSeconds,
          serverSeconds,
          uplinkBits,
          downlinkBits,
          adapterBits,
          accuracy: reached,
        }),
      ) ?? noUse,
  };
}

const noUse: readonly number[] = [];

/**
 * What an extra limit of scope `sum` allows; RangeError for one that differs by device.
 *
 * @param limit - The limit.
 * @throws ArgumentError for a limit that differs by device.
 * @example
 * ```ts
 * import { sumLimit } from 'sft-opt/models';
 *
 * console.log(sumLimit({ name: 'carbon', limit: 40 })); // 40
 * ```
 */
export function sumLimit({ limit, name }: Pick<ExtraLimit, 'limit' | 'name'>): number {
  if (typeof limit === 'number') return limit;
  throw new ArgumentError(`the limit ${name} is on a sum: expected a number, found a function`);
}

/**
 * What an extra limit allows one device.
 *
 * @param limit - The limit.
 * @param device - One of the problem's devices.
 * @example
 * ```ts
 * import { parseProblemFile } from 'sft-opt';
 * import { allowedUse } from 'sft-opt/models';
 *
 * const { problem } = parseProblemFile('{ version: 1, model: deit-tiny, devices: [{ name: a, count: 2, distance: 60 m }] }');
 * const limit = { name: 'heat', unit: 'J', scope: 'each' as const, limit: () => 2, use: () => 1 };
 * console.log(allowedUse(limit, problem.devices[0]!)); // 2
 * ```
 */
export function allowedUse({ limit }: ExtraLimit, device: Device): number {
  return typeof limit === 'number' ? limit : limit(device);
}

/** What the exchange costs in accuracy: nothing where nothing is exchanged. */
function exchangeLoss({ accuracy: { exchangeLoss: loss = 0 } }: PlanningProblem, adapterBits: number): number {
  return adapterBits > 0 ? loss : 0;
}

/** What the energy left after computing allows over `roundBits`, evenly spread; bit/s/Hz. */
function uplinkEfficiencyLimit(device: Device, computeJoule: number, roundBits: number): number {
  const limit = device.energyLimitJoule;
  if (limit === undefined || limit === Infinity) return Infinity;
  if (roundBits === 0) return exceeds(computeJoule, limit) ? 0 : Infinity;
  const { uplink } = device;
  if (uplink.kind !== 'shannon') {
    throw new ArgumentError(
      `energyLimitJoule of ${device.name} needs an uplink under Shannon's law at one gain, found kind ${uplink.kind}`,
    );
  }
  const joulePerBit = ((limit - computeJoule) / roundBits) * (uplink.deliveredFraction ?? 1);
  return energyEfficiencyLimit(gainOverNoise(uplink, device.transmitPowerWatt), joulePerBit);
}

/**
 * Computing, and sending at no rate at all: no plan with this choice takes less energy; joule a round.
 *
 * @param problem - Cell, devices, model and limits, in SI units.
 * @param device - One of the problem's devices.
 * @param costs - Costs of a choice, as `choiceCosts` gives them.
 * @example
 * ```ts
 * import { parseProblemFile } from 'sft-opt';
 * import { choiceCosts, leastEnergyJoule } from 'sft-opt/models';
 *
 * const { problem } = parseProblemFile('{ version: 1, model: deit-tiny, devices: [{ name: a, count: 2, distance: 60 m }] }');
 * const [device] = problem.devices;
 * console.log(leastEnergyJoule(problem, device!, choiceCosts(problem, device!, 2, 0, 0)) >= 0); // true
 * ```
 */
export function leastEnergyJoule(problem: PlanningProblem, device: Device, costs: ChoiceCosts): number {
  const bits = problem.stepsPerRound * costs.uplinkBits + costs.adapterBits;
  if (bits === 0) return costs.computeJoule;
  const { uplink, transmitPowerWatt } = device;
  const frame = uplink.frameFraction ?? 1;
  return costs.computeJoule + bits * transmitPowerWatt * frame * leastSecondsPerBit(uplink);
}

/**
 * Bits of a round in both directions, adapters included.
 *
 * @param problem - Its number of steps.
 * @param costs - Bits of a step and of the adapters.
 * @example
 * ```ts
 * import { parseProblemFile } from 'sft-opt';
 * import { roundTrafficBits } from 'sft-opt/models';
 *
 * const { problem } = parseProblemFile('{ version: 1, model: deit-tiny, devices: [{ name: a, count: 2, distance: 60 m }] }');
 * console.log(roundTrafficBits({ ...problem, stepsPerRound: 2 }, { uplinkBits: 10, downlinkBits: 20, adapterBits: 5 })); // 70
 * ```
 */
export function roundTrafficBits(
  { stepsPerRound }: PlanningProblem,
  { uplinkBits, downlinkBits, adapterBits }: Pick<ChoiceCosts, 'uplinkBits' | 'downlinkBits' | 'adapterBits'>,
): number {
  return stepsPerRound * (uplinkBits + downlinkBits) + 2 * adapterBits;
}

/**
 * The uplink under a choice: the device's own, within what its energy allows.
 *
 * @param device - One of the problem's devices.
 * @param costs - Costs of a choice, as `choiceCosts` gives them.
 * @example
 * ```ts
 * import { parseProblemFile } from 'sft-opt';
 * import { uplinkLaw } from 'sft-opt/models';
 *
 * const { problem } = parseProblemFile('{ version: 1, model: deit-tiny, devices: [{ name: a, count: 2, distance: 60 m }] }');
 * const [device] = problem.devices;
 * console.log(uplinkLaw(device!, { uplinkEfficiencyLimit: Infinity }).kind); // shannon
 * ```
 */
export function uplinkLaw(device: Device, costs: Pick<ChoiceCosts, 'uplinkEfficiencyLimit'>): RateLaw {
  return withEfficiencyLimit(device.uplink, costs.uplinkEfficiencyLimit);
}

/**
 * The uplink of a device as its plan uses it: at the power that it sends with, within what its energy allows.
 *
 * @param device - One of the problem's devices.
 * @param costs - Costs of a choice, as `choiceCosts` gives them.
 * @param decision - The power that its plan gives it, if any.
 * @example
 * ```ts
 * import { parseProblemFile } from 'sft-opt';
 * import { plannedUplink, rateBitsPerSecond } from 'sft-opt/models';
 *
 * const { problem } = parseProblemFile('{ version: 1, model: deit-tiny, devices: [{ name: a, count: 2, distance: 60 m }] }');
 * const [device] = problem.devices;
 * const half = { transmitPowerWatt: device!.transmitPowerWatt / 2 };
 * const laws = [{}, half].map((decision) => plannedUplink(device!, { uplinkEfficiencyLimit: Infinity }, decision));
 * console.log(rateBitsPerSecond(laws[1]!, 1e6) < rateBitsPerSecond(laws[0]!, 1e6)); // true
 * ```
 */
export function plannedUplink(
  device: Device,
  costs: Pick<ChoiceCosts, 'uplinkEfficiencyLimit'>,
  decision: Pick<DevicePlan, 'transmitPowerWatt'>,
): RateLaw {
  const law = uplinkLaw(device, costs);
  const power = plannedPowerWatt(device, decision);
  return power === device.transmitPowerWatt ? law : scaledLaw(law, power / device.transmitPowerWatt);
}

/**
 * Power that a device radiates while it sends, watt: what the plan says, within what there is; all there is where the uplink does not
 * know what less would do. A power that is none (0, negative, NaN) carries nothing.
 *
 * @param device - One of the problem's devices.
 * @param decision - The power that its plan gives it, if any.
 * @example
 * ```ts
 * import { parseProblemFile } from 'sft-opt';
 * import { plannedPowerWatt } from 'sft-opt/models';
 *
 * const { problem } = parseProblemFile('{ version: 1, model: deit-tiny, devices: [{ name: a, count: 2, distance: 60 m }] }');
 * console.log(plannedPowerWatt(problem.devices[0]!, { transmitPowerWatt: 0.01 })); // 0.01
 * ```
 */
export function plannedPowerWatt(device: Device, { transmitPowerWatt }: Pick<DevicePlan, 'transmitPowerWatt'>): number {
  const all = device.transmitPowerWatt;
  if (transmitPowerWatt === undefined || !knowsPower(device.uplink)) return all;
  return transmitPowerWatt > 0 ? Math.min(all, transmitPowerWatt) : 0;
}

/**
 * Whether the device's memory, energy and traffic, and a per-device accuracy limit, allow a choice.
 *
 * @param problem - Cell, devices, model and limits, in SI units.
 * @param device - One of the problem's devices.
 * @param costs - Costs of a choice, as `choiceCosts` gives them.
 * @example
 * ```ts
 * import { parseProblemFile } from 'sft-opt';
 * import { choiceCosts, isAllowed } from 'sft-opt/models';
 *
 * const { problem } = parseProblemFile('{ version: 1, model: deit-tiny, devices: [{ name: a, count: 2, distance: 60 m }] }');
 * const [device] = problem.devices;
 * console.log(isAllowed(problem, device!, choiceCosts(problem, device!, 2, 0, 0))); // true
 * ```
 */
export function isAllowed(problem: PlanningProblem, device: Device, costs: ChoiceCosts): boolean {
  if (exceeds(costs.deviceMemoryBytes, device.memoryBytes)) return false;
  if (costs.uplinkEfficiencyLimit === 0) return false;
  if (exceeds(roundTrafficBits(problem, costs), device.trafficLimitBits ?? Infinity)) return false;
  const { extraLimits } = problem;
  if (
    extraLimits?.some((limit, k) => limit.scope === 'each' && exceeds(costs.extraUse[k]!, allowedUse(limit, device)))
  ) {
    return false;
  }
  return !(problem.accuracy.scope === 'each' && fallsShort(costs.accuracy, problem.accuracy.minimum));
}

/**
 * The allowed choices of a device; `count` is 0 if there are none.
 *
 * @param problem - Cell, devices, model and limits, in SI units.
 * @param device - One of the problem's devices.
 * @example
 * ```ts
 * import { parseProblemFile } from 'sft-opt';
 * import { buildChoices } from 'sft-opt/models';
 *
 * const { problem } = parseProblemFile('{ version: 1, model: deit-tiny, devices: [{ name: a, count: 2, distance: 60 m }] }');
 * console.log(buildChoices(problem, problem.devices[0]!).count > 0); // true
 * ```
 */
export function buildChoices(problem: PlanningProblem, device: Device): ChoiceTable {
  const kept: { blocks: number; upPoint: number; downPoint: number; costs: ChoiceCosts }[] = [];
  for (const { blocks, upPoint, downPoint } of enumerateDecisions(problem, device)) {
    const costs = choiceCosts(problem, device, blocks, upPoint, downPoint);
    if (!isAllowed(problem, device, costs)) continue;
    kept.push({ blocks, upPoint, downPoint, costs });
  }
  const column = (pick: (costs: ChoiceCosts) => number) => Float64Array.from(kept, (choice) => pick(choice.costs));
  return {
    count: kept.length,
    blocks: Int32Array.from(kept, (choice) => choice.blocks),
    upPoint: Int32Array.from(kept, (choice) => choice.upPoint),
    downPoint: Int32Array.from(kept, (choice) => choice.downPoint),
    preSeconds: column((costs) => costs.forwardSeconds + costs.encodeSeconds),
    postSeconds: column((costs) => costs.decodeSeconds + costs.backwardSeconds),
    uplinkBits: column((costs) => costs.uplinkBits),
    downlinkBits: column((costs) => costs.downlinkBits),
    adapterBits: column((costs) => costs.adapterBits),
    exchangeSeconds: column((costs) => costs.exchangeSeconds),
    serverSeconds: column((costs) => costs.serverSeconds),
    serverMemoryBytes: column((costs) => costs.serverMemoryBytes),
    deviceMemoryBytes: column((costs) => costs.deviceMemoryBytes),
    uplinkEfficiencyLimit: column((costs) => costs.uplinkEfficiencyLimit),
    accuracy: column((costs) => costs.accuracy),
    extraUse: (problem.extraLimits ?? []).map((_, k) => column((costs) => costs.extraUse[k]!)),
  };
}

/**
 * The decisions that pins and ties leave open. A direction in which nothing travels has one representative point: the
 * pinned one, else the first, so that equal plans are not listed twice.
 *
 * @param problem - Cell, devices, model and limits, in SI units.
 * @param device - One of the problem's devices.
 * @example
 * ```ts
 * import { parseProblemFile } from 'sft-opt';
 * import { enumerateDecisions } from 'sft-opt/models';
 *
 * const { problem } = parseProblemFile('{ version: 1, model: deit-tiny, devices: [{ name: a, count: 2, distance: 60 m }] }');
 * const [first] = enumerateDecisions(problem, problem.devices[0]!);
 * console.log(first); // { blocks: 1, upPoint: 0, downPoint: 0 }
 * ```
 */
export function* enumerateDecisions(
  problem: PlanningProblem,
  device: Device,
): Generator<{ blocks: number; upPoint: number; downPoint: number }> {
  const { pinned, costs } = device;
  for (const blocks of costs.allowedBlocks) {
    if (pinned.blocks !== undefined && blocks !== pinned.blocks) continue;
    const sendsUp = costs.upValues[blocks]! > 0;
    const sendsDown = costs.downValues[blocks]! > 0;
    for (const upPoint of candidates(problem.upPoints.length, pinned.upPoint, sendsUp)) {
      if (problem.tiedRatios) {
        yield { blocks, upPoint, downPoint: upPoint };
        continue;
      }
      for (const downPoint of candidates(problem.downPoints.length, pinned.downPoint, sendsDown)) {
        yield { blocks, upPoint, downPoint };
      }
    }
  }
}

function candidates(count: number, pinned: number | undefined, inUse: boolean): readonly number[] {
  if (pinned !== undefined) return [pinned];
  return inUse ? Array.from({ length: count }, (_, k) => k) : [0];
}

function messageBits(headerBits: number, values: number, bitsPerValue: number, ratio: number): number {
  return values > 0 ? headerBits + values * bitsPerValue * ratio : 0;
}
