import type { Campaign, PointResult } from '../../campaign/campaign.js';
import { columnValue } from '../../campaign/table.js';
import { barChart } from '../chart/bars.js';
import type { Figure } from '../chart/figure.js';
import type { ChartLibrary } from '../chart/library.js';
import { lineChart } from '../chart/lines.js';
import { unitFor, type Unit } from './units.js';

/** Columns of the results that have a chart, each with its axis. */
const charted = [
  { column: 'delay_s', half: 'delay_half_width_s', title: 'Mean delay of a round', label: 'delay', dimension: 'time' },
  {
    column: 'saved',
    half: 'saved_half_width',
    title: 'Delay saved by the first scheme',
    label: 'saved, %',
    factor: 100,
  },
  { column: 'traffic_bit', title: 'Mean traffic of a round', label: 'traffic', dimension: 'memory', factor: 1 / 8 },
  { column: 'energy_J', title: 'Mean energy of a round', label: 'energy, J' },
  { column: 'accuracy', title: 'Mean accuracy', label: 'accuracy' },
  { column: 'time_to_accuracy_s', title: 'Time to the target accuracy', label: 'time', dimension: 'time' },
  { column: 'regret', title: 'Mean regret', label: 'delay over bound, less 1' },
  { column: 'decisions_per_round', title: 'Decisions of the large time scale', label: 'decisions a round' },
] as const satisfies readonly ChartedColumn[];

interface ChartedColumn {
  readonly column: string;
  readonly half?: string;
  readonly title: string;
  readonly label: string;
  readonly dimension?: 'time' | 'memory';
  readonly factor?: number;
}

export const figureColumns: readonly string[] = charted.map(({ column }) => column);

export interface CampaignFigure {
  readonly column: string;
  readonly figure: Figure;
  /** There are more values of further keys than have charts. */
  readonly isPart: boolean;
}

/** Combinations of further keys with a chart of their own. */
const mostCombinations = 6;

/** A chart for each column that has values: lines over the first key whose values are numbers, or a bar for each scheme. */
export function campaignFigures(
  library: ChartLibrary,
  campaign: Campaign,
  results: readonly PointResult[],
  wanted: readonly string[] = figureColumns,
): CampaignFigure[] {
  const axis = axisOf(campaign);
  const groups = new Map<string, PointResult[]>();
  for (const result of results) {
    const others = othersOf(campaign, result.point, axis);
    const group = groups.get(others);
    if (group) group.push(result);
    else groups.set(others, [result]);
  }
  const isPart = groups.size > mostCombinations;
  return charted
    .filter(({ column }) => wanted.includes(column))
    .flatMap((what: ChartedColumn) =>
      [...groups].slice(0, mostCombinations).flatMap(([others, own]) => {
        const drawn = chartOf(library, campaign, own, what, axis, others);
        return drawn ? [{ column: what.column, figure: drawn, isPart }] : [];
      }),
    );
}

/** Most charts of one column: one for each combination of the further keys. */
export function chartCount(campaign: Campaign): number {
  const axis = axisOf(campaign);
  const combinations = new Set(campaign.points.map((_, point) => othersOf(campaign, point, axis)));
  return Math.min(mostCombinations, combinations.size);
}

/** Further keys of a point with their values. */
function othersOf({ points, keys }: Campaign, point: number, axis: Axis | undefined): string {
  return points[point]!.values.map((value, k) => `${keys[k]!} = ${value}`)
    .filter((_, k) => k !== axis?.key)
    .join(', ');
}

interface Axis {
  readonly key: number;
  readonly values: readonly number[];
  readonly label: string;
  readonly scale: 'linear' | 'log';
}

/** The first key with at least two different values that are numbers of one unit. */
function axisOf({ keys, points }: Campaign): Axis | undefined {
  for (const [key, name] of keys.entries()) {
    const parsed = points.map(({ values }) =>
      /^\s*(?<number>[-+]?[\d.]+(?:e[-+]?\d+)?)\s*(?<unit>.*)$/iu.exec(values[key]!),
    );
    if (!parsed.every((match) => match !== null)) continue;
    const numbers = parsed.map((match) => Number(match.groups!['number']));
    const [unit, ...more] = new Set(parsed.map((match) => match.groups!['unit']!.trim()));
    const distinct = [...new Set(numbers)].sort((a, b) => a - b);
    if (more.length > 0 || distinct.length < 2 || !numbers.every(Number.isFinite)) continue;
    const label = unit === '' ? name : `${name}, ${unit!}`;
    return { key, values: numbers, label, scale: isGeometric(distinct) ? 'log' : 'linear' };
  }
  return undefined;
}

/** Values that grow by a factor rather than by a step. */
function isGeometric(sorted: readonly number[]): boolean {
  if (sorted.length < 4 || sorted[0]! <= 0) return false;
  const steps = sorted.slice(1).map((value, k) => value - sorted[k]!);
  return steps.at(-1)! > 4 * steps[0]!;
}

function chartOf(
  library: ChartLibrary,
  campaign: Campaign,
  results: readonly PointResult[],
  what: ChartedColumn,
  axis: Axis | undefined,
  others: string,
): Figure | undefined {
  const { column, half, title, label, dimension, factor = 1 } = what;
  const raw = results.map((result) => columnValue(result, column));
  const known = raw.flatMap((value) => (value === null ? [] : [value * factor]));
  if (known.length === 0) return undefined;
  const unit: Unit = dimension ? unitFor(dimension, known) : { name: '', size: 1 };
  const scaled = (value: number | null) => (value === null ? null : (value * factor) / unit.size);
  const yLabel = dimension ? `${label}, ${unit.name}` : label;
  const words = {
    title: others === '' ? title : `${title}: ${others}`,
    description: `By scheme, ${axis ? `over ${axis.label}` : 'over all seeds'}.`,
    xLabel: axis?.label ?? yLabel,
    yLabel: axis ? yLabel : 'scheme',
  };
  const fileName = `${column}.csv`;
  const schemes = campaign.schemes
    .map(({ name }, place) => ({ name, place, own: results.filter(({ scheme }) => scheme === name) }))
    .filter(({ own }) => own.some((result) => columnValue(result, column) !== null));
  if (!axis) {
    const bars = schemes.map(({ name, own }) => ({ name, values: [scaled(columnValue(own[0]!, column))] }));
    const halves = half && schemes.map(({ own }) => scaled(columnValue(own[0]!, half)));
    return barChart(library, bars, words, {
      parts: [label],
      ...(halves && { halfWidths: halves }),
      fileName,
    });
  }
  const series = schemes.map(({ name, place, own }) => {
    const sorted = [...own].sort((a, b) => axis.values[a.point]! - axis.values[b.point]!);
    return {
      name,
      place,
      points: sorted.map((result) => [axis.values[result.point]!, scaled(columnValue(result, column))] as const),
      ...(half && { halfWidths: sorted.map((result) => scaled(columnValue(result, half))) }),
    };
  });
  const including = column === 'accuracy' ? [] : [0];
  return lineChart(library, series, words, { marks: true, xScale: axis.scale, including, fileName });
}
