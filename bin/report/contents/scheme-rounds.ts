import type { RoundRecord, SchemeSummary } from '../../../lib/simulate/index.js';

/** The rounds of one scheme, and what they come to. */
export interface SchemeRounds {
  readonly name: string;
  readonly rounds: readonly RoundRecord[];
  readonly summary: SchemeSummary;
}
