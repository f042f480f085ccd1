import type { References } from '../calibrate/references.js';
import type { MemoryMode } from '../model/parts.js';
import type { DeviceSettings, TrainingSettings } from '../protocol/index.js';
import type { ServerSharing } from '../server/index.js';
import type { RadioLinkOptions } from '../transport/index.js';
import type { ScenarioFile } from '../../lib/io/training-file/index.js';

/** A device of a scenario with everything decided. */
export interface ScenarioDevice extends DeviceSettings {
  readonly name: string;
  readonly speedFactor: number;
  readonly link?: RadioLinkOptions;
  readonly serverShare?: number;
}

/** A scenario with everything decided but nothing loaded. */
export interface Scenario extends Required<TrainingSettings> {
  readonly file: ScenarioFile;
  /** Paths in the file are relative to it. */
  readonly folder: string;
  readonly devices: readonly ScenarioDevice[];
  readonly sharing: ServerSharing;
  /** The server's stages count so many times what they take here. */
  readonly serverSpeedFactor: number;
  readonly memoryMode: MemoryMode;
  /** Predicted delay of a round, s; with a plan. */
  readonly predictedRoundSeconds?: number;
  /** How far measurements may be from it by the profile's own word, relative; with a plan from a profile. */
  readonly predictionError?: number;
  /** Of the machine when that profile was measured. */
  readonly profileReferences?: References;
}
