import { withParts } from '../../../bin/fit/into.js';
import { codecAt } from '../../../harness/calibrate/index.js';
import type { StepCodec } from '../../../harness/protocol/index.js';
import type { DevicePlan } from '../../../harness/run.js';
import { formatIssue, readMeasuredProfile, readProblemFile, type ResolvedFile } from '../../../lib/io/index.js';
import { roundTraffic, type Plan } from '../../../lib/models/index.js';
import { solvePlan } from '../../../lib/plan/index.js';
import { readProfile, type Task } from './tasks.js';

/** Codecs of adapters: the coarsest is that of the planned schemes. */
const exchanges = {
  coarse: { keptFraction: 0.1, bits: 4 },
  'four-bit': { selection: 'all', keptFraction: 1, bits: 4 },
  'eight-bit': { selection: 'all', keptFraction: 1, bits: 8 },
} as const;
type Exchange = keyof typeof exchanges;

/** What a problem of the cell differs by. */
interface CellOptions {
  /** Points that the curve may foresee as lost. */
  readonly maximumLoss: number;
  readonly pinned?: string;
  /** Codec of the adapters; absent: as they are. */
  readonly exchange?: Exchange | undefined;
  /** Chance with which the loss is kept; what coded adapters cost counts then too. Absent: the expected loss of the curve. */
  readonly confidence?: number;
  readonly limitBytes?: number;
  /** Whether a device may hold the whole model, which sends no activations. */
  readonly isOpen?: boolean;
}

/** Five devices, from a fast one nearby to a slow one far away. */
function cell(task: Task, options: CellOptions): ResolvedFile {
  const { maximumLoss, pinned, exchange, confidence, limitBytes, isOpen = false } = options;
  const { block, ratios } = task.curve(confidence);
  const accuracyLoss = confidence !== undefined && exchange === 'coarse' ? task.exchangeLoss : 0;
  const coded = exchange && exchanges[exchange];
  const profile = readProfile(task);
  const { points } = readMeasuredProfile(profile).entries[0]!;
  const known = points.filter(({ up, down }) => Math.min(up.ratio, down.ratio) >= block.fittedRatios[0]);
  const listed = known.map(({ keptFraction, bits }) => `{ keptFraction: ${keptFraction}, bits: ${bits} }`);
  const text = `version: 1
name: five unlike devices
calibration: profile.json
model: ${task.model}
lora: { rank: 8, targets: [query, value] }
training: { batchSize: ${task.batchSize}, stepsPerRound: ${task.localSteps}, activations: keep, trainedHead: true }
${isOpen ? `split: { maximum: ${task.blocks} }` : ''}
codec: { ratios: ${ratios}, points: [${listed.join(', ')}] }
${coded ? `exchange: { keptFraction: ${coded.keptFraction}, bits: ${coded.bits}, accuracyLoss: ${accuracyLoss} }` : ''}
accuracy:
  maximumLoss: ${maximumLoss}
${limitBytes === undefined ? '' : `traffic: { maximumTotal: ${limitBytes} B }`}
radio: { bandwidth: 2 MHz, fading: none, shadowing: 0, pathLoss: macro, serverPower: 30 dBm }
server: { sharing: allocated, profileFactor: 0.2 }
${pinned === undefined ? '' : `pinned: { ${pinned} }`}
devices:
  - { name: near, profileFactor: 1, distance: 120 }
  - { name: laptop, profileFactor: 1.5, distance: 250 }
  - { name: tablet, profileFactor: 2.5, distance: 400 }
  - { name: phone, profileFactor: 4, distance: 550 }
  - { name: far-phone, profileFactor: 5, distance: 800 }
`;
  const whole = withParts(text, { accuracy: block }, () => profile);
  const outcome = readProblemFile(whole, { readFile: () => profile });
  if (!outcome.ok) throw new Error(outcome.issues.map((issue) => formatIssue(issue, 'cell')).join('\n'));
  return outcome.resolved;
}

/** A plan to be trained, with the codec of its adapters. */
export interface Chosen {
  readonly resolved: ResolvedFile;
  readonly plan: Plan;
  readonly exchangeCodec: StepCodec;
}

/** Bytes of a round as the planner counts them. */
export function plannedBytes({ resolved: { problem }, plan }: Pick<Chosen, 'resolved' | 'plan'>): number {
  const traffic = problem.devices.map((device, n) => roundTraffic(problem, device, plan.devices[n]!));
  return traffic.reduce((sum, { uplinkBits, downlinkBits }) => sum + uplinkBits + downlinkBits, 0) / 8;
}

/** No plan keeps the limits of a scheme. */
export class NoPlanError extends Error {
  override readonly name = 'NoPlanError';
}

/** Part of what a round of `split-federated` sends that a plan with a limit may send. */
const trafficShare = 0.0625;

