import { bandwidthMethods, planMethods } from '../io/plan-file/names.js';
import type { InMemory, PlanFile, PlannedDevice } from '../io/plan-file/schema.js';
import type { LimitUse, Plan, RoundDelay } from '../models/index.js';
import type { Termination } from '../solver/index.js';

/*
 * What a report and the file of `--json` have in common comes from the file's schema, where each field is described; here
 * numbers need not be finite. Only what the file writes in other terms (a plan's indices, a delay's arrays) has a type of its own.
 */

export { bandwidthMethods, planMethods };
export type PlanMethod = (typeof planMethods)[number];
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
  readonly termination: Termination;
  /** Absent with `infeasible` and `unknown`. */
  readonly answer?: PlanAnswer;
}

type Answer = InMemory<NonNullable<PlanFile['answer']>>;

/** A plan and everything that follows from it. */
export interface PlanAnswer extends Pick<Answer, 'activeLimits' | 'traffic' | 'bandPrice'> {
  readonly plan: Plan;
  readonly delay: RoundDelay;
  readonly use: LimitUse;
  readonly devices: readonly DeviceReport[];
}

/** One device's part of the answer, beside its decisions. */
export type DeviceReport = Omit<
  InMemory<PlannedDevice>,
  'blocks' | 'upPoint' | 'downPoint' | 'bandwidthHz' | 'serverShare' | 'stages' | 'memoryLimitBytes'
>;

export type TrafficReport = PlanAnswer['traffic'];
export type ActiveLimit = PlanAnswer['activeLimits'][number];
export type BandPrice = NonNullable<PlanAnswer['bandPrice']>;
export type BoundReport = PlanReport['bound'];
export type InfeasibilityReport = NonNullable<PlanReport['infeasibility']>;
export type LimitConflict = InfeasibilityReport['conflicts'][number];
export type Remedy = InfeasibilityReport['remedies'][number];
export type BaselineReport = PlanReport['baselines'][number];
export type BaselineStatus = BaselineReport['status'];
export type TradeOffReport = NonNullable<PlanReport['tradeOff']>;
export type WhatIfReport = PlanReport['whatIf'][number];
export type Conventions = PlanReport['conventions'];
