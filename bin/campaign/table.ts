import type { Interval, SchemeSummary } from '../../lib/simulate/index.js';
import { csvText } from '../csv.js';
import { latexTable } from '../report/latex.js';
import type { Campaign, PointResult } from './campaign.js';

type Cell = string | number | null;

interface ResultColumn {
  readonly name: string;
  readonly meaning: string;
  readonly of: (row: PointResult) => Cell;
}

/** Columns of what each scheme reached at each point, after one for each key. Units are in the names; what has none is a part, 0…1. */
export const resultColumns: readonly ResultColumn[] = [
  { name: 'scheme', meaning: 'who decides', of: ({ scheme }) => scheme },
  { name: 'seeds', meaning: 'simulations of this scheme at this point', of: ({ runs }) => runs.length },
  {
    name: 'delay_s',
    meaning: 'mean over the seeds of the mean round within all limits',
    of: ({ delaySeconds }) => delaySeconds?.mean ?? null,
  },
  {
    name: 'delay_half_width_s',
    meaning: 'half of its interval; empty for one seed',
    of: ({ delaySeconds }) => delaySeconds?.halfWidth ?? null,
  },
  {
    name: 'saved',
    meaning:
      'part of this scheme’s delay that the first scheme saves, below 0 where that is slower; empty for the first',
    of: ({ saved }) => saved?.mean ?? null,
  },
  { name: 'saved_half_width', meaning: 'half of its interval', of: ({ saved }) => saved?.halfWidth ?? null },
  { name: 'paired_seeds', meaning: 'seeds at which both have a delay', of: ({ saved }) => saved?.count ?? null },
  over('traffic_bit', 'of a round, all devices, both directions', ({ meanTrafficBits }) => meanTrafficBits),
  over('energy_J', 'of a round, all devices', ({ meanEnergyJoule }) => meanEnergyJoule),
  over('accuracy', 'that the accuracy model gives for the plans', ({ meanAccuracy }) => meanAccuracy),
  over(
    'time_to_accuracy_s',
    'to the target of `progress`; empty without it, or where it is never reached',
    (each) => each.secondsToAccuracy,
  ),
  over('regret', 'delay over bound, less 1', ({ meanRegret }) => meanRegret),
  over('decisions_per_round', 'of the large time scale', ({ decisions, rounds }) => decisions / rounds),
  over('rounds_run', 'rounds within all limits', ({ run, rounds }) => run / rounds),
  over('rounds_incomplete', 'rounds in which some device sat out', ({ incomplete, rounds }) => incomplete / rounds),
];

/** The mean over the seeds that have a value. */
function over(name: string, meaning: string, pick: (summary: SchemeSummary) => number | null): ResultColumn {
  return {
    name,
    meaning,
    of({ runs }) {
      const values = runs.flatMap(({ summary }) => pick(summary) ?? []);
      return values.length === 0 ? null : values.reduce((sum, each) => sum + each, 0) / values.length;
    },
  };
}

/** Names of the columns of the results: keys first; units are in the names. */
export function resultColumnNames({ keys }: Campaign): string[] {
  return [...keys, ...resultColumns.map(({ name }) => name)];
}

/** What each scheme reached at each point, in these columns. */
export function resultRows(campaign: Campaign, results: readonly PointResult[]): Cell[][] {
  return results.map((result) => [
    ...campaign.points[result.point]!.values,
    ...resultColumns.map((column) => column.of(result)),
  ]);
}

/** A column of one result by its name; null where it has no number. */
export function columnValue(result: PointResult, name: string): number | null {
  const value = resultColumns.find((column) => column.name === name)!.of(result);
  return typeof value === 'number' ? value : null;
}

/** Every run: a row for each point, scheme and seed. */
export function runRows(campaign: Campaign, results: readonly PointResult[]) {
  const [first] = results[0]?.runs ?? [];
  const keys = (first ? Object.keys(first.summary).sort() : []) as (keyof SchemeSummary)[];
  const rows = results.flatMap(({ point, runs }) =>
    runs.map(({ seed, summary }): Cell[] => [
      ...campaign.points[point]!.values,
      seed,
      ...keys.map((key) => summary[key]),
    ]),
  );
  return { names: [...campaign.keys, 'seed', ...keys], rows };
}

/** What each scheme reached at each point, as LaTeX, CSV or JSON Lines by the name of the file. */
export function resultTable(path: string, campaign: Campaign, results: readonly PointResult[]): string {
  if (path.toLowerCase().endsWith('.tex')) return resultLatex(campaign, results);
  return written(path, resultColumnNames(campaign), resultRows(campaign, results));
}

/** Every run, as CSV or JSON Lines by the name of the file. */
export function runTable(path: string, campaign: Campaign, results: readonly PointResult[]): string {
  const { names, rows } = runRows(campaign, results);
  return written(path, names, rows);
}

function written(path: string, names: readonly string[], rows: readonly (readonly Cell[])[]): string {
  if (path.toLowerCase().endsWith('.csv')) return csvText(names, rows);
  return rows.map((row) => `${JSON.stringify(Object.fromEntries(names.map((name, k) => [name, row[k]])))}\n`).join('');
}

/** The table of a paper: mean ± half-width, digits down to those of the half-width. */
function resultLatex(campaign: Campaign, results: readonly PointResult[]): string {
  const columns = [
    ...campaign.keys,
    'scheme',
    'seeds',
    'delay, s',
    'saved, %',
    'traffic, MB',
    'accuracy, %',
    'regret, %',
  ];
  const scaled = (result: PointResult, name: string, factor: number) => {
    const value = columnValue(result, name);
    return value === null ? '–' : String(Number((value * factor).toPrecision(4)));
  };
  const rows = results.map((result) => [
    ...campaign.points[result.point]!.values,
    result.scheme,
    String(result.runs.length),
    meanText(result.delaySeconds, 1),
    meanText(result.saved, 100),
    scaled(result, 'traffic_bit', 1 / 8e6),
    scaled(result, 'accuracy', 100),
    scaled(result, 'regret', 100),
  ]);
  const numeric = columns.map((_, k) => k > campaign.keys.length);
  const looks =
    campaign.halfWidth === undefined
      ? ''
      : `, for savings no narrower than by the deviation of the first ${campaign.seeds.least} seeds (Stein)`;
  return latexTable(columns, rows, numeric, [
    `±: half of Student’s interval at ${Number((100 * campaign.confidence).toPrecision(5))} %${looks}; savings of ${campaign.schemes[0]!.name} are paired by seed`,
  ]);
}

function meanText(interval: Interval | undefined, factor: number): string {
  if (!interval) return '–';
  const { mean, halfWidth } = interval;
  if (halfWidth === null || halfWidth === 0) return String(Number((mean * factor).toPrecision(4)));
  // Two digits of the half-width, and the mean no finer.
  const decimals = Math.min(12, Math.max(0, 1 - Math.floor(Math.log10(halfWidth * factor))));
  return `${(mean * factor).toFixed(decimals)} ± ${(halfWidth * factor).toFixed(decimals)}`;
}
