import type { compileNl, NlSolution, NlSuffix } from '../../lib/io/nl/index.js';
import { denseSuffix } from '../../lib/io/nl/index.js';
import { satisfiesSet } from '../../lib/problem/index.js';
import type { SolverResult } from '../../lib/solver/index.js';
import { limitPhrase, solveResultCode } from './solve-codes.js';

type NlProgram = ReturnType<typeof compileNl>;

/** A solver's answer with what the caller is told about how it came about. */
export interface AmplAnswer {
  readonly result: SolverResult;
  /** False if the multipliers mean nothing (no relaxation was solved at x). */
  readonly hasMultipliers: boolean;
  /** True if a model with integer variables was solved without asking for integers. */
  readonly relaxed: boolean;
  /** More lines of the message. */
  readonly details: readonly string[];
}

/** Which objective was solved, from 0, and the names that the caller's files give. */
export interface AmplContext {
  readonly solverName: string;
  readonly objective: number;
  readonly constraintNames?: readonly string[] | undefined;
  readonly variableNames?: readonly string[] | undefined;
}

/**
 * The `.sol` content of an answer. Duals are marginals of the objective as written; bound duals go out as suffixes
 * `ipopt_zL_out` and `ipopt_zU_out`, whose sum is the reduced cost, and as `rc`.
 */
export function amplSolution(program: NlProgram, answer: AmplAnswer, context: AmplContext): NlSolution {
  const { result } = answer;
  const { model, objectiveSign } = program.nl;
  const { variableCount, constraintCount, header } = model;
  const fractional = answer.relaxed && !integral(program, result.x);
  const code = fractional ? relaxationOnly : solveResultCode(result.termination, result.primalStatus);
  const marginals = result.multipliers.map((multiplier) => -objectiveSign * multiplier + 0);
  return {
    message: message(program, answer, code, context),
    amplOptions: header.amplOptions,
    ...(header.tolerance !== undefined && { tolerance: header.tolerance }),
    constraintCount,
    variableCount,
    ...(answer.hasMultipliers && constraintCount > 0 && { marginals }),
    x: result.x,
    objective: context.objective,
    solveResult: code,
    suffixes: answer.hasMultipliers ? boundSuffixes(result.boundMultipliers, objectiveSign) : [],
  };
}

/** A failure code: the point of a relaxation does not solve the model. */
const relaxationOnly = 510;
const integralityTolerance = 1e-6;

function integral(program: NlProgram, x: Float64Array): boolean {
  const { integer } = program.nl.model;
  const sets = ('specialOrderedSets' in program && program.specialOrderedSets) || [];
  return (
    x.every((value, j) => integer[j] === 0 || Math.abs(value - Math.round(value)) <= integralityTolerance) &&
    sets.every((set) => satisfiesSet(set, x, integralityTolerance))
  );
}

function boundSuffixes(boundMultipliers: Float64Array, objectiveSign: 1 | -1): NlSuffix[] {
  const reducedCosts = boundMultipliers.map((multiplier) => -objectiveSign * multiplier + 0);
  const lower = reducedCosts.map((cost, j) => (boundMultipliers[j]! < 0 ? cost : 0));
  const upper = reducedCosts.map((cost, j) => (boundMultipliers[j]! > 0 ? cost : 0));
  return [
    denseSuffix('ipopt_zL_out', 'variable', lower, true),
    denseSuffix('ipopt_zU_out', 'variable', upper, true),
    denseSuffix('rc', 'variable', reducedCosts, true),
  ];
}

function message(program: NlProgram, answer: AmplAnswer, code: number, context: AmplContext): string {
  const { result } = answer;
  const status =
    code === relaxationOnly
      ? 'continuous relaxation only, integrality ignored'
      : (limitPhrase(code) ?? result.termination.replaceAll('-', ' '));
  const lines = [`${context.solverName}: ${status}. ${result.message}`];
  if (Number.isFinite(result.objective)) {
    lines.push(`objective ${program.nl.objectiveSign * result.objective}`);
  }
  lines.push(
    `${result.iterations} iterations, ${result.counts.objective} evaluations, ${result.timeSeconds.toFixed(3)} s`,
  );
  if (result.primalStatus !== 'feasible') lines.push(...worstViolation(program, result, context));
  return [...lines, ...answer.details, ...program.nl.notes].join('\n');
}

/** Names the constraint or bound that is violated most. */
function worstViolation(program: NlProgram, result: SolverResult, context: AmplContext): string[] {
  const { constraintCount, constraintLower, constraintUpper, lower, upper } = program.meta;
  const values = new Float64Array(constraintCount);
  program.constraints(result.x, values);
  const row = largestExcess(values, constraintLower, constraintUpper);
  const column = largestExcess(result.x, lower, upper);
  if (Math.max(row.amount, column.amount) === 0) return [];
  const what =
    row.amount >= column.amount
      ? `constraint ${context.constraintNames?.[row.index] ?? row.index}`
      : `bound of variable ${context.variableNames?.[column.index] ?? column.index}`;
  return [`largest violation: ${what} by ${Math.max(row.amount, column.amount)}`];
}

function largestExcess(
  values: Float64Array,
  lower: Float64Array,
  upper: Float64Array,
): { index: number; amount: number } {
  let index = -1;
  let amount = 0;
  values.forEach((value, i) => {
    const excess = Math.max(lower[i]! - value, value - upper[i]!);
    if (excess > amount) {
      index = i;
      amount = excess;
    }
  });
  return { index, amount };
}
