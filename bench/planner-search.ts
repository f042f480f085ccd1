/**
 * How good the two-timescale search is on seeded random problems with every kind of pin and limit:
 *
 *   exact   against branch and bound, up to 12 devices
 *   pins    against itself with one choice of one device pinned: a restriction, which can be no faster
 *   gaps    its gap to its own recomputed bound at 30 and 100 devices
 *
 * Usage: npx tsx bench/planner-search.ts [exact|pins|gaps …] [--exact 300] [--pins 500]. A stopped run goes on where it was
 * (.cache/bench, by the code).
 * Results: bench/results/planner-search-<part>.txt. Counts and gaps do not depend on the machine's load.
 */
import { parseArgs } from 'node:util';
import type { PlanningProblem } from '../lib/models/index.js';
import { boundPlan, planExact, planTwoTimescale, verifyBound } from '../lib/plan/index.js';
import { caseTraits, plannerCase, randomSinglePin } from '../spec/support/planner-cases.js';
import { resumableLines } from './support/resumable.js';
import { writeResults } from './support/results.js';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { exact: { type: 'string', default: '300' }, pins: { type: 'string', default: '500' } },
});
const parts = positionals.length > 0 ? positionals : ['exact', 'pins', 'gaps'];
let failures = 0;

const percent = (value: number) => `${(100 * value).toPrecision(3)} %`;
const quantile = (values: readonly number[], part: number) =>
  [...values].sort((a, b) => a - b)[Math.min(values.length - 1, Math.floor(part * values.length))] ?? NaN;
const processorSeconds = () => process.cpuUsage().user / 1e6;

class Report {
  private readonly lines: string[] = [];
  private readonly figures: Record<string, number> = {};

  say(line: string): void {
    this.lines.push(line);
  }

  check(name: string, found: number, bar: number): void {
    const holds = found <= bar;
    if (!holds) failures++;
    this.figures[name] = found;
    this.say(`${holds ? 'ok  ' : 'FAIL'} ${name}: ${percent(found)} (bar ${percent(bar)})`);
  }

  write(part: string, options = ''): void {
    writeResults(
      `planner-search-${part}`,
      `npx tsx bench/planner-search.ts ${part}${options}`,
      this.lines.join('\n'),
      this.figures,
    );
  }
}

class TraitCounts {
  private readonly counts = new Map<string, number>();

  add(traits: readonly string[]): void {
    for (const trait of traits) this.counts.set(trait, (this.counts.get(trait) ?? 0) + 1);
  }

  toString(): string {
    return ['allocated', 'equal', 'batched', ...caseTraits]
      .map((trait) => `${trait} ${this.counts.get(trait) ?? 0}`)
      .join(', ');
  }
}

interface ExactCase {
  readonly traits: readonly string[];
  readonly hasPlan: boolean;
  readonly termination: string;
  /** Found above the best, relative; null (JSON's infinity) where only branch and bound has a plan, absent where it has none. */
  readonly above?: number | null;
}

function compareWithExact(seed: number): ExactCase {
  const sizes = [2, 3, 4, 5, 6, 8, 10, 12];
  const { problem, sharing, traits } = plannerCase(seed, sizes[seed % sizes.length]!);
  const found = planTwoTimescale(problem);
  const best = planExact(problem, { timeLimitSeconds: 20 });
  return {
    traits: [sharing, ...traits],
    hasPlan: found.plan !== undefined,
    termination: best.termination,
    ...(best.totalSeconds < Infinity && { above: found.totalSeconds / best.totalSeconds - 1 }),
  };
}

function againstExact(files: number): void {
  const report = new Report();
  const compared = resumableLines<ExactCase>('planner-search-exact');
  const reached = new TraitCounts();
  const above: number[] = [];
  let infeasible = 0;
  let undecided = 0;
  let wrong = 0;
  for (let seed = 0; above.length < files; seed++) {
    const { traits, hasPlan, termination, above: by } = compared(seed, () => compareWithExact(seed));
    if (termination === 'infeasible') {
      infeasible++;
      if (hasPlan) wrong++;
      continue;
    }
    if (termination !== 'optimal') undecided++;
    if (by === undefined) continue;
    above.push(by ?? Infinity);
    reached.add(traits);
  }
  report.say(
    `${above.length} feasible files of up to 12 devices (${infeasible} infeasible besides; ${undecided} not proven optimal within 20 s, compared with what was found)`,
  );
  report.say(`with: ${reached.toString()}`);
  report.say(`at the optimum to 1e-6: ${above.filter((value) => value <= 1e-6).length}`);
  report.check('plans where branch and bound proves that there are none', wrong, 0);
  report.check('median above the optimum', quantile(above, 0.5), 1e-6);
  report.check('99th percentile above the optimum', quantile(above, 0.99), 0.005);
  report.check('worst above the optimum', Math.max(...above), 0.02);
  report.write('exact', ` --exact ${files}`);
}

