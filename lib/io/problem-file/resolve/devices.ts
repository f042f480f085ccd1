import {
  buildCostTable,
  buildProfiledCostTable,
  type AttentionCount,
  type CostTable,
  type Device,
  type MemorySettings,
  type PinnedDecisions,
} from '../../../models/index.js';
import type { DeviceEntry, PinnedEntry, ProblemFile } from '../schema/index.js';
import { EntryDraws } from './draw.js';
import type { LinkResolver, ResolvedLink } from './links.js';
import { isExchangeCoded, resolvePoint } from './points.js';

/** Throughput of the device whose codec times the operating points state. */
export const referenceThroughput = 50e9;

/** What a device of the domain was made from, for people. */
export interface DeviceSummary {
  /** As in the problem. */
  readonly name: string;
  /** Position of its entry in the file's list. */
  readonly entry: number;
  /** Throughput, FLOP a second. */
  readonly throughputFlopsPerSecond: number;
  /** Both directions. */
  readonly link: ResolvedLink;
}

/** What the members of all entries share. */
export interface DeviceContext {
  readonly file: ProblemFile;
  readonly settings: MemorySettings;
  readonly attentionCount: AttentionCount;
  readonly allowedBlocks: readonly number[];
  readonly links: LinkResolver;
  /** Positions of operating points by what a pin may call them. */
  readonly pointIndex: (direction: 'up' | 'down', pin: string | number) => number | undefined;
  readonly deviceCount: number;
}

/** Parts of an entry that say the same of all their devices: its plain members together, then each that differs. */
export function* entryParts(
  entry: DeviceEntry,
): Generator<{ readonly entry: DeviceEntry; readonly count: number; readonly member?: string }> {
  const own = Object.entries(entry.members ?? {});
  const plain = (entry.count ?? 1) - own.length;
  if (plain > 0) yield { entry, count: plain };
  for (const [member, override] of own) {
    if (!override.absent) yield { entry: { ...entry, ...override }, count: 1, member };
  }
}

/** Name of the k-th member of an entry. */
export function memberName(entry: Pick<DeviceEntry, 'name' | 'count'>, member: number): string {
  return entry.count === undefined ? entry.name : `${entry.name}-${member + 1}`;
}

/** The devices of one entry, in order. */
export function* resolveEntry(
  entry: DeviceEntry,
  entryIndex: number,
  context: DeviceContext,
): Generator<{ device: Device; summary: DeviceSummary }> {
  const { seed } = context.file;
  const draws = new EntryDraws(seed, entry.name);
  for (let member = 0; member < (entry.count ?? 1); member++) {
    const common = drawMember(entry, draws, context);
    const override = entry.members?.[memberName(entry, member)];
    if (override?.absent) continue;
    if (!override) {
      yield resolveMember(entry, member, entryIndex, common, context);
      continue;
    }
    // Its own streams at the same place, so that what it says changes nothing for those after it.
    const ownDraws = new EntryDraws(seed, entry.name);
    for (let before = 0; before < member; before++) drawMember(entry, ownDraws, context);
    const own = { ...entry, ...override };
    yield resolveMember(own, member, entryIndex, drawMember(own, ownDraws, context), context);
  }
}

/** What is drawn for one member. */
interface MemberDraws {
  readonly throughput: number;
  readonly memoryBytes: number;
  readonly link: ResolvedLink;
}

function drawMember(entry: DeviceEntry, draws: EntryDraws, { links }: DeviceContext): MemberDraws {
  return {
    throughput: draws.next('throughput', entry.throughput),
    link: links.resolve(entry, draws),
    memoryBytes: entry.memory === undefined ? Infinity : draws.next('memory', entry.memory),
  };
}

function resolveMember(
  entry: DeviceEntry,
  member: number,
  entryIndex: number,
  { throughput, memoryBytes, link }: MemberDraws,
  context: DeviceContext,
): { device: Device; summary: DeviceSummary } {
  const name = memberName(entry, member);
  const trafficLimit = entry.trafficLimit ?? context.file.traffic.maximum;
  const device: Device = {
    name,
    weight: entry.weight,
    optional: entry.optional,
    uplink: link.uplink,
    downlink: link.downlink,
    minimumBandwidthHz: entry.minimumBandwidth,
    maximumBandwidthHz: entry.maximumBandwidth ?? Infinity,
    memoryBytes,
    codecTimeFactor: entry.codecTimeFactor ?? referenceThroughput / throughput,
    costs: batchedCosts(resolveCosts(entry, throughput, context), context),
    pinned: resolvePins(entry, context),
    transmitPowerWatt: entry.transmitPower,
    computePowerWatt: entry.computePower,
    ...(entry.energyLimit !== undefined && { energyLimitJoule: entry.energyLimit }),
    ...(trafficLimit !== undefined && { trafficLimitBits: 8 * trafficLimit }),
  };
  return { device, summary: { name, entry: entryIndex, throughputFlopsPerSecond: throughput, link } };
}

