import { sumLimit, type Device, type ExtraLimit, type PlanningProblem } from '../models/index.js';
import { randomStream, type RandomStream } from '../random/index.js';

/** How small. */
export interface SmallInstanceOptions {
  /** Of what is drawn. */
  readonly seed: number;
  /** At most three, for brute force. */
  readonly devices: number;
  /** Cuts of a device, and points of each direction. */
  readonly cuts: number;
  /** Operating points of each direction. */
  readonly points: number;
}

/**
 * A part of a problem that brute force can solve: some of its devices, cuts and points, drawn by the seed, the band and the sums
 * that couple devices in proportion. Its parts are those of the problem.
 *
 * @param problem - Cell, devices, model and limits, in SI units.
 * @param options - How many devices, cuts and points, and the seed.
 * @example
 * ```ts
 * import { parseProblemFile } from 'sft-opt';
 * import { smallInstance } from 'sft-opt/testing';
 *
 * const { problem } = parseProblemFile('{ version: 1, model: deit-tiny, devices: [{ name: a, count: 2, distance: 60 m }] }');
 * console.log(smallInstance(problem, { seed: 1, devices: 1, cuts: 2, points: 2 }).devices.length); // 1
 * ```
 */
export function smallInstance(problem: PlanningProblem, options: SmallInstanceOptions): PlanningProblem {
  const random = randomStream(options.seed, 'small-instance');
  const devices = drawn(random, problem.devices, options.devices);
  const part = devices.length / problem.devices.length;
  const up = drawn(
    random,
    problem.upPoints.map((_, k) => k),
    options.points,
  );
  const down = problem.tiedRatios
    ? up
    : drawn(
        random,
        problem.downPoints.map((_, k) => k),
        options.points,
      );
  const { extraLimits, resourceBlockHz: _, ...rest } = problem;
  return {
    ...rest,
    bandwidthHz: problem.bandwidthHz * part,
    serverMemoryBytes: problem.serverMemoryBytes * part,
    upPoints: up.map((k) => problem.upPoints[k]!),
    downPoints: down.map((k) => problem.downPoints[k]!),
    devices: devices.map((device) => shrunk(random, device, options.cuts)),
    ...(extraLimits && { extraLimits: extraLimits.map((limit) => scaled(limit, part, up, down)) }),
  };
}

/** Pins of points would mean others among fewer points: they are dropped, those of cuts and bandwidths kept. */
function shrunk(random: RandomStream, device: Device, cuts: number): Device {
  const { blocks, bandwidthHz } = device.pinned;
  const allowed = blocks === undefined ? drawn(random, device.costs.allowedBlocks, cuts) : [blocks];
  return {
    ...device,
    pinned: { ...(blocks !== undefined && { blocks }), ...(bandwidthHz !== undefined && { bandwidthHz }) },
    costs: { ...device.costs, allowedBlocks: allowed },
  };
}

function scaled(limit: ExtraLimit, part: number, up: readonly number[], down: readonly number[]): ExtraLimit {
  return {
    ...limit,
    ...(limit.scope === 'sum' && { limit: sumLimit(limit) * part }),
    use: (device, choice) =>
      limit.use(device, { ...choice, upPoint: up[choice.upPoint]!, downPoint: down[choice.downPoint]! }),
  };
}

/** Some of a list, in its order. */
function drawn<Item>(random: RandomStream, list: readonly Item[], count: number): Item[] {
  const left = list.map((_, k) => k);
  const kept = new Set<number>();
  while (kept.size < Math.min(count, list.length)) {
    kept.add(left.splice(Math.floor(random.uniform() * left.length), 1)[0]!);
  }
  return list.filter((_, k) => kept.has(k));
}
