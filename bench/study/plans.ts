import { loadBackend } from '../../harness/backend/tensorflow.js';
import type { StepCodec } from '../../harness/protocol/index.js';
import type { DevicePlan } from '../../harness/run.js';
import { loadWorkload } from '../../harness/study/index.js';
import { accuracyBlock } from '../../bin/fit/block.js';
import { withParts } from '../../bin/fit/into.js';
import { operatingPoints } from '../../bin/fit/points.js';
import type { Run } from '../../bin/fit/runs.js';
import { columns } from '../../bin/render/columns.js';
import { parseProblemFile } from '../../lib/io/index.js';
import type { AccuracyFit, OperatingPoint } from '../../lib/models/index.js';
import { solvePlan } from '../../lib/plan/index.js';
import { resumable } from '../support/resumable.js';
import { accuracyOfPlan } from './trained-plan.js';

/** Accuracy that the plans may lose, and the devices' cuts, within what was measured. */
export const variants = [
  { lost: 0.01, cuts: [2, 2, 3, 4] },
  { lost: 0.0125, cuts: [2, 2, 4, 4] },
  { lost: 0.015, cuts: [2, 3, 4, 4] },
  { lost: 0.02, cuts: [2, 3, 3, 4] },
  { lost: 0.025, cuts: [2, 3, 4, 4] },
  { lost: 0.03, cuts: [2, 2, 4, 4] },
  { lost: 0.05, cuts: [2, 3, 4, 4] },
  { lost: 0.08, cuts: [2, 2, 3, 4] },
];
const seeds = [1, 2, 3];
/** As many images in all as a run of the study sees. */
const rounds = 25;
const localSteps = 10;
const batchSize = 16;

export function problemText(fit: AccuracyFit, runs: readonly Run[], { lost, cuts }: (typeof variants)[number]): string {
  const devices = cuts.map(
    (blocks, k) =>
      `  - { name: d${k}, throughput: ${[5, 10, 20, 40][k]!} GFLOP/s, memory: 64 MiB, distance: ${60 + 60 * k} m, weight: 1, pinned: { blocks: ${blocks} } }`,
  );
  const text = `version: 1
name: plan
model:
  { blocks: 6, width: 96, heads: 3, mlpWidth: 384, tokens: 17, embedding: { kind: patches, patchSize: 8 }, head: { kind: classifier, classes: 24 } }
training: { batchSize: ${batchSize}, stepsPerRound: ${localSteps} }
accuracy:
  maximumLoss: ${lost}
radio: { bandwidth: 2 MHz }
server: { throughput: 60 GFLOP/s, memory: 1 GiB }
devices:
${devices.join('\n')}
`;
  const parts = { accuracy: accuracyBlock(fit.model), points: operatingPoints(runs, fit.model, 'up') };
  const isTied = fit.form.directions === 'one';
  return withParts(text, isTied ? parts : { ...parts, downPoints: operatingPoints(runs, fit.model, 'down') }, () => '');
}

interface ChosenPlan {
  readonly devices: readonly DevicePlan[];
  /** Mean over the devices of what the model says is lost. */
  readonly promisedLoss: number;
}

export function solved(text: string, limit: number): ChosenPlan | undefined {
  const { problem } = parseProblemFile(text);
  const { answer } = solvePlan(problem, { baselines: false, whatIf: 'never' });
  if (!answer) return undefined;
  const devices = answer.plan.devices.map((device): DevicePlan => ({
    cut: device.blocks,
    batchSize,
    uplinkCodec: codecOf(problem.upPoints[device.upPoint]!),
    downlinkCodec: codecOf(problem.downPoints[device.downPoint]!),
  }));
  return { devices, promisedLoss: limit - answer.use.accuracy };
}

function codecOf({ keptFraction = 1, bitsPerKeptValue = 8 }: OperatingPoint): StepCodec {
  return { keptFraction, bits: bitsPerKeptValue };
}

const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;

/** Differences up to here keep the promise, and so many plans must keep it. */
const tolerance = 0.02;
const leastKept = 6;

/**
 * Solves problems over four unequal devices with the fitted curve, trains each plan with three seeds, and compares.
 * What a plan promises is a loss against the uncompressed training of the same devices and rounds, which is measured.
 * Trainings that were made before a stop are taken from the cache.
 */
export async function describePlans(fit: AccuracyFit, runs: readonly Run[], validationImages: number) {
  const { tf } = await loadBackend();
  const workload = await loadWorkload(await loadBackend(), {
    workload: { kind: 'embedded', headSeed: 1, trainSeed: 101, validationSeed: 202 },
    trainImages: 8192,
    validationImages,
  });
  const remembered = resumable<number>('study-plans');
  const reachedBySeeds = async (devices: readonly DevicePlan[]) => {
    const accuracies: number[] = [];
    for (const seed of seeds) {
      const settings = { devices, seed, rounds, localSteps, validationImages };
      const training = { devices, rounds, localSteps, seed };
      accuracies.push(await remembered(settings, () => accuracyOfPlan(tf, workload, training)));
    }
    return accuracies;
  };
  const identity: DevicePlan = { cut: 3, batchSize, uplinkCodec: 'identity', downlinkCodec: 'identity' };
  const uncompressed = mean(await reachedBySeeds(variants[0]!.cuts.map(() => identity)));
  const rows: string[][] = [];
  const plans = [];
  for (const variant of variants) {
    const plan = solved(problemText(fit, runs, variant), fit.model.limit);
    if (!plan) {
      rows.push([String(variant.lost), 'no plan']);
      continue;
    }
    const accuracies = await reachedBySeeds(plan.devices);
    const promised = uncompressed - plan.promisedLoss;
    const difference = mean(accuracies) - promised;
    plans.push({ ...variant, devices: plan.devices, promised, accuracies, difference });
    const choice = ({ cut, uplinkCodec }: DevicePlan) =>
      uplinkCodec === 'identity' ? `${cut}` : `${cut}:${uplinkCodec.keptFraction}/${uplinkCodec.bits}`;
    rows.push([
      String(variant.lost),
      plan.devices.map(choice).join(' '),
      `${(100 * promised).toFixed(2)} %`,
      `${(100 * mean(accuracies)).toFixed(2)} %`,
      (100 * difference).toFixed(2),
    ]);
    console.log(rows.at(-1)!.join('  '));
  }
  const kept = plans.filter(({ difference }) => Math.abs(difference) <= tolerance).length;
  const worst = Math.max(...plans.map(({ difference }) => Math.abs(difference)));
  const header = ['may lose', 'cut:κ/q of each device', 'promised', 'reached', 'difference'];
  const text = [
    `${variants.length} plans over 4 unequal devices, ${rounds} rounds of ${localSteps} steps, ${seeds.length} seeds, ${validationImages} validation images`,
    `uncompressed: ${(100 * uncompressed).toFixed(2)} %`,
    columns([header, ...rows], [2, 3, 4]),
    `${kept >= leastKept ? 'holds ' : 'MISSED'} promised and reached differ by ≤ ${100 * tolerance} points on ${kept} of ${variants.length} plans (at least ${leastKept}); ${(100 * worst).toFixed(2)} at most over all`,
  ].join('\n');
  return { text, figures: { uncompressed, plans, kept, worst }, missed: kept < leastKept };
}
