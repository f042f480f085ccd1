import {
  serverModelBytes,
  type OperatingPoint,
  type PlanningProblem,
  type TransformerShape,
} from '../../../models/index.js';
import type { ProblemFile } from '../schema/index.js';
import { resolveAccuracy } from './accuracy.js';
import { resolveEntry, type DeviceContext, type DeviceSummary } from './devices.js';
import { LinkResolver } from './links.js';
import { resolveAttention, resolveMemorySettings, resolveShape } from './model.js';
import { resolvePoint } from './points.js';

/** A checked problem file with everything drawn and computed. */
export interface ResolvedSections {
  /** The file with its defaults. */
  readonly file: ProblemFile;
  /** Shape of its transformer. */
  readonly shape: TransformerShape;
  /** The problem that it stands for. */
  readonly problem: PlanningProblem;
  /** What each device was made from, in the order of `problem.devices`. */
  readonly summaries: readonly DeviceSummary[];
  /** Memory that the model takes on the server, bytes: counted off `server.memory`. */
  readonly serverModelBytes: number;
}

/**
 * Draws and computes everything. The file must have passed its checks.
 *
 * @param file - A file that has passed its checks.
 * @example
 * ```ts
 * import { parseProblemFile, resolveFile } from 'sft-opt/io';
 *
 * const { file } = parseProblemFile('{ version: 1, model: deit-tiny, devices: [{ name: a, distance: 60 m }] }');
 * console.log(resolveFile(file).problem.devices[0]!.name); // a
 * ```
 */
export function resolveFile(file: ProblemFile): ResolvedSections {
  const shape = resolveShape(file.model);
  const tiedRatios = file.codec.ratios === 'tied';
  const upPoints = resolvePoints(file.codec.points, file.codec.valueBits);
  const downPoints =
    tiedRatios || !file.codec.downPoints ? upPoints : resolvePoints(file.codec.downPoints, file.codec.valueBits);
  const context: DeviceContext = {
    file,
    settings: resolveMemorySettings(file, shape),
    attentionCount: resolveAttention(file.model),
    allowedBlocks: allowedBlocks(file, shape),
    links: new LinkResolver(file.radio),
    pointIndex: (direction, pin) => findPoint(direction === 'up' ? upPoints : downPoints, pin),
    deviceCount: countDevices(file),
  };
  const members = file.devices.flatMap((entry, index) => [...resolveEntry(entry, index, context)]);
  const { deadline, radio, server, training } = file;
  const serverModel = serverModelBytes(shape, training.weightBytes);
  const problem: PlanningProblem = {
    blockCount: shape.blocks,
    stepsPerRound: training.stepsPerRound,
    sharing: server.sharing,
    bandwidthHz: radio.bandwidth,
    ...(radio.resourceBlock !== undefined && { resourceBlockHz: radio.resourceBlock }),
    ...(deadline !== undefined && { deadlineSeconds: deadline }),
    serverMemoryBytes: server.memory === undefined ? Infinity : server.memory - serverModel,
    ...(file.traffic.maximumTotal !== undefined && { trafficLimitBits: 8 * file.traffic.maximumTotal }),
    aggregationSeconds: server.aggregation,
    accuracy: {
      ...resolveAccuracy(file.accuracy),
      ...(file.accuracy.leftOut !== undefined && { leftOutAccuracy: file.accuracy.leftOut }),
      ...(file.exchange.accuracyLoss > 0 && { exchangeLoss: file.exchange.accuracyLoss }),
    },
    upPoints,
    downPoints,
    tiedRatios,
    devices: members.map(({ device }) => device),
  };
  return { file, shape, problem, summaries: members.map(({ summary }) => summary), serverModelBytes: serverModel };
}

/** Operating points by increasing ratio. */
export function resolvePoints(entries: ProblemFile['codec']['points'], valueBits: number): OperatingPoint[] {
  return entries.map((entry) => resolvePoint(entry, valueBits)).sort((a, b) => a.ratio - b.ratio);
}

/** The point of this name, or of this ratio. */
export function findPoint(points: readonly OperatingPoint[], pin: string | number): number | undefined {
  const index = points.findIndex((point) =>
    typeof pin === 'string' ? point.name === pin : Math.abs(point.ratio - pin) <= 1e-9 * pin,
  );
  return index < 0 ? undefined : index;
}

/** Devices that one entry stands for. */
export function presentCount({ count = 1, members = {} }: ProblemFile['devices'][number]): number {
  return Object.values(members).reduce((left, { absent }) => left - (absent ? 1 : 0), count);
}

/** Devices of all entries together. */
export function countDevices(file: Pick<ProblemFile, 'devices'>): number {
  return file.devices.reduce((sum, entry) => sum + presentCount(entry), 0);
}

/** The numbers of blocks a device may hold. */
export function allowedBlocks(file: Pick<ProblemFile, 'split'>, shape: Pick<TransformerShape, 'blocks'>): number[] {
  const { minimum, maximum = Math.max(minimum, shape.blocks - 1) } = file.split;
  return Array.from({ length: Math.max(0, maximum - minimum + 1) }, (_, k) => minimum + k);
}
