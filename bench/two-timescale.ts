/**
 * The two-timescale method over 1,000 fixed-seed small instances: distance of its plans, and of what rounding and repair alone leave, from
 * the optimum. That is the exact method's (relative gap 1e-6) unless --brute asks for brute force (hours).
 * Time, memory and gaps at scale are those of bench/plan-scale.ts.
 * A stopped run goes on where it was, as long as the code is the same (.cache/bench).
 * Usage: npx tsx bench/two-timescale.ts [--brute] [--instances 1000]. Results: bench/results/two-timescale.txt
 */
import { parseArgs } from 'node:util';
import type { PlanningProblem } from '../lib/models/index.js';
import { planExact } from '../lib/plan/exact/index.js';
import { planTwoTimescale } from '../lib/plan/two-timescale/index.js';
import { randomProblem } from '../spec/support/plan-instances.js';
import { bruteForce } from '../spec/support/plan-oracle.js';
import { resumableLines } from './support/resumable.js';
import { writeResults } from './support/results.js';

const { values } = parseArgs({
  options: { brute: { type: 'boolean', default: false }, instances: { type: 'string', default: '1000' } },
});
const instances = Number(values.instances);
const shapes = [
  { devices: 2, splits: 12, points: 6 },
  { devices: 3, splits: 6, points: 4 },
  { devices: 4, splits: 4, points: 3 },
];

interface Case {
  readonly optimum: 'known' | 'infeasible' | 'undecided';
  readonly hasPlan: boolean;
  /** Above the optimum, relative, with exchanges and without them; null is infinite. */
  readonly above?: number | null;
  readonly roundedAbove?: number | null;
  readonly processorSeconds: number;
}

function compare(seed: number): Case {
  const problem = randomProblem({ seed, ...shapes[seed % 3]! });
  const before = process.cpuUsage();
  const found = planTwoTimescale(problem);
  const { user, system } = process.cpuUsage(before);
  const common = { hasPlan: found.plan !== undefined, processorSeconds: (user + system) / 1e6 };
  const best = values.brute ? bruteForce(problem).totalSeconds : exactSeconds(problem);
  if (best === undefined) return { optimum: 'undecided', ...common };
  if (best === Infinity) return { optimum: 'infeasible', ...common };
  return {
    optimum: 'known',
    above: found.totalSeconds / best - 1,
    roundedAbove: found.statistics['roundedSeconds']! / best - 1,
    ...common,
  };
}

function exactSeconds(problem: PlanningProblem): number | undefined {
  const answer = planExact(problem, { timeLimitSeconds: 10 });
  if (answer.termination === 'infeasible') return Infinity;
  return answer.termination === 'optimal' ? answer.totalSeconds : undefined;
}

const compared = resumableLines<Case>(values.brute ? 'two-timescale-brute' : 'two-timescale');
const cases = Array.from({ length: instances }, (_, seed) => compared(seed, () => compare(seed)));
const count = (holds: (each: Case) => boolean) => cases.filter(holds).length;
const known = cases.filter(({ optimum }) => optimum === 'known');
const sorted = (pick: (each: Case) => number | null | undefined) =>
  known.map((each) => pick(each) ?? Infinity).sort((a, b) => a - b);
const quantile = (list: readonly number[], share: number) =>
  list[Math.min(list.length - 1, Math.floor(share * list.length))]!;
const percent = (value: number) => `${(100 * value).toPrecision(3)} %`;

const gaps = sorted(({ above }) => above);
const infeasible = count(({ optimum }) => optimum === 'infeasible');
const wrong = count(({ optimum, hasPlan }) => optimum === 'infeasible' && hasPlan);
const seconds = cases.reduce((sum, { processorSeconds }) => sum + processorSeconds, 0) / cases.length;
const lines = [
  `${known.length} feasible small instances (${infeasible} infeasible, ${count(({ optimum }) => optimum === 'undecided')} undecided within 10 s),`,
  `  ${known.filter(({ hasPlan }) => !hasPlan).length} without a plan, ${wrong} with one where none exists; ${(1000 * seconds).toFixed(0)} ms of processor time each`,
];
for (const [name, list] of [
  ['with exchanges', gaps],
  ['relaxation, rounding and repair alone', sorted(({ roundedAbove }) => roundedAbove)],
] as const) {
  const [median, ninetieth, last, worst] = [0.5, 0.9, 0.99, 1].map((share) => percent(quantile(list, share)));
  lines.push(`above the optimum, ${name}: median ${median}, 90th ${ninetieth}, 99th ${last}, worst ${worst}`);
}
let missed = wrong;
for (const [name, found, bar] of [
  ['median above the optimum', quantile(gaps, 0.5), 0.005],
  ['99th percentile above the optimum', quantile(gaps, 0.99), 0.03],
  ['below the optimum', -gaps[0]!, 2e-6],
] as const) {
  if (!(found <= bar)) missed++;
  lines.push(`${found <= bar ? 'ok  ' : 'FAIL'} ${name}: ${percent(found)} (bar ${percent(bar)})`);
}
const command = `npx tsx bench/two-timescale.ts${values.brute ? ' --brute' : ''} --instances ${instances}`;
writeResults('two-timescale', command, lines.join('\n'), {
  feasible: known.length,
  infeasible,
  wrong,
  worst: gaps.at(-1),
});
process.exitCode = missed > 0 ? 1 : 0;
