import {
  choiceCosts,
  enumerateDecisions,
  exceeds,
  fallsShort,
  leastEnergyJoule,
  leastSecondsPerBit,
  roundTrafficBits,
  secondsPerBit,
  uplinkLaw,
  type ChoiceCosts,
  type Device,
  type PlanningProblem,
  type RateLaw,
} from '../../models/index.js';

/** The best a single device can do by each measure, its own pins and memory considered. */
export interface DeviceExtremes {
  /** Least memory over all its choices, bytes. */
  readonly leastMemoryBytes: number;
  /** True if some choice fits its memory. */
  readonly fitsMemory: boolean;
  /** Least energy a round over the choices that fit the memory, joule; 0 where energy is not limited. */
  readonly leastEnergyJoule: number;
  /** True if some choice fits both its memory and its energy. */
  readonly fitsEnergy: boolean;
  /** Least traffic a round over the choices that fit memory and energy, bits. */
  readonly leastTrafficBits: number;
  /** True if some choice fits memory, energy and traffic. */
  readonly fitsTraffic: boolean;
  /** Over the choices that fit: best accuracy, least server memory, and the delay floor of its chain, seconds. */
  readonly bestAccuracy: number;
  readonly leastServerMemoryBytes: number;
  /** Its chain with the whole band (or its maximum) and the whole server, without aggregation. */
  readonly floorSeconds: number;
  /** The same however much bandwidth there were. */
  readonly ultimateFloorSeconds: number;
}

export function deviceExtremes(problem: PlanningProblem, device: Device): DeviceExtremes {
  let leastMemoryBytes = Infinity;
  let fitsMemory = false;
  let leastEnergy = Infinity;
  let fitsEnergy = false;
  let leastTrafficBits = Infinity;
  let fitsTraffic = false;
  let bestAccuracy = -Infinity;
  let leastServerMemoryBytes = Infinity;
  let floorSeconds = Infinity;
  let ultimateFloorSeconds = Infinity;
  const widest = Math.min(device.pinned.bandwidthHz ?? device.maximumBandwidthHz, problem.bandwidthHz);
  for (const { blocks, upPoint, downPoint } of enumerateDecisions(problem, device)) {
    const costs = choiceCosts(problem, device, blocks, upPoint, downPoint);
    leastMemoryBytes = Math.min(leastMemoryBytes, costs.deviceMemoryBytes);
    if (exceeds(costs.deviceMemoryBytes, device.memoryBytes)) continue;
    fitsMemory = true;
    leastEnergy = Math.min(
      leastEnergy,
      device.energyLimitJoule === undefined ? 0 : leastEnergyJoule(problem, device, costs),
    );
    if (costs.uplinkEfficiencyLimit === 0) continue;
    fitsEnergy = true;
    const bits = roundTrafficBits(problem, costs);
    leastTrafficBits = Math.min(leastTrafficBits, bits);
    if (exceeds(bits, device.trafficLimitBits ?? Infinity)) continue;
    fitsTraffic = true;
    bestAccuracy = Math.max(bestAccuracy, costs.accuracy);
    if (problem.accuracy.scope === 'each' && fallsShort(costs.accuracy, problem.accuracy.minimum)) continue;
    leastServerMemoryBytes = Math.min(leastServerMemoryBytes, costs.serverMemoryBytes);
    const chain = (perBit: (law: RateLaw) => number) => chainSeconds(problem, device, costs, perBit);
    floorSeconds = Math.min(
      floorSeconds,
      chain((law) => secondsPerBit(law, widest)),
    );
    ultimateFloorSeconds = Math.min(ultimateFloorSeconds, chain(leastSecondsPerBit));
  }
  return {
    leastMemoryBytes,
    fitsMemory,
    leastEnergyJoule: leastEnergy,
    fitsEnergy,
    leastTrafficBits,
    fitsTraffic,
    bestAccuracy,
    leastServerMemoryBytes,
    floorSeconds,
    ultimateFloorSeconds,
  };
}

function chainSeconds(
  problem: PlanningProblem,
  device: Device,
  costs: ChoiceCosts,
  perBit: (law: RateLaw) => number,
): number {
  const steps = problem.stepsPerRound;
  const send = (bits: number, law: RateLaw) => (bits > 0 ? bits * perBit(law) : 0);
  const uplink = uplinkLaw(device, costs);
  const serverFactor = problem.sharing === 'equal' ? problem.devices.length : 1;
  const step =
    costs.forwardSeconds +
    costs.encodeSeconds +
    send(costs.uplinkBits, uplink) +
    costs.serverSeconds * serverFactor +
    send(costs.downlinkBits, device.downlink) +
    costs.decodeSeconds +
    costs.backwardSeconds;
  const exchange = costs.exchangeSeconds + send(costs.adapterBits, uplink) + send(costs.adapterBits, device.downlink);
  return steps * step + exchange;
}