function statedGap(problem: PlanningProblem, found: ReturnType<typeof planTwoTimescale>): number {
  const bound = found.bound ?? boundPlan(problem, {}, { incumbentSeconds: found.totalSeconds });
  const { boundSeconds } = verifyBound(problem, bound.certificate);
  return 1 - boundSeconds / found.totalSeconds;
}

interface PinCase {
  readonly traits: readonly string[];
  /** Part of the round by which the pinned problem is faster, ≤ 0 where it is not; absent where a side has no plan to compare. */
  readonly by?: number;
  readonly statedGap?: number;
}

function compareWithPin(seed: number): PinCase {
  const sizes = [2, 3, 4, 5, 6, 8, 12, 20];
  const { problem, sharing, traits } = plannerCase(seed, sizes[seed % sizes.length]!);
  const all = [sharing, ...traits];
  const pinned = randomSinglePin(problem, seed);
  const restricted = pinned && planTwoTimescale(pinned);
  if (!restricted?.plan) return { traits: all };
  const found = planTwoTimescale(problem);
  const by = found.plan ? 1 - restricted.totalSeconds / found.totalSeconds : 1;
  return { traits: all, by, ...(by > 1e-9 && { statedGap: found.plan ? statedGap(problem, found) : 1 }) };
}

function againstPins(files: number): void {
  const report = new Report();
  const cases = resumableLines<PinCase>('planner-search-pins');
  const reached = new TraitCounts();
  let compared = 0;
  let beaten = 0;
  let beyondGap = 0;
  let worst = 0;
  for (let seed = 10_000; compared < files; seed++) {
    const { traits, by, statedGap: gap } = cases(seed, () => compareWithPin(seed));
    if (by === undefined) continue;
    compared++;
    reached.add(traits);
    if (!(by > 1e-9)) continue;
    beaten++;
    worst = Math.max(worst, by);
    if (by > gap!) beyondGap++;
  }
  report.say(
    `${compared} files of up to 20 devices, each against itself with one choice of one device pinned at random`,
  );
  report.say(`with: ${reached.toString()}`);
  report.say(`beaten by a restricted problem: ${beaten}, by at most ${percent(worst)}`);
  report.check('part beaten', beaten / compared, 0.01);
  report.check('part beaten by more than the stated gap', beyondGap / compared, 0);
  report.write('pins', ` --pins ${files}`);
}

interface GapCase {
  readonly sharing: 'allocated' | 'equal' | 'batched';
  /** Absent without a plan. */
  readonly gap?: number;
  readonly seconds: number;
}

function ownGap(seed: number, devices: number): GapCase {
  const { problem, sharing } = plannerCase(seed, devices);
  const started = processorSeconds();
  const found = planTwoTimescale(problem);
  const gap = found.plan && statedGap(problem, found);
  return { sharing, ...(gap !== undefined && { gap }), seconds: processorSeconds() - started };
}

function ownGaps(): void {
  const report = new Report();
  const cases = resumableLines<GapCase>('planner-search-gaps');
  for (const [devices, files, bar] of [
    [30, 90, 0.01],
    [100, 12, 0.003],
  ] as const) {
    const gaps: Record<string, number[]> = { allocated: [], equal: [], batched: [] };
    let processor = 0;
    for (let seed = 20_000; Object.values(gaps).some((list) => list.length < files / 3); seed++) {
      const { sharing, gap, seconds } = cases([seed, devices], () => ownGap(seed, devices));
      if (gap === undefined || gaps[sharing]!.length >= files / 3) continue;
      gaps[sharing]!.push(gap);
      processor += seconds;
    }
    report.say(`\n${devices} devices, ${files} files, ${processor.toFixed(0)} s of processor time`);
    for (const [sharing, list] of Object.entries(gaps)) {
      report.say(`${sharing}: worst ${percent(Math.max(...list))}`);
      report.check(`median gap, ${sharing}, ${devices} devices`, quantile(list, 0.5), bar);
    }
  }
  report.write('gaps');
}

if (parts.includes('exact')) againstExact(Number(values.exact));
if (parts.includes('pins')) againstPins(Number(values.pins));
if (parts.includes('gaps')) ownGaps();
process.exitCode = failures > 0 ? 1 : 0;
