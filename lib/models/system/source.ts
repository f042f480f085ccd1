import type { PlanningProblem } from './problem.js';

/** A change of the quantities that a problem was made from; whatever is not named stays as it is. */
export interface SourceChange {
  /** Band, Hz. */
  readonly bandwidthHz?: number;
  /** Longest round accepted, seconds; Infinity for none. */
  readonly deadlineSeconds?: number;
  /** Least accuracy accepted, 0…1; −Infinity for none. */
  readonly minimumAccuracy?: number;
  /** Memory of the server as the source counts it (`serverModelBytes` included), bytes; Infinity for no limit. */
  readonly serverMemoryBytes?: number;
  /** Traffic of all devices together, bits a round; Infinity for no limit. */
  readonly trafficLimitBits?: number;
  /** By device name. */
  readonly devices?: Readonly<Record<string, DeviceChange>>;
  /** Names of devices that are not there: equal shares are worked out without them. */
  readonly without?: readonly string[];
  /** Keys of the problem file, as in `training.activations=recompute`; a problem built in code has none. */
  readonly settings?: readonly string[];
}

/** What a change may say of one device. */
export interface DeviceChange {
  /** Bytes; Infinity for no limit. */
  readonly memoryBytes?: number;
  /** Joule a round. */
  readonly energyLimitJoule?: number;
  /** Both directions and adapters, bits a round. */
  readonly trafficLimitBits?: number;
  /** Hz; 0 for no limit. */
  readonly minimumBandwidthHz?: number;
  /** Hz; Infinity for no limit. */
  readonly maximumBandwidthHz?: number;
}

/** A changed problem, or why the source does not take the change. */
export type Rebuilt =
  | {
      readonly ok: true;
      /** The changed problem's source, from which it can be changed again. */
      readonly source: ProblemSource;
    }
  | {
      readonly ok: false;
      /** Why there is none: one sentence for whoever asked. */
      readonly reason: string;
    };

/** A frame of time-division duplex whose division between uplink and downlink is a decision. */
export interface DecidedFrame {
  /** The source with the part of the frame for the uplink given, in (0, 1). */
  readonly at: (uplinkFraction: number) => ProblemSource;
}

/**
 * A problem together with what it was made from. A change of the problem goes through `rebuild`, never through the
 * resolved numbers: slopes of rate laws, pinned equal shares and much else follow from the source.
 */
export interface ProblemSource {
  /** The problem as it stands. */
  readonly problem: PlanningProblem;
  /** What the server's memory holds beside the devices' state, bytes: the source's limit is this more than the problem's. */
  readonly serverModelBytes: number;
  /**
   * Present where the division of the frame between uplink and downlink is a decision. `problem` then stands for one fraction;
   * `solvePlan` decides it, nothing else does.
   */
  readonly frame?: DecidedFrame;
  /** The problem after a change of the source, with every derived quantity worked out again. */
  rebuild(change: SourceChange): Rebuilt;
  /** The change as one writes it in the source, one `key=value` each; nothing for problems built in code. */
  written(change: SourceChange): readonly string[];
}

/**
 * The source of a problem that was built in code: its own numbers. Rate laws and pinned bandwidths are taken as given, so
 * they stay as they are when the band changes; where they follow from the band, give a `rebuild` of your own.
 *
 * @param problem - Cell, devices, model and limits, in SI units.
 * @example
 * ```ts
 * import { parseProblemFile } from 'sft-opt';
 * import { sourceOf } from 'sft-opt/models';
 *
 * const { problem } = parseProblemFile('{ version: 1, model: deit-tiny, devices: [{ name: a, count: 2, distance: 60 m }] }');
 * console.log(sourceOf(problem).problem === problem); // true
 * ```
 */
export function sourceOf(problem: PlanningProblem): ProblemSource {
  return {
    problem,
    serverModelBytes: 0,
    written: () => [],
    rebuild(change) {
      if (change.settings?.length) return { ok: false, reason: 'a problem built in code has no keys to set' };
      const unknown = [...Object.keys(change.devices ?? {}), ...(change.without ?? [])].find(
        (name) => !problem.devices.some((device) => device.name === name),
      );
      if (unknown !== undefined) return { ok: false, reason: `there is no device \`${unknown}\`` };
      return { ok: true, source: sourceOf(changed(problem, change)) };
    },
  };
}

function changed(problem: PlanningProblem, change: SourceChange): PlanningProblem {
  const { deadlineSeconds: present, trafficLimitBits: presentTraffic, ...rest } = problem;
  const deadlineSeconds = change.deadlineSeconds ?? present;
  const trafficLimitBits = change.trafficLimitBits ?? presentTraffic;
  const without = new Set(change.without);
  return {
    ...rest,
    bandwidthHz: change.bandwidthHz ?? problem.bandwidthHz,
    ...(deadlineSeconds !== undefined && deadlineSeconds < Infinity && { deadlineSeconds }),
    ...(trafficLimitBits !== undefined && trafficLimitBits < Infinity && { trafficLimitBits }),
    accuracy: { ...problem.accuracy, minimum: change.minimumAccuracy ?? problem.accuracy.minimum },
    serverMemoryBytes: change.serverMemoryBytes ?? problem.serverMemoryBytes,
    devices: problem.devices
      .filter((device) => !without.has(device.name))
      .map((device) => {
        const own = Object.entries(change.devices ?? {}).find(([name]) => name === device.name)?.[1];
        return own ? { ...device, ...own } : device;
      }),
  };
}
