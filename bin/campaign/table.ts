import { csvCell, type SchemeSummary } from '../../lib/simulate/index.js';
import type { Campaign, PointResult } from './campaign.js';

type Cell = string | number | null;

interface Column<Row> {
  readonly name: string;
  readonly of: (row: Row) => Cell;
}

/** Columns of what each scheme reached at each point, beside one for each key. */
const resultColumns: readonly Column<PointResult>[] = [
  { name: 'scheme', of: ({ scheme }) => scheme },
  { name: 'seeds', of: ({ runs }) => runs.length },
  { name: 'delay_s', of: ({ delaySeconds }) => delaySeconds?.mean ?? null },
  { name: 'delay_half_width_s', of: ({ delaySeconds }) => delaySeconds?.halfWidth ?? null },
  { name: 'saved', of: ({ saved }) => saved?.mean ?? null },
  { name: 'saved_half_width', of: ({ saved }) => saved?.halfWidth ?? null },
  { name: 'paired_seeds', of: ({ saved }) => saved?.count ?? null },
  over('traffic_bit', ({ meanTrafficBits }) => meanTrafficBits),
  over('energy_J', ({ meanEnergyJoule }) => meanEnergyJoule),
  over('accuracy', ({ meanAccuracy }) => meanAccuracy),
  over('regret', ({ meanRegret }) => meanRegret),
  over('decisions_per_round', ({ decisions, rounds }) => decisions / rounds),
  over('rounds_run', ({ run, rounds }) => run / rounds),
  over('rounds_incomplete', ({ incomplete, rounds }) => incomplete / rounds),
];

/** The mean over the seeds that have a value. */
function over(name: string, pick: (summary: SchemeSummary) => number | null): Column<PointResult> {
  return {
    name,
    of({ runs }) {
      const values = runs.flatMap(({ summary }) => pick(summary) ?? []);
      return values.length === 0 ? null : values.reduce((sum, each) => sum + each, 0) / values.length;
    },
  };
}

/** What each scheme reached at each point, as CSV or JSON Lines by the name of the file. */
export function resultTable(path: string, campaign: Campaign, results: readonly PointResult[]): string {
  const rows = results.map((result) => [
    ...campaign.points[result.point]!.values,
    ...resultColumns.map((column) => column.of(result)),
  ]);
  return written(path, [...campaign.keys, ...resultColumns.map(({ name }) => name)], rows);
}

/** Every run: a row for each point, scheme and seed. */
export function runTable(path: string, campaign: Campaign, results: readonly PointResult[]): string {
  const [first] = results[0]?.runs ?? [];
  const keys = (first ? Object.keys(first.summary).sort() : []) as (keyof SchemeSummary)[];
  const rows = results.flatMap(({ point, runs }) =>
    runs.map(({ seed, summary }) => [...campaign.points[point]!.values, seed, ...keys.map((key) => summary[key])]),
  );
  return written(path, [...campaign.keys, 'seed', ...keys], rows);
}

function written(path: string, names: readonly string[], rows: readonly (readonly Cell[])[]): string {
  if (path.toLowerCase().endsWith('.csv')) {
    return [names, ...rows].map((row) => `${row.map((cell) => csvCell(cell)).join(',')}\n`).join('');
  }
  return rows.map((row) => `${JSON.stringify(Object.fromEntries(names.map((name, k) => [name, row[k]])))}\n`).join('');
}
