import {
  formatIssue,
  readProblemFile,
  type MeasuredAffine,
  type MeasuredEntry,
  type MeasuredProfile,
  type ResolvedFile,
} from '../io/index.js';
import {
  roundDelay,
  roundTraffic,
  type Plan,
  type PlanningProblem,
  type RoundDelay,
  type TransformerShape,
} from '../models/index.js';
import type { ValidationCase } from './cases.js';
import type { CodecPoint } from './points.js';

/** Band of every case; rates are given over it. */
export const bandHz = 20e6;

/** What the planner says of a case. */
export interface Prediction {
  readonly resolved: ResolvedFile;
  readonly plan: Plan;
  readonly delay: RoundDelay;
  /** The round, did messages come at once. */
  readonly computeSeconds: number;
  readonly trafficBytes: number;
  readonly devicePeakBytes: readonly number[];
  readonly serverPeakBytes: number;
}

/** The case as a problem file that names the profile. */
export function problemOf(one: ValidationCase, shape: TransformerShape, lora: MeasuredProfile['lora']): object {
  const points = distinct(one.devices.map(({ up }) => up));
  const downPoints = distinct(one.devices.map(({ down }) => down));
  return {
    version: 1,
    name: one.name,
    calibration: 'profile.json',
    model: shape,
    lora: { rank: lora.rank, targets: lora.targets },
    training: { batchSize: one.batchSize, stepsPerRound: one.stepsPerRound, activations: one.activations },
    codec: { points, downPoints, ratios: 'separate' },
    accuracy: { minimum: 0 },
    radio: { bandwidth: bandHz },
    server: { sharing: one.sharing, profileFactor: one.serverFactor },
    devices: one.devices.map(({ speedFactor, uplinkRate, downlinkRate }, k) => ({
      name: `device-${k + 1}`,
      profileFactor: speedFactor,
      uplinkRate,
      downlinkRate,
    })),
  };
}

/** Predicts a case as `sft-opt solve` would. Throws where the profile does not fit. */
export function predict(
  one: ValidationCase,
  shape: TransformerShape,
  profile: MeasuredProfile,
  profileText: string,
): Prediction {
  const text = one.problemText ?? JSON.stringify(problemOf(one, shape, profile.lora));
  const outcome = readProblemFile(text, { readFile: () => profileText });
  if (!outcome.ok) throw new Error(outcome.issues.map((issue) => formatIssue(issue, one.name)).join('\n'));
  const { resolved } = outcome;
  const { problem } = resolved;
  const index = (points: typeof problem.upPoints, { keptFraction, bits }: CodecPoint) =>
    points.findIndex((point) => (point.keptFraction ?? 1) === keptFraction && (point.bitsPerKeptValue ?? 32) === bits);
  const plan: Plan = {
    devices: one.devices.map(({ cut, up, down, bandShare, serverShare }) => ({
      participates: true,
      blocks: cut,
      upPoint: index(problem.upPoints, up),
      downPoint: index(problem.downPoints, down),
      bandwidthHz: bandShare * problem.bandwidthHz,
      serverShare: one.sharing === 'batched' ? 1 : one.sharing === 'equal' ? 1 / one.devices.length : serverShare,
    })),
  };
  const entry = profile.entries.find(
    ({ batchSize, activations }) => batchSize === one.batchSize && activations === one.activations,
  )!;
  const { deviceBytes } = entry;
  const traffic = problem.devices.map((device, n) => roundTraffic(problem, device, plan.devices[n]!));
  return {
    resolved,
    plan,
    delay: roundDelay(problem, plan),
    computeSeconds: roundDelay(withoutLinks(problem), plan).totalSeconds,
    trafficBytes: traffic.reduce((sum, { uplinkBits, downlinkBits }) => sum + uplinkBits + downlinkBits, 0) / 8,
    devicePeakBytes: one.devices.map(({ cut }) => (cut === 1 ? deviceBytes.atOneBlock : at(deviceBytes, cut))),
    serverPeakBytes: serverPeak(one, profile.serverModelBytes, entry, shape.blocks),
  };
}

function withoutLinks(problem: PlanningProblem): PlanningProblem {
  const free = { kind: 'linear', bitsPerSecondPerHz: 1e15 } as const;
  return { ...problem, devices: problem.devices.map((device) => ({ ...device, uplink: free, downlink: free })) };
}

/**
 * The harness computes in one thread: with a slice each, devices' activations are held one at a time; in a batch all at
 * once. (A server that works for all at the same time holds their sum: that is what plans count with.)
 */
function serverPeak(one: ValidationCase, model: MeasuredAffine, entry: MeasuredEntry, blocks: number): number {
  const served = one.devices.map(({ cut }) => blocks - cut);
  const state = served.reduce((sum, count) => sum + at(entry.serverStateBytes, count), 0);
  const { serverActivationBytes: single, serverBatchBytes: batch } = entry;
  const share = batch && {
    fixed: batch.fixed / served.length + batch.fixedPerDevice,
    perBlock: batch.perBlock / served.length + batch.perBlockPerDevice,
  };
  const held =
    one.sharing === 'batched'
      ? served.reduce((sum, count) => sum + at(share ?? single, count), 0)
      : Math.max(...served.map((count) => at(single, count)));
  return at(model, Math.max(...served)) + state + held;
}

function at({ fixed, perBlock }: MeasuredAffine, blocks: number): number {
  return fixed + perBlock * blocks;
}

function distinct(points: readonly CodecPoint[]): CodecPoint[] {
  return [...new Map(points.map((point) => [`${point.keptFraction}/${point.bits}`, point])).values()];
}
