import {
  allowedBlocks,
  entryParts,
  equalShare,
  findPoint,
  memberName,
  mergePins,
  presentCount,
  resolvePoints,
  resolveShape,
} from '../resolve/index.js';
import { formatQuantity } from '../units/index.js';
import type { IssuePath, RawIssue } from '../source/index.js';
import type { DeviceEntry } from '../schema/index.js';
import { suggestion } from './model.js';
import type { CheckedSections } from './sections.js';

/** Most devices of one problem. */
export const mostDevices = 100_000;

/** What must fit together in the devices, the band and the pins. */
export function checkDevices(sections: CheckedSections): RawIssue[] {
  const devices = sections.devices ?? [];
  const issues = devices.flatMap((entry, index) => (entry ? checkParts(entry, index, sections) : []));
  const count = devices.reduce((sum, entry) => sum + (entry ? presentCount(entry) : 1), 0);
  if (count <= 0 && devices.length > 0) {
    return [...issues, { path: ['devices'], message: 'every device is absent; at least one must be there' }];
  }
  if (count > mostDevices) {
    return [...issues, { path: ['devices'], message: `${count} devices together; at most ${mostDevices} are planned` }];
  }
  return [...issues, ...checkNames(devices), ...checkBand(sections, count), ...checkPinsForAll(sections)];
}

function checkParts(entry: DeviceEntry, index: number, sections: CheckedSections): RawIssue[] {
  const issues = checkMembers(entry, index);
  if (issues.length > 0) return issues;
  const path: IssuePath = ['devices', index];
  issues.push(...checkEntry(entry, path, sections));
  const seen = new Set(issues.map(({ message }) => message));
  for (const { entry: own, member } of entryParts(entry)) {
    if (member === undefined) continue;
    // What is wrong with the whole group is said there.
    const found = checkEntry(own, [...path, 'members', member], sections);
    issues.push(...found.filter(({ message }) => !seen.has(message)));
  }
  return issues;
}

/** Members that differ must be members. */
function checkMembers(entry: DeviceEntry, index: number): RawIssue[] {
  const names = Object.keys(entry.members ?? {});
  if (names.length === 0) return [];
  const path = ['devices', index, 'members'];
  if (entry.count === undefined) return [{ path, message: 'only a group (an entry with `count`) has members' }];
  const known = new Set(members(entry));
  return names
    .filter((name) => !known.has(name))
    .map((name) => ({
      path: [...path, name],
      message: `no member of that name; they are ${memberName(entry, 0)} to ${memberName(entry, entry.count! - 1)}`,
      atKey: true,
    }));
}

function checkEntry(entry: DeviceEntry, path: IssuePath, sections: CheckedSections): RawIssue[] {
  const issues: RawIssue[] = [];
  const at = (...keys: (string | number)[]): IssuePath => [...path, ...keys];
  for (const key of ['throughput', 'memory', 'distance'] as const) {
    const message = distributionProblem(entry[key]);
    if (message !== undefined) issues.push({ path: at(key), message });
  }
  const largest = entry.maximumBandwidth ?? Infinity;
  if (entry.minimumBandwidth > largest) {
    issues.push({
      path: at('minimumBandwidth'),
      message: `must be at most the maximum ${formatQuantity(largest, 'frequency')}`,
    });
  }
  if (entry.gain !== undefined && entry.gain > 1) {
    const decibel = formatQuantityInDecibel(entry.gain);
    const message = `a channel does not amplify: the gain must be below 0 dB; is \`-${decibel} dB\` meant?`;
    issues.push({ path: at('gain'), message });
  }
  if (entry.building !== undefined) issues.push(...checkBuilding(entry, at('building'), sections));
  if (entry.energyLimit !== undefined) issues.push(...checkEnergyLimit(entry, at('energyLimit'), sections));
  if (entry.pinned) issues.push(...checkPins(entry, at('pinned'), sections));
  return issues;
}

