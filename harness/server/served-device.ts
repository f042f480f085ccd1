import type { DeviceSettings } from '../protocol/index.js';
import type { Connection, RadioLink } from '../transport/index.js';

/** A device as the server sees it. */
export interface ServedDevice extends DeviceSettings {
  readonly name?: string;
  /** Absent for one that joins later. */
  readonly connection?: Connection;
  /** Weight in every average: its examples. */
  readonly weight: number;
  readonly speedFactor: number;
  readonly link?: RadioLink;
  /** With `allocated`; the shares sum to at most 1. */
  readonly serverShare?: number;
}
