/**
 * Bandwidth at fixed choices: the scalar search against one Math.log1p a device, its growth with N, the SQP from equal shares
 * and warm after gain changes, and IPOPT and SLSQP on the same data where Python has them (scripts/setup-peers.sh).
 * Usage: npx tsx bench/bandwidth.ts        Results: bench/results/bandwidth.txt
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { searchShares, ShareSearch, sqpShares, type CompiledAllocation } from '../lib/plan/bandwidth/index.js';
import { randomStream } from '../lib/random/index.js';

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

/** Phones at −8 … 32 dB over 2 MHz each, up Shannon, down linear; a second of computing at most. */
function cell(count: number, seed: number, bandHz = 2e6 * count): CompiledAllocation {
  const random = randomStream(seed, 'bandwidth-bench');
  const column = () => new Float64Array(count);
  const rows = {
    count,
    floor: column(),
    linear: column(),
    termStart: Int32Array.from({ length: count + 1 }, (_, n) => n),
    termWeight: column(),
    termScale: column(),
    termKink: column().fill(Infinity),
    termLine: column(),
    kinked: false,
  };
  for (let n = 0; n < count; n++) {
    const signalToNoise = 10 ** (-0.8 + 4 * random.uniform());
    const bits = 1e6 * (0.5 + random.uniform());
    rows.termScale[n] = (signalToNoise * 20e6) / bandHz;
    rows.termWeight[n] = (bits * Math.LN2) / (signalToNoise * 20e6);
    rows.linear[n] = bits / (Math.log2(1 + signalToNoise) * bandHz);
    rows.floor[n] = random.uniform() + rows.termWeight[n]!;
  }
  return {
    count,
    device: Int32Array.from({ length: count }, (_, n) => n),
    rowWeights: [1],
    rows,
    serverSeconds: column(),
    constantSeconds: 0,
    bandwidthHz: bandHz,
    leastReciprocal: column(),
    greatestReciprocal: column().fill(Infinity),
  };
}

function changedGains(problem: CompiledAllocation, seed: number): CompiledAllocation {
  const random = randomStream(seed, 'gain-change');
  const { rows } = problem;
  const floor = rows.floor.slice();
  const linear = rows.linear.slice();
  const termWeight = rows.termWeight.slice();
  const termScale = rows.termScale.slice();
  for (let n = 0; n < rows.count; n++) {
    const factor = 0.95 + 0.1 * random.uniform();
    floor[n]! += termWeight[n]! / factor - termWeight[n]!;
    termWeight[n]! /= factor;
    termScale[n]! *= factor;
    linear[n]! /= 1 + 0.1 * (factor - 1);
  }
  return { ...problem, rows: { ...rows, floor, linear, termWeight, termScale } };
}

/** Median of `repeats` runs, milliseconds; short work is repeated within a run. */
function medianMilliseconds(work: () => void, repeats = 7): number {
  work();
  const began = performance.now();
  work();
  const once = Math.max(1e-3, performance.now() - began);
  const inner = Math.max(1, Math.round(20 / once));
  const times = Array.from({ length: repeats }, () => {
    const start = performance.now();
    for (let k = 0; k < inner; k++) work();
    return (performance.now() - start) / inner;
  });
  return times.sort((a, b) => a - b)[repeats >> 1]!;
}

say(
  `npx tsx bench/bandwidth.ts · ${new Date().toISOString().slice(0, 10)} · ${cpus()[0]?.model ?? '?'} · ${process.version}`,
);

