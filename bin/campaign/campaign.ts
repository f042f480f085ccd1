import type { ScenarioOrigin } from '../../lib/io/index.js';
import {
  sequentialInterval,
  studentInterval,
  valuesNeeded,
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
  /** Of them all by the next look. */
  readonly seedCount: number;
}

/** What happens to tasks that no ledger knows; false ends the campaign. */
export type TaskRunner = (missing: readonly NamedTask[]) => Promise<boolean>;

/** All tasks of a campaign that does not stop by itself. */
export async function tasksOf(campaign: Campaign): Promise<NamedTask[]> {
  return tasksAt(campaign, startOf(campaign));
}

/** SHA-256 of the names of all tasks: another scenario file, version or option gives another name. */
export async function campaignName(campaign: Campaign): Promise<string> {
  return sha256(canonicalJson((await tasksOf(campaign)).map(({ id }) => id)));
}

/**
 * Runs what is missing, look by look: a scheme whose interval at a point is narrow enough gets no more seeds there, the first runs
 * as long as one is compared with it. How much the savings vary says how many seeds there are at the next look. What comes out depends on the results alone, not on which of them were known before.
 * Undefined where the runner ended it.
 */
export async function runCampaign(
  campaign: Campaign,
  ledger: Ledger,
  run: TaskRunner,
): Promise<PointResult[] | undefined> {
  let open = startOf(campaign);
  const results = new Map<number, Map<SchemeReference, PointResult>>();
  while (open.length > 0) {
    const tasks = await tasksAt(campaign, open);
    const missing = tasks.filter(({ id }) => !ledger.get(id));
    if (missing.length > 0 && !(await run(missing))) return undefined;
    for (const { point, schemes } of open) {
      const known = results.get(point) ?? new Map<SchemeReference, PointResult>();
      resultsOf(campaign, point, schemes, tasks, ledger).forEach((result, k) => known.set(schemes[k]!, result));
      results.set(point, known);
    }
    open = open.flatMap((each) => unsettled(campaign, each, results.get(each.point)!) ?? []);
  }
  return campaign.points.flatMap((_, point) => campaign.schemes.map((scheme) => results.get(point)!.get(scheme)!));
}

function startOf({ points, schemes, seeds, halfWidth }: Campaign): OpenPoint[] {
  // Without two values nothing says how many are needed.
  const seedCount = halfWidth === undefined ? seeds.least : Math.max(2, seeds.least);
  return points.map((_, point) => ({ point, schemes, seedCount }));
}

async function tasksAt(campaign: Campaign, open: readonly OpenPoint[]): Promise<NamedTask[]> {
  const tasks: NamedTask[] = [];
  for (const { point, schemes, seedCount } of open) {
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
  const { confidence } = campaign;
  const byScheme = schemes.map(({ name }) =>
    tasks
      .filter((task) => task.point === point && task.scheme.name === name)
      .map(({ id, task }) => ({ seed: task.seed, summary: ledger.get(id)! })),
  );
  return schemes.map(({ name }, index): PointResult => {
    const runs = byScheme[index]!;
    const delays = runs.flatMap(({ summary }) => summary.meanDelaySeconds ?? []);
    const pairs = savedPairs(byScheme[0]!, runs);
    return {
      point,
      scheme: name,
      runs,
      delaySeconds: studentInterval(delays, confidence),
      saved: index === 0 ? undefined : savedInterval(campaign, pairs),
    };
  });
}

/** Part of each of some runs that the first scheme's run of the same seed saves; null where one of the two has no delay. */
function savedPairs(first: PointResult['runs'], runs: PointResult['runs']): (number | null)[] {
  return runs.map(({ summary }, k) => {
    const [least, own] = [first[k]!.summary.meanDelaySeconds, summary.meanDelaySeconds];
    return least === null || own === null ? null : 1 - least / own;
  });
}

/**
 * The interval of what is saved, seed by seed; where more seeds were run because of how the savings vary, one that knows of it. Seeds
 * without a value (null) are left out.
 */
export function savedInterval(
  { halfWidth, confidence, seeds }: Campaign,
  pairs: readonly (number | null)[],
): Interval | undefined {
  const values = known(pairs);
  return halfWidth === undefined
    ? studentInterval(values, confidence)
    : sequentialInterval(values, confidence, firstCount(pairs, seeds));
}

/** What intervals without width may not be taken for; empty where there are none. */
export function agreementText(results: readonly PointResult[]): string {
  const isAlike = ({ saved }: PointResult) => typeof saved?.halfWidth === 'number' && saved.halfWidth < 1e-12;
  return results.some(isAlike) ? '± 0: all seeds that were run agree; rarer ones that do not are not excluded' : '';
}

function known(pairs: readonly (number | null)[]): number[] {
  return pairs.filter((each) => each !== null);
}

/** Values among the first seeds: what was looked at first, however many seeds have none. */
function firstCount(pairs: readonly (number | null)[], { least }: Campaign['seeds']): number {
  return known(pairs.slice(0, least)).length;
}

/** Least part by which the seeds grow from one look to the next. */
const leastGrowth = 0.05;

/**
 * The first scheme and those whose savings are not known narrowly enough, with as many seeds as the first of them to be done
 * needs; undefined where there is none. A scheme without a value by now is left alone.
 */
function unsettled(
  { halfWidth, confidence, seeds }: Campaign,
  { point, schemes: [first, ...others], seedCount }: OpenPoint,
  results: ReadonlyMap<SchemeReference, PointResult>,
): OpenPoint | undefined {
  if (halfWidth === undefined || !first || seedCount >= seeds.most) return undefined;
  const wide = others.filter((scheme) => {
    const { saved } = results.get(scheme)!;
    return saved !== undefined && (saved.halfWidth ?? Infinity) > halfWidth;
  });
  if (wide.length === 0) return undefined;
  const needed = wide.map((scheme) => {
    const pairs = savedPairs(results.get(first)!.runs, results.get(scheme)!.runs);
    const values = known(pairs);
    // Some seeds give no value; one value says nothing of how many are needed.
    if (values.length < 2) return 2 * seedCount;
    return (valuesNeeded(values, halfWidth, confidence, firstCount(pairs, seeds)) * seedCount) / values.length;
  });
  const next = Math.max(Math.ceil(Math.min(...needed)), Math.ceil(seedCount * (1 + leastGrowth)));
  return { point, schemes: [first, ...wide], seedCount: Math.min(next, seeds.most) };
}
