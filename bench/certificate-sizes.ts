/**
 * Processor time of verification by size: certificates of large problems with every sharing (12 splits × 8 points, tight accuracy), of
 * the dual, and trees of 10 devices. Counts of nodes and bytes beside it. Goes on where it was stopped.
 * Run: npx tsx bench/certificate-sizes.ts [minutes after which no more are begun]
 */
import type { PlanningProblem } from '../lib/models/index.js';
import { solvePlan } from '../lib/plan/index.js';
import { certify, type PlanCertificate } from '../lib/plan/certify/index.js';
import type { BoundCertificate } from '../lib/plan/bound/index.js';
import { verifyCertificate } from '../lib/verify/index.js';
import { largeProblem, randomProblem } from '../spec/support/plan-instances.js';
import { resumable } from './support/resumable.js';
import { writeResults } from './support/results.js';

const minutes = Number(process.argv[2] ?? Infinity);
const sharings = ['allocated', 'equal', 'batched'] as const;

interface Measured {
  readonly what: string;
  readonly devices: number;
  readonly sharing: string;
  readonly seed: number;
  readonly nodes: number;
  readonly mebibytes: number;
  readonly relativeGap: number;
  readonly certifySeconds: number;
  readonly verifySeconds: number;
  readonly verified: boolean;
}

const seeds = [1, 2, 3];
const cases = [
  ...sharings.flatMap((sharing) => seeds.map((seed) => ({ devices: 10, sharing, seed }))),
  ...sharings.flatMap((sharing) => seeds.map((seed) => ({ devices: 100, sharing, seed }))),
  ...sharings.map((sharing) => ({ devices: 1000, sharing, seed: 1 })),
];
const rows: Measured[] = [];
const resumed = resumable<Measured>('certificate-sizes');
const until = Date.now() + 60_000 * minutes;
for (const { devices, sharing, seed } of cases) {
  if (Date.now() > until) break;
  const isTree = devices === 10;
  const problem = isTree ? treeProblem(seed, sharing) : { ...largeProblem(seed, devices, 10), sharing };
  rows.push(await resumed({ devices, sharing, seed }, () => measure(isTree ? 'tree' : 'dual', seed, problem, isTree)));
  report();
}
process.exitCode = rows.every(({ verified }) => verified) ? 0 : 1;

function report(): void {
  const lines = rows.map((row) =>
    [
      row.what.padEnd(5),
      String(row.devices).padStart(7),
      row.sharing.padEnd(9),
      String(row.seed).padStart(4),
      String(row.nodes).padStart(6),
      row.mebibytes.toFixed(2).padStart(6),
      row.relativeGap.toExponential(1).padStart(8),
      row.certifySeconds.toFixed(2).padStart(10),
      row.verifySeconds.toFixed(2).padStart(9),
      row.verified ? '     yes' : '      NO',
    ].join('  '),
  );
  const heading = 'proof  devices  sharing    seed   nodes     MiB       gap   certify s   verify s  verified';
  const figures = [heading, ...lines, '', 'Seconds of processor time; gap: plan above bound, relative.'].join('\n');
  writeResults('certificate-sizes', 'npx tsx bench/certificate-sizes.ts', figures, rows);
}

/** Ten devices whose dual leaves a gap: few splits and points, memory of the server scarce. */
function treeProblem(seed: number, sharing: (typeof sharings)[number]): PlanningProblem {
  return randomProblem({
    seed,
    devices: 10,
    splits: 4,
    points: 3,
    sharing,
    family: 'power',
    scope: 'mean',
    accuracyTightness: 0.6,
    serverMemoryTightness: 0.6,
    decorations: false,
  });
}

async function measure(what: string, seed: number, problem: PlanningProblem, isTree: boolean): Promise<Measured> {
  const report = solvePlan(problem, {
    baselines: false,
    whatIf: 'never',
    timeLimitSeconds: 20,
    ...(isTree && { method: 'exact' }),
  });
  const { answer, bound } = report;
  const startedAt = process.cpuUsage();
  const certificate = await certify(problem, {
    plan: answer?.plan,
    bound: bound.certificate as BoundCertificate | undefined,
    ...(isTree && { treeSeconds: answer ? answer.delay.totalSeconds * (1 - 1e-6) : Infinity, maxNodes: 20_000 }),
  });
  const certifySeconds = secondsSince(startedAt);
  const text = JSON.stringify(certificate);
  const verifiedAt = process.cpuUsage();
  const verdict = await verifyCertificate(text);
  const verifySeconds = secondsSince(verifiedAt);
  const { planSeconds = Infinity, boundSeconds = 0 } = verdict;
  console.error(what, problem.devices.length, problem.sharing, seed, verifySeconds.toFixed(2), verdict.reason ?? '');
  return {
    what,
    devices: problem.devices.length,
    sharing: problem.sharing,
    seed,
    nodes: nodesOf(certificate),
    mebibytes: text.length / 2 ** 20,
    relativeGap:
      planSeconds < Infinity ? (planSeconds - boundSeconds) / planSeconds : boundSeconds === Infinity ? 0 : NaN,
    certifySeconds,
    verifySeconds,
    verified: verdict.verified && boundSeconds > 0,
  };
}

function nodesOf({ claims }: PlanCertificate): number {
  return claims.bound?.nodes.length ?? 0;
}

/** Of all threads, collection of garbage included. */
function secondsSince(before: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1e6;
}
