import type { PlanningProblem } from '../../lib/models/index.js';
import { choiceCosts, enumerateDecisions, roundTrafficBits } from '../../lib/models/index.js';
import type { BoundCertificate } from '../../lib/plan/bound/index.js';
import { certify, type PlanCertificate } from '../../lib/plan/certify/index.js';
import { solvePlan } from '../../lib/plan/index.js';
import { randomProblem, withLinkLimits } from './plan-instances.js';

export interface SampleCertificate {
  readonly problem: PlanningProblem;
  readonly certificate: PlanCertificate;
  /** Sharing, unit of the shares, outcome, proof. */
  readonly kind: string;
  /** What the problem has: accuracy family and scope, rate laws, limits, pins, optional devices. */
  readonly traits: readonly string[];
  /** Of the planner's dual; 0 where the bound is not of a dual. */
  readonly plannedBound: number;
}

const sharings = ['allocated', 'equal', 'batched'] as const;
const families = ['power', 'exponential', 'logistic', 'table'] as const;

/** A certificate of a small random problem: by one dual, or with `tree` by a tree that leaves 1e-6. */
export async function sampleCertificate(
  seed: number,
  { tree, maxNodes = 250 }: { readonly tree: boolean; readonly maxNodes?: number },
): Promise<SampleCertificate> {
  const problem = sampleProblem(seed);
  const report = solvePlan(problem, { baselines: false, whatIf: 'never', timeLimitSeconds: 60, method: 'exact' });
  const certificate = await certify(problem, {
    plan: report.answer?.plan,
    bound: report.bound.certificate as BoundCertificate | undefined,
    maxNodes,
    ...(tree && { treeSeconds: report.answer ? report.answer.delay.totalSeconds * (1 - 1e-6) : Infinity }),
  });
  const { bound } = certificate.claims;
  const isTree = tree && bound !== null && bound.nodes.length > 1;
  const kind = [
    problem.sharing,
    problem.resourceBlockHz === undefined ? 'hertz' : 'blocks',
    report.answer ? 'feasible' : report.status,
    bound ? (isTree ? 'tree' : 'dual') : 'no bound',
  ].join(' ');
  const plannedBound = report.bound.source === 'dual' ? report.bound.boundSeconds : 0;
  return { problem, certificate, kind, traits: traitsOf(problem), plannedBound };
}

function sampleProblem(seed: number): PlanningProblem {
  const plain = randomProblem({
    seed,
    devices: 1 + (seed % 4),
    splits: 2 + (seed % 3),
    points: 2 + (Math.floor(seed / 3) % 3),
    sharing: sharings[seed % 3]!,
    family: families[Math.floor(seed / 3) % 4]!,
    scope: seed % 4 === 0 ? 'each' : 'mean',
    accuracyTightness: (seed % 7) / 8,
    serverMemoryTightness: seed % 5 === 0 ? 0.6 : 'none',
  });
  const limited = seed % 2 === 0 ? plain : withLinkLimits(plain, seed);
  const inBlocks = seed % 5 === 1 ? { ...limited, resourceBlockHz: 180e3 } : limited;
  return seed % 6 === 2 ? withTraffic(inBlocks) : inBlocks;
}

/** What all devices together may send lies between the least and the most they can. */
function withTraffic(problem: PlanningProblem): PlanningProblem {
  let [least, most] = [0, 0];
  for (const device of problem.devices) {
    const list = [...enumerateDecisions(problem, device)].map(({ blocks, upPoint, downPoint }) =>
      roundTrafficBits(problem, choiceCosts(problem, device, blocks, upPoint, downPoint)),
    );
    least += Math.min(...list);
    most += Math.max(...list);
  }
  const trafficLimitBits = least + 0.4 * (most - least);
  const devices = problem.devices.map((device) => ({ ...device, trafficLimitBits: 0.8 * most }));
  return trafficLimitBits > 0 ? { ...problem, trafficLimitBits, devices } : problem;
}

function traitsOf({ accuracy, devices, serverMemoryBytes, trafficLimitBits, deadlineSeconds }: PlanningProblem) {
  const traits = [
    `${accuracy.model.up.family.kind} accuracy`,
    `scope ${accuracy.scope}`,
    ...devices.flatMap(({ uplink, downlink }) => [`${uplink.kind} uplink`, `${downlink.kind} downlink`]),
    ...devices.flatMap(({ optional }) => (optional ? ['optional'] : [])),
    ...devices.flatMap(({ pinned }) => Object.keys(pinned).map((key) => `pinned ${key}`)),
    ...devices.flatMap(({ energyLimitJoule }) => (energyLimitJoule === undefined ? [] : ['energy'])),
    ...(serverMemoryBytes < Infinity ? ['server memory'] : []),
    ...(trafficLimitBits === undefined ? [] : ['traffic']),
    ...(deadlineSeconds === undefined ? [] : ['deadline']),
  ];
  return [...new Set(traits)];
}

/** A deep copy to be forged. */
export function copyOf(certificate: PlanCertificate): Forged {
  return JSON.parse(JSON.stringify(certificate));
}

/** What a forger sees: any member may be changed. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any
export type Forged = any;
