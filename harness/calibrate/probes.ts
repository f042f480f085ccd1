import type { MeasuredProfile } from '../../lib/io/index.js';
import type { MemoryMode } from '../model/parts.js';
import type { References } from './references.js';

/** How much longer a first round takes than later ones. */
export type ColdSeconds = NonNullable<MeasuredProfile['entries'][number]['coldSeconds']>;

/** Of the first round of one process, at the speed that its references tell. */
export interface ColdSample extends ColdSeconds {
  readonly references: References;
}

/** What calibration asks processes of their own for. */
export interface ProcessProbes {
  /** Peak memory of a device process, bytes. */
  readonly memory: (cut: number, batchSize: number, memoryMode: MemoryMode) => Promise<number>;
  /** The first run of a process. */
  readonly cold: (batchSize: number, memoryMode: MemoryMode) => Promise<ColdSample>;
}
