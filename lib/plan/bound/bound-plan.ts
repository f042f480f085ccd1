import { createResponse, dualValue, largestRefutedThreshold, maximizeDual } from '../../lagrangian/index.js';
import type { PlanningProblem } from '../../models/index.js';
import { boundBatched } from './batched-bound.js';
import {
  boundOptions,
  namedMultipliers,
  type BoundContext,
  type BoundOptions,
  type PlanBound,
  type ResolvedBoundOptions,
} from './contract.js';
import { listChoices } from '../choices/index.js';
import { buildColumns, type ChoiceColumns } from './columns.js';
import { SeparateOracle } from './separate-oracle.js';

/** A certificate claims this much less than what the search refuted, so that a slower recomputation confirms it. */
const claimMargin = 1e-9;

/**
 * Lower bound by Lagrangian duality over the discrete choices: band, server share, server memory, traffic and mean accuracy are
 * priced, and each device picks its cheapest choice (docs/model.md, section Bounds). Resource blocks are respected. The
 * answer's certificate is checked by `verifyBound`.
 *
 * @param problem - Cell, devices, model and limits, in SI units.
 * @param given - Tolerances and limits; what is absent takes its default.
 * @param context - A known round, signal and callbacks of this call.
 * @throws OptionsError for options that do not fit.
 * @example
 * ```ts
 * import { boundPlan, parseProblemFile, verifyBound } from 'sft-opt';
 *
 * const { problem } = parseProblemFile('{ version: 1, model: deit-tiny, devices: [{ name: a, count: 2, distance: 60 m }] }');
 * const { boundSeconds, certificate } = boundPlan(problem);
 * console.log(verifyBound(problem, certificate).boundSeconds === boundSeconds); // true
 * ```
 */
export function boundPlan(
  problem: PlanningProblem,
  given: Partial<BoundOptions> = {},
  context: BoundContext = {},
): PlanBound {
  const options = boundOptions.resolve(given);
  const columns = buildColumns(context.choices ?? listChoices(problem));
  const blocked = deviceWithoutChoice(columns);
  if (blocked !== undefined) return infeasibleDevice(columns, blocked);
  const oracle = new SeparateOracle(columns);
  const impossible = refuteForever(columns, oracle);
  if (impossible) return impossible;
  if (problem.sharing === 'batched') return boundBatched(columns, options, context);
  return boundSeparate(columns, oracle, options, context);
}

function boundSeparate(
  columns: ChoiceColumns,
  oracle: SeparateOracle,
  options: ResolvedBoundOptions,
  context: BoundContext,
): PlanBound {
  const { problem } = columns;
  const { incumbentSeconds: incumbent, targetSeconds: target } = context;
  const result = largestRefutedThreshold(
    oracle,
    {
      relativeTolerance: options.relativeTolerance,
      maxEvaluations: options.maxEvaluations,
      ...(options.timeLimitSeconds < Infinity && { timeLimitSeconds: options.timeLimitSeconds }),
    },
    {
      start: startMultipliers(columns),
      signal: context.signal,
      onEvaluation: context.onIteration && boundListener(context.onIteration, problem.aggregationSeconds),
      ...(incumbent !== undefined && { guess: incumbent - problem.aggregationSeconds }),
      ...(target !== undefined && { target: (target - problem.aggregationSeconds) * (1 + 2 * claimMargin) }),
    },
  );
  const multipliers = namedMultipliers(columns, result.multipliers);
  const statistics = { evaluations: result.evaluations, choices: columns.blocks.length, boxes: 0 };
  const common = { multipliers, recovery: result.recovery, columns, statistics };
  if (result.refuted === Infinity) {
    const certificate = { kind: 'threshold', sharing: problem.sharing, boundSeconds: null, multipliers } as const;
    return { boundSeconds: Infinity, certificate, ...common };
  }
  const boundSeconds = result.refuted * (1 - claimMargin) + problem.aggregationSeconds;
  if (result.refuted <= oracle.leastThreshold) {
    const device = slowestDevice(columns, oracle.floors);
    const name = problem.devices[device]!.name;
    const certificate = { kind: 'floor', sharing: problem.sharing, boundSeconds, device: name } as const;
    return { boundSeconds, certificate, ...common };
  }
  const certificate = { kind: 'threshold', sharing: problem.sharing, boundSeconds, multipliers } as const;
  return { boundSeconds, certificate, ...common };
}

function boundListener(note: NonNullable<BoundContext['onIteration']>, aggregationSeconds: number) {
  return (evaluations: number, refuted: number) => {
    const boundSeconds = refuted * (1 - claimMargin) + aggregationSeconds;
    note({ algorithm: 'dual', iteration: evaluations - 1, boundSeconds });
  };
}

