import * as z from '../../schema/index.js';
import type { PrimalRecovery } from '../../lagrangian/index.js';
import { commonOptions, defineOptions, type StopSignal } from '../../solver/index.js';
import type { BoundCertificate, LimitMultipliers } from './certificate.js';
import type { IterationListener } from '../progress.js';
import type { PlanChoices } from '../choices/index.js';
import type { ChoiceColumns } from './columns.js';

/** Options of `boundPlan`: types, defaults and meanings. */
export const boundOptions = defineOptions({
  relativeTolerance: z
    .number()
    .positive()
    .default(1e-6)
    .describe(
      'The bound is improved until other multipliers could raise it by no more than this, relative, to first order.',
    ),
  maxEvaluations: z
    .int()
    .positive()
    .default(300)
    .describe('Evaluations of the dual over all devices before the bound is taken as it is.'),
  maxBoxes: z
    .int()
    .positive()
    .default(150)
    .describe('With `batched`: parts into which the range of thresholds may be divided.'),
  form: z
    .enum(['auto', 'chain', 'stages'])
    .default('auto')
    .describe(
      'With `batched`: bound on the longest chain, or on the exact sum of three stage maxima; `auto` takes the second up to 200 devices and where it is tighter.',
    ),
  timeLimitSeconds: commonOptions.timeLimitSeconds,
});
/** Options of `boundPlan`; `boundOptions` has each with its default and meaning. */
export type BoundOptions = z.input<typeof boundOptions.schema>;

/** What a caller of `boundPlan` may know already. */
export interface BoundContext {
  /** Ends the work with the best bound so far once aborted. */
  readonly signal?: StopSignal | undefined;
  /** Delay of a known plan, seconds: where the search starts, and the goal of `batched` subdivision. */
  readonly incumbentSeconds?: number | undefined;
  /** No more than this needs to be shown, seconds: the search for a better bound ends there. */
  readonly targetSeconds?: number | undefined;
  /** The problem's choices, listed before. */
  readonly choices?: PlanChoices | undefined;
  /** Called after each evaluation of the dual; with `batched` sharing it is not. */
  readonly onIteration?: IterationListener | undefined;
}

/** A lower bound on the round delay of every plan. */
export interface PlanBound {
  /** No plan is faster, seconds; Infinity if no plan exists; 0 if nothing could be shown. */
  readonly boundSeconds: number;
  /** From which the bound can be recomputed. */
  readonly certificate: BoundCertificate;
  /** Multipliers of the part that decides the bound. */
  readonly multipliers: LimitMultipliers;
  /** Convexified solution the multipliers belong to: choices (entries of `columns`) by device, with weights. */
  readonly recovery: PrimalRecovery;
  /** The table of choices that multipliers and recovery belong to. */
  readonly columns: ChoiceColumns;
  /** Evaluations of the dual, choices in the table, and parts of the thresholds' box. */
  readonly statistics: { readonly evaluations: number; readonly choices: number; readonly boxes: number };
}
/** The options of `boundPlan` with their defaults filled in. */
export type ResolvedBoundOptions = z.output<typeof boundOptions.schema>;

/**
 * Multipliers in a certificate's scales.
 *
 * @param columns - The table of choices, as `columnsOf` makes it.
 * @param multipliers - In the order of `columns.rows`.
 * @example
 * ```ts
 * import { parseProblemFile } from 'sft-opt';
 * import { columnsOf, namedMultipliers, startMultipliers } from 'sft-opt/plan';
 *
 * const { problem } = parseProblemFile('{ version: 1, model: deit-tiny, devices: [{ name: a, count: 2, distance: 60 m }] }');
 * const columns = columnsOf(problem);
 * console.log(Object.keys(namedMultipliers(columns, startMultipliers(columns))).length > 0); // true
 * ```
 */
export function namedMultipliers(columns: ChoiceColumns, multipliers: Float64Array): LimitMultipliers {
  const weights = columns.problem.devices.reduce((sum, device) => sum + device.weight, 0);
  const entries = columns.rows.map((row, r) => {
    const unit = row === 'accuracy' ? weights / columns.accuracyUnit : 1;
    return [row, multipliers[r]! * unit] as const;
  });
  return Object.fromEntries(entries);
}
