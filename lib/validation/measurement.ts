export const stageNames = [
  'forward',
  'encode',
  'uplink',
  'server',
  'downlink',
  'decode',
  'backward',
  'adapters',
] as const;

/**
 * Stages of a device's round, s; those of a step are for one step. The backward has the update in it, and `batched` the whole
 * batch as its server stage, without the wait for it.
 */
export type Stages = Readonly<Record<(typeof stageNames)[number], number>>;

/** What was measured of a case; medians over steps and rounds. */
export interface Measurement {
  readonly roundSeconds: number;
  /** The round at the speed of the machine at calibration: all work over the slowdown, links as they are. */
  readonly normalisedSeconds: number;
  /** The same, had messages come at once. */
  readonly computeSeconds: number;
  /** The first round of the run, at the speed of calibration. */
  readonly firstSeconds: number;
  /** References around the rounds over those of the profile; above 1: the machine is slower now. */
  readonly slowdown: number;
  /** Stages that were not steady. */
  readonly unsteady: readonly string[];
  readonly stages: readonly Stages[];
  readonly trafficBytes: number;
}

/** Peaks of live tensors; the same for the same case, however busy the machine. */
export interface MeasuredMemory {
  readonly devicePeakBytes: readonly number[];
  readonly serverPeakBytes: number;
}
