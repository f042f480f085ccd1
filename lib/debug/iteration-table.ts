import type { IterationRecord } from '../solver/index.js';

/**
 * Iterations as lines of a table for people: the figures that all solvers give, then those of this one by their names.
 *
 * @param records - What `onIteration` was called with, in order.
 * @example
 * ```ts
 * import { solveSqp, type IterationRecord } from 'sft-opt';
 * import { iterationTable } from 'sft-opt/debug';
 *
 * const records: IterationRecord[] = [];
 * const problem = {
 *   meta: {
 *     variableCount: 1,
 *     constraintCount: 0,
 *     lower: Float64Array.of(0),
 *     upper: Float64Array.of(5),
 *     constraintLower: new Float64Array(0),
 *     constraintUpper: new Float64Array(0),
 *     start: Float64Array.of(4),
 *   },
 *   objective: (x: Float64Array) => (x[0]! - 1) ** 2,
 * };
 * solveSqp(problem, {}, { onIteration: (record) => records.push(record) > 0 });
 * console.log(iterationTable(records).split('\n')[0]!.trim().split(/ +/u).slice(0, 3).join()); // iteration,objective,infeasible
 * ```
 */
export function iterationTable(records: readonly IterationRecord[]): string {
  const own = [...new Set(records.flatMap(({ details = {} }) => Object.keys(details)))];
  const header = ['iteration', 'objective', 'infeasible', 'stationarity', 'step', ...own];
  const rows = records.map(({ iteration, objective, primalInfeasibility, stationarity, stepNorm, details = {} }) => [
    String(iteration),
    objective.toPrecision(10),
    short(primalInfeasibility),
    short(stationarity),
    short(stepNorm),
    ...own.map((name) => short(Object.hasOwn(details, name) ? details[name] : undefined)),
  ]);
  const lines = [header, ...rows];
  const widths = header.map((_, column) => Math.max(...lines.map((line) => line[column]!.length)));
  return lines.map((line) => line.map((cell, column) => cell.padStart(widths[column]!)).join('  ')).join('\n');
}

function short(value: number | string | undefined): string {
  if (typeof value !== 'number') return value ?? '';
  return Number.isInteger(value) && Math.abs(value) < 1e6 ? String(value) : value.toExponential(2);
}
