import type {
  AccuracyLimit,
  AccuracyModel,
  CostTable,
  Device,
  LossFamily,
  OperatingPoint,
  PinnedDecisions,
  PlanningProblem,
  RateLaw,
  ServerSharing,
} from '../../lib/models/index.js';
import {
  accuracy,
  choiceCosts,
  efficiencyTable,
  efficiencyTableNames,
  enumerateDecisions,
  leastEnergyJoule,
  limitUse,
  tableLaw,
} from '../../lib/models/index.js';
import { planTwoTimescale } from '../../lib/plan/index.js';
import { randomStream, type RandomStream } from '../../lib/random/index.js';

/** What a random instance shall look like; everything left out is drawn. */
export interface InstanceShape {
  readonly seed: number;
  readonly devices: number;
  /** Splits a device may choose from. */
  readonly splits: number;
  readonly points: number;
  readonly sharing?: ServerSharing;
  readonly stepsPerRound?: number;
  readonly family?: LossFamily['kind'];
  readonly scope?: AccuracyLimit['scope'];
  /** Adapter size relative to one step's activations at ratio 1; 0 for none. */
  readonly adapters?: number;
  /** How much of the span between least and largest reachable accuracy is asked for, 0…1. */
  readonly accuracyTightness?: number;
  readonly serverMemoryTightness?: number | 'none';
  readonly tiedRatios?: boolean;
  /** May draw pins, optional devices, share limits and the end c = L. */
  readonly decorations?: boolean;
}

const sharings: readonly ServerSharing[] = ['allocated', 'equal', 'batched'];
const families: readonly LossFamily['kind'][] = ['power', 'exponential', 'logistic', 'table'];

/** A random problem, the same for the same shape. Feasible or not: tight limits may leave nothing. */
export function randomProblem(shape: InstanceShape): PlanningProblem {
  const random = randomStream(shape.seed, 'plan-instance');
  const decorations = shape.decorations ?? true;
  const withFullEnd = decorations && random.uniform() < 0.25;
  const blockCount = withFullEnd ? shape.splits : shape.splits + 1;
  const upPoints = randomPoints(random, shape.points);
  const tiedRatios = shape.tiedRatios ?? true;
  const bandwidthHz = 20e6;
  const adapters = shape.adapters ?? pick(random, [0, 0.05, 0.5]);
  const work = randomWork(random, adapters);
  const serverFlops = logUniform(random, 2e12, 4e13);
  const serverMemoryFactor = logUniform(random, 1e6, 2e8);
  const devices = Array.from({ length: shape.devices }, (_, n) =>
    randomDevice(random, n, {
      blockCount,
      splits: shape.splits,
      work,
      serverFlops,
      serverMemoryFactor,
      bandwidthHz,
      decorations,
    }),
  );
  const draft: PlanningProblem = {
    blockCount,
    stepsPerRound: shape.stepsPerRound ?? pick(random, [1, 10, 100]),
    sharing: shape.sharing ?? pick(random, sharings),
    bandwidthHz,
    serverMemoryBytes: Infinity,
    aggregationSeconds: random.uniform() < 0.5 ? 0 : 0.01,
    accuracy: {
      model: randomAccuracy(random, shape.family ?? pick(random, families), tiedRatios),
      minimum: -Infinity,
      scope: shape.scope ?? (random.uniform() < 0.7 ? 'mean' : 'each'),
    },
    upPoints,
    downPoints: tiedRatios ? upPoints : randomPoints(random, shape.points),
    tiedRatios,
    devices: decorations ? devices.map((device) => decorate(random, device, shape, bandwidthHz)) : devices,
  };
  return withLimits(random, draft, shape);
}

/** A large problem for measurements of scale: `allocated`, 12 splits × 8 points, tight accuracy, adapters. */
export function largeProblem(seed: number, devices: number, stepsPerRound: number): PlanningProblem {
  return randomProblem({
    seed,
    devices,
    splits: 12,
    points: 8,
    sharing: 'allocated',
    stepsPerRound,
    family: 'power',
    scope: 'mean',
    adapters: 0.05,
    accuracyTightness: 0.85,
    serverMemoryTightness: 'none',
    decorations: false,
  });
}

interface Work {
  readonly blockFlops: number;
  readonly embeddingFlops: number;
  readonly headFlops: number;
  readonly values: number;
  readonly blockBytes: number;
  readonly adapterBitsPerBlock: number;
}

