import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { readCsv } from '../../bin/fit/csv.js';
import { fitSvg } from '../../bin/fit/figure.js';
import { renderFit } from '../../bin/fit/report.js';
import { readRuns, type Run } from '../../bin/fit/runs.js';
import { columns } from '../../bin/render/columns.js';
import { AccuracyFitError, fitAccuracy, studentQuantile, type AccuracyFit } from '../../lib/models/index.js';

/** A row of runs.csv as far as it is looked at. */
export interface StudyRow {
  readonly point: string;
  readonly isUncompressed: boolean;
  readonly cut: number;
  readonly seed: number;
  readonly ratioUp: number;
  readonly ratioDown: number;
  readonly trafficSaved: number;
  readonly accuracy: number;
  /** Mean cross-entropy of the same examples, nat. */
  readonly loss: number;
  readonly withoutCodec: number;
  readonly encodeMs: number;
  readonly decodeMs: number;
  readonly validationImages: number;
  readonly steps: number;
  readonly machine: string;
  readonly finished: string;
}

export interface StudyRuns {
  readonly rows: readonly StudyRow[];
  readonly runs: readonly Run[];
  readonly used: Readonly<Record<string, string>>;
}

/** Where a study's runs are: committed, or as they are made. */
export function studyFile(name: string): URL | undefined {
  return ['../../study/', '../../.cache/study/']
    .map((folder) => new URL(`${folder}${name}.csv`, import.meta.url))
    .find((path) => existsSync(path));
}

/** The settings of a run, as far as they are looked at. */
interface RowSettings {
  readonly validationImages?: number;
  readonly workload?: { readonly data?: { readonly evaluationImages?: number } };
  readonly training: { readonly steps: number };
  readonly point: string | Readonly<Partial<Record<'up' | 'down', { readonly selectionScope?: string }>>>;
}

export function loadStudy(path: URL): StudyRuns {
  const table = readCsv(readFileSync(path, 'utf8'));
  const { runs, used } = readRuns(table, {});
  const cell = (row: readonly string[], name: string) => row[table.header.indexOf(name)]!;
  const rows = table.rows.map((row): StudyRow => {
    const number = (name: string) => Number(cell(row, name));
    const settings = JSON.parse(cell(row, 'settings')) as RowSettings;
    const isUncompressed = number('bits_up') === 32;
    const setting = (direction: 'up' | 'down') => {
      const scope = typeof settings.point === 'string' ? undefined : settings.point[direction]?.selectionScope;
      return `${cell(row, `kept_${direction}`)}/${cell(row, `bits_${direction}`)}${scope ? ` (${scope})` : ''}`;
    };
    return {
      point: isUncompressed ? 'uncompressed' : `up ${setting('up')} down ${setting('down')}`,
      isUncompressed,
      cut: number('cut'),
      seed: number('seed'),
      ratioUp: number('ratio_up'),
      ratioDown: number('ratio_down'),
      trafficSaved: number('traffic_saved'),
      accuracy: number('accuracy'),
      loss: number('loss'),
      withoutCodec: number('accuracy_without_codec'),
      encodeMs: number('encode_ms'),
      decodeMs: number('decode_ms'),
      validationImages: settings.validationImages ?? settings.workload?.data?.evaluationImages ?? 1000,
      steps: settings.training.steps,
      machine: cell(row, 'machine'),
      finished: cell(row, 'finished'),
    };
  });
  return { rows, runs, used };
}

/** Runs of one operating point and cut against the uncompressed runs of the same seeds. */
export interface PairedPoint {
  readonly point: string;
  readonly cut: number;
  readonly seeds: number;
  readonly ratioUp: number;
  readonly ratioDown: number;
  readonly trafficSaved: number;
  readonly accuracy: number;
  readonly withoutCodec: number;
  /** Mean of uncompressed − compressed over pairs of one seed. */
  readonly lost: number;
  /** Half the width of its 95 % interval; infinite with one pair. */
  readonly reach: number;
}

const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;

/** Without compression the cut changes nothing: one uncompressed run a seed serves all cuts. */
export function pairedPoints(rows: readonly StudyRow[]): PairedPoint[] {
  const uncompressed = new Map(rows.filter((row) => row.isUncompressed).map((row) => [row.seed, row.accuracy]));
  const groups = new Map<string, StudyRow[]>();
  for (const row of rows) {
    if (row.isUncompressed || !uncompressed.has(row.seed)) continue;
    const key = `${row.point}@${row.cut}`;
    groups.set(key, [...(groups.get(key) ?? []), row]);
  }
  return [...groups.values()]
    .map((group): PairedPoint => {
      const losses = group.map((row) => uncompressed.get(row.seed)! - row.accuracy);
      const lost = mean(losses);
      const n = losses.length;
      const deviation = Math.sqrt(losses.reduce((sum, loss) => sum + (loss - lost) ** 2, 0) / (n - 1));
      const average = (value: (row: StudyRow) => number) => mean(group.map(value));
      return {
        point: group[0]!.point,
        cut: group[0]!.cut,
        seeds: n,
        ratioUp: average((row) => row.ratioUp),
        ratioDown: average((row) => row.ratioDown),
        trafficSaved: average((row) => row.trafficSaved),
        accuracy: average((row) => row.accuracy),
        withoutCodec: average((row) => row.withoutCodec),
        lost,
        reach: n > 1 ? (studentQuantile(0.975, n - 1) * deviation) / Math.sqrt(n) : Infinity,
      };
    })
    .sort((a, b) => a.trafficSaved - b.trafficSaved);
}