/** For any delay the dual rises in proportion to its multipliers: positive somewhere, it is so within this box. */
const foreverOptions = { largestMultiplier: 1, maxEvaluations: 60, smoothing: 0 };

/**
 * Bandwidth and server equally priced; the others less, since they often do not bind.
 *
 * @param columns - The table of choices, as `columnsOf` makes it.
 * @example
 * ```ts
 * import { parseProblemFile } from 'sft-opt';
 * import { columnsOf, startMultipliers } from 'sft-opt/plan';
 *
 * const { problem } = parseProblemFile('{ version: 1, model: deit-tiny, devices: [{ name: a, count: 2, distance: 60 m }] }');
 * console.log(startMultipliers(columnsOf(problem))[0]); // 1
 * ```
 */
export function startMultipliers(columns: ChoiceColumns): Float64Array {
  return Float64Array.from(columns.rows, (row) => (row === 'bandwidth' || row === 'server-share' ? 1 : 0.5));
}

/**
 * Whether limits that no delay can mend contradict each other: minimum shares and the band, least memory and the server's,
 * least traffic and its limit, accuracy, extra limits, each alone and all of them mixed.
 *
 * @param columns - The table of choices, as `columnsOf` makes it.
 * @param oracle - The dual's oracle for these columns.
 * @example
 * ```ts
 * import { parseProblemFile } from 'sft-opt';
 * import { SeparateOracle, columnsOf, refuteForever } from 'sft-opt/plan';
 *
 * const { problem } = parseProblemFile('{ version: 1, model: deit-tiny, devices: [{ name: a, count: 2, distance: 60 m }] }');
 * const columns = columnsOf(problem);
 * console.log(refuteForever(columns, new SeparateOracle(columns))); // undefined
 * ```
 */
export function refuteForever(columns: ChoiceColumns, oracle: SeparateOracle): PlanBound | undefined {
  const { problem, rows } = columns;
  const response = createResponse(oracle);
  oracle.setThreshold(Infinity);
  const discrete = columns.constantRows.map(({ row }) => row);
  const priced = (weights: (row: number) => number) => Float64Array.from(rows, (_, r) => weights(r));
  const alone = [0, ...discrete].map((only) => () => priced((r) => (r === only ? 1 : 0)));
  const mixed = () => maximizeDual(oracle, foreverOptions, { start: priced(() => 0.5), target: 1e-9 }).multipliers;
  const candidates = discrete.length > 1 ? [...alone, mixed] : alone;
  for (const candidate of candidates) {
    const multipliers = candidate();
    oracle.evaluate(multipliers, response);
    const value = dualValue(oracle, multipliers, response);
    const size = response.values.reduce((sum, term) => sum + Math.abs(term), 0);
    if (value <= 1e-11 * size) continue;
    const named = namedMultipliers(columns, multipliers);
    return {
      boundSeconds: Infinity,
      certificate: { kind: 'threshold', sharing: problem.sharing, boundSeconds: null, multipliers: named },
      multipliers: named,
      recovery: { weights: [], choices: [], fractionalBlocks: [] },
      columns,
      statistics: { evaluations: candidates.length, choices: columns.blocks.length, boxes: 0 },
    };
  }
  return undefined;
}

function deviceWithoutChoice(columns: ChoiceColumns): number | undefined {
  for (let n = 0; n < columns.deviceCount; n++) {
    const none = columns.start[n] === columns.start[n + 1];
    const noShare = columns.leastBandwidth[n]! > columns.mostBandwidth[n]!;
    if (none || (noShare && !columns.problem.devices[n]!.optional)) return n;
  }
  return undefined;
}

function infeasibleDevice(columns: ChoiceColumns, device: number): PlanBound {
  const { problem } = columns;
  return {
    boundSeconds: Infinity,
    certificate: {
      kind: 'floor',
      sharing: problem.sharing,
      boundSeconds: null,
      device: problem.devices[device]!.name,
    },
    multipliers: {},
    recovery: { weights: [], choices: [], fractionalBlocks: [] },
    columns,
    statistics: { evaluations: 0, choices: columns.blocks.length, boxes: 0 },
  };
}

/** The device whose fastest choice is slowest. */
function slowestDevice(columns: ChoiceColumns, floors: Float64Array): number {
  let slowest = 0;
  let most = -Infinity;
  for (let n = 0; n < columns.deviceCount; n++) {
    let least = Infinity;
    for (let j = columns.start[n]!; j < columns.start[n + 1]!; j++) least = Math.min(least, floors[j]!);
    if (least > most) {
      most = least;
      slowest = n;
    }
  }
  return slowest;
}
