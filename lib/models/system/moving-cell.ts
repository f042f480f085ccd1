import type { Motion, NoiseRise, OnOffTimes, RateLaw, SiteModel, StepTrace } from '../link/index.js';
import type { ProblemSource } from './source.js';

/** The channel of one device in one round. */
export interface RoundChannel {
  /** Mean power gain. */
  readonly gain: number;
  /** Noise and interference over noise alone, ≥ 1. */
  readonly noiseRise: number;
  /**
   * Parts of the round that fade on their own, and the name of the stream that draws them: 1/R is averaged over them. Absent
   * where fading is treated as the plan treats it.
   */
  readonly blocks?: { readonly count: number; readonly stream: string };
}

/** A device whose channel and resources change from round to round. */
export interface MovingDevice {
  /** As in the problem. */
  readonly name: string;
  /** How the device moves. */
  readonly motion: Motion;
  /** The largest speed of the motion, m/s. */
  readonly speedMetrePerSecond: number;
  /** Loss of the walls around it, dB. */
  readonly buildingDecibel: number;
  /** A gain that was measured: the motion then changes nothing. */
  readonly measuredGain?: number;
  /** Rate laws of both directions under a round's channel. */
  readonly laws: (channel: RoundChannel) => { readonly uplink: RateLaw; readonly downlink: RateLaw };
  /** When it is there, seconds from the start; always when absent. */
  readonly present?: { readonly fromSeconds: number; readonly untilSeconds: number } | OnOffTimes;
  /** Energy for computing and sending; a device that has used it up leaves. */
  readonly batteryJoule?: number;
  /** Factor of its throughput over time. */
  readonly throughput?: StepTrace;
  /** Factor of its memory over time. */
  readonly memory?: StepTrace;
}

/** A cell over time. */
export interface MovingCell {
  /** The problem behind the cell, and how to state it anew. */
  readonly source: ProblemSource;
  /** Carrier frequency, Hz. */
  readonly carrierHz: number;
  /** Path loss, shadowing and sight by place. */
  readonly site: SiteModel;
  /** Interference of the neighbours; none when absent. */
  readonly noiseRise?: NoiseRise;
  /** In the order of the source's problem. */
  readonly devices: readonly MovingDevice[];
}