function optimised(task: Task, options: CellOptions & { readonly isLimited?: boolean }): Chosen {
  const { isLimited = false, ...rest } = options;
  const limit = isLimited && { limitBytes: Math.round(trafficShare * plannedBytes(fixed(task, task.blocks / 2))) };
  const resolved = cell(task, { ...rest, ...limit });
  const { answer, message } = solvePlan(resolved.problem, { baselines: false, whatIf: 'never' });
  if (!answer) throw new NoPlanError(message);
  return { resolved, plan: answer.plan, exchangeCodec: exchangeCodec(options.exchange) };
}

const exchangeCodec = (exchange: Exchange | undefined): StepCodec => (exchange ? exchanges[exchange] : 'identity');

/** One cut and one setting for all, equal shares of everything. */
function fixed(task: Task, cut: number, [keptFraction, bits] = [1, 32], exchange?: Exchange): Chosen {
  const resolved = cell(task, { maximumLoss: 0.8, exchange });
  const { problem } = resolved;
  const index = (points: typeof problem.upPoints) =>
    points.findIndex((point) => (point.keptFraction ?? 1) === keptFraction && (point.bitsPerKeptValue ?? 32) === bits);
  const count = problem.devices.length;
  const devices = problem.devices.map(() => ({
    participates: true,
    blocks: cut,
    upPoint: index(problem.upPoints),
    downPoint: index(problem.downPoints),
    bandwidthHz: problem.bandwidthHz / count,
    serverShare: 1 / count,
  }));
  return { resolved, plan: { devices }, exchangeCodec: exchangeCodec(exchange) };
}

/**
 * In the order of their importance. `planned` has a limit of traffic; one cut for all, or equal bandwidth, do not keep it at this
 * loss: theirs has none, and `planned-free` is the plan to set beside them.
 */
export const schemes: Readonly<Record<string, (task: Task) => Chosen>> = {
  planned: (task) => optimised(task, { maximumLoss: 0.01, exchange: 'coarse', isLimited: true }),
  'split-federated': (task) => fixed(task, task.blocks / 2),
  'compressed-split-federated': (task) => fixed(task, task.blocks / 2, [0.5, 4]),
  'compressed-and-adapters-coded': (task) => fixed(task, task.blocks / 2, [0.5, 4], 'coarse'),
  'federated-lora': (task) => fixed(task, task.blocks),
  'federated-lora-coarse': (task) => fixed(task, task.blocks, [1, 32], 'coarse'),
  'federated-lora-four-bit': (task) => fixed(task, task.blocks, [1, 32], 'four-bit'),
  'planned-open': (task) => optimised(task, { maximumLoss: 0.01, exchange: 'coarse', isOpen: true }),
  'planned-open-limited': (task) =>
    optimised(task, { maximumLoss: 0.01, exchange: 'four-bit', isOpen: true, isLimited: true }),
  'planned-open-cautious': (task) =>
    optimised(task, { maximumLoss: 0.003, exchange: 'four-bit', isOpen: true, isLimited: true }),
  'planned-open-kept': (task) =>
    optimised(task, { maximumLoss: 0.01, exchange: 'four-bit', isOpen: true, isLimited: true, confidence: 0.9 }),
  'planned-free': (task) => optimised(task, { maximumLoss: 0.01, exchange: 'coarse' }),
  'fixed-cut': (task) =>
    optimised(task, { maximumLoss: 0.01, exchange: 'coarse', pinned: `blocks: ${task.blocks / 2}` }),
  'equal-bandwidth': (task) => optimised(task, { maximumLoss: 0.01, exchange: 'coarse', pinned: 'bandwidth: equal' }),
  'planned-cautious': (task) => optimised(task, { maximumLoss: 0.005, exchange: 'four-bit' }),
  'planned-kept': (task) => optimised(task, { maximumLoss: 0.02, exchange: 'four-bit', confidence: 0.9 }),
  'planned-bold': (task) => optimised(task, { maximumLoss: 0.02, exchange: 'coarse', isLimited: true }),
};

export function trainedDevices({ resolved: { problem, file, summaries }, plan }: Chosen, task: Task): DevicePlan[] {
  return problem.devices.map((device, n) => {
    const { blocks, upPoint, downPoint, bandwidthHz, serverShare } = plan.devices[n]!;
    const codec = ({ keptFraction = 1, bitsPerKeptValue = 32 }: (typeof problem.upPoints)[number]) =>
      codecAt({ keptFraction, bits: bitsPerKeptValue });
    return {
      name: device.name,
      cut: blocks,
      batchSize: task.batchSize,
      uplinkCodec: codec(problem.upPoints[upPoint]!),
      downlinkCodec: codec(problem.downPoints[downPoint]!),
      speedFactor: file.devices[summaries[n]!.entry]!.profileFactor,
      link: { uplink: device.uplink, downlink: device.downlink, bandwidthHz },
      ...(serverShare > 0 && { serverShare }),
    };
  });
}