function randomWork(random: RandomStream, adapters: number): Work {
  const values = logUniform(random, 2e5, 4e6);
  const blockFlops = logUniform(random, 5e9, 8e10);
  return {
    blockFlops,
    embeddingFlops: blockFlops * 0.05,
    headFlops: blockFlops * 0.02,
    values,
    blockBytes: logUniform(random, 3e7, 4e8),
    adapterBitsPerBlock: adapters * values * 32,
  };
}

interface DeviceSetting {
  readonly blockCount: number;
  readonly splits: number;
  readonly work: Work;
  readonly serverFlops: number;
  readonly serverMemoryFactor: number;
  readonly bandwidthHz: number;
  readonly decorations: boolean;
}

function randomDevice(random: RandomStream, index: number, setting: DeviceSetting): Device {
  const signalToNoiseDecibel = -8 + 40 * random.uniform();
  const snrBandwidthHz = setting.bandwidthHz * 10 ** (signalToNoiseDecibel / 10);
  const downSignalToNoise = 10 ** ((signalToNoiseDecibel + 8) / 10);
  const most = setting.work.blockBytes * setting.splits;
  return {
    name: `device-${index + 1}`,
    weight: random.uniform() < 0.5 ? 1 : 0.5 + random.uniform(),
    optional: false,
    uplink: { kind: 'shannon', snrBandwidthHz },
    downlink: randomDownlink(random, snrBandwidthHz, downSignalToNoise),
    minimumBandwidthHz: 0,
    maximumBandwidthHz: Infinity,
    memoryBytes: setting.work.blockBytes + most * (0.1 + 1.1 * random.uniform()),
    codecTimeFactor: 0.5 + random.uniform(),
    costs: costTable(random, setting, logUniform(random, 5e10, 2e12)),
    pinned: {},
    transmitPowerWatt: 0.2,
    computePowerWatt: 5,
  };
}

function randomDownlink(random: RandomStream, snrBandwidthHz: number, signalToNoise: number): RateLaw {
  const kind = random.uniform();
  if (kind < 0.6) return { kind: 'linear', bitsPerSecondPerHz: Math.log2(1 + signalToNoise) };
  if (kind < 0.9) return { kind: 'shannon', snrBandwidthHz: snrBandwidthHz * 4 };
  const samples = Float64Array.from({ length: 5 }, () => snrBandwidthHz * 4 * (0.1 + random.uniform()));
  return { kind: 'faded', snrBandwidthHz: samples };
}

function costTable(random: RandomStream, setting: DeviceSetting, deviceFlops: number): CostTable {
  const { blockCount, splits, work, serverFlops, serverMemoryFactor } = setting;
  const batchFactor = pick(random, [0.5, 1, 2]);
  const column = (entry: (blocks: number) => number) =>
    Float64Array.from({ length: blockCount + 1 }, (_, c) => entry(c));
  const full = (blocks: number) => blocks === blockCount;
  return {
    allowedBlocks: Array.from({ length: splits }, (_, k) => k + 1),
    forwardSeconds: column((c) => (batchFactor * (work.embeddingFlops + c * work.blockFlops)) / deviceFlops),
    backwardSeconds: column((c) =>
      c === 0 ? 0 : (batchFactor * (work.blockFlops * (1.1 * c - 0.25) + (full(c) ? work.headFlops : 0))) / deviceFlops,
    ),
    serverSeconds: column((c) =>
      full(c) ? 0 : (batchFactor * (work.headFlops + 2.1 * (blockCount - c) * work.blockFlops)) / serverFlops,
    ),
    deviceMemoryBytes: column((c) => work.blockBytes * (0.3 + c)),
    serverMemoryBytes: column((c) => serverMemoryFactor * batchFactor * (blockCount - c)),
    adapterBits: column((c) => work.adapterBitsPerBlock * c),
    upValues: column((c) => (full(c) ? 0 : work.values * batchFactor)),
    downValues: column((c) => (full(c) || c === 0 ? 0 : work.values * batchFactor)),
    bitsPerValue: 32,
    headerBits: 512,
  };
}

function randomPoints(random: RandomStream, count: number): OperatingPoint[] {
  const least = logUniform(random, 0.01, 0.05);
  const most = logUniform(random, 0.3, 1);
  return Array.from({ length: count }, (_, k) => ({
    name: `point-${k + 1}`,
    ratio: count === 1 ? most : least * (most / least) ** (k / (count - 1)),
    encodeSecondsPerValue: 2e-9 * (1 + random.uniform()),
    decodeSecondsPerValue: 1e-9 * (1 + random.uniform()),
    serverEncodeSecondsPerValue: 1e-10 * random.uniform(),
    serverDecodeSecondsPerValue: 1e-10 * random.uniform(),
    workspaceBytesPerValue: 8,
  }));
}

