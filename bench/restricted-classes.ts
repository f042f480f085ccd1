/**
 * The schemes that plans are compared with, on random files with pins, own limits, optional devices, ranges of splits and all
 * sharings: each class against brute force over its common values with `exact` as the planner; and with the two-timescale
 * method the nesting of the classes and of what is printed beside an answer.
 *
 *   npx tsx bench/restricted-classes.ts [nesting|brute-force …] [--files 500] [--from 0]
 *
 * A stopped run goes on where it was, as long as the code is the same (.cache/bench).
 */
import { parseArgs } from 'node:util';
import { planExact, planTwoTimescale, solvePlan } from '../lib/plan/index.js';
import type { Planner } from '../lib/plan/planner.js';
import {
  classCube,
  contains,
  restrictedClasses,
  withEqualServer,
  type RestrictedClass,
} from '../lib/plan/restricted/index.js';
import { restrictedInstance } from '../spec/support/restricted-instances.js';
import { bruteForceClass } from '../spec/support/restricted-oracle.js';
import { resumableLines } from './support/resumable.js';
import { writeResults } from './support/results.js';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { files: { type: 'string', default: '500' }, from: { type: 'string', default: '0' } },
});
const parts = positionals.length > 0 ? positionals : ['nesting', 'brute-force'];
const files = Number(values.files);
const from = Number(values.from);
const names = Object.keys(restrictedClasses) as RestrictedClass[];
const exact: Planner = (problem, starts) => planExact(problem, { relativeGap: 1e-9 }, { starts });
const search: Planner = (problem, starts) => planTwoTimescale(problem, {}, { starts });

function sum<Name extends string>(parts: readonly Readonly<Record<Name, number>>[]): Record<Name, number> {
  const total: Record<Name, number> = { ...parts[0]! };
  for (const part of parts.slice(1)) for (const name of Object.keys(total) as Name[]) total[name] += part[name];
  return total;
}

/** Classes with `exact` against brute force: how many agree to 1e-6, by what was found, and bounds above the optimum. */
function againstBruteForce(seed: number) {
  const counts = { found: 0, infeasible: 0, contradicted: 0, wrong: 0, boundsAbove: 0 };
  const problem = restrictedInstance(seed, { devices: 2 + (seed % 2), splits: 3, points: 3 });
  const cube = classCube(problem, { planner: exact });
  for (const name of names) {
    const { totalSeconds, boundSeconds, status } = cube[name];
    const whole = name === 'compressed-split-federated' ? withEqualServer(problem) : problem;
    const least = bruteForceClass(whole, restrictedClasses[name]);
    const agrees = least === totalSeconds || Math.abs(totalSeconds - least) <= 1e-6 * least;
    if (!agrees) counts.wrong++;
    if (status !== 'does-not-apply' && boundSeconds > least * (1 + 1e-9)) counts.boundsAbove++;
    counts[status === 'found' ? 'found' : status === 'infeasible' ? 'infeasible' : 'contradicted']++;
  }
  return counts;
}

/** Pairs of nested classes, and schemes beside answers; breaches beyond 1e-9. */
function nesting(seed: number) {
  const counts = { pairs: 0, breaches: 0, printed: 0, printedBreaches: 0, values: 0, solves: 0 };
  const problem = restrictedInstance(1000 + seed, { devices: 2 + (seed % 3), splits: 3, points: 3 });
  const cube = classCube(problem, { planner: search });
  for (const outer of names) {
    counts.values += cube[outer].counts.values;
    counts.solves += cube[outer].counts.solves;
    for (const inner of names) {
      if (outer === inner || !contains(restrictedClasses[outer], restrictedClasses[inner])) continue;
      if (!cube[inner].plan) continue;
      counts.pairs++;
      if (cube[outer].totalSeconds > cube[inner].totalSeconds * (1 + 1e-9)) counts.breaches++;
    }
  }
  const { answer, baselines } = solvePlan(problem, { whatIf: 'never' });
  if (!answer) return counts;
  for (const { name, outside, status, totalSeconds } of baselines) {
    if (outside === true || status !== 'found' || name === 'vanilla-split') continue;
    counts.printed++;
    if (answer.delay.totalSeconds > totalSeconds! * (1 + 1e-9)) counts.printedBreaches++;
  }
  return counts;
}

const seeds = Array.from({ length: files }, (_, k) => from + k);
let faults = 0;
if (parts.includes('nesting')) {
  const lines = resumableLines<ReturnType<typeof nesting>>('restricted-classes-nesting');
  const counts = sum(seeds.map((seed) => lines(seed, () => nesting(seed))));
  faults += counts.breaches + counts.printedBreaches;
  report('nesting', counts, [
    `${files} files, with the two-timescale method: ${counts.pairs} nested pairs of classes, ${counts.breaches} breaches beyond 1e-9;`,
    `  ${counts.printed} schemes printed beside an answer, ${counts.printedBreaches} faster than it;`,
    `  ${counts.values} values of common decisions, ${counts.solves} of them solved, the others excluded by bounds or solved exactly`,
  ]);
}
if (parts.includes('brute-force')) {
  const lines = resumableLines<ReturnType<typeof againstBruteForce>>('restricted-classes-brute-force');
  const counts = sum(seeds.map((seed) => lines(seed, () => againstBruteForce(seed))));
  faults += counts.wrong + counts.boundsAbove;
  report('brute-force', counts, [
    `${files} files, 7 classes each, with exact: ${counts.found} best plans and ${counts.infeasible} infeasible classes, ${counts.contradicted} contradicted by pins;`,
    `  ${counts.wrong} differ from brute force by more than 1e-6, ${counts.boundsAbove} bounds above the optimum`,
  ]);
}
process.exitCode = faults > 0 ? 1 : 0;

function report(part: string, figures: unknown, lines: readonly string[]): void {
  const start = from > 0 ? ` --from ${from}` : '';
  const command = `npx tsx bench/restricted-classes.ts ${part} --files ${files}${start}`;
  writeResults(`restricted-classes-${part}${from > 0 ? `-from-${from}` : ''}`, command, lines.join('\n'), figures);
}
