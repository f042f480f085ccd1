import { limitTolerance, type Device, type PlanningProblem } from '../../models/index.js';
import type { CommonValues } from './common-values.js';

/** Equal bandwidth for a number of participants: the share of each device, Hz; NaN where a pin keeps it from taking part. */
export type EqualShares = Float64Array;

/** Sets of optional devices beyond this many kinds are not told apart: those with the most and the fewest are kept. */
const mostLevels = 64;

/**
 * Equal shares of the whole band, one answer for each size of the group that takes part: all participants at one level,
 * but none outside its own limits. With resource blocks the level is a whole number of them and the rest of the band
 * stays unused. Devices with the same limits are interchangeable, so the groups differ in how many of each kind of
 * optional device they have. From the largest shares to the smallest.
 */
export function equalShares(problem: PlanningProblem): CommonValues<EqualShares> & { readonly complete: boolean } {
  const ranges = problem.devices.map((device) => shareRange(problem, device));
  const { groups, complete } = participantGroups(problem, ranges);
  const levels = [...new Set(groups.map((group) => commonLevel(problem, group)).filter((level) => level > 0))];
  levels.sort((a, b) => b - a);
  const values: EqualShares[] = [];
  let contradiction: string | undefined;
  for (const level of levels) {
    const shares = Float64Array.from(ranges, (range) => clamp(level, range) * unitOf(problem));
    const contrary = problem.devices.findIndex((device, n) => !agrees(device, shares[n]!));
    const barred = problem.devices.findIndex((device, n) => !device.optional && !agrees(device, shares[n]!));
    if (barred >= 0) {
      contradiction ??= pinText(problem.devices[barred]!, shares[barred]!);
      continue;
    }
    if (contrary >= 0) problem.devices.forEach((device, n) => !agrees(device, shares[n]!) && (shares[n] = NaN));
    values.push(shares);
  }
  return { values, complete, ...(values.length === 0 && contradiction !== undefined && { contradiction }) };
}

/** Least and largest shares between two levels, Hz by device. */
export interface LevelInterval {
  readonly least: Float64Array;
  readonly most: Float64Array;
}

/** So many intervals of levels carry the bound where not every level is listed. */
const boundIntervals = 16;

/**
 * Intervals that hold the level of every group, from that of all devices together to that of the fewest. A plan of equal shares lies in
 * one of them, so the least of their bounds is one for all groups, however many there are.
 */
export function levelIntervals(problem: PlanningProblem): LevelInterval[] {
  const ranges = problem.devices.map((device) => shareRange(problem, device));
  const required = ranges.filter((_, n) => !problem.devices[n]!.optional);
  const unit = unitOf(problem);
  const low = commonLevel(problem, ranges);
  const high = required.length > 0 ? commonLevel(problem, required) : problem.bandwidthHz / unit;
  const steps = low < high ? boundIntervals : 1;
  // A little outwards: levels are roots.
  const at = (k: number) => (low + (k / steps) * (high - low)) * (1 + (k === 0 ? -1 : 1) * limitTolerance);
  const shares = (level: number) => Float64Array.from(ranges, (range) => clamp(level, range) * unit);
  return Array.from({ length: steps }, (_, k) => ({ least: shares(at(k)), most: shares(at(k + 1)) }));
}

interface ShareRange {
  readonly least: number;
  readonly most: number;
}

/** Shares are counted in hertz, or in whole resource blocks. */
function unitOf({ resourceBlockHz }: PlanningProblem): number {
  return resourceBlockHz ?? 1;
}

function shareRange(problem: PlanningProblem, device: Device): ShareRange {
  const unit = problem.resourceBlockHz;
  const most = Math.min(device.maximumBandwidthHz, problem.bandwidthHz);
  if (unit === undefined) return { least: device.minimumBandwidthHz, most };
  return {
    least: Math.max(1, Math.ceil((device.minimumBandwidthHz / unit) * (1 - limitTolerance))),
    most: Math.floor((most / unit) * (1 + limitTolerance)),
  };
}

function clamp(level: number, { least, most }: ShareRange): number {
  return Math.min(Math.max(level, least), most);
}

/** Ranges of the devices that must take part, with every number of each kind of optional device. */
function participantGroups(problem: PlanningProblem, ranges: readonly ShareRange[]) {
  const required = ranges.filter((_, n) => !problem.devices[n]!.optional);
  const kinds = new Map<string, ShareRange[]>();
  ranges.forEach((range, n) => {
    if (!problem.devices[n]!.optional) return;
    const key = `${range.least} ${range.most}`;
    kinds.set(key, [...(kinds.get(key) ?? []), range]);
  });
  let groups: ShareRange[][] = [required];
  let complete = true;
  for (const members of kinds.values()) {
    const counts = Array.from({ length: members.length + 1 }, (_, count) => count);
    const kept = groups.length * counts.length > mostLevels ? [0, members.length] : counts;
    complete &&= kept.length === counts.length;
    groups = groups.flatMap((group) => kept.map((count) => [...group, ...members.slice(0, count)]));
  }
  return { groups: groups.filter((group) => group.length > 0), complete };
}

/** The largest level at which the group's shares fit into the band; 0 if even their least do not. */
function commonLevel(problem: PlanningProblem, group: readonly ShareRange[]): number {
  const unit = problem.resourceBlockHz;
  const total =
    unit === undefined ? problem.bandwidthHz : Math.floor((problem.bandwidthHz / unit) * (1 + limitTolerance));
  if (group.some(({ least, most }) => least > most * (1 + limitTolerance))) return 0;
  const fair = total / group.length;
  if (group.every((range) => clamp(fair, range) === fair)) return unit === undefined ? fair : Math.floor(fair);
  // Piecewise linear and increasing in the level: the segment in which the band is used up, then its root.
  const used = (level: number) => group.reduce((sum, range) => sum + clamp(level, range), 0);
  const knots = [...new Set([0, total, ...group.flatMap(({ least, most }) => [least, most])])]
    .filter((knot) => knot <= total)
    .sort((a, b) => a - b);
  if (used(0) > total * (1 + limitTolerance)) return 0;
  const last = knots.filter((knot) => used(knot) <= total * (1 + limitTolerance)).at(-1)!;
  const open = group.filter(({ least, most }) => least <= last && last < most).length;
  const root = open > 0 ? Math.min(total, last + Math.max(0, total - used(last)) / open) : last;
  return unit === undefined ? root : Math.floor(root * (1 + limitTolerance));
}

function agrees({ pinned }: Device, shareHz: number): boolean {
  const own = pinned.bandwidthHz;
  return own === undefined || Math.abs(own - shareHz) <= limitTolerance * Math.max(1, own);
}

function pinText({ name, pinned }: Device, shareHz: number): string {
  const megahertz = (hertz: number) => `${Number((hertz / 1e6).toPrecision(4))} MHz`;
  return `${name} is pinned to ${megahertz(pinned.bandwidthHz!)}, not to an equal share of ${megahertz(shareHz)}`;
}
