/**
 * The two-timescale method: distance from the optimum over 1,000 fixed-seed small instances, and time, memory and certified gap at scale.
 * The optimum is the exact method's (relative gap 1e-6) unless --brute asks for brute force (hours).
 * Usage: npx tsx bench/two-timescale.ts [--brute] [--instances 1000] [--scale 100,1000,10000]
 * Results: bench/results/two-timescale.txt
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { cpus, loadavg } from 'node:os';
import { parseArgs } from 'node:util';
import { planViolations } from '../lib/models/index.js';
import { boundPlan } from '../lib/plan/bound/index.js';
import { planExact } from '../lib/plan/exact/index.js';
import { planTwoTimescale } from '../lib/plan/two-timescale/index.js';
import { largeProblem, randomProblem } from '../spec/support/plan-instances.js';
import { bruteForce } from '../spec/support/plan-oracle.js';

const { values } = parseArgs({
  options: {
    brute: { type: 'boolean', default: false },
    instances: { type: 'string', default: '1000' },
    scale: { type: 'string', default: '100,1000,10000' },
  },
});
const lines: string[] = [];
let failures = 0;
const say = (line: string) => {
  console.log(line);
  lines.push(line);
};
const check = (name: string, found: number, bar: number) => {
  const good = found <= bar;
  if (!good) failures++;
  say(`${good ? 'ok  ' : 'FAIL'} ${name}: ${found.toPrecision(3)} (bar ${bar})`);
};
const quantile = (sorted: number[], share: number) =>
  sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))]!;

say(
  `npx tsx bench/two-timescale.ts · ${new Date().toISOString().slice(0, 10)} · ${cpus()[0]?.model ?? '?'} · ${process.version}`,
);
const shapes = [
  { devices: 2, splits: 12, points: 6 },
  { devices: 3, splits: 6, points: 4 },
  { devices: 4, splits: 4, points: 3 },
];
const gaps: number[] = [];
const roundedGaps: number[] = [];
let infeasible = 0;
let missed = 0;
let undecided = 0;
let seconds = 0;
for (let seed = 0; seed < Number(values.instances); seed++) {
  const problem = randomProblem({ seed, ...shapes[seed % 3]! });
  const began = performance.now();
  const found = planTwoTimescale(problem);
  seconds += (performance.now() - began) / 1000;
  const best = values.brute ? bruteForce(problem).totalSeconds : exactSeconds(problem);
  if (best === undefined) {
    undecided++;
    continue;
  }
  if (best === Infinity) {
    infeasible++;
    if (found.plan) failures++;
    continue;
  }
  if (!found.plan) missed++;
  gaps.push(found.totalSeconds / best - 1);
  roundedGaps.push(found.statistics['roundedSeconds']! / best - 1);
}

function exactSeconds(problem: Parameters<typeof planExact>[0]): number | undefined {
  const answer = planExact(problem, { timeLimitSeconds: 10 });
  if (answer.termination === 'infeasible') return Infinity;
  return answer.termination === 'optimal' ? answer.totalSeconds : undefined;
}

if (gaps.length > 0) {
  gaps.sort((a, b) => a - b);
  roundedGaps.sort((a, b) => a - b);
  say(
    `\n${gaps.length} feasible small instances (${infeasible} infeasible, ${undecided} undecided within 10 s, ${missed} without a plan), ` +
      `${((1000 * seconds) / Number(values.instances)).toFixed(0)} ms each`,
  );
  for (const [name, list] of [
    ['with exchanges', gaps],
    ['relaxation, rounding and repair alone', roundedGaps],
  ] as const) {
    const shown = [0.5, 0.9, 0.99, 1].map((share) => `${(100 * quantile(list, share)).toPrecision(3)} %`);
    say(`above the optimum, ${name}: median ${shown[0]!}, 90th ${shown[1]!}, 99th ${shown[2]!}, worst ${shown[3]!}`);
  }
  check('median above the optimum', quantile(gaps, 0.5), 0.005);
  check('99th percentile above the optimum', quantile(gaps, 0.99), 0.03);
  check('below the optimum', -gaps[0]!, 2e-6);
}

say(`\nScale, allocated, 12 splits × 8 points; ${cpus().length} cores, load ${loadavg()[0]!.toFixed(1)}`);
const bars: Record<number, readonly [number, number]> = { 100: [1, 1e-3], 1000: [10, 2e-4], 10_000: [120, 1] };
for (const devices of values.scale.split(',').map(Number)) {
  for (const steps of [1, 10]) {
    const problem = largeProblem(1, devices, steps);
    if (devices <= 100) planTwoTimescale(largeProblem(2, devices, steps));
    const began = performance.now();
    const found = planTwoTimescale(problem);
    const planned = (performance.now() - began) / 1000;
    const bound = boundPlan(problem, {}, { incumbentSeconds: found.totalSeconds });
    const total = (performance.now() - began) / 1000;
    const gap = 1 - bound.boundSeconds / found.totalSeconds;
    if (!found.plan || planViolations(problem, found.plan, found.totalSeconds).length > 0) failures++;
    say(
      `N ${devices} K ${steps}: T ${found.totalSeconds.toPrecision(9)} s, gap ${(100 * gap).toPrecision(3)} %, ` +
        `plan ${planned.toFixed(2)} s + bound ${(total - planned).toFixed(2)} s, ` +
        `CPU so far ${(process.cpuUsage().user / 1e6).toFixed(0)} s, resident ${(process.memoryUsage().rss / 1e6).toFixed(0)} MB`,
    );
    const bar = bars[devices];
    if (!bar) continue;
    check(`seconds at N ${devices}, K ${steps}`, total, bar[0]);
    check(`gap at N ${devices}, K ${steps}`, gap, bar[1]);
    check('resident MB', process.memoryUsage().rss / 1e6, 1000);
  }
}
mkdirSync('bench/results', { recursive: true });
writeFileSync('bench/results/two-timescale.txt', lines.join('\n') + '\n');
process.exitCode = failures > 0 ? 1 : 0;
