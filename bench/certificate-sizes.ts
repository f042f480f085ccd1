/**
 * Processor time of verification by size: certificates of large problems with every sharing (12 splits × 8 points, tight accuracy), of
 * the dual, and trees of 10 devices. Counts of nodes and bytes beside it. Certificates are made first and kept in the cache, so that
 * checking, of those that there are, can be timed by itself on a machine at rest.
 * Run: npx tsx bench/certificate-sizes.ts make; npx tsx bench/certificate-sizes.ts
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import type { PlanningProblem } from '../lib/models/index.js';
import { solvePlan } from '../lib/plan/index.js';
import { certify, type PlanCertificate } from '../lib/plan/certify/index.js';
import type { BoundCertificate } from '../lib/plan/bound/index.js';
import { verifyCertificate } from '../lib/verify/index.js';
import { largeProblem, randomProblem } from '../spec/support/plan-instances.js';
import { writeResults } from './support/results.js';

const isMaking = process.argv[2] === 'make';
const folder = '.cache/bench/certificate-sizes';
const sharings = ['allocated', 'equal', 'batched'] as const;

interface Measured {
  readonly what: string;
  readonly devices: number;
  readonly sharing: string;
  readonly seed: number;
  readonly nodes: number;
  readonly mebibytes: number;
  readonly relativeGap: number;
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
mkdirSync(folder, { recursive: true });
for (const { devices, sharing, seed } of cases) {
  const path = `${folder}/${devices}-${sharing}-${seed}.json`;
  const isTree = devices === 10;
  if (isMaking && !existsSync(path)) {
    const problem = isTree ? treeProblem(seed, sharing) : { ...largeProblem(seed, devices, 10), sharing };
    writeFileSync(path, JSON.stringify(await made(problem, isTree)));
    console.error('made', path);
  }
  if (isMaking || !existsSync(path)) continue;
  const measured = await measure(readFileSync(path, 'utf8'));
  rows.push({ what: isTree ? 'tree' : 'dual', devices, sharing, seed, ...measured });
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
      row.verifySeconds.toFixed(2).padStart(9),
      row.verified ? '     yes' : '      NO',
    ].join('  '),
  );
  const heading = 'proof  devices  sharing    seed   nodes     MiB       gap   verify s  verified';
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

function made(problem: PlanningProblem, isTree: boolean): Promise<PlanCertificate> {
  const { answer, bound } = solvePlan(problem, {
    baselines: false,
    whatIf: 'never',
    timeLimitSeconds: 20,
    ...(isTree && { method: 'exact' }),
  });
  return certify(problem, {
    plan: answer?.plan,
    bound: bound.certificate as BoundCertificate | undefined,
    ...(isTree && { treeSeconds: answer ? answer.delay.totalSeconds * (1 - 1e-6) : Infinity, maxNodes: 20_000 }),
  });
}

async function measure(
  text: string,
): Promise<Pick<Measured, 'nodes' | 'mebibytes' | 'relativeGap' | 'verifySeconds' | 'verified'>> {
  const startedAt = process.cpuUsage();
  const { verified, planSeconds = Infinity, boundSeconds = 0 } = await verifyCertificate(text);
  const verifySeconds = secondsSince(startedAt);
  const { claims } = JSON.parse(text) as PlanCertificate;
  return {
    nodes: claims.bound?.nodes.length ?? 0,
    mebibytes: text.length / 2 ** 20,
    relativeGap:
      planSeconds < Infinity ? (planSeconds - boundSeconds) / planSeconds : boundSeconds === Infinity ? 0 : NaN,
    verifySeconds,
    verified: verified && boundSeconds > 0,
  };
}

/** Of all threads, collection of garbage included. */
function secondsSince(before: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1e6;
}
