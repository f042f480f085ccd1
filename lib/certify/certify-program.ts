import { ArgumentError } from '../errors/index.js';
import type { MixedIntegerNonlinearProgram, NonlinearProgram, QuadraticProgram } from '../problem/index.js';
import { solveQp, type QpResult } from '../qp/sparse/index.js';
import { checkProgram } from '../qp/validate.js';
import { Budget, type BudgetLimits } from '../solver/index.js';
import { canonicalJson } from '../verify/canonical.js';
import { CertificateError, Reader } from '../verify/reader.js';
import { verifyProgram, type ProgramVerdict } from '../verify/programs/index.js';
import { formatVersion } from '../verify/version.js';
import { continuousClaims, unboundedClaims } from './continuous.js';
import { proveConvexity } from './convexity.js';
import type { ProgramClaims } from './evidence.js';
import { integerClaims } from './integer.js';
import { Stated } from './numeric.js';
import { quadraticProgramOf } from './quadratic-form.js';
import { sharp } from './relaxation.js';
import { sha256Now } from './sha256.js';
import { NotCertifiable, stateProgram, type StatedProgram } from './state-program.js';

/** A certificate of a program (docs/certificate/README.md), to be written as JSON. */
export interface ProgramCertificate {
  readonly format: 'sft-opt certificate';
  /** Version of the format, which says what a checker must know. */
  readonly version: typeof formatVersion;
  /** Program that wrote it. */
  readonly generator?: string;
  /** Digest of the program as stated. */
  readonly problemSha256: string;
  /** The program as stated. */
  readonly problem: StatedProgram;
  /** What is claimed, with the evidence. */
  readonly claims: ProgramClaims;
}

/** What came of certifying: a certificate that the checker accepts, or why there is none. */
export interface ProgramCertification {
  /** Absent where nothing could be certified. */
  readonly certificate: ProgramCertificate | undefined;
  /** What the certificate proves. */
  readonly verdict: ProgramVerdict | undefined;
  /** Why nothing could be certified. */
  readonly reason: string | undefined;
}

/** What `certifyProgram` may be told besides the program. */
export interface CertifyProgramOptions extends BudgetLimits {
  /** Indices of the variables that are integers. Default: none. */
  readonly integers?: ArrayLike<number>;
  /** What a solver said of the program without integers; solved here if absent. */
  readonly result?: QpResult;
  /** A point to start from, with integers the best one known. */
  readonly x?: Float64Array;
  /** With integers: how far the bound may stay below the point, relative to max(1, |value|). Default 1e-9. */
  readonly relativeGap?: number;
  /** With integers: most nodes of the tree. Default 20,000. */
  readonly maxNodes?: number;
  /** Part by which a claimed point may pass sides where no exact one was found, relative to max(1, |side|). Default 1e-6. */
  readonly pointTolerance?: number;
  /** Who made the certificate. */
  readonly generator?: string;
}

/**
 * A certificate of a linear or convex quadratic program, some of whose variables may be integers: a point and its objective, a bound
 * below which no point lies, or that there is no point, or that the objective falls without end. Numbers are taken as the exact values
 * of doubles. With integers a tree is built anew, apart from the solver's: plain branch and bound, without cuts, whose cost is a
 * relaxation and an exact evaluation a leaf.
 *
 * Never throws for what the program is: the reason says why there is no certificate. Throws RangeError as `solveQp` does, and for integers that
 * are no indices.
 *
 * @param problem - Hessian, costs, rows and bounds; P symmetric positive semidefinite where a solution is wanted.
 * @param options - Integer variables, a result to start from, effort and tolerance.
 * @throws ArgumentError as `solveQp` does, and for integers that are no indices of variables.
 * @example
 * ```ts
 * import { certifyProgram } from 'sft-opt/certify';
 * import { denseMatrix } from 'sft-opt/linalg';
 * import { verifyCertificate } from 'sft-opt/verify';
 *
 * const problem = {
 *   hessian: { kind: 'diagonal' as const, values: Float64Array.of(2, 2) },
 *   linear: Float64Array.of(-2, -4),
 *   constraintMatrix: denseMatrix(1, 2, Float64Array.of(1, 1)),
 *   constraintLower: Float64Array.of(-Infinity),
 *   constraintUpper: Float64Array.of(2),
 *   lower: Float64Array.of(0, 0),
 *   upper: Float64Array.of(Infinity, Infinity),
 * };
 * const { certificate } = certifyProgram(problem);
 * const { verified, program } = await verifyCertificate(JSON.stringify(certificate));
 * console.log(verified, program?.sentences.length); // true 2
 * ```
 */