function resolveCosts(entry: DeviceEntry, throughput: number, context: DeviceContext): CostTable {
  const { file, settings, attentionCount, allowedBlocks } = context;
  const input = {
    ...settings,
    batchSize: entry.batchSize ?? settings.batchSize,
    deviceFlopsPerSecond: throughput,
    serverFlopsPerSecond: file.server.throughput,
    deviceOverheadBytes: entry.memoryOverhead,
    bitsPerValue: file.codec.valueBits,
    headerBits: 8 * file.codec.header,
    allowedBlocks,
    attentionCount,
    ...resolveExchange(file),
  };
  const { profile } = entry;
  if (!profile) return buildCostTable(input);
  return buildProfiledCostTable(
    input,
    {
      forwardSeconds: profile.forward,
      backwardSeconds: profile.backward,
      serverSeconds: profile.server,
      ...(profile.deviceMemory && { deviceMemoryBytes: memoryByBlocks(profile.deviceMemory, entry.memoryOverhead) }),
      ...(profile.serverMemory && { serverMemoryBytes: profile.serverMemory }),
      ...(profile.adapters && { adapterBytes: profile.adapters }),
    },
    entry.profileFactor,
    1,
  );
}

/** The server's times in a batch of all devices, whose efficiency was measured. */
function batchedCosts(costs: CostTable, { file, deviceCount }: DeviceContext): CostTable {
  const { batchWork } = file.server;
  if (!batchWork) return costs;
  const factor = workInBatch(batchWork, deviceCount);
  return { ...costs, serverSeconds: costs.serverSeconds.map((seconds) => factor * seconds) };
}

type BatchWork = NonNullable<ProblemFile['server']['batchWork']>;

/** Time for each of `devices` devices over that of one alone: linear in the logarithm of the batch's size from 1 for one on, constant beyond the last. */
function workInBatch(measured: BatchWork, devices: number): number {
  const curve = measured[0]!.devices > 1 ? [{ devices: 1, work: 1 }, ...measured] : measured;
  const last = curve.at(-1)!;
  if (devices <= 1) return 1;
  if (devices >= last.devices) return last.work;
  const k = curve.findIndex((point) => point.devices >= devices);
  const [low, high] = [curve[k - 1]!, curve[k]!];
  const part = Math.log(devices / low.devices) / Math.log(high.devices / low.devices);
  return low.work + part * (high.work - low.work);
}

/** Nothing where adapters are sent as they are. */
function resolveExchange({ exchange, lora }: Pick<ProblemFile, 'exchange' | 'lora'>) {
  const { header = 0 } = exchange;
  const coded = isExchangeCoded(exchange) ? resolvePoint(exchange, 8 * lora.bytesPerParameter) : undefined;
  const encodeSeconds = exchange.encodeTime ?? coded?.encodeSecondsPerValue ?? 0;
  const codecSecondsPerValue = encodeSeconds + (exchange.decodeTime ?? coded?.decodeSecondsPerValue ?? 0);
  const ratio = coded?.ratio ?? exchange.ratio ?? 1;
  if (ratio === 1 && header === 0 && codecSecondsPerValue === 0) return {};
  return { exchange: { ratio, headerBits: 8 * header, codecSecondsPerValue } };
}

/** Measured memory by blocks, with the runtime's own on top. */
function memoryByBlocks({ fixed, perBlock, atOneBlock }: DeviceMemory, overhead: number) {
  return { fixed: fixed + overhead, perBlock, ...(atOneBlock !== undefined && { atOneBlock: atOneBlock + overhead }) };
}

type DeviceMemory = NonNullable<NonNullable<DeviceEntry['profile']>['deviceMemory']>;

/** Pins of one entry: its own before those for all. */
export function mergePins(entry: DeviceEntry, file: Pick<ProblemFile, 'pinned'>): PinnedEntry {
  return { ...file.pinned, ...entry.pinned };
}

function resolvePins(entry: DeviceEntry, context: DeviceContext): PinnedDecisions {
  const { file, pointIndex } = context;
  const pins = mergePins(entry, file);
  const upPoint = lookUp(pins.upPoint ?? pins.point, (pin) => pointIndex('up', pin));
  const downPoint = lookUp(pins.downPoint ?? pins.point, (pin) => pointIndex('down', pin));
  const bandwidthHz = pins.bandwidth === 'equal' ? equalShare(file, context.deviceCount) : pins.bandwidth;
  return {
    ...(pins.blocks !== undefined && { blocks: pins.blocks }),
    ...(upPoint !== undefined && { upPoint }),
    ...(downPoint !== undefined && { downPoint }),
    ...(bandwidthHz !== undefined && { bandwidthHz }),
  };
}

function lookUp(pin: string | number | undefined, find: (pin: string | number) => number | undefined) {
  return pin === undefined ? undefined : find(pin);
}

/** The band over the number of devices, in whole resource blocks where there are such. */
export function equalShare(file: Pick<ProblemFile, 'radio'>, deviceCount: number): number {
  const { bandwidth, resourceBlock } = file.radio;
  if (resourceBlock === undefined) return bandwidth / deviceCount;
  return Math.max(1, Math.floor(bandwidth / resourceBlock / deviceCount)) * resourceBlock;
}
