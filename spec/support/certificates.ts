import { solvePlan } from '../../lib/plan/index.js';
import { certify, type PlanCertificate } from '../../lib/plan/certify/index.js';
import type { BoundCertificate } from '../../lib/plan/bound/index.js';
import type { PlanningProblem } from '../../lib/models/index.js';
import { randomProblem, withLinkLimits } from './plan-instances.js';

/** A certificate of a small random problem: by one dual, or with `tree` by a tree that leaves 1e-6. */
export async function sampleCertificate(
  seed: number,
  { tree }: { readonly tree: boolean },
): Promise<{
  readonly problem: PlanningProblem;
  readonly certificate: PlanCertificate;
  readonly kind: string;
  readonly plannedBound: number;
}> {
  const plain = randomProblem({ seed, devices: 2 + (seed % 4), splits: 2 + (seed % 4), points: 2 + (seed % 4) });
  const drawn = seed % 3 === 0 ? plain : withLinkLimits(plain, seed);
  const problem: PlanningProblem = {
    ...drawn,
    ...(seed % 5 === 0 && { resourceBlockHz: 180e3 }),
  };
  const exact = problem.sharing !== 'batched';
  const report = solvePlan(problem, {
    baselines: false,
    whatIf: 'never',
    timeLimitSeconds: 60,
    method: exact ? 'exact' : 'two-timescale',
  });
  const certificate = await certify(problem, {
    plan: report.answer?.plan,
    bound: report.bound.certificate as BoundCertificate | undefined,
    ...(tree && exact && report.answer && { treeSeconds: report.answer.delay.totalSeconds * (1 - 1e-6) }),
  });
  const kind = [
    problem.sharing,
    problem.resourceBlockHz === undefined ? 'hertz' : 'blocks',
    report.answer ? 'feasible' : report.status,
    certificate.claims.bound ? (certificate.claims.bound.nodes.length > 1 && 'tree') || 'dual' : 'no bound',
  ].join(' ');
  return { problem, certificate, kind, plannedBound: report.bound.source === 'dual' ? report.bound.boundSeconds : 0 };
}

/** A deep copy to be forged. */
export function copyOf(certificate: PlanCertificate): Forged {
  return JSON.parse(JSON.stringify(certificate));
}

/** What a forger sees: any member may be changed. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any
export type Forged = any;
