import type { Tf } from './backend/tensorflow.js';
import { splitOverDevices, type DataSplit, type Dataset } from './data/index.js';
import { cachedDataset, runDevice } from './device/index.js';
import type { AdapterSettings, AdapterState } from './model/adapters.js';
import { exampleShape, labelCount, type TransformerConfig } from './model/config.js';
import { FrozenWeights } from './model/frozen-weights.js';
import type { MemoryMode } from './model/parts.js';
import type { WeightSet } from './model/weights.js';
import { constantRate, type DeviceSettings, type TrainingSettings } from './protocol/index.js';
import {
  TrainingServer,
  type ServedDevice,
  type ServerOptions,
  type ServerSharing,
  type TrainingResult,
} from './server/index.js';
import {
  connectionPair,
  RadioConnection,
  RadioLink,
  type Connection,
  type RadioLinkOptions,
} from './transport/index.js';

/** One device of a training. */
export interface DevicePlan extends DeviceSettings {
  readonly name?: string;
  /** Its stages count so many times what they take here; default 1. */
  readonly speedFactor?: number;
  /** Absent: messages arrive at once on the event clock. */
  readonly link?: RadioLinkOptions;
  /** With `allocated`; default an equal one. */
  readonly serverShare?: number;
}

/** A training of N devices and a server. */
export interface TrainingOptions
  extends
    Omit<TrainingSettings, 'schedule'>,
    Partial<Pick<TrainingSettings, 'schedule'>>,
    Pick<
      ServerOptions,
      'clock' | 'onFault' | 'roundDeadlineSeconds' | 'rejoinSeconds' | 'onRound' | 'checkpoints' | 'signal'
    > {
  readonly config: TransformerConfig;
  readonly weights: WeightSet;
  readonly adapterSettings: AdapterSettings;
  /** Adapters to start from; see `initialAdapters`. */
  readonly adapters: AdapterState;
  readonly memoryMode: MemoryMode;
  readonly devices: readonly DevicePlan[];
  readonly dataset: Dataset;
  readonly split: DataSplit;
  /** Default `allocated`. */
  readonly serverSharing?: ServerSharing;
  /** The server's stages count so many times what they take here; default 1. */
  readonly serverSpeedFactor?: number;
  /** For any message; default 600. */
  readonly timeoutSeconds?: number;
  readonly record?: ServerOptions['record'];
  /** The two ends of a device's connection, device's first; default within this process. */
  readonly connect?: (device: number) => Promise<readonly [Connection, Connection]>;
}

/** Options that contradict each other. */
export class TrainingOptionsError extends Error {
  override readonly name = 'TrainingOptionsError';
  readonly code = 'training-options';
}

/**
 * Trains with all devices and the server in this process. They take turns on the machine; the event clock tells what
 * would have been had they run side by side. Unless `onFault` says otherwise the first failure of any party ends the
 * training for all. Throws `TrainingOptionsError`, `DatasetError`, `ConnectionError`, `ProtocolError`.
 */
