import type { Device, PinnedDecisions, PlanningProblem, ServerSharing } from '../../lib/models/index.js';
import { randomStream, type RandomStream } from '../../lib/random/index.js';
import { randomProblem } from './plan-instances.js';

/** What a random planning case has, so that a test can count the cases it reached. */
export interface PlannerCase {
  readonly problem: PlanningProblem;
  readonly sharing: ServerSharing;
  readonly traits: readonly CaseTrait[];
}

export const caseTraits = [
  'resource-blocks',
  'equal-bandwidth-pin',
  'device-bandwidth-pin',
  'device-bandwidth-limit',
  'choice-pin',
  'common-cut-pin',
  'optional',
  'server-memory',
  'accuracy-mean',
  'accuracy-each',
  'split-range',
  'deadline',
  'separate-ratios',
] as const;
export type CaseTrait = (typeof caseTraits)[number];

const sharings: readonly ServerSharing[] = ['allocated', 'equal', 'batched'];

/**
 * A random problem with every kind of pin and limit, the sharing taking turns with the seed. `deadlineSeconds` is set by the
 * caller, who knows what is reachable.
 */
export function plannerCase(seed: number, devices: number): PlannerCase {
  const random = randomStream(seed, 'planner-case');
  const sharing = sharings[seed % 3]!;
  const separate = random.uniform() < 0.35;
  const splits = 3 + random.integer(devices <= 4 ? 10 : 6);
  const points = separate ? 2 + random.integer(3) : 2 + random.integer(5);
  const drawn = randomProblem({
    seed,
    devices,
    splits,
    points,
    sharing,
    scope: random.uniform() < 0.7 ? 'mean' : 'each',
    tiedRatios: !separate,
    decorations: random.uniform() < 0.7,
    serverMemoryTightness: random.uniform() < 0.45 ? 0.5 + 0.45 * random.uniform() : 'none',
  });
  const problem = withBlocks(random, withPins(random, withSplitRange(random, drawn)));
  return { problem, sharing, traits: traitsOf(problem) };
}

/** One choice of one device pinned at random: a restriction, whose best round can be no shorter. */
export function randomSinglePin(problem: PlanningProblem, seed: number): PlanningProblem | undefined {
  const random = randomStream(seed, 'single-pin');
  const n = random.integer(problem.devices.length);
  const device = problem.devices[n]!;
  const fair = problem.bandwidthHz / problem.devices.length;
  const open: PinnedDecisions[] = [];
  if (device.pinned.blocks === undefined) open.push({ blocks: pick(random, device.costs.allowedBlocks) });
  if (device.pinned.upPoint === undefined) {
    const upPoint = random.integer(problem.upPoints.length);
    open.push({ upPoint, ...(problem.tiedRatios && { downPoint: upPoint }) });
  }
  if (device.pinned.bandwidthHz === undefined && problem.resourceBlockHz === undefined) {
    const least = Math.max(device.minimumBandwidthHz, 0.2 * fair);
    const bandwidthHz = Math.min(device.maximumBandwidthHz, least + random.uniform() * 1.5 * fair);
    open.push({ bandwidthHz });
  }
  if (open.length === 0) return undefined;
  const pinned = { ...device.pinned, ...pick(random, open) };
  return { ...problem, devices: problem.devices.map((other, k) => (k === n ? { ...other, pinned } : other)) };
}

function withSplitRange(random: RandomStream, problem: PlanningProblem): PlanningProblem {
  if (random.uniform() > 0.25) return problem;
  const all = problem.devices[0]!.costs.allowedBlocks;
  const from = random.integer(all.length);
  const to = from + random.integer(all.length - from);
  const allowedBlocks = all.slice(from, to + 1);
  return mapDevices(problem, (device) => ({
    ...device,
    costs: { ...device.costs, allowedBlocks },
    pinned: device.pinned.blocks === undefined ? device.pinned : { ...device.pinned, blocks: allowedBlocks[0]! },
  }));
}