/** A building stands between a base station outside and a device whose channel is computed. */
function checkBuilding(entry: DeviceEntry, path: IssuePath, { radio }: CheckedSections): RawIssue[] {
  if (entry.gain !== undefined) return [{ path, message: 'is part of a measured `gain` already; give one of the two' }];
  const { pathLoss } = radio ?? {};
  const model = typeof pathLoss === 'string' ? pathLoss : pathLoss?.model;
  if (model === 'inh') return [{ path, message: 'needs a base station outside; `inh` has it in the same office' }];
  return [];
}

/** A limit of energy trades power for time, which needs a channel and one gain of it. */
function checkEnergyLimit(entry: DeviceEntry, path: IssuePath, { radio }: CheckedSections): RawIssue[] {
  if (entry.uplinkRate !== undefined) {
    return [{ path, message: 'needs a channel: a measured `uplinkRate` does not say what less power would do' }];
  }
  if (!radio) return [];
  if (radio.rateLaw === 'linear') {
    return [{ path, message: 'needs `radio.rateLaw: shannon`, found `linear`, whose power does not follow the share' }];
  }
  if (radio.efficiency !== 'shannon') {
    return [{ path, message: 'needs `radio.efficiency: shannon`: less power between two schemes saves nothing' }];
  }
  const { fading } = radio;
  if (typeof fading !== 'string' && fading.treatment === 'samples' && fading.kind !== 'none') {
    return [
      { path, message: 'needs one gain: `radio.fading.treatment` must be `quantile` or `mean`, found `samples`' },
    ];
  }
  return [];
}

function formatQuantityInDecibel(gain: number): number {
  return Number((10 * Math.log10(gain)).toPrecision(6));
}

function distributionProblem(value: DeviceEntry['distance'] | undefined): string | undefined {
  if (value === undefined || typeof value === 'number') return undefined;
  if ('uniform' in value) {
    return value.uniform[0] > value.uniform[1] ? 'the least value must come first in `uniform`' : undefined;
  }
  if ('choice' in value) {
    return value.weights && value.weights.length !== value.choice.length
      ? `must list as many weights as choices (${value.choice.length})`
      : undefined;
  }
  if ('disc' in value) {
    return value.disc.minimum > value.disc.radius ? 'the minimum must be at most the radius' : undefined;
  }
  return undefined;
}

/** Names stand once, those of numbered group members included. */
function checkNames(devices: readonly (DeviceEntry | undefined)[]): RawIssue[] {
  const issues: RawIssue[] = [];
  const owner = new Map<string, number>();
  for (const [index, entry] of devices.entries()) {
    if (!entry) continue;
    // Two entries of one name would also draw the same numbers.
    const names = new Set([entry.name, ...members(entry)]);
    const taken = [...names].find((name) => owner.has(name));
    if (taken !== undefined) {
      issues.push({
        path: ['devices', index, 'name'],
        message: `\`${taken}\` is also the name of devices[${owner.get(taken)}]`,
      });
    }
    for (const name of names) if (!owner.has(name)) owner.set(name, index);
  }
  return issues;
}

function* members(entry: DeviceEntry): Generator<string> {
  for (let member = 0; member < (entry.count ?? 1); member++) yield memberName(entry, member);
}