export function certifyProgram(problem: QuadraticProgram, options: CertifyProgramOptions = {}): ProgramCertification {
  checkProgram(problem);
  const integers = [...new Set(Array.from(options.integers ?? []))];
  const isIndex = (j: number): boolean => Number.isInteger(j) && j >= 0 && j < problem.linear.length;
  if (!integers.every(isIndex)) throw new ArgumentError(`integers must be indices below ${problem.linear.length}`);
  try {
    const stated = new Stated(stateProgram(problem, integers));
    return sealed(stated, claimsOf(stated, problem, options), options.generator);
  } catch (error) {
    // The checker may find the work too much.
    if (!(error instanceof NotCertifiable || error instanceof CertificateError)) throw error;
    return { certificate: undefined, verdict: undefined, reason: error.message };
  }
}

/**
 * `certifyProgram` of a problem whose functions are made of known operations, as models read by `compileNl` are, if it is a linear or
 * quadratic one; the reason names what is not. Takes the same options but for `integers`.
 *
 * @param problem - The program, with or without integer variables.
 * @param options - Effort and tolerance.
 * @throws Whatever the problem's own functions throw.
 * @example
 * ```ts
 * import { certifyProblem } from 'sft-opt/certify';
 * import { NlModelBuilder, compileNl, expressions } from 'sft-opt/io/nl';
 * import { verifyCertificate } from 'sft-opt/verify';
 *
 * const builder = new NlModelBuilder('small');
 * const x = builder.variable({ lower: 0, upper: 4, integer: true });
 * const y = builder.variable({ lower: 0, upper: 4 });
 * builder.constraint(expressions.add(x, y), { upper: 5.5 });
 * builder.maximise(expressions.add(expressions.multiply(2, x), y));
 * const model = builder.build();
 * const { certificate } = certifyProblem(compileNl(model));
 * const { program } = await verifyCertificate(JSON.stringify(certificate));
 * console.log(program?.value, program?.bound); // -9.5 -9.5
 * ```
 */
export function certifyProblem(
  problem: NonlinearProgram | MixedIntegerNonlinearProgram,
  options: Omit<CertifyProgramOptions, 'integers' | 'result'> = {},
): ProgramCertification {
  try {
    const { program, integers } = quadraticProgramOf(problem);
    return certifyProgram(program, { ...options, integers });
  } catch (error) {
    if (!(error instanceof NotCertifiable)) throw error;
    return { certificate: undefined, verdict: undefined, reason: error.message };
  }
}

function claimsOf(stated: Stated, problem: QuadraticProgram, options: CertifyProgramOptions): ProgramClaims {
  const { integers = [], relativeGap = 1e-9, maxNodes = 20_000, pointTolerance = 1e-6 } = options;
  const convexity = proveConvexity(stated);
  const budget = new Budget(options);
  if (integers.length > 0) {
    const isOver = (): ReturnType<typeof budget.exhausted> => budget.exhausted(0, 0);
    return integerClaims({ stated, convexity, x: options.x, relativeGap, maxNodes, pointTolerance, isOver });
  }
  const limits = { ...(options.signal && { signal: options.signal }) };
  const seconds = options.timeLimitSeconds;
  const solve = { ...sharp, ...(seconds !== undefined && Number.isFinite(seconds) && { timeLimitSeconds: seconds }) };
  const result = options.result ?? solveQp(problem, solve, undefined, { ...limits, convex: true });
  if (result.termination === 'unbounded') return unboundedClaims(stated, result, result.x, pointTolerance);
  return continuousClaims({ stated, convexity, result, pointTolerance });
}

/** Checks the claims as a stranger would, and puts hash and format around them. */
function sealed(stated: Stated, claims: ProgramClaims, generator: string | undefined): ProgramCertification {
  const problem = stated.statement;
  const certificate: ProgramCertificate = {
    format: 'sft-opt certificate',
    version: formatVersion,
    ...(generator !== undefined && { generator }),
    problemSha256: sha256Now(canonicalJson(problem)),
    problem,
    claims,
  };
  const verdict = verifyProgram(new Reader(problem, 'problem'), new Reader(claims, 'claims'));
  return { certificate, verdict, reason: undefined };
}
