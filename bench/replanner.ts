/**
 * A live cell of 1,000 devices: one step of the replanner against a cold plan without a bound, in one run; and what a step allocates.
 * Usage: node --expose-gc --import tsx bench/replanner.ts        Results: bench/results/replanner.txt
 */
import { cpus } from 'node:os';
import { mkdirSync, writeFileSync } from 'node:fs';
import { Replanner, planTwoTimescale } from '../lib/plan/index.js';
import { randomStream } from '../lib/random/index.js';
import { randomProblem } from '../spec/support/plan-instances.js';

const lines: string[] = [];
let failures = 0;
const say = (line: string) => {
  console.log(line);
  lines.push(line);
};
const check = (name: string, found: number, bar: number) => {
  if (!(found <= bar)) failures++;
  say(`${found <= bar ? 'ok  ' : 'FAIL'} ${name}: ${found.toPrecision(3)} (bar ${bar})`);
};

const collect = globalThis.gc;
if (!collect) throw new Error('run it with --expose-gc');
const processorSeconds = () => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
};

const problem = randomProblem({
  seed: 11,
  devices: 1000,
  splits: 12,
  points: 8,
  sharing: 'allocated',
  decorations: false,
  accuracyTightness: 0.5,
  serverMemoryTightness: 'none',
});
const started = processorSeconds();
const { plan, totalSeconds } = planTwoTimescale(problem);
const cold = processorSeconds() - started;
if (!plan) throw new Error('the instance has no plan');
say(
  `${problem.devices.length} devices, ${process.version}, ${cpus()[0]!.model}, ${new Date().toISOString().slice(0, 10)}`,
);
say(`cold: ${cold.toFixed(2)} s of processor time, a round of ${totalSeconds.toPrecision(6)} s`);

const replanner = new Replanner(problem, plan);
const random = randomStream(1, 'fading');
const gains = new Float64Array(problem.devices.length).fill(1);
const fade = () => {
  for (let n = 0; n < gains.length; n++) gains[n]! *= 0.95 + 0.1 * random.uniform();
};
for (let warmUp = 0; warmUp < 300; warmUp++) {
  fade();
  replanner.step(gains);
}

const steps = 500;
const before = processorSeconds();
for (let step = 0; step < steps; step++) {
  fade();
  replanner.step(gains);
}
const warm = (processorSeconds() - before) / steps;
say(`warm step: ${(1000 * warm).toFixed(3)} ms of processor time, ±5 % gains of every device`);
check('warm step over cold plan', warm / cold, 0.05);

/** Heap in use before and after steps between which nothing is collected, in the least of several rounds. */
function bytesOf(work: () => void, count: number): number {
  let least = Infinity;
  for (let round = 0; round < 5; round++) {
    collect!();
    const atStart = process.memoryUsage().heapUsed;
    for (let k = 0; k < count; k++) work();
    least = Math.min(least, process.memoryUsage().heapUsed - atStart);
  }
  return least;
}
const counted = 200;
const idle = bytesOf(() => undefined, counted);
const used = bytesOf(() => void replanner.step(gains), counted);
say(`heap over ${counted} steps: ${used} bytes, over none ${idle}`);
// Results of a few calls are boxed numbers; nothing is allocated for a device.
check('bytes allocated in a step', Math.max(0, used - idle) / counted, 1024);
check('bytes allocated in a step for a device', Math.max(0, used - idle) / counted / problem.devices.length, 1);

mkdirSync('bench/results', { recursive: true });
writeFileSync(
  'bench/results/replanner.txt',
  `$ node --expose-gc --import tsx bench/replanner.ts\n${lines.join('\n')}\n`,
);
if (failures > 0) process.exitCode = 1;
