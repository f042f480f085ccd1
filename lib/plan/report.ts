import type { LimitUse, LimitViolation, Plan, RoundDelay } from '../models/index.js';
import type { Termination } from '../solver/index.js';

/** How a plan is searched: see docs/model.md, section Solving. */
export const planMethods = ['two-timescale', 'exact', 'bandwidth'] as const;
export type PlanMethod = (typeof planMethods)[number];

/** How bandwidths are found once all choices are fixed. */
export const bandwidthMethods = ['sqp', 'scalar'] as const;
export type BandwidthMethod = (typeof bandwidthMethods)[number];

/**
 * - `solved`: the method ran to its end; the plan keeps every limit and the gap says how close to optimal it is;
 * - `feasible`: a limit or an interruption ended the search; the best plan found, with its gap;
 * - `infeasible`: proven that no plan keeps all limits; `infeasibility` says why;
 * - `unknown`: a limit or an interruption came before a feasible plan was found and before a proof that none exists.
 */
export type PlanStatus = 'solved' | 'feasible' | 'infeasible' | 'unknown';

/** Everything that is known about the answer to a planning problem. */
export interface PlanReport {
  readonly status: PlanStatus;
  readonly termination: Termination;
  /** One sentence for people. */
  readonly message: string;
  readonly method: PlanMethod;
  readonly bandwidthMethod: BandwidthMethod;
  readonly seed: number;
  readonly timeSeconds: number;
  /** Absent with `infeasible` and `unknown`. */
  readonly answer?: PlanAnswer;
  readonly bound: BoundReport;
  readonly infeasibility?: InfeasibilityReport;
  readonly baselines: readonly BaselineReport[];
  readonly whatIf: readonly WhatIfReport[];
  readonly conventions: Conventions;
  /** Counts by name (iterations, evaluations, nodes…), each prefixed with its phase. */
  readonly statistics: Readonly<Record<string, number>>;
}

export interface PlanAnswer {
  readonly plan: Plan;
  readonly delay: RoundDelay;
  readonly use: LimitUse;
  readonly activeLimits: readonly ActiveLimit[];
  readonly devices: readonly DeviceReport[];
  readonly traffic: TrafficReport;
  /**
   * dT/dB at the fixed plan, s/Hz (≤ 0): what one more hertz is worth with blocks, points and server shares as they
   * are. Absent with resource blocks, where T is a step function.
   */
  readonly delayPerHertz?: number;
}

/** One device's part of the answer. */
export interface DeviceReport {
  readonly name: string;
  readonly participates: boolean;
  readonly ratioUp: number;
  readonly ratioDown: number;
  readonly accuracy: number;
  readonly memoryBytes: number;
  readonly uplinkBitsPerRound: number;
  readonly downlinkBitsPerRound: number;
  readonly energyJoulePerRound: number;
  readonly chainSeconds: number;
}

export interface TrafficReport {
  readonly uplinkBitsPerRound: number;
  readonly downlinkBitsPerRound: number;
  /** The same plan without compression of activations and gradients. */
  readonly uncompressedBitsPerRound: number;
}

/** A limit that holds the answer: used to within 0.1 %, or the devices whose chains are the longest. */
export interface ActiveLimit {
  readonly limit: LimitViolation['limit'] | 'round-delay';
  readonly device?: string;
  readonly used: number;
  readonly allowed: number;
}

/** What is proven about the optimum. */
export interface BoundReport {
  /** No plan is faster, seconds; Infinity if proven infeasible, 0 if nothing is known. */
  readonly boundSeconds: number;
  /** (T − bound) / T; undefined without a plan. */
  readonly relativeGap?: number;
  /** With `batched`: whether the dual rests on the longest chain (always above 200 devices) or on the exact round. */
  readonly batchedForm?: 'chain' | 'stages';
  /** With the chain form: the part of T by which the plan's round exceeds its longest chain, which no such bound closes. */
  readonly chainFormGap?: number;
  /** The bound was recomputed from the certificate's multipliers by independent code and agreed. */
  readonly verified: boolean;
  /** How the bound was obtained: the dual of the whole problem, or the tree of the exact method. */
  readonly source: 'dual' | 'tree' | 'none';
  /** Multipliers of the coupling limits that prove the bound, scaled as docs/model.md says; JSON-serialisable. */
  readonly certificate?: unknown;
}

/** Why nothing is feasible and what would make it so. */
export interface InfeasibilityReport {
  readonly conflicts: readonly LimitConflict[];
  /** For each single limit, the smallest change that alone makes the problem feasible, where there is one. */
  readonly remedies: readonly Remedy[];
}

export interface LimitConflict {
  readonly limit: LimitViolation['limit'];
  /** Devices concerned; empty when all are. */
  readonly devices: readonly string[];
  /** What would be needed, or the best that can be reached. */
  readonly reachable: number;
  readonly required: number;
  readonly message: string;
}

export interface Remedy {
  readonly limit: LimitViolation['limit'];
  readonly device?: string;
  readonly from: number;
  readonly to: number;
  readonly message: string;
}

/** A conventional scheme on the same problem. */
export interface BaselineReport {
  readonly name: string;
  readonly description: string;
  /** Round delay in seconds; absent when the scheme breaks a limit or does not apply. */
  readonly totalSeconds?: number;
  readonly bitsPerRound?: number;
  /** 1 − T(answer) / T(baseline). */
  readonly delaySaved?: number;
  readonly trafficSaved?: number;
  /** Limits the baseline ignores or breaks, or why it does not apply. */
  readonly note?: string;
}

/** The problem solved again with one thing changed. */
export interface WhatIfReport {
  readonly change: string;
  readonly totalSeconds?: number;
  readonly boundSeconds?: number;
  /** T(changed) − T(answer), seconds. */
  readonly delayChangeSeconds?: number;
  readonly note?: string;
}

/** The modelling choices the numbers rest on. */
export interface Conventions {
  readonly barrier: 'longest chain' | 'one server batch a step';
  readonly sharing: string;
  readonly uplinkRateLaws: readonly string[];
  readonly downlinkRateLaws: readonly string[];
  readonly accuracyFamily: string;
  readonly accuracyScope: string;
  readonly limitTolerance: number;
}
