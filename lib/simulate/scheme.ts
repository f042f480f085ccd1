import type { Plan, PlanningProblem } from '../models/index.js';
import type { RandomStream } from '../random/index.js';

/** What a scheme knows when it decides. */
export interface SchemeState {
  /** Number of the round, from 0. */
  readonly round: number;
  /** From the start of the simulation. */
  readonly seconds: number;
  /**
   * The cell as the scheme uses it (`cell`), its devices those that take part in this round: for a decision on the large time
   * scale the one to decide for, on the small time scale that of the round.
   */
  readonly problem: PlanningProblem;
  /** The plan in force in the terms of `problem`; on the large time scale absent at first and when a device has none yet. */
  readonly plan?: Plan | undefined;
  /** Whether the server's shares are decided in each round. */
  readonly serverShares: 'large' | 'small';
  /** Whether operating points are decided in each round. */
  readonly points: 'large' | 'small';
  /** The scheme's own stream. */
  readonly random: RandomStream;
  /** Seed of the run. */
  readonly seed: number;
}

/** What decides on the small time scale needs a plan. */
export interface SharingState extends SchemeState {
  readonly plan: Plan;
}

/** A plan for one round and what it took. */
export interface SharedRound {
  /** The plan, with its shares for this round. */
  readonly plan: Plan;
  /** Steps of SQP, where the package's own sharing found it; of schemes of one's own they are not counted. */
  readonly steps?: number;
}

/**
 * Who decides. A scheme answers with plans and nothing else: delays, limits, energy and accuracy are worked out by the
 * simulator from the models.
 */
export interface SimulationScheme {
  /** Unique among the schemes compared. */
  readonly name: string;
  /** In a sentence. */
  readonly description: string;
  /**
   * What of the cell the scheme uses; all of it when absent. A scheme of one's own may choose some of its operating points (or one
   * without any codec), one point for both directions, and equal shares of the server. Anything else is a `SchemeAnswerError`.
   */
  readonly cell?: ((problem: PlanningProblem) => PlanningProblem) | undefined;
  /** Devices side by side, or one after another with the whole band and server; side by side when absent. */
  readonly order?: 'parallel' | 'in-turn' | undefined;
  /** Large time scale: cuts, operating points and a start of the shares. Undefined where it finds no plan. */
  readonly decide: (state: SchemeState) => Plan | undefined;
  /**
   * Small time scale: the bandwidths of this round, cuts as they are, and points too unless `points` is small. By SQP, warm, when
   * absent; points by the planner.
   */
  readonly share?: ((state: SharingState) => SharedRound | undefined) | undefined;
}