const percent = (value: number, digits = 1) => `${(100 * value).toFixed(digits)} %`;

/** Bars of the study; `grid` is the least it must hold. */
export function describeStudy(
  name: string,
  { rows, runs, used }: StudyRuns,
  grid: { readonly points: number; readonly cuts: number; readonly seeds: number },
): { readonly text: string; readonly figures: unknown; readonly missed: number } {
  const points = pairedPoints(rows);
  const uncompressed = rows.filter((row) => row.isUncompressed);
  const bars: [string, string, boolean][] = [];
  const full = fullGrid(points, grid);
  bars.push([
    `at least ${grid.points} operating points × ${grid.cuts} cuts × ${grid.seeds} seeds`,
    `${full} points have that many cuts and seeds`,
    full >= grid.points,
  ]);
  const fit = tryFit(runs);
  if (fit) {
    const { usefulRmse } = fit.heldOut;
    bars.push([
      'leave-one-out RMSE where ≤ 15 points are lost (≤ 1.5)',
      `${(100 * usefulRmse).toFixed(2)} points`,
      usefulRmse <= 0.015,
    ]);
    writeFileSync(new URL(`../../study/${name}.svg`, import.meta.url), fitSvg(fit, runs));
  }
  const headline = points
    .filter((point) => point.seeds >= 3 && point.trafficSaved >= 0.936)
    .sort((a, b) => a.lost - b.lost)[0];
  bars.push([
    '≥ 93.6 % less activation and gradient traffic at ≤ 1 point lost, ≥ 3 paired seeds',
    headline
      ? `${headline.point}, cut ${headline.cut}: ${percent(headline.trafficSaved)} saved, ${(100 * headline.lost).toFixed(2)} ± ${(100 * headline.reach).toFixed(2)} points lost (95 %)`
      : 'no such point has three seeds yet',
    headline !== undefined && headline.lost <= 0.01,
  ]);
  const first = rows[0];
  const text = [
    `${name}: ${rows.length} runs of ${first?.steps ?? 0} steps, ${first?.validationImages ?? 0} validation images; ${first?.machine ?? ''}, until ${rows.at(-1)?.finished.slice(0, 10) ?? ''}`,
    `uncompressed: ${uncompressed.map((row) => `${percent(row.accuracy)} (seed ${row.seed})`).join(', ')}`,
    '',
    ...bars.map(([bar, value, holds]) => `${holds ? 'holds ' : 'MISSED'} ${bar}: ${value}`),
    '',
    pointTable(points),
    ...(fit ? ['', renderFit(fit, used, (_format, plain) => plain)] : []),
  ].join('\n');
  return {
    text,
    figures: { points, parameters: fit?.parameters, form: fit?.form, heldOut: fit?.heldOut },
    missed: bars.filter(([, , holds]) => !holds).length,
  };
}

/** What was lost at each operating point and cut. */
export function pointTable(points: readonly PairedPoint[]): string {
  return columns(
    [
      ['point (κ/q)', 'cut', 'seeds', 'ρ up', 'ρ down', 'traffic saved', 'accuracy', 'codec off', 'points lost', '±'],
      ...points.map((point) => [
        point.point,
        String(point.cut),
        String(point.seeds),
        point.ratioUp.toFixed(4),
        point.ratioDown.toFixed(4),
        percent(point.trafficSaved),
        percent(point.accuracy),
        percent(point.withoutCodec),
        (100 * point.lost).toFixed(2),
        point.reach === Infinity ? '–' : (100 * point.reach).toFixed(2),
      ]),
    ],
    [1, 2, 3, 4, 5, 6, 7, 8, 9],
  );
}

/** Operating points that have enough cuts with enough seeds each. */
function fullGrid(points: readonly PairedPoint[], grid: { readonly cuts: number; readonly seeds: number }): number {
  const cuts = new Map<string, number>();
  for (const point of points) {
    if (point.seeds >= grid.seeds) cuts.set(point.point, (cuts.get(point.point) ?? 0) + 1);
  }
  return [...cuts.values()].filter((count) => count >= grid.cuts).length;
}

export function tryFit(runs: readonly Run[]): AccuracyFit | undefined {
  try {
    return fitAccuracy(runs);
  } catch (error) {
    if (error instanceof AccuracyFitError) return undefined;
    throw error;
  }
}
