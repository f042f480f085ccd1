import { bandwidthMethods, planMethods } from '../io/plan-file/names.js';
import type { InMemory, PlanFile, PlannedDevice } from '../io/plan-file/schema.js';
import type { LimitUse, Plan, RoundDelay } from '../models/index.js';
import type { Termination } from '../solver/index.js';

/*
 * What a report and the file of `--json` have in common comes from the file's schema, where each field is described; here
 * numbers need not be finite. Only what the file writes in other terms (a plan's indices, a delay's arrays) has a type of its own.
 */

export { bandwidthMethods, planMethods };
/** Name of a planning method. */
export type PlanMethod = (typeof planMethods)[number];
/** Name of a method that shares the band at fixed choices. */
export type BandwidthMethod = (typeof bandwidthMethods)[number];

/**
 * - `solved`: the method ran to its end; the plan keeps every limit and the gap says how close to optimal it is;
 * - `feasible`: a limit or an interruption ended the search; the best plan found, with its gap;
 * - `infeasible`: proven that no plan keeps all limits; `infeasibility` says why;
 * - `unknown`: a limit or an interruption came before a feasible plan was found and before a proof that none exists.
 */
export type PlanStatus = PlanFile['status'];

/** Everything that is known about the answer to a planning problem. */
export interface PlanReport extends InMemory<
  Omit<PlanFile, 'format' | 'version' | 'scenario' | 'termination' | 'answer'>
> {
  /** Why the search ended. */
  readonly termination: Termination;
  /** Absent with `infeasible` and `unknown`. */
  readonly answer?: PlanAnswer;
}

type Answer = InMemory<NonNullable<PlanFile['answer']>>;

/** A plan and everything that follows from it. */
export interface PlanAnswer extends Pick<Answer, 'activeLimits' | 'traffic' | 'bandPrice'> {
  /** The plan. */
  readonly plan: Plan;
  /** Its round, stage by stage. */
  readonly delay: RoundDelay;
  /** What it uses of the limits. */
  readonly use: LimitUse;
  /** One entry for each device, in the problem's order. */
  readonly devices: readonly DeviceReport[];
}

/** One device's part of the answer, beside its decisions. */
export type DeviceReport = Omit<
  InMemory<PlannedDevice>,
  'blocks' | 'upPoint' | 'downPoint' | 'bandwidthHz' | 'serverShare' | 'stages' | 'memoryLimitBytes'
>;

/** Bits of a round of all devices. */
export type TrafficReport = PlanAnswer['traffic'];
/** A limit that the answer uses up. */
export type ActiveLimit = PlanAnswer['activeLimits'][number];
/** What a little more band is worth. */
export type BandPrice = NonNullable<PlanAnswer['bandPrice']>;
/** The bound of a report and how it is proven. */
export type BoundReport = PlanReport['bound'];
/** Why nothing is feasible, and what would change that. */
export type InfeasibilityReport = NonNullable<PlanReport['infeasibility']>;
/** Limits that cannot be kept, alone or together. */
export type LimitConflict = InfeasibilityReport['conflicts'][number];
/** Changes that would make the problem feasible. */
export type Remedy = InfeasibilityReport['remedies'][number];
/** A conventional scheme on the same problem. */
export type BaselineReport = PlanReport['baselines'][number];
/** Whether a scheme keeps the limits of the problem. */
export type BaselineStatus = BaselineReport['status'];
/** Delay against what each device may use. */
export type TradeOffReport = NonNullable<PlanReport['tradeOff']>;
/** The problem solved again with one thing changed. */
export type WhatIfReport = PlanReport['whatIf'][number];
/** What was assumed in counting. */
export type Conventions = PlanReport['conventions'];
