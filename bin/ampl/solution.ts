import type { compileNl, NlSolution, NlSuffix } from '../../lib/io/nl/index.js';
import { denseSuffix } from '../../lib/io/nl/index.js';
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
  return x.every((value, j) => integer[j] === 0 || Math.abs(value - Math.round(value)) <= integralityTolerance);
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

/** z from the suffixes `ipopt_zL_in` and `ipopt_zU_in`, undefined where there are none. */
export function startBoundMultipliers(program: NlProgram): Float64Array | undefined {
  const { model, objectiveSign } = program.nl;
  const given = model.suffixes.filter(
    ({ name, target }) => target === 'variable' && (name === 'ipopt_zL_in' || name === 'ipopt_zU_in'),
  );
  if (given.length === 0) return undefined;
  const multipliers = new Float64Array(model.variableCount);
  for (const { indices, values } of given) {
    indices.forEach((variable, k) => (multipliers[variable]! -= objectiveSign * values[k]!));
  }
  return multipliers;
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
  if (result.primalStatus !== 'feasible') lines.push(...worstViolation(program, result, context.constraintNames));
  return [...lines, ...answer.details, ...program.nl.notes].join('\n');
}

/** Names the constraint that is violated most. */
function worstViolation(program: NlProgram, result: SolverResult, names: readonly string[] | undefined): string[] {
  const { constraintCount, constraintLower, constraintUpper } = program.meta;
  const values = new Float64Array(constraintCount);
  try {
    program.constraints(result.x, values);
  } catch {
    return [];
  }
  let worst = -1;
  let amount = 0;
  values.forEach((value, i) => {
    const violation = Math.max(constraintLower[i]! - value, value - constraintUpper[i]!);
    if (violation > amount) {
      worst = i;
      amount = violation;
    }
  });
  return worst === -1 ? [] : [`largest violation: constraint ${names?.[worst] ?? worst} by ${amount}`];
}
