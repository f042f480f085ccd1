import { ArgumentError } from '../errors/index.js';
import { maxNorm, multiply } from '../linalg/index.js';
import { absoluteViolation, type QuadraticProgram } from '../problem/index.js';
import { qpEvidence } from './evidence.js';
import { relaxRows } from './feasibility.js';
import type { CommonQpOptions } from './options.js';
import type { ElasticReport, QpResult } from './result.js';

/**
 * Solves the relaxation of a problem whose rows cannot all hold and reports by how much each row is violated. The
 * termination is `locally-infeasible`: x minimises objective plus penalised violation, it is no solution.
 */
export function solveElastic(
  problem: QuadraticProgram,
  options: CommonQpOptions,
  solve: (relaxed: QuadraticProgram) => QpResult,
): QpResult {
  const n = problem.linear.length;
  const m = problem.constraintLower.length;
  if (options.elastic === 'off') throw new ArgumentError('the elastic mode is off');
  const penalty = options.elasticPenalty * (1 + maxNorm(problem.linear));
  const relaxed = solve(relaxRows(problem, options.elastic, penalty, true));
  const x = relaxed.x.slice(0, n);
  const multipliers = relaxed.multipliers.slice(0, m);
  const boundMultipliers = relaxed.boundMultipliers.slice(0, n);
  const evidence = qpEvidence(problem, x, multipliers, boundMultipliers);
  const elastic = elasticReport(problem, x, options.feasibilityTolerance);
  const solved = relaxed.termination === 'optimal';
  const feasible = evidence.residuals.primalInfeasibility <= options.feasibilityTolerance;
  const { certificate: _certificate, ray: _ray, ...rest } = relaxed;
  return {
    ...rest,
    termination: solved ? (feasible ? 'optimal' : 'locally-infeasible') : relaxed.termination,
    message: `The rows were relaxed; ${elastic.relaxedRows.length} of ${m} lie outside their sides.`,
    primalStatus: feasible ? 'feasible' : 'infeasible',
    x,
    objective: evidence.objective,
    multipliers,
    boundMultipliers,
    residuals: evidence.residuals,
    workingSet: {
      constraints: relaxed.workingSet.constraints.slice(0, m),
      bounds: relaxed.workingSet.bounds.slice(0, n),
    },
    dualityGap: evidence.dualityGap,
    elastic,
  };
}

function elasticReport(problem: QuadraticProgram, x: Float64Array, tolerance: number): ElasticReport {
  const m = problem.constraintLower.length;
  const violation = new Float64Array(m);
  if (problem.constraintMatrix !== undefined) multiply(problem.constraintMatrix, x, violation);
  const relaxed: number[] = [];
  for (let i = 0; i < m; i++) {
    const lower = problem.constraintLower[i]!;
    const upper = problem.constraintUpper[i]!;
    const side = violation[i]! < lower ? lower : upper;
    violation[i] = absoluteViolation(violation[i]!, lower, upper);
    if (violation[i]! > tolerance * Math.max(1, Number.isFinite(side) ? Math.abs(side) : 1)) relaxed.push(i);
  }
  return { violation, relaxedRows: Int32Array.from(relaxed) };
}
