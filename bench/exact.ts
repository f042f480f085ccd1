/**
 * Exact method on ten devices with 12 splits × 8 points, sharing `allocated`: time to a gap of 1e-6, median and worst of 20
 * seeds for K = 1 and K = 10. Run: npx tsx bench/exact.ts
 *
 * Against brute force on 300 small instances of all kinds, or another number:
 * npx tsx bench/exact.ts brute-force [300]. Result: bench/results/exact-brute-force.txt
 */
import { planExact } from '../lib/plan/index.js';
import { exactAgainstBruteForce } from '../spec/support/exact-checks.js';
import { largeProblem } from '../spec/support/plan-instances.js';
import { writeResults } from './support/results.js';

if (process.argv[2] === 'brute-force') {
  const runs = Number(process.argv[3] ?? 300);
  const seen = exactAgainstBruteForce(runs);
  const lines = Object.entries(seen).map(([kind, count]) => `${kind.padEnd(12)}${count}`);
  writeResults(
    'exact-brute-force',
    `npx tsx bench/exact.ts brute-force ${runs}`,
    [`${runs} instances, all as brute force says (1e-6), of them`, ...lines].join('\n'),
    seen,
  );
  process.exit();
}

const devices = Number(process.argv[2] ?? 10);
const seeds = Number(process.argv[3] ?? 20);
for (const stepsPerRound of [1, 10]) {
  const seconds: number[] = [];
  let worstGap = 0;
  let nodes = 0;
  let rootGap = 0;
  for (let seed = 1; seed <= seeds; seed++) {
    const problem = largeProblem(seed, devices, stepsPerRound);
    const started = process.cpuUsage().user;
    const answer = planExact(problem, { timeLimitSeconds: 60 });
    seconds.push((process.cpuUsage().user - started) / 1e6);
    worstGap = Math.max(worstGap, answer.relativeGap);
    rootGap = Math.max(rootGap, 1 - answer.rootBoundSeconds / answer.totalSeconds);
    nodes = Math.max(nodes, answer.nodeCount);
  }
  seconds.sort((a, b) => a - b);
  const median = seconds[seconds.length >> 1]!;
  console.log(
    `devices ${devices}, K ${stepsPerRound}, ${seeds} seeds, processor time: median ${median.toFixed(3)} s, worst ${seconds.at(-1)!.toFixed(3)} s, ` +
      `largest gap ${worstGap.toExponential(2)}, largest root gap ${rootGap.toExponential(2)}, most nodes ${nodes}`,
  );
}
