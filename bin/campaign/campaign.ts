import type { ScenarioOrigin } from '../../lib/io/index.js';
import {
  correctedConfidence,
  looks,
  studentInterval,
  type Interval,
  type SchemeSummary,
} from '../../lib/simulate/index.js';
import { canonicalJson, sha256 } from '../../lib/verify/index.js';
import type { Ledger } from './ledger.js';
import { nameTask, type NamedTask, type SchemeReference } from './tasks.js';

/** One combination of the values. */
export interface Point {
  readonly values: readonly string[];
  readonly origin: ScenarioOrigin;
}

/** What a campaign compares. */
export interface Campaign {
  readonly keys: readonly string[];
  readonly points: readonly Point[];
  /** The first is what the others are compared with. */
  readonly schemes: readonly SchemeReference[];
  /** First seed, and how many from it on. */
  readonly seeds: { readonly first: number; readonly least: number; readonly most: number };
  /** Half-width of the savings at which no more seeds are run; all of `least` seeds, and no more, when absent. */
  readonly halfWidth?: number | undefined;
  readonly confidence: number;
  /** Every n-th task, beginning with the i-th from 0. */
  readonly shard?: { readonly index: number; readonly count: number } | undefined;
}

/** A scheme at one point. */
export interface PointResult {
  readonly point: number;
  readonly scheme: string;
  readonly runs: readonly { readonly seed: number; readonly summary: SchemeSummary }[];
  readonly delaySeconds: Interval | undefined;
  /** Part of this scheme's delay that the first scheme saves, seed by seed. */
  readonly saved: Interval | undefined;
}

/** A point that gets more seeds, and the schemes that do, the first among them. */
interface OpenPoint {
  readonly point: number;
  readonly schemes: readonly SchemeReference[];
}

/** What happens to tasks that no ledger knows; false ends the campaign. */
export type TaskRunner = (missing: readonly NamedTask[]) => Promise<boolean>;

/** Intervals hold together over all looks at this confidence each. */
export function confidenceOf({ confidence, ...campaign }: Campaign): number {
  return correctedConfidence(confidence, lookCounts(campaign).length);
}

/** All tasks of a campaign that does not stop by itself. */
export async function tasksOf(campaign: Campaign): Promise<NamedTask[]> {
  const all = campaign.points.map((_, point) => ({ point, schemes: campaign.schemes }));
  return tasksAt(campaign, all, campaign.seeds.least);
}

/** SHA-256 of the names of all tasks: another scenario file, version or option gives another name. */
export async function campaignName(campaign: Campaign): Promise<string> {
  return sha256(canonicalJson((await tasksOf(campaign)).map(({ id }) => id)));
}

/**
 * Runs what is missing, look by look: a scheme whose interval at a point is narrow enough gets no more seeds there, the first runs
 * as long as one is compared with it. What comes out depends on the results alone, not on which of them were known before.
 * Undefined where the runner ended it.
 */
export async function runCampaign(
  campaign: Campaign,
  ledger: Ledger,
  run: TaskRunner,
): Promise<PointResult[] | undefined> {
  let open = campaign.points.map((_, point): OpenPoint => ({ point, schemes: campaign.schemes }));
  const results = new Map<number, Map<SchemeReference, PointResult>>();
  for (const count of lookCounts(campaign)) {
    const tasks = await tasksAt(campaign, open, count);
    const missing = tasks.filter(({ id }) => !ledger.get(id));
    if (missing.length > 0 && !(await run(missing))) return undefined;
    for (const { point, schemes } of open) {
      const known = results.get(point) ?? new Map<SchemeReference, PointResult>();
      resultsOf(campaign, point, schemes, tasks, ledger).forEach((result, k) => known.set(schemes[k]!, result));
      results.set(point, known);
    }
    open = open
      .map(({ point, schemes }) => ({ point, schemes: unsettled(campaign, schemes, results.get(point)!) }))
      .filter(({ schemes }) => schemes.length > 0);
    if (open.length === 0) break;
  }
  return campaign.points.flatMap((_, point) => campaign.schemes.map((scheme) => results.get(point)!.get(scheme)!));
}

function lookCounts({ seeds, halfWidth }: Pick<Campaign, 'seeds' | 'halfWidth'>): number[] {
  return halfWidth === undefined ? [seeds.least] : looks(seeds.least, seeds.most);
}

async function tasksAt(campaign: Campaign, open: readonly OpenPoint[], seedCount: number): Promise<NamedTask[]> {
  const tasks: NamedTask[] = [];
  for (const { point, schemes } of open) {
    for (let k = 0; k < seedCount; k++) {
      for (const scheme of schemes) {
        tasks.push(await nameTask(campaign.points[point]!.origin, point, scheme, campaign.seeds.first + k));
      }
    }
  }
  return tasks;
}

function resultsOf(
  campaign: Campaign,
  point: number,
  schemes: readonly SchemeReference[],
  tasks: readonly NamedTask[],
  ledger: Ledger,
): PointResult[] {
  const confidence = confidenceOf(campaign);
  const byScheme = schemes.map(({ name }) =>
    tasks
      .filter((task) => task.point === point && task.scheme.name === name)
      .map(({ id, task }) => ({ seed: task.seed, summary: ledger.get(id)! })),
  );
  return schemes.map(({ name }, index): PointResult => {
    const runs = byScheme[index]!;
    const delays = runs.flatMap(({ summary }) => summary.meanDelaySeconds ?? []);
    const pairs = runs.flatMap(({ summary }, k) => {
      const first = byScheme[0]![k]!.summary.meanDelaySeconds;
      const own = summary.meanDelaySeconds;
      return first === null || own === null ? [] : [1 - first / own];
    });
    return {
      point,
      scheme: name,
      runs,
      delaySeconds: studentInterval(delays, confidence),
      saved: index === 0 ? undefined : studentInterval(pairs, confidence),
    };
  });
}

/** The first scheme and those whose savings are not known narrowly enough; a scheme without one value by now is left alone. */
function unsettled(
  { halfWidth }: Campaign,
  [first, ...others]: readonly SchemeReference[],
  results: ReadonlyMap<SchemeReference, PointResult>,
): readonly SchemeReference[] {
  if (halfWidth === undefined || !first) return [];
  const wide = others.filter((scheme) => {
    const saved = results.get(scheme)!.saved;
    return saved !== undefined && (saved.halfWidth ?? Infinity) > halfWidth;
  });
  return wide.length === 0 ? [] : [first, ...wide];
}
