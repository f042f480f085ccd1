import type { TransformerShape } from '../../models/index.js';
import {
  MeasuredProfileError,
  readMeasuredProfile,
  type MeasuredEntry,
  type MeasuredPoint,
  type MeasuredProfile,
} from '../measured-profile/index.js';
import type { CheckedSections } from './checks/index.js';
import { countDevices, isExchangeCoded, resolveShape } from './resolve/index.js';
import type { DeviceEntry, ProblemFile } from './schema/index.js';
import type { RawIssue } from './source/index.js';

type PointEntry = ProblemFile['codec']['points'][number];

/** Sections with what a measured profile says filled in where the file leaves it open, or why that cannot be. */
export interface CalibrationOutcome {
  readonly sections: CheckedSections;
  readonly issues: readonly RawIssue[];
}

/**
 * Puts a measured profile in place of computed costs: every device without a `profile` of its own gets the measured one
 * (times its `profileFactor`), operating points get their measured ratios and times, and messages, adapters and
 * aggregation their measured sizes. `hasOwnPoints`: the file lists operating points; otherwise all measured ones are used.
 */
export function applyCalibration(
  sections: CheckedSections,
  hasOwnPoints: boolean,
  readFile: (path: string) => string,
): CalibrationOutcome {
  const { calibration, model, training, codec, server, devices, exchange } = sections;
  if (calibration === undefined) return { sections, issues: [] };
  const issue = (message: string, ...path: string[]): CalibrationOutcome => {
    return { sections, issues: [{ path: path.length > 0 ? path : ['calibration'], message }] };
  };
  let profile: MeasuredProfile;
  try {
    profile = readMeasuredProfile(readFile(calibration));
  } catch (error) {
    if (error instanceof MeasuredProfileError) return issue(error.message);
    return issue(`cannot be read: ${error instanceof Error ? error.message : String(error)}`);
  }
  if (!model || !training || !codec || !server || !devices) return { sections, issues: [] };
  const different = differences(profile, resolveShape(model), sections.lora);
  if (different.length > 0) return issue(`was measured on another model: ${different.join(', ')}`);
  const { activations } = training;
  const entryOf = (batchSize: number) =>
    profile.entries.find((entry) => entry.batchSize === batchSize && entry.activations === activations);
  const main = entryOf(training.batchSize);
  const missing = [training.batchSize, ...devices.map((device) => device?.batchSize ?? training.batchSize)].find(
    (batchSize) => !entryOf(batchSize),
  );
  if (!main || missing !== undefined) {
    const found = profile.entries.map((entry) => `${entry.batchSize} (${entry.activations})`).join(', ');
    return issue(`has no batches of ${missing ?? 0} with activations: ${activations}; it has ${found}`);
  }
  const points = measuredPoints(hasOwnPoints ? codec.points : undefined, main);
  const downPoints = codec.downPoints && measuredPoints(codec.downPoints, main);
  const unknown = [...points, ...(downPoints ?? [])].find((found) => typeof found === 'string');
  if (unknown !== undefined) return issue(unknown, 'codec', 'points');
  const count = countDevices({ devices: devices.flatMap((device) => (device ? [device] : [])) });
  return {
    sections: {
      ...sections,
      codec: {
        ...codec,
        header: profile.headerBytes,
        ...codecPoints(codec.ratios, server.profileFactor, points as Found[], downPoints as Found[] | undefined),
      },
      ...(exchange && { exchange: calibratedExchange(exchange, main, profile.headerBytes) }),
      server: {
        ...server,
        aggregation: server.aggregation + server.profileFactor * affineOf(profile.aggregationSeconds, count),
      },
      devices: devices.map((device) => {
        if (!device) return device;
        const batch = server.sharing === 'batched' ? count : undefined;
        const entry = entryOf(device.batchSize ?? training.batchSize)!;
        return calibratedDevice(device, profile, entry, server.profileFactor, batch);
      }),
    },
    issues: [],
  };
}

function calibratedDevice(
  device: DeviceEntry,
  profile: MeasuredProfile,
  entry: MeasuredEntry,
  serverFactor: number,
  batchedDevices: number | undefined,
): DeviceEntry {
  if (device.profile) return device;
  const sum = (...parts: readonly { fixed: number; perBlock: number }[]) => ({
    fixed: parts.reduce((total, { fixed }) => total + fixed, 0),
    perBlock: parts.reduce((total, { perBlock }) => total + perBlock, 0),
  });
  const { serverBatchBytes } = entry;
  // One alone is served as without a batch.
  const isBatched = batchedDevices !== undefined && batchedDevices > 1;
  const work = isBatched ? batchShare(entry.serverBatchSeconds, batchedDevices) : entry.serverSeconds;
  const activationBytes =
    isBatched && serverBatchBytes ? batchShare(serverBatchBytes, batchedDevices) : entry.serverActivationBytes;
  return {
    ...device,
    codecTimeFactor: device.codecTimeFactor ?? device.profileFactor,
    profile: {
      forward: entry.forwardSeconds,
      backward: entry.backwardSeconds,
      server: { fixed: serverFactor * work.fixed, perBlock: serverFactor * work.perBlock },
      // What counts against a device's memory is the whole process, where one was measured.
      deviceMemory: entry.processBytes ?? { ...entry.deviceBytes },
      serverMemory: sum(entry.serverStateBytes, activationBytes),
      adapters: profile.adapterBytes,
    },
  };
}

