/**
 * The optimizer's plan against fixed plans and equal bandwidth, all run for real on a heterogeneous cell of five devices:
 * the saving the model foresees beside the saving that is measured.
 *
 *   npx tsx bin/sft-opt.ts calibrate --out profile.json
 *   npx tsx bench/harness/savings.ts profile.json [rounds]
 *
 * Writes bench/results/harness-savings.json and .txt.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { loadavg } from 'node:os';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { loadBackend } from '../../harness/backend/tensorflow.js';
import { ReferenceTimer, timingWorkload } from '../../harness/calibrate/index.js';
import { runPlan } from './run-plan.js';
import { formatIssue, readMeasuredProfile, readProblemFile, type ResolvedFile } from '../../lib/io/index.js';
import { planViolations, roundDelay, type Plan } from '../../lib/models/index.js';
import { solvePlan } from '../../lib/plan/index.js';

process.env['TF_NUM_INTRAOP_THREADS'] = '1';
process.env['TF_NUM_INTEROP_THREADS'] = '1';
setFlagsFromString('--expose-gc');
Object.assign(globalThis, { gc: runInNewContext('gc') as () => void });

const [path = 'profile.json', roundsText = '5'] = process.argv.slice(2);
const text = readFileSync(path, 'utf8');
const profile = readMeasuredProfile(text);
const rounds = Number(roundsText);

/** Five devices, from a fast one nearby to a slow one far away. */
const cell = (pinned?: object) => ({
  version: 1,
  name: 'heterogeneous cell',
  calibration: path,
  model: {
    blocks: 6,
    width: 96,
    heads: 3,
    mlpWidth: 384,
    tokens: 17,
    embedding: { kind: 'patches', patchSize: 8 },
    head: { kind: 'classifier', classes: 24 },
  },
  training: { batchSize: 16, stepsPerRound: 4, activations: 'keep' },
  codec: { ratios: 'separate' },
  accuracy: {
    limit: 0.95,
    maximumLoss: 0.02,
    up: { family: 'power', scale: 0.0009, exponent: 0.75, cut: { decay: 0.2 } },
    down: { family: 'power', scale: 0.0001, exponent: 0.75 },
  },
  radio: { bandwidth: '2 MHz', fading: 'none', shadowing: 0, pathLoss: 'macro', serverPower: '30 dBm' },
  server: { sharing: 'allocated', profileFactor: 0.2 },
  ...(pinned && { pinned }),
  devices: [
    { name: 'near', profileFactor: 1, distance: 120 },
    { name: 'laptop', profileFactor: 1.5, distance: 250 },
    { name: 'tablet', profileFactor: 2.5, distance: 400 },
    { name: 'phone', profileFactor: 4, distance: 550 },
    { name: 'far-phone', profileFactor: 5, distance: 800 },
  ],
});

function read(problem: object): ResolvedFile {
  const outcome = readProblemFile(JSON.stringify(problem), { readFile: () => text });
  if (!outcome.ok) throw new Error(outcome.issues.map((issue) => formatIssue(issue, 'cell')).join('\n'));
  return outcome.resolved;
}

function solved(problem: object): { resolved: ResolvedFile; plan: Plan } {
  const resolved = read(problem);
  const report = solvePlan(resolved.problem, { baselines: false, whatIf: 'never' });
  if (!report.answer) throw new Error(report.message);
  return { resolved, plan: report.answer.plan };
}

/** One cut and one setting for all, equal shares of everything. */
function fixed(cut: number, keptFraction: number, bits: number): { resolved: ResolvedFile; plan: Plan } {
  const resolved = read(cell());
  const { problem } = resolved;
  const index = (points: typeof problem.upPoints) =>
    points.findIndex((point) => (point.keptFraction ?? 1) === keptFraction && (point.bitsPerKeptValue ?? 32) === bits);
  const devices = problem.devices.map(() => ({
    participates: true,
    blocks: cut,
    upPoint: index(problem.upPoints),
    downPoint: index(problem.downPoints),
    bandwidthHz: problem.bandwidthHz / problem.devices.length,
    serverShare: 1 / problem.devices.length,
  }));
  return { resolved, plan: { devices } };
}

const plans = {
  'optimised (all decisions)': solved(cell()),
  'equal bandwidth, rest optimised': solved(cell({ bandwidth: 'equal' })),
  'fixed: cut 1, 20 % at 4 bits, equal shares': fixed(1, 0.2, 4),
  'fixed: cut 3, 20 % at 4 bits, equal shares': fixed(3, 0.2, 4),
  'fixed: cut 3, 30 % at 6 bits, equal shares': fixed(3, 0.3, 6),
  'split federated: cut 3, uncompressed, equal shares': fixed(3, 1, 32),
};

async function main(): Promise<void> {
  const backend = await loadBackend();
  const workload = await timingWorkload({ model: 'embedded' });
  const { tf } = backend;
  const timer = new ReferenceTimer(tf);
  const references = profile.machine.references ?? timer.measure();
  const rows = [];
  for (const [name, { resolved, plan }] of Object.entries(plans)) {
    const run = await runPlan(tf, workload, timer, references, resolved, plan, rounds, 1);
    const { totalSeconds } = roundDelay(resolved.problem, plan);
    const broken = planViolations(resolved.problem, plan, totalSeconds).map(({ limit }) => limit);
    const cuts = plan.devices.map(({ blocks }) => blocks);
    rows.push({ name, cuts, ...run, broken: [...new Set(broken)] });
    process.stderr.write(
      `${name}: ${run.predictedSeconds.toFixed(2)} s, measured ${run.measuredSeconds.toFixed(2)} s\n`,
    );
  }
  const [best] = rows;
  const percent = (value: number) => `${(100 * value).toFixed(1)} %`;
  const table = rows.map((row) => {
    const predictedSaving = 1 - best!.predictedSeconds / row.predictedSeconds;
    const measuredSaving = 1 - best!.measuredSeconds / row.measuredSeconds;
    return { ...row, predictedSaving, measuredSaving, differencePoints: 100 * (predictedSaving - measuredSaving) };
  });
  const lines = [
    `npx tsx bench/harness/savings.ts, ${new Date().toISOString().slice(0, 10)}, ${profile.machine.cpu}, ` +
      `${backend.name} backend, 1 thread, load ${loadavg()[0]!.toFixed(2)}, ${rounds} rounds`,
    `${'plan'.padEnd(52)} predicted  measured   saved (predicted / measured)  difference  slowdown`,
    ...table.map((row) => {
      return (
        `${row.name.padEnd(52)} ${row.predictedSeconds.toFixed(3).padStart(7)} s ${row.measuredSeconds.toFixed(3).padStart(7)} s   ` +
        `${percent(row.predictedSaving).padStart(7)} / ${percent(row.measuredSaving).padEnd(7)}  ` +
        `${row.differencePoints.toFixed(1).padStart(5)} points  ${row.slowdown.toFixed(2)}${row.broken.length > 0 ? `; breaks ${row.broken.join(', ')}` : ''}`
      );
    }),
  ];
  process.stdout.write(`${lines.join('\n')}\n`);
  const folder = new URL('../results/', import.meta.url);
  writeFileSync(new URL('harness-savings.txt', folder), `${lines.join('\n')}\n`);
  const record = {
    command: `npx tsx bench/harness/savings.ts ${path} ${rounds}`,
    machine: profile.machine,
    plans: table,
  };
  writeFileSync(new URL('harness-savings.json', folder), `${JSON.stringify(record, undefined, 1)}\n`);
}

await main();
