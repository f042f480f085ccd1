import {
  fallsShort,
  limitTolerance,
  type DevicePlan,
  type OperatingPoint,
  type PlanningProblem,
} from '../../models/index.js';
import { judgeInTurn } from '../in-turn.js';
import type { Planner } from '../planner.js';
import { bestInClass, commonCuts, equalShares, withEqualServer } from '../restricted/index.js';
import { breaks, judge, schemeOfClass, type SchemeOutcome } from './scheme.js';

/** The point without any codec. */
export const noCompressionPoint: OperatingPoint = {
  name: 'uncompressed',
  ratio: 1,
  encodeSecondsPerValue: 0,
  decodeSecondsPerValue: 0,
  serverEncodeSecondsPerValue: 0,
  serverDecodeSecondsPerValue: 0,
  workspaceBytesPerValue: 0,
};

/** Position of the point without any codec in a list; −1 if the file has none. */
export function uncompressedPoint(points: readonly OperatingPoint[]): number {
  const free = (Object.keys(noCompressionPoint) as (keyof OperatingPoint)[]).filter((key) => key !== 'name');
  return points.findIndex((point) => free.every((key) => point[key] === noCompressionPoint[key]));
}

/** The same cell with nothing compressed, all its other limits and pins kept; or the pin that asks for compression. */
export function withoutCompression(problem: PlanningProblem): PlanningProblem | { readonly contradiction: string } {
  for (const { name, pinned } of problem.devices) {
    for (const [points, pin] of [
      [problem.upPoints, pinned.upPoint],
      [problem.downPoints, pinned.downPoint],
    ] as const) {
      if (pin === undefined || pin === uncompressedPoint(points)) continue;
      return { contradiction: `${name} is pinned to ${points[pin]!.name}` };
    }
  }
  const devices = problem.devices.map((device) => {
    const { upPoint: _up, downPoint: _down, ...pinned } = device.pinned;
    return { ...device, pinned };
  });
  return { ...problem, upPoints: [noCompressionPoint], downPoints: [noCompressionPoint], tiedRatios: true, devices };
}

/**
 * Split federated learning (Thapa et al. 2022): one cut for all, in parallel, uncompressed, equal shares of band and server.
 * Where it breaks a limit of the whole cell its time is shown all the same.
 */
export function splitFederated(problem: PlanningProblem, planner: Planner): SchemeOutcome {
  const conventional = withEqualServer(problem);
  const restriction = { cut: true, point: true, bandwidth: true };
  const found = bestInClass(conventional, restriction, { planner, starts: [] });
  if (found.status !== 'infeasible') return schemeOfClass(conventional, found);
  const { deadlineSeconds: _deadline, trafficLimitBits: _traffic, ...rest } = conventional;
  const open = { ...rest, serverMemoryBytes: Infinity, accuracy: { ...rest.accuracy, minimum: -Infinity } };
  const { plan } = bestInClass(open, restriction, { planner, starts: [] });
  return plan ? judge(conventional, plan) : schemeOfClass(conventional, found);
}

/**
 * Federated LoRA (McMahan et al. 2017 with adapters): the whole model on every device that must take part, only adapters
 * cross the air, equal bandwidth. Its time is shown even where it breaks a limit; the file's range of splits is not asked.
 */
export function federatedLora(problem: PlanningProblem): SchemeOutcome {
  const pinned = problem.devices.find(({ pinned: { blocks = problem.blockCount } }) => blocks !== problem.blockCount);
  if (pinned) return { status: 'does-not-apply', note: `${pinned.name} is pinned to ${pinned.pinned.blocks} blocks` };
  const { values, contradiction } = equalShares(problem);
  const [shares] = values;
  if (!shares) return { status: 'does-not-apply', note: contradiction ?? 'equal shares do not fit into the band' };
  const takesPart = participants(problem);
  const serverShare = problem.sharing === 'batched' ? 1 : 1 / problem.devices.length;
  return judge(problem, {
    devices: problem.devices.map((_, n) =>
      takesPart(n) ? { ...decision(problem.blockCount), bandwidthHz: shares[n]!, serverShare } : absent,
    ),
  });
}

/**
 * Vanilla split learning (Vepakomma et al. 2018): devices one after another with one cut, each with the whole band and
 * server; the adapters go from device to device through the server, and nothing is aggregated.
 */
export function vanillaSplit(problem: PlanningProblem): SchemeOutcome {
  const pinned = problem.devices.find(({ pinned: { bandwidthHz } }) => bandwidthHz !== undefined);
  if (pinned) return { status: 'does-not-apply', note: `${pinned.name} is pinned to a share of the band` };
  const { values, contradiction } = commonCuts(problem);
  if (contradiction !== undefined) return { status: 'does-not-apply', note: contradiction };
  const outcomes = values.map((cut) => inTurn(problem, cut));
  const rank = ({ status, totalSeconds }: SchemeOutcome) => (status === 'found' ? 0 : 1e300) + totalSeconds!;
  outcomes.sort((a, b) => rank(a) - rank(b));
  return outcomes[0] ?? { status: 'infeasible', note: 'no number of blocks is open to every device' };
}

function inTurn(problem: PlanningProblem, cut: number): SchemeOutcome {
  const takesPart = participants(problem);
  const devices = problem.devices.map((device, n): DevicePlan => {
    const bandwidthHz = wholeBlocks(problem, Math.min(problem.bandwidthHz, device.maximumBandwidthHz));
    return takesPart(n) ? { ...decision(cut), bandwidthHz, serverShare: 1 } : absent;
  });
  const plan = { devices };
  const { totalSeconds, violations } = judgeInTurn(problem, plan);
  const common = { totalSeconds, plan, problem };
  return violations.length === 0
    ? { status: 'found', ...common, boundSeconds: totalSeconds }
    : { status: 'breaks-limits', ...common, note: breaks(violations) };
}

/** What of a band is handed out. */
function wholeBlocks({ resourceBlockHz: block }: PlanningProblem, bandwidthHz: number): number {
  return block === undefined ? bandwidthHz : Math.floor((bandwidthHz / block) * (1 + limitTolerance)) * block;
}

/**
 * With one cut and no compression nobody's part changes the accuracy: whoever may stay out does, but for one. Where staying out
 * costs more accuracy than there is, all take part.
 */
function participants({ devices, accuracy: { scope, minimum, model, leftOutAccuracy } }: PlanningProblem) {
  const weight = (counted: typeof devices) => counted.reduce((sum, device) => sum + device.weight, 0);
  if (scope === 'mean' && leftOutAccuracy !== undefined) {
    const out = weight(devices.filter(({ optional }) => optional)) / weight(devices);
    if (fallsShort((1 - out) * model.limit + out * leftOutAccuracy, minimum)) return () => true;
  }
  if (devices.every(({ optional }) => optional)) return (n: number) => n === 0;
  return (n: number) => !devices[n]!.optional;
}

const absent: DevicePlan = {
  participates: false,
  blocks: 0,
  upPoint: 0,
  downPoint: 0,
  bandwidthHz: 0,
  serverShare: 0,
};

function decision(blocks: number) {
  return { participates: true, blocks, upPoint: 0, downPoint: 0 } as const;
}
