import { maxNorm } from '../../linalg/index.js';
import type { QuadraticProgram } from '../../problem/index.js';
import type { Budget } from '../../solver/index.js';
import { candidateOf, type QpCandidate } from '../candidate.js';
import { farkasCertificate, unboundedRay } from '../evidence.js';
import { rayProgram, relaxRows } from '../feasibility.js';
import type { QpResult } from '../result.js';
import type { Settlement } from '../run.js';
import type { QpOptions } from './options.js';
import { interiorPointCandidate } from './sparse-path.js';

/** Phase one and the recession problem, both feasible and bounded, settle what the iterations left open. */
export function searchCertificates(
  problem: QuadraticProgram,
  best: QpResult,
  options: QpOptions,
  budget: Budget,
  allowance: number,
): Settlement {
  const inner = { ...options, presolve: true };
  let x = best.x;
  let iterations = 0;
  const claimed = (found: Pick<QpCandidate, 'x' | 'claim' | 'farkas' | 'ray'>): Settlement => ({
    iterations,
    candidate: { ...candidateOf(best), ...found },
  });
  if (best.primalStatus !== 'feasible') {
    const solution = interiorPointCandidate(relaxRows(problem, 'sum', 1, false), inner, budget, allowance);
    iterations = solution.iterations;
    const farkas = solution.multipliers.slice(0, problem.constraintLower.length);
    if (farkasCertificate(problem, farkas, options.feasibilityTolerance) !== undefined) {
      return claimed({ x, claim: 'infeasible', farkas });
    }
    x = solution.x.slice(0, problem.linear.length);
  }
  if (maxNorm(problem.linear) === 0 || iterations >= allowance) return { iterations };
  const { x: ray, iterations: further } = interiorPointCandidate(
    rayProgram(problem),
    inner,
    budget,
    allowance - iterations,
  );
  iterations += further;
  return unboundedRay(problem, ray) === undefined ? { iterations } : claimed({ x, claim: 'unbounded', ray });
}