export async function trainInProcess(tf: Tf, options: TrainingOptions): Promise<TrainingResult> {
  checkOptions(options);
  const { devices, rounds, localSteps, optimizer, seed, clock = 'emulated', timeoutSeconds = 600 } = options;
  const { config, weights, adapterSettings: settings, adapters, memoryMode } = options;
  // One copy of the frozen weights serves all devices and the server.
  const frozen = new FrozenWeights(tf, config, weights);
  const part = { config, weights, settings, adapters, memoryMode, frozen };
  const shares = splitOverDevices(options.dataset.labels, devices.length, options.split, seed);
  const connect = options.connect ?? (() => Promise.resolve(connectionPair()));
  const ends = await Promise.all(devices.map((_, index) => connect(index)));
  const closeAll = (reason: string) => ends.flat().forEach((connection) => connection.close(reason));
  const schedule = options.schedule ?? constantRate;
  const { exchangeCodec = 'identity' } = options;
  const common = { rounds, localSteps, optimizer, schedule, seed, exchangeCodec };
  const served = servedDevices(options, shares).map((device, k) => ({ ...device, connection: ends[k]![1] }));
  const server = new TrainingServer(tf, {
    ...options,
    ...common,
    clock,
    part,
    devices: served,
    timeoutSeconds,
    sharing: options.serverSharing ?? 'allocated',
    speedFactor: options.serverSpeedFactor ?? 1,
    takeTurns: clock === 'emulated',
    record: options.record ?? (() => undefined),
  }).run();
  const dataset = cachedDataset(options.dataset);
  const workers = devices.map(({ cut, batchSize, uplinkCodec, downlinkCodec, speedFactor = 1, link }, index) => {
    const own = { index, part, cut, batchSize, uplinkCodec, downlinkCodec, indices: shares[index]! };
    const [near] = ends[index]!;
    const isWall = clock === 'wall';
    const connection = isWall && link ? new RadioConnection(near, new RadioLink(link)) : near;
    const wall = isWall ? { wall: { speedFactor, clockOffsetSeconds: 0 } } : {};
    return runDevice(tf, connection, { ...common, ...own, ...wall, dataset });
  });
  let failure: { readonly error: unknown } | undefined;
  const failed = (error: unknown) => {
    // What the others see next is only that the connection is closed.
    failure ??= { error };
    closeAll(error instanceof Error ? error.message : String(error));
  };
  const parties = workers.map((worker, k) =>
    worker.catch((error: unknown) => {
      if (options.onFault === 'continue') ends[k]![0].close(String(error));
      else failed(error);
    }),
  );
  try {
    return await server;
  } catch (error) {
    // A device that fails closes its connection, which is all the server then sees.
    throw failure ? failure.error : error;
  } finally {
    closeAll('the training has ended');
    await Promise.all(parties);
    frozen.dispose();
  }
}

/** Devices as the server sees them, but for their connections. */
export function servedDevices(
  options: Pick<TrainingOptions, 'devices'>,
  shares: readonly Int32Array[],
): Omit<ServedDevice, 'connection'>[] {
  return options.devices.map(({ link, ...device }, index) => ({
    ...device,
    speedFactor: device.speedFactor ?? 1,
    weight: shares[index]!.length,
    ...(link && { link: new RadioLink(link) }),
  }));
}

function checkOptions(options: TrainingOptions): void {
  const { devices, config, dataset, rounds, localSteps } = options;
  const problems: string[] = [];
  if (devices.length === 0) problems.push('there are no devices');
  for (const [name, value] of Object.entries({ rounds, localSteps })) {
    if (!Number.isSafeInteger(value) || value < 1) problems.push(`${name} must be from 1 on, found ${value}`);
  }
  const [found, wanted] = [dataset.shape, exampleShape(config)].map((shape) => shape.join(' × '));
  if (found !== wanted) problems.push(`examples of ${found} do not fit the model's ${wanted}`);
  if (dataset.classNames.length > labelCount(config)) {
    problems.push(`${dataset.classNames.length} classes do not fit the model's head of ${labelCount(config)}`);
  }
  // Who holds all blocks needs nothing of the server.
  const shares = devices.map(({ cut, serverShare = 1 / devices.length }) => (cut === config.blocks ? 0 : serverShare));
  devices.forEach(({ cut, speedFactor = 1 }, k) => {
    if (!Number.isSafeInteger(cut) || cut < 0 || cut > config.blocks) {
      problems.push(`device ${k}: cut must be 0 … ${config.blocks}, found ${cut}`);
    }
    if (!(speedFactor > 0)) problems.push(`device ${k}: speedFactor must be above 0, found ${speedFactor}`);
    if (!(shares[k]! > 0) && cut !== config.blocks) {
      problems.push(`device ${k}: serverShare must be above 0, found ${shares[k]}`);
    }
  });
  const total = shares.reduce((sum, share) => sum + share, 0);
  if (total > 1 + 1e-9) problems.push(`the shares of the server sum to ${total}`);
  if (problems.length > 0) throw new TrainingOptionsError(problems.join('\n'));
}