function randomAccuracy(random: RandomStream, kind: LossFamily['kind'], tiedRatios: boolean): AccuracyModel {
  const cut = pick(random, ['constant', 'decaying', 'measured'] as const);
  const cutCoefficient =
    cut === 'constant'
      ? ({ kind: 'constant' } as const)
      : cut === 'decaying'
        ? ({ kind: 'decaying', rate: 0.1 * random.uniform() } as const)
        : ({ kind: 'measured', cuts: [1, 4, 9], factors: [1.3, 1, 0.6 + 0.3 * random.uniform()] } as const);
  return {
    limit: 0.9 + 0.05 * random.uniform(),
    combination: random.uniform() < 0.8 ? 'additive' : 'product',
    up: { family: randomFamily(random, kind), cut: cutCoefficient },
    ...(!tiedRatios && { down: { family: randomFamily(random, kind), cut: cutCoefficient } }),
    fittedRatio: { minimum: 0.005, maximum: 1 },
  };
}

function randomFamily(random: RandomStream, kind: LossFamily['kind']): LossFamily {
  switch (kind) {
    case 'power':
      return { kind, scale: 0.002 + 0.01 * random.uniform(), exponent: 0.4 + 0.5 * random.uniform() };
    case 'exponential':
      return { kind, scale: 0.1 + 0.3 * random.uniform(), rate: 5 + 20 * random.uniform() };
    case 'logistic':
      return {
        kind,
        scale: 0.2 + 0.4 * random.uniform(),
        midpoint: 0.02 + 0.05 * random.uniform(),
        steepness: 1 + 2 * random.uniform(),
      };
    case 'table': {
      const ratios = [0.005, 0.03, 0.1, 0.3, 1];
      let loss = 0.3 + 0.2 * random.uniform();
      return { kind, ratios, losses: ratios.map(() => (loss *= 0.2 + 0.5 * random.uniform())) };
    }
  }
}

/** Pins, optional devices, own share limits: each on some instances only. */
function decorate(random: RandomStream, device: Device, shape: InstanceShape, bandwidthHz: number): Device {
  const fair = bandwidthHz / shape.devices;
  const pinned: PinnedDecisions = {
    ...(random.uniform() < 0.06 && { blocks: 1 + random.integer(shape.splits) }),
    ...(random.uniform() < 0.06 && shape.tiedRatios !== false && pinnedPoint(random.integer(shape.points))),
    ...(random.uniform() < 0.04 && { bandwidthHz: fair * (0.3 + 0.6 * random.uniform()) }),
  };
  const limited = random.uniform() < 0.2 && pinned.bandwidthHz === undefined;
  return {
    ...device,
    optional: random.uniform() < 0.08,
    pinned,
    minimumBandwidthHz: limited ? fair * 0.6 * random.uniform() : 0,
    maximumBandwidthHz: limited ? fair * (0.8 + random.uniform()) : Infinity,
  };
}

function pinnedPoint(point: number): PinnedDecisions {
  return { upPoint: point, downPoint: point };
}

/** Accuracy and server-memory limits placed between the least and the most that the devices could reach. */
function withLimits(random: RandomStream, problem: PlanningProblem, shape: InstanceShape): PlanningProblem {
  const { model, scope } = problem.accuracy;
  const loosest = accuracy(model, problem.upPoints[0]!.ratio, problem.downPoints[0]!.ratio, 1);
  const best = accuracy(model, problem.upPoints.at(-1)!.ratio, problem.downPoints.at(-1)!.ratio, 1);
  const tightness = shape.accuracyTightness ?? random.uniform() * 1.03;
  const minimum = loosest + tightness * (best - loosest);
  const memory = shape.serverMemoryTightness ?? (random.uniform() < 0.5 ? 'none' : 0.55 + 0.5 * random.uniform());
  return {
    ...problem,
    accuracy: { model, scope, minimum },
    ...(memory !== 'none' && { serverMemoryBytes: memory * largestServerMemory(problem) }),
  };
}

/**
 * The same problem with limited efficiencies, parts of the frame, losses and, for two devices in three, a limit of energy
 * between what its thriftiest choice needs at least and a few times that.
 */