/** One device's part of a batch: what serves all is divided evenly, so that the parts of equal cuts add up to the whole. */
function batchShare(batch: MeasuredEntry['serverBatchSeconds'], devices: number) {
  return {
    fixed: batch.fixed / devices + batch.fixedPerDevice,
    perBlock: batch.perBlock / devices + batch.perBlockPerDevice,
  };
}

function affineOf({ fixed, perDevice }: MeasuredProfile['aggregationSeconds'], devices: number): number {
  return fixed + devices * perDevice;
}

/** The codec's times at the same setting where that was measured on activations; the ratio is another tensor's. */
function calibratedExchange(
  exchange: ProblemFile['exchange'],
  { points }: MeasuredEntry,
  headerBytes: number,
): ProblemFile['exchange'] {
  if (!isExchangeCoded(exchange)) return exchange;
  const { keptFraction = 1, bits = 32 } = exchange;
  const measured = points.find((point) => point.bits === bits && point.keptFraction === keptFraction);
  return {
    header: headerBytes,
    ...(measured && { encodeTime: measured.up.encodeSecondsPerValue, decodeTime: measured.down.decodeSecondsPerValue }),
    ...exchange,
  };
}

interface Found {
  readonly given: PointEntry;
  readonly measured: MeasuredPoint;
}

/** The measured point of each entry, or a message for one that was not measured; all measured ones without entries. */
function measuredPoints(entries: readonly PointEntry[] | undefined, { points }: MeasuredEntry): (Found | string)[] {
  if (!entries) return points.map((measured) => ({ given: nameless(measured), measured }));
  return entries.map((given) => {
    const bits = given.bits ?? 32;
    const kept = given.keptFraction ?? 1;
    const measured = points.find((point) => point.bits === bits && Math.abs(point.keptFraction - kept) < 1e-9);
    if (measured) return { given, measured };
    const known = points.map((point) => `${100 * point.keptFraction} % at ${point.bits} bits`).join(', ');
    return `no measurement of ${100 * kept} % at ${bits} bits; there are ${known}`;
  });
}

function nameless({ keptFraction, bits }: MeasuredPoint): PointEntry {
  return { keptFraction, bits };
}

/** Points with what was measured: one list a direction, or with tied ratios one whose ratio is the mean of both. */
function codecPoints(
  ratios: 'tied' | 'separate',
  serverFactor: number,
  up: readonly Found[],
  down: readonly Found[] | undefined,
) {
  const entry = ({ given, measured }: Found, ratio: number): PointEntry => ({
    ...given,
    ratio: given.ratio ?? Math.min(1, ratio),
    encodeTime: given.encodeTime ?? measured.up.encodeSecondsPerValue,
    serverDecodeTime: given.serverDecodeTime ?? serverFactor * measured.up.decodeSecondsPerValue,
    serverEncodeTime: given.serverEncodeTime ?? serverFactor * measured.down.encodeSecondsPerValue,
    decodeTime: given.decodeTime ?? measured.down.decodeSecondsPerValue,
  });
  if (ratios === 'tied') {
    return { points: up.map((found) => entry(found, (found.measured.up.ratio + found.measured.down.ratio) / 2)) };
  }
  return {
    points: up.map((found) => entry(found, found.measured.up.ratio)),
    downPoints: (down ?? up).map((found) => entry(found, found.measured.down.ratio)),
  };
}

function differences(profile: MeasuredProfile, shape: TransformerShape, lora: CheckedSections['lora']): string[] {
  const found: string[] = [];
  const compare = (name: string, measured: number | string | boolean, here: number | string | boolean) => {
    if (measured !== here) found.push(`${name} ${measured}, here ${here}`);
  };
  for (const name of ['blocks', 'width', 'heads', 'mlpWidth', 'tokens'] as const) {
    compare(name, profile.model[name], shape[name]);
  }
  const { keyValueHeads, gatedMlp, vocabulary } = profile.model;
  if (keyValueHeads !== undefined) compare('keyValueHeads', keyValueHeads, shape.keyValueHeads);
  if (gatedMlp !== undefined) {
    compare('gatedMlp', gatedMlp, shape.gatedMlp);
    const here = shape.embedding.kind === 'tokens' ? shape.embedding.vocabulary : 'none';
    compare('vocabulary', vocabulary ?? 'none', here);
  }
  if (lora) {
    compare('rank', profile.lora.rank, lora.rank);
    compare('targets', [...profile.lora.targets].sort().join('+'), [...lora.targets].sort().join('+'));
  }
  return found;
}