/** The least shares, and the pinned ones, must fit into the band together. */
function checkBand({ radio, devices = [], pinned }: CheckedSections, count: number): RawIssue[] {
  if (!radio) return [];
  const issues: RawIssue[] = [];
  const { bandwidth, resourceBlock } = radio;
  if (resourceBlock !== undefined && resourceBlock > bandwidth) {
    issues.push({
      path: ['radio', 'resourceBlock'],
      message: `must be at most the band ${formatQuantity(bandwidth, 'frequency')}`,
    });
  }
  let needed = 0;
  let anyPinned = false;
  for (const [index, whole] of devices.entries()) {
    if (!whole) continue;
    for (const { entry, count: here, member } of entryParts(whole)) {
      if (entry.optional) continue;
      const path: IssuePath = ['devices', index, ...(member === undefined ? [] : ['members', member])];
      const share = mergePins(entry, { pinned }).bandwidth;
      anyPinned ||= typeof share === 'number';
      const least = share === undefined || share === 'equal' ? entry.minimumBandwidth : share;
      needed += here * least;
      if (entry.minimumBandwidth > bandwidth) {
        issues.push({
          path: [...path, 'minimumBandwidth'],
          message: `must be at most the band ${formatQuantity(bandwidth, 'frequency')}`,
        });
      }
      const hertz = share === 'equal' ? equalShare({ radio }, count) : share;
      if (hertz !== undefined) issues.push(...checkPinnedShare(entry, path, hertz));
    }
  }
  if (needed > bandwidth * (1 + 1e-9)) {
    const what = anyPinned ? 'least and pinned shares' : 'least shares';
    issues.push({
      path: ['radio', 'bandwidth'],
      message: `the ${what} of the devices add up to ${formatQuantity(needed, 'frequency')}, more than the band of ${formatQuantity(bandwidth, 'frequency')}`,
    });
  }
  return issues;
}

function checkPinnedShare(entry: DeviceEntry, at: IssuePath, hertz: number): RawIssue[] {
  const path = entry.pinned?.bandwidth === undefined ? ['pinned', 'bandwidth'] : [...at, 'pinned', 'bandwidth'];
  const shown = formatQuantity(hertz, 'frequency');
  if (hertz < entry.minimumBandwidth)
    return [{ path, message: `${shown} is below the least share of \`${entry.name}\`` }];
  if (hertz > (entry.maximumBandwidth ?? Infinity)) {
    return [{ path, message: `${shown} is above the largest share of \`${entry.name}\`` }];
  }
  return [];
}

function checkPinsForAll(sections: CheckedSections): RawIssue[] {
  return sections.pinned ? checkPins({ pinned: sections.pinned }, ['pinned'], sections) : [];
}

/** Pinned blocks and points must be among those there are. */
function checkPins(
  { pinned }: Pick<DeviceEntry, 'pinned'>,
  path: IssuePath,
  { codec, model, split }: CheckedSections,
): RawIssue[] {
  const issues: RawIssue[] = [];
  if (!pinned) return issues;
  if (pinned.blocks !== undefined && model !== undefined && split) {
    const allowed = allowedBlocks({ split }, resolveShape(model));
    if (!allowed.includes(pinned.blocks)) {
      issues.push({
        path: [...path, 'blocks'],
        message: `must lie in the range of \`split\`, ${allowed[0] ?? 0} to ${allowed.at(-1) ?? 0}`,
      });
    }
  }
  if (!codec) return issues;
  if (pinned.point !== undefined && (pinned.upPoint !== undefined || pinned.downPoint !== undefined)) {
    issues.push({ path: [...path, 'point'], message: 'give either `point` or `upPoint` and `downPoint`', atKey: true });
  }
  const upPoints = resolvePoints(codec.points, codec.valueBits);
  const downPoints = codec.downPoints ? resolvePoints(codec.downPoints, codec.valueBits) : upPoints;
  for (const key of ['point', 'upPoint', 'downPoint'] as const) {
    const pin = pinned[key];
    const points = key === 'downPoint' ? downPoints : upPoints;
    if (pin === undefined || findPoint(points, pin) !== undefined) continue;
    const candidates = points.map((point) =>
      typeof pin === 'string' ? point.name : String(Number(point.ratio.toPrecision(6))),
    );
    issues.push({
      path: [...path, key],
      message: `no operating point of that ${typeof pin === 'string' ? 'name' : 'ratio'}${suggestion(String(pin), candidates)}`,
    });
  }
  if (
    codec.ratios === 'tied' &&
    pinned.upPoint !== undefined &&
    pinned.downPoint !== undefined &&
    pinned.upPoint !== pinned.downPoint
  ) {
    issues.push({
      path: [...path, 'downPoint'],
      message: 'tied ratios need one point for both directions; set `codec.ratios: separate`',
    });
  }
  return issues;
}
