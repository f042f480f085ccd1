import type { Device, OperatingPoint, PlanningProblem } from '../models/index.js';
import { noCompressionPoint } from '../plan/baselines/index.js';
import { isRecord, shown } from './shown.js';

/** What of the cell a scheme uses, made of the cell's own parts; or every fault of what it stated. */
export type StatedCell = { readonly problem: PlanningProblem } | { readonly faults: readonly string[] };

/**
 * The cell that a scheme's rounds are judged by: `cell` with the choices that `stated` makes in it, and nothing else of `stated`.
 * Choices are some of the operating points (or one without any codec), one point for both directions, and equal shares of the server.
 *
 * @param cell - The world's own.
 * @param stated - What the scheme answered to a copy of it.
 */
export function statedCell(cell: PlanningProblem, stated: Readonly<Record<string, unknown>>): StatedCell {
  const { sharing, tiedRatios, upPoints, downPoints, devices, ...others } = stated;
  const faults: string[] = [];
  if (sharing !== cell.sharing && !(sharing === 'equal' && cell.sharing === 'allocated')) {
    const allowed = cell.sharing === 'allocated' ? 'allocated or equal' : cell.sharing;
    faults.push(`sharing: found ${shown(sharing)}; must be ${allowed}`);
  }
  if (tiedRatios !== cell.tiedRatios && !(tiedRatios === true)) {
    faults.push(`tiedRatios: found ${shown(tiedRatios)}; must be true, as in the cell`);
  }
  const up = chosenPoints(cell.upPoints, upPoints, 'upPoints', faults);
  const down = chosenPoints(cell.downPoints, downPoints, 'downPoints', faults);
  if (tiedRatios === true && (up.length !== down.length || up.some((point, k) => point !== down[k]))) {
    faults.push('downPoints: must be the upPoints, as ratios are tied');
  }
  const { devices: own, sharing: _s, tiedRatios: _t, upPoints: _u, downPoints: _d, ...rest } = cell;
  for (const path of differences(rest, others, '')) faults.push(kept(path));
  const places = (points: readonly OperatingPoint[], list: readonly OperatingPoint[], pin: number | undefined) =>
    pin === undefined ? undefined : points.indexOf(list[pin]!);
  const pinnedDevices = own.map((device) => {
    const upPoint = places(up, cell.upPoints, device.pinned.upPoint);
    const downPoint = places(down, cell.downPoints, device.pinned.downPoint);
    if (upPoint === -1) faults.push(`upPoints: ${device.name} is pinned to one that is missing`);
    if (downPoint === -1) faults.push(`downPoints: ${device.name} is pinned to one that is missing`);
    const pins = { ...(upPoint !== undefined && { upPoint }), ...(downPoint !== undefined && { downPoint }) };
    return upPoint === device.pinned.upPoint && downPoint === device.pinned.downPoint
      ? device
      : { ...device, pinned: { ...device.pinned, ...pins } };
  });
  faults.push(...deviceFaults(own, pinnedDevices, devices));
  if (faults.length > 0) return { faults };
  return {
    problem: {
      ...cell,
      sharing: sharing as PlanningProblem['sharing'],
      tiedRatios: tiedRatios as boolean,
      upPoints: up,
      downPoints: tiedRatios === true ? up : down,
      devices: pinnedDevices,
    },
  };
}

/** The cell's own points that a list names, in its order; the list of the cell itself where it names all. */
function chosenPoints(
  own: readonly OperatingPoint[],
  stated: unknown,
  key: string,
  faults: string[],
): readonly OperatingPoint[] {
  // All of the cell's points and the one without a codec are the most that there are.
  if (!Array.isArray(stated) || stated.length === 0 || stated.length > own.length + 1) {
    faults.push(`${key}: found ${shown(stated)}; must be a list of points of the cell`);
    return own;
  }
  const points = Array.from(stated as readonly unknown[], (point, k) => {
    const found = [...own, noCompressionPoint].find((each) => differences(each, point, '').length === 0);
    if (!found)
      faults.push(`${key}[${k}]: must be one of the cell’s points: ${own.map(({ name }) => name).join(', ')}`);
    return found;
  }).filter((point) => point !== undefined);
  const ratios = points.map(({ ratio }) => ratio);
  if (points.length === stated.length && ratios.some((ratio, k) => k > 0 && ratio <= ratios[k - 1]!)) {
    faults.push(`${key}: must be in the order of the cell, each once`);
  }
  return points.length === own.length && points.every((point, k) => point === own[k]) ? own : points;
}

/** Devices are those of the cell, with pins as they were or in terms of the points that were chosen. */
function deviceFaults(own: readonly Device[], pinned: readonly Device[], stated: unknown): string[] {
  const names = own.map(({ name }) => name);
  const isList = Array.isArray(stated) && stated.length === names.length;
  const list: readonly unknown[] = isList ? Array.from(stated as readonly unknown[]) : [];
  const isSame =
    list.length === names.length && list.every((device, n) => isRecord(device) && device['name'] === names[n]);
  if (!isSame) return [`devices: must be those of the cell that it is given, in their order: ${names.join(', ')}`];
  return own.flatMap((device, n) => {
    const paths = differences(device, list[n], '');
    const isOwn = paths.length === 0 || differences(pinned[n], list[n], '').length === 0;
    return isOwn ? [] : paths.map((path) => `device \`${device.name}\`: ${kept(path)}`);
  });
}

function kept(path: string): string {
  return `${path}: must be as in the cell`;
}

/** Keys of the first level in which two values differ, each with the first place where they do; a key that is undefined is none. */
function differences(one: unknown, other: unknown, path: string): string[] {
  if (Object.is(one, other)) return [];
  if (!isRecord(one) || !isRecord(other)) return [path];
  const isList = Array.isArray(one) || ArrayBuffer.isView(one);
  if (isList !== (Array.isArray(other) || ArrayBuffer.isView(other))) return [path];
  if (isList && one.length !== other['length']) return [path];
  if (!isList && !(isPlain(one) && isPlain(other))) return [path];
  const keys = [...new Set([...Object.keys(one), ...Object.keys(other)])];
  const found = keys.flatMap((key) => {
    const below = isList ? path : path === '' ? key : `${path}.${key}`;
    return differences(one[key], other[key], below).slice(0, 1);
  });
  return isList ? found.slice(0, 1) : found;
}

function isPlain(value: object): boolean {
  return Object.getPrototypeOf(value) === Object.prototype;
}
