import type { ServerSharing } from '../../models/index.js';
import type { CouplingRow } from './columns.js';

/**
 * Prices of the coupling limits, each in its own scale: the whole band, the whole server, the server's memory limit, the limit
 * of traffic, the weighted mean accuracy of all devices together (Σ w·(A_min − A) / Σ w), an extra limit's |limit| (its unit
 * where that is 0). Absent: 0.
 */
export type LimitMultipliers = Readonly<Partial<Record<CouplingRow, number>>>;

/**
 * Proof that no plan has a round delay of `boundSeconds` or less; plain JSON.
 *
 * - `threshold`: for `allocated` and `equal`, multipliers at which the dual of "T = boundSeconds" is positive: every plan
 *   that fast would need more than there is. boundSeconds null: no plan at all, whatever its delay.
 * - `boxes`: for `batched`, a partition of the stages' thresholds with multipliers for each part.
 * - `floor`: a device cannot be faster with the whole band and the whole server, or has no choice at all (null).
 */
export type BoundCertificate = ThresholdCertificate | BoxCertificate | FloorCertificate;

/** Multipliers at which no plan is as fast as claimed. */
export interface ThresholdCertificate {
  readonly kind: 'threshold';
  /** How the server is shared. */
  readonly sharing: ServerSharing;
  /** The bound, seconds; null where nothing is feasible. */
  readonly boundSeconds: number | null;
  /** Prices of the coupling limits. */
  readonly multipliers: LimitMultipliers;
}

/** A partition of the stages' thresholds with multipliers for each part. */
export interface BoxCertificate {
  readonly kind: 'boxes';
  readonly sharing: 'batched';
  /** The delay form that the thresholds belong to. */
  readonly form: 'chain' | 'stages';
  /** The bound, seconds; null where nothing is feasible. */
  readonly boundSeconds: number | null;
  /** Corners of the box that is divided: what every plan needs, and where the thresholds' sum alone exceeds the bound. */
  readonly lower: readonly number[];
  /** Upper corner; see `lower`. */
  readonly upper: readonly number[];
  /** Parts of the box, each with prices that refute it. */
  readonly partition: BoxNode;
}

/** A binary partition of the thresholds (chain: one; stages: pre, pre + post unless K = 1, post + adapters). */
export type BoxNode =
  | {
      /** Prices of the coupling limits in a leaf. */
      readonly multipliers: LimitMultipliers;
    }
  | {
      /** Index of the threshold that is divided. */
      readonly axis: number;
      /** Where it is divided, seconds. */
      readonly at: number;
      /** Part with this threshold at most `at`. */
      readonly below: BoxNode;
      /** Part with this threshold at least `at`. */
      readonly above: BoxNode;
    };

/** A device that alone takes as long as claimed. */
export interface FloorCertificate {
  readonly kind: 'floor';
  /** How the server is shared. */
  readonly sharing: ServerSharing;
  /** The bound, seconds; null where nothing is feasible. */
  readonly boundSeconds: number | null;
  /** Device that the bound comes from. */
  readonly device: string;
}
