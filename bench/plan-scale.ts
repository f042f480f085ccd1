/**
 * Whole solves at scale, one thread: search by the two-timescale method, dual bound, and its independent recomputation.
 * Seconds are the processor's, so that other work on the machine counts little.
 * Sharing `allocated`, tight accuracy, adapters, 12 splits × 8 points, K ∈ {1, 10}.
 *
 *   npm run bench -- plan-scale
 */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { solvePlan } from '../lib/plan/index.js';
import { largeProblem } from '../spec/support/plan-instances.js';
import { writeResults } from './support/results.js';

const sizes = [
  { devices: 100, seeds: [1, 2, 3, 4, 5] },
  { devices: 1000, seeds: [1, 2, 3] },
  { devices: 10_000, seeds: [1] },
];

interface Measured {
  readonly devices: number;
  readonly stepsPerRound: number;
  readonly seed: number;
  readonly seconds: number;
  readonly relativeGap: number;
  readonly verified: boolean;
  readonly peakMebibytes: number;
}

/** One solve in a process of its own, so that its peak memory is its own. */
function measure(devices: number, stepsPerRound: number, seed: number): Measured {
  const script = fileURLToPath(import.meta.url);
  const given = [String(devices), String(stepsPerRound), String(seed)];
  const { stdout, status } = spawnSync(process.execPath, ['--import', 'tsx', script, '--one', ...given], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  if (status !== 0) throw new Error(`the solve of ${given.join(', ')} failed`);
  return JSON.parse(stdout) as Measured;
}

function solveOne(devices: number, stepsPerRound: number, seed: number): Measured {
  const warmUp = largeProblem(99, 10, 10);
  solvePlan(warmUp, { baselines: false, whatIf: 'never' });
  const problem = largeProblem(seed, devices, stepsPerRound);
  const started = process.cpuUsage().user;
  const report = solvePlan(problem, { baselines: false, whatIf: 'never' });
  const seconds = (process.cpuUsage().user - started) / 1e6;
  if (report.status !== 'solved') throw new Error(`ended ${report.status}`);
  return {
    devices,
    stepsPerRound,
    seed,
    seconds,
    relativeGap: report.bound.relativeGap!,
    verified: report.bound.verified,
    peakMebibytes: process.resourceUsage().maxRSS / 1024,
  };
}

if (process.argv[2] === '--one') {
  const [devices, stepsPerRound, seed] = process.argv.slice(3).map(Number);
  process.stdout.write(JSON.stringify(solveOne(devices!, stepsPerRound!, seed!)));
} else {
  const rows: Measured[] = [];
  for (const { devices, seeds } of sizes) {
    for (const stepsPerRound of [1, 10]) {
      for (const seed of seeds) rows.push(measure(devices, stepsPerRound, seed));
    }
  }
  const lines = rows.map((row) =>
    [
      String(row.devices).padStart(7),
      String(row.stepsPerRound).padStart(3),
      String(row.seed).padStart(4),
      row.seconds.toFixed(2).padStart(8),
      `${(100 * row.relativeGap).toFixed(4)} %`.padStart(10),
      row.verified ? '     yes' : '      NO',
      row.peakMebibytes.toFixed(0).padStart(8),
    ].join('  '),
  );
  const heading = 'devices    K  seed   seconds  certified gap  verified   peak MiB';
  writeResults('plan-scale', 'npm run bench -- plan-scale', [heading, ...lines].join('\n'), rows);
}