say('\nScalar search (typed arrays in, shares out)');
let sink = 0;
const points: [number, number][] = [];
for (const count of [100, 1000, 10_000, 100_000, 1_000_000]) {
  const problem = cell(count, 1);
  const answer = new ShareSearch(problem).solve();
  const tighter = answer.delaySeconds * (1 - 1e-9);
  const search = new ShareSearch(problem);
  const proven = search.use(tighter - search.floorSeconds) > 1 && answer.bandwidthUse <= 1 + 1e-12;
  if (!proven) failures++;
  const { termScale } = problem.rows;
  const { reciprocal } = answer;
  const logarithms = medianMilliseconds(() => {
    for (let n = 0; n < count; n++) sink += Math.log1p(termScale[n]! * reciprocal[n]!);
  });
  const own = medianMilliseconds(() => (sink += searchShares(problem).delaySeconds));
  points.push([count, own]);
  say(
    `N ${String(count).padStart(8)}  T ${answer.delaySeconds.toPrecision(12)} s${proven ? ', a 1e-9 shorter one needs too much band' : ' NOT PROVEN'}` +
      `  search ${own.toPrecision(4)} ms = ${(own / logarithms).toFixed(1)} × log1p  passes ${answer.passes}`,
  );
  if (count === 1_000_000) check('search at 1,000,000 devices in units of log1p', own / logarithms, 60);
}
const large = points.filter(([count]) => count >= 100);
const logs = large.map(([count, time]) => [Math.log(count * Math.log(count)), Math.log(time)] as const);
const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
const meanX = mean(logs.map(([x]) => x));
const meanY = mean(logs.map(([, y]) => y));
const exponent =
  logs.reduce((sum, [x, y]) => sum + (x - meanX) * (y - meanY), 0) /
  logs.reduce((sum, [x]) => sum + (x - meanX) ** 2, 0);
check('exponent of N·log N fitted over 10² … 10⁶', exponent, 1.05);

say('\nSQP, 1,000 devices in 20 MHz after ±5 % gain changes, warm from the plan before');
const steps: number[] = [];
const warmTimes: number[] = [];
for (let seed = 0; seed < 50; seed++) {
  const before = cell(1000, seed, 20e6);
  const shares = sqpShares(before).reciprocal.map((w) => 1 / w);
  const after = changedGains(before, seed);
  const answer = sqpShares(after, shares);
  const error = Math.abs(answer.delaySeconds / searchShares(after).delaySeconds - 1);
  if (!(error <= 1e-9)) failures++;
  steps.push(answer.steps);
  warmTimes.push(medianMilliseconds(() => (sink += sqpShares(after, shares).steps), 3));
}
steps.sort((a, b) => a - b);
warmTimes.sort((a, b) => a - b);
check('median steps', steps[25]!, 3);
check('most steps', steps.at(-1)!, 6);
check('median milliseconds', warmTimes[25]!, 3);

say('\nPeers on the same data, from equal shares');
const python = existsSync('.cache/peers/bin/python3') ? '.cache/peers/bin/python3' : 'python3';
const folder = mkdtempSync(join(tmpdir(), 'bandwidth-'));
const runs: [string, number, number | undefined][] = [
  ['slsqp', 100, undefined],
  ['slsqp', 300, 1000],
  ['ipopt', 300, undefined],
  ['ipopt', 1000, 30],
  ['ipopt', 3000, undefined],
];
for (const [peer, count, bar] of runs) {
  const problem = cell(count, 7, 20e6);
  const answer = sqpShares(problem);
  const own = medianMilliseconds(() => (sink += sqpShares(problem).steps));
  const path = join(folder, `${count}.json`);
  const { floor, linear, termWeight, termScale } = problem.rows;
  const data = {
    floor: [...floor],
    linear: [...linear],
    weight: [...termWeight],
    scale: [...termScale],
    timeScale: answer.delaySeconds,
  };
  writeFileSync(path, JSON.stringify(data));
  const run = spawnSync(python, ['bench/peers/bandwidth.py', path, peer], { encoding: 'utf8', timeout: 300_000 });
  if (run.status !== 0) {
    say(`skip ${peer} at ${count}: ${run.error?.message ?? run.stderr.trim().split('\n').at(-1) ?? 'no answer'}`);
    continue;
  }
  const found = JSON.parse(run.stdout.trim().split('\n').at(-1)!) as { seconds: number; delay: number; status: string };
  const ratio = (1000 * found.seconds) / own;
  say(
    `${peer} N ${count}: ${found.seconds.toPrecision(3)} s (${found.status}, T ${((found.delay / answer.delaySeconds - 1) * 100).toExponential(1)} % from ours); ` +
      `SQP ${own.toPrecision(3)} ms in ${answer.steps} steps: ${ratio.toFixed(0)} × faster`,
  );
  if (bar !== undefined) check(`least speed-up over ${peer} at ${count}, inverted`, bar / ratio, 1);
}
rmSync(folder, { recursive: true });
mkdirSync('bench/results', { recursive: true });
writeFileSync('bench/results/bandwidth.txt', lines.join('\n') + '\n');
if (!Number.isFinite(sink)) failures++;
process.exitCode = failures > 0 ? 1 : 0;
