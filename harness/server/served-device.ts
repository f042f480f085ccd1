import type { StepCodec } from '../protocol/index.js';
import type { Connection, RadioLink } from '../transport/index.js';

/** A device as the server sees it. */
export interface ServedDevice {
  readonly name?: string;
  /** Absent for one that joins later. */
  readonly connection?: Connection;
  readonly cut: number;
  readonly batchSize: number;
  /** Weight in every average: its images. */
  readonly weight: number;
  readonly uplinkCodec: StepCodec;
  readonly downlinkCodec: StepCodec;
  readonly speedFactor: number;
  readonly link?: RadioLink;
  /** With `allocated`; the shares sum to at most 1. */
  readonly serverShare?: number;
}
