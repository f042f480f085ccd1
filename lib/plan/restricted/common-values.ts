import { exceeds, type Device, type PlanningProblem } from '../../models/index.js';

/** The values that a common decision may take, or why there is none. */
export interface CommonValues<Value> {
  readonly values: readonly Value[];
  /** Pins of the file that no common value agrees with. */
  readonly contradiction?: string;
}

/** A common operating point: positions in `upPoints` and `downPoints`. */
export interface PointPair {
  readonly up: number;
  readonly down: number;
}

/** Numbers of blocks that every device which must take part may hold: by its range, its pin and its memory. */
export function commonCuts(problem: PlanningProblem): CommonValues<number> {
  const { devices } = problem;
  const required = devices.filter(({ optional }) => !optional);
  const all = Array.from({ length: problem.blockCount + 1 }, (_, blocks) => blocks);
  const values = all.filter(
    (cut) => devices.some((device) => mayHold(device, cut)) && required.every((device) => mayHold(device, cut)),
  );
  if (values.length > 0) return { values };
  const pinned = required.filter(({ pinned }) => pinned.blocks !== undefined);
  if (pinned.length === 0) return { values };
  const [first] = pinned;
  const other = pinned.find((device) => device.pinned.blocks !== first!.pinned.blocks);
  const says = (device: Device) => `${device.name} is pinned to ${device.pinned.blocks} blocks`;
  return {
    values,
    contradiction: other ? `${says(first!)}, ${says(other)}` : `${says(first!)}, which not every device can hold`,
  };
}

/** Whether range, pin and memory let a device hold `cut` blocks. */
export function mayHold({ costs, pinned, memoryBytes }: Device, cut: number): boolean {
  if (pinned.blocks !== undefined && pinned.blocks !== cut) return false;
  return costs.allowedBlocks.includes(cut) && !exceeds(costs.deviceMemoryBytes[cut]!, memoryBytes);
}

/** Operating points, or pairs of them, that agree with the pins of every device which must take part. */
export function commonPoints(problem: PlanningProblem): CommonValues<PointPair> {
  const required = problem.devices.filter(({ optional }) => !optional);
  const downs = Array.from(problem.downPoints, (_, down) => down);
  const pairs = Array.from(problem.upPoints, (_, up) =>
    (problem.tiedRatios ? [up] : downs).map((down) => ({ up, down })),
  ).flat();
  const values = pairs.filter((pair) => required.every((device) => maySend(device, pair)));
  if (values.length > 0) return { values };
  const pinned = required.filter(({ pinned }) => pinned.upPoint !== undefined || pinned.downPoint !== undefined);
  const says = ({ name, pinned }: Device) => {
    const up = pinned.upPoint !== undefined && problem.upPoints[pinned.upPoint]?.name;
    const down = pinned.downPoint !== undefined && problem.downPoints[pinned.downPoint]?.name;
    return `${name} is pinned to ${[...new Set([up, down])].filter(Boolean).join(' and ')}`;
  };
  return { values, contradiction: [...new Set([pinned[0]!, pinned.at(-1)!].map(says))].join(', ') };
}

/** Whether a device's pins let it use a pair of points. */
export function maySend({ pinned }: Device, { up, down }: PointPair): boolean {
  return (pinned.upPoint ?? up) === up && (pinned.downPoint ?? down) === down;
}