function withPins(random: RandomStream, problem: PlanningProblem): PlanningProblem {
  const fair = problem.bandwidthHz / problem.devices.length;
  const kind = random.uniform();
  if (kind < 0.2) {
    return mapDevices(problem, (device) => ({
      ...device,
      minimumBandwidthHz: 0,
      maximumBandwidthHz: Infinity,
      pinned: { ...device.pinned, bandwidthHz: fair },
    }));
  }
  if (kind < 0.3) {
    const blocks = pick(random, problem.devices[0]!.costs.allowedBlocks);
    return mapDevices(problem, (device) => ({ ...device, pinned: { ...device.pinned, blocks } }));
  }
  if (kind < 0.5) {
    return mapDevices(problem, (device) =>
      random.uniform() < 0.5
        ? device
        : { ...device, optional: device.optional || random.uniform() < 0.3, ...drawLimits(random, device, fair) },
    );
  }
  return problem;
}

function drawLimits(random: RandomStream, device: Device, fair: number): Partial<Device> {
  if (random.uniform() < 0.5) {
    return {
      minimumBandwidthHz: 0,
      maximumBandwidthHz: Infinity,
      pinned: { ...device.pinned, bandwidthHz: fair * (0.2 + random.uniform()) },
    };
  }
  const { bandwidthHz: _, ...pinned } = device.pinned;
  return {
    pinned,
    minimumBandwidthHz: fair * 0.7 * random.uniform(),
    maximumBandwidthHz: fair * (0.8 + random.uniform()),
  };
}

/** Whole blocks; limits and pins of the shares are moved to numbers of blocks. */
function withBlocks(random: RandomStream, problem: PlanningProblem): PlanningProblem {
  if (random.uniform() > 0.3) return problem;
  const resourceBlockHz = problem.bandwidthHz / (problem.devices.length * (2 + random.integer(10)) + random.integer(5));
  const whole = (hertz: number) => Math.max(1, Math.round(hertz / resourceBlockHz)) * resourceBlockHz;
  return {
    ...mapDevices(problem, (device) => ({
      ...device,
      minimumBandwidthHz: device.minimumBandwidthHz > 0 ? whole(device.minimumBandwidthHz) : 0,
      maximumBandwidthHz: device.maximumBandwidthHz < Infinity ? whole(device.maximumBandwidthHz) : Infinity,
      pinned: {
        ...device.pinned,
        ...(device.pinned.bandwidthHz !== undefined && {
          bandwidthHz: Math.max(1, Math.floor(device.pinned.bandwidthHz / resourceBlockHz)) * resourceBlockHz,
        }),
      },
    })),
    resourceBlockHz,
  };
}

function traitsOf(problem: PlanningProblem): CaseTrait[] {
  const { devices } = problem;
  const some = (holds: (device: Device) => boolean) => devices.some(holds);
  const pinnedBand = devices.filter(({ pinned }) => pinned.bandwidthHz !== undefined).length;
  const cuts = new Set(devices.map(({ pinned }) => pinned.blocks));
  const holds: Readonly<Record<CaseTrait, boolean>> = {
    'resource-blocks': problem.resourceBlockHz !== undefined,
    'equal-bandwidth-pin': pinnedBand === devices.length,
    'device-bandwidth-pin': pinnedBand > 0 && pinnedBand < devices.length,
    'device-bandwidth-limit': some((device) => device.minimumBandwidthHz > 0),
    'choice-pin': some(({ pinned }) => pinned.blocks !== undefined || pinned.upPoint !== undefined),
    'common-cut-pin': cuts.size === 1 && !cuts.has(undefined),
    optional: some((device) => device.optional),
    'server-memory': Number.isFinite(problem.serverMemoryBytes),
    'accuracy-mean': problem.accuracy.scope === 'mean',
    'accuracy-each': problem.accuracy.scope === 'each',
    'split-range': some(({ costs }) => costs.allowedBlocks.length <= 2),
    deadline: problem.deadlineSeconds !== undefined,
    'separate-ratios': !problem.tiedRatios,
  };
  return caseTraits.filter((trait) => holds[trait]);
}

function mapDevices(problem: PlanningProblem, change: (device: Device) => Device): PlanningProblem {
  return { ...problem, devices: problem.devices.map(change) };
}

function pick<T>(random: RandomStream, values: readonly T[]): T {
  return values[random.integer(values.length)]!;
}
