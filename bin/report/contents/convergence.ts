import type { SolveIteration, SolveProgress } from '../../../lib/plan/index.js';
import type { ChartLibrary } from '../chart/library.js';
import { lineChart, type Series } from '../chart/lines.js';
import { figure, text, type Part } from '../page.js';
import { inUnit, unitFor } from './units.js';

/** Plan and bound as the search went on, and what was left of the optimality conditions. */
export function convergenceParts(library: ChartLibrary, progress: readonly SolveProgress[]): Part[] {
  if (progress.length === 0) return [];
  return [
    text(
      'A step is one note of the search: an evaluation of the dual, an iteration of the relaxation, a better plan, a node of the tree, a step of the bandwidths’ SQP, in the order in which they came. The relaxation’s round is that of a fractional point, no plan.',
    ),
    ...delays(library, progress),
    ...residuals(library, progress),
  ];
}

type Point = readonly [number, number | null];

function delays(library: ChartLibrary, progress: readonly SolveProgress[]): Part[] {
  const named = new Map<string, Point[]>();
  const add = (name: string, step: number, value: number | undefined) => {
    if (value === undefined || !Number.isFinite(value)) return;
    const points = named.get(name);
    if (points) points.push([step, value]);
    else named.set(name, [[step, value]]);
  };
  let [best, bound] = [Infinity, 0];
  progress.forEach(({ iteration, totalSeconds, boundSeconds }, step) => {
    if (!iteration && totalSeconds !== undefined) best = Math.min(best, totalSeconds);
    const proven = iteration ? iteration.boundSeconds : boundSeconds;
    // A note without a finite bound proves nothing yet, or that there is no plan.
    if (proven !== undefined && Number.isFinite(proven)) bound = Math.max(bound, proven);
    add('best plan', step, best);
    if (bound > 0) add('bound', step, bound);
    if (iteration?.algorithm === 'relaxation') add('relaxation', step, iteration.totalSeconds);
    if (iteration?.algorithm === 'bandwidth') add('bandwidths', step, iteration.totalSeconds);
  });
  if (named.size === 0) return [];
  const all = [...named.values()].flat().map(([, value]) => value);
  const unit = unitFor('time', all);
  const series = [...named].map(([name, points]) => ({
    name,
    points: points.map(([step, value]) => [step, inUnit(value, unit)] as const),
  }));
  const words = {
    title: 'Round and bound',
    description: 'The best plan so far falls, the bound rises; where they meet the plan is optimal.',
    xLabel: 'step of the search',
    yLabel: `round, ${unit.name}`,
  };
  return [figure(lineChart(library, series, words, { including: [], fileName: 'convergence.csv' }))];
}

const measures = [
  { algorithm: 'relaxation', figure: 'residual', name: 'relaxation: stationarity' },
  { algorithm: 'relaxation', figure: 'violation', name: 'relaxation: violation of limits' },
  { algorithm: 'bandwidth', figure: 'residual', name: 'bandwidths: residual' },
] as const satisfies readonly { algorithm: SolveIteration['algorithm']; figure: keyof SolveIteration; name: string }[];

/** Residuals on a logarithmic axis: those that are zero are left out there, and are in the table. */
function residuals(library: ChartLibrary, progress: readonly SolveProgress[]): Part[] {
  const series = measures.flatMap(({ algorithm, figure: which, name }): Series[] => {
    const points = progress.flatMap(({ iteration }, step): Point[] => {
      const value = iteration?.algorithm === algorithm ? iteration[which] : undefined;
      return value === undefined ? [] : [[step, value]];
    });
    return points.length === 0 ? [] : [{ name, points }];
  });
  if (!series.some(({ points }) => points.some(([, value]) => value !== null && value > 0))) return [];
  const words = {
    title: 'Residuals',
    description: 'In the scale of each algorithm, on a logarithmic axis; zero is not drawn.',
    xLabel: 'step of the search',
    yLabel: 'residual',
  };
  return [figure(lineChart(library, series, words, { yScale: 'log', marks: true, fileName: 'residuals.csv' }))];
}