export function withLinkLimits(problem: PlanningProblem, seed: number): PlanningProblem {
  const random = randomStream(seed, 'link-limits');
  const frame = random.uniform() < 0.3 ? 0.2 + 0.6 * random.uniform() : 1;
  const limited = (law: RateLaw, frameFraction: number): RateLaw => {
    const use = {
      ...(frameFraction < 1 && { frameFraction }),
      ...(random.uniform() < 0.2 && { deliveredFraction: 0.8 + 0.2 * random.uniform() }),
    };
    if (law.kind === 'linear') return { ...law, ...use };
    return { ...law, ...use, ...(random.uniform() < 0.6 && { efficiencyLimit: logUniform(random, 1, 10) }) };
  };
  const devices = problem.devices.map((device): Device => {
    const linked = {
      ...device,
      uplink: limited(device.uplink, frame),
      downlink: limited(device.downlink, frame < 1 ? 1 - frame : 1),
      // Little, so that what sending costs decides.
      computePowerWatt: 0.02,
    };
    if (random.uniform() < 1 / 3) return linked;
    let least = Infinity;
    for (const { blocks, upPoint, downPoint } of enumerateDecisions(problem, linked)) {
      const costs = choiceCosts(problem, linked, blocks, upPoint, downPoint);
      least = Math.min(least, leastEnergyJoule(problem, linked, costs));
    }
    return least < Infinity ? { ...linked, energyLimitJoule: least * logUniform(random, 0.98, 8) } : linked;
  });
  return { ...problem, devices };
}

/** The same problem with adapters that are coded: fewer bits, a header, seconds of coding and some loss of accuracy. */
export function withCodedExchange(problem: PlanningProblem, seed: number): PlanningProblem {
  const random = randomStream(seed, 'exchange');
  const [ratio, headerBits] = [0.1 + 0.9 * random.uniform(), 1e5 * random.uniform()];
  const secondsPerBlock = logUniform(random, 1e-3, 3);
  const devices = problem.devices.map((device): Device => {
    const plainBits = device.costs.adapterBits;
    const exchange = { plainBits, codecSeconds: plainBits.map((bits, c) => (bits > 0 ? c * secondsPerBlock : 0)) };
    const adapterBits = plainBits.map((bits) => (bits > 0 ? headerBits + ratio * bits : 0));
    return { ...device, costs: { ...device.costs, adapterBits, exchange } };
  });
  const { accuracy: limit } = problem;
  const exchangeLoss = random.uniform() < 0.5 ? 0.002 * random.uniform() : 0;
  return { ...problem, accuracy: { ...limit, ...(exchangeLoss > 0 && { exchangeLoss }) }, devices };
}

/** The same problem with optional devices whose absence costs accuracy, more or less than taking part would. */
export function withPricedAbsence(problem: PlanningProblem, seed: number): PlanningProblem {
  const random = randomStream(seed, 'absence');
  const { minimum, scope } = problem.accuracy;
  const leftOutAccuracy = scope === 'mean' && minimum > 0 ? minimum * (0.9 + 0.12 * random.uniform()) : 0;
  const devices = problem.devices.map((device): Device => ({ ...device, optional: random.uniform() < 0.6 }));
  return { ...problem, accuracy: { ...problem.accuracy, leftOutAccuracy }, devices };
}

/** The same problem with a limit of what all devices together send and receive, near what a fast plan uses. */
export function withTotalTraffic(problem: PlanningProblem, seed: number): PlanningProblem {
  const { plan } = planTwoTimescale(problem);
  const part = 0.93 + 0.1 * randomStream(seed, 'total-traffic').uniform();
  return { ...problem, trafficLimitBits: Math.max(1, plan ? part * limitUse(problem, plan).trafficBits : 1e9) };
}

/** The same problem with links under tables of modulation and coding. */
export function withEfficiencyTables(problem: PlanningProblem, seed: number): PlanningProblem {
  const random = randomStream(seed, 'tables');
  const table = efficiencyTable(pick(random, efficiencyTableNames));
  const tabled = (law: RateLaw): RateLaw => {
    if (law.kind === 'shannon') return tableLaw(table, Float64Array.of(law.snrBandwidthHz));
    return law.kind === 'faded' ? tableLaw(table, law.snrBandwidthHz) : law;
  };
  const devices = problem.devices.map((device): Device => {
    return { ...device, uplink: tabled(device.uplink), downlink: tabled(device.downlink) };
  });
  return { ...problem, devices };
}

function largestServerMemory(problem: PlanningProblem): number {
  let sum = 0;
  for (const device of problem.devices) {
    let most = 0;
    for (const { blocks, upPoint, downPoint } of enumerateDecisions(problem, device)) {
      most = Math.max(most, choiceCosts(problem, device, blocks, upPoint, downPoint).serverMemoryBytes);
    }
    sum += most;
  }
  return sum;
}

function logUniform(random: RandomStream, least: number, most: number): number {
  return least * (most / least) ** random.uniform();
}

function pick<T>(random: RandomStream, values: readonly T[]): T {
  return values[random.integer(values.length)]!;
}
