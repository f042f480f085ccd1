import { ArgumentError } from '../../errors/index.js';
import { Budget } from '../../solver/index.js';
import { resultFromEvidence } from '../candidate.js';
import type { QpResult, QpWarmStart } from '../result.js';
import { arrowheadEvidence } from './arrowhead-evidence.js';
import { iterate } from './arrowhead-iteration.js';
import { arrowheadShape, arrowheadToQuadraticProgram, type ArrowheadQuadraticProgram } from './arrowhead-program.js';
import { arrowheadCandidate } from './arrowhead-solution.js';
import { ArrowheadState } from './arrowhead-state.js';
import { qpOptions, type QpOptions, type QpOptionsInput } from './options.js';
import { solveQp } from './solve-qp.js';

/**
 * Solver of arrowhead programs, preallocated for one shape and made to be called again and again. A step costs
 * O(n·(k + r)²) and a warm start near the solution needs one or two. Where the steps do not settle, the general sparse
 * method takes over.
 */
export class ArrowheadSolver {
  /** As resolved, defaults included. */
  readonly options: QpOptions;
  private readonly state: ArrowheadState;

  constructor(
    readonly privateCount: number,
    readonly sharedCount: number,
    readonly couplingCount: number,
    options?: QpOptionsInput,
  ) {
    this.options = qpOptions.resolve(options);
    this.state = new ArrowheadState(privateCount, sharedCount, couplingCount);
  }

  /**
   * Solves; variables of the result are (x, t), rows the private ones (if any), then the coupling rows, as in
   * `arrowheadToQuadraticProgram`. A warm start is an earlier result of the same shape.
   */
  solve(program: ArrowheadQuadraticProgram, warmStart?: QpWarmStart, budget = this.budget()): QpResult {
    const startedAt = performance.now();
    const elapsed = (): number => (performance.now() - startedAt) / 1000;
    const { state, options } = this;
    const shape = arrowheadShape(program);
    if (
      shape.privateCount !== this.privateCount ||
      shape.sharedCount !== this.sharedCount ||
      shape.couplingCount !== this.couplingCount
    ) {
      throw new ArgumentError('the program has another shape than this solver was made for');
    }
    const settled = iterate(state, program, warmStart, budget, options.maxIterations);
    const limit = state.steps >= options.maxIterations ? 'iteration-limit' : undefined;
    const end = settled ? undefined : (budget.exhausted(0, 0) ?? limit);
    const candidate = arrowheadCandidate(state, program, settled ? 'optimal' : (end ?? 'stalled'));
    const own = resultFromEvidence(candidate, arrowheadEvidence(program, candidate), options, elapsed());
    if (own.termination === 'optimal' || end !== undefined || !options.fallback) return own;
    const general = solveQp(
      arrowheadToQuadraticProgram(program),
      { ...finiteOptions(options), method: 'interior-point', maxIterations: options.maxIterations - state.steps },
      undefined,
      { timeLimitSeconds: budget.timeLimitSeconds - budget.elapsedSeconds(), signal: budget.signal },
    );
    return { ...general, iterations: general.iterations + state.steps, timeSeconds: elapsed() };
  }

  private budget(): Budget {
    return new Budget({ timeLimitSeconds: this.options.timeLimitSeconds });
  }
}

/** The options as a caller may give them: an infinite limit is one not given. */
function finiteOptions(options: QpOptions): QpOptionsInput {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== Infinity));
}

/**
 * Solves one arrowhead program; see `ArrowheadSolver` for repeated solves.
 *
 * @param program - Private rows and variables with few shared ones.
 * @param options - Method, tolerances and limits; what is absent takes its default.
 * @param warmStart - Point and multipliers of a similar program.
 * @throws ArgumentError where the parts do not fit together, OptionsError for unknown options.
 * @example
 * ```ts
 * import { denseMatrix } from 'sft-opt/linalg';
 * import { solveArrowheadQp } from 'sft-opt/qp/sparse';
 *
 * const program = {
 *   privateHessian: Float64Array.of(1, 1),
 *   privateLinear: Float64Array.of(-1, -2),
 *   privateLower: Float64Array.of(0, 0),
 *   privateUpper: Float64Array.of(5, 5),
 *   sharedLinear: new Float64Array(0),
 *   sharedLower: new Float64Array(0),
 *   sharedUpper: new Float64Array(0),
 *   couplingPrivate: denseMatrix(1, 2, Float64Array.of(1, 1)),
 *   couplingLower: Float64Array.of(-Infinity),
 *   couplingUpper: Float64Array.of(2),
 * };
 * console.log(solveArrowheadQp(program).x); // Float64Array(2) [ 0.5, 1.5 ]
 * ```
 */
export function solveArrowheadQp(
  program: ArrowheadQuadraticProgram,
  options?: QpOptionsInput,
  warmStart?: QpWarmStart,
): QpResult {
  const { privateCount, sharedCount, couplingCount } = arrowheadShape(program);
  return new ArrowheadSolver(privateCount, sharedCount, couplingCount, options).solve(program, warmStart);
}
