import type { Plan, PlanningProblem } from '../../models/index.js';
import type { StopSignal } from '../../solver/index.js';
import { canonicalJson, sha256, type PlanClaim } from '../../verify/index.js';
import type { BoundCertificate } from '../bound/index.js';
import { stateBoxes } from './state-boxes.js';
import { statePlan } from './state-plan.js';
import { stateProblem, type StatedProblem } from './state-problem.js';
import { naturalPrices, thresholdLeaf, type ThresholdLeaf } from './threshold-leaf.js';
import { proveByTree, type ProofNode } from './tree.js';

/** A certificate of version 1, ready to be written as JSON. */
export interface PlanCertificate {
  readonly format: 'sft-opt certificate';
  readonly version: 1;
  readonly generator: string;
  readonly problemSha256: string;
  readonly fileSha256: string | null;
  readonly problem: StatedProblem;
  readonly claims: { readonly plan: PlanClaim | null; readonly bound: BoundClaim | null };
}

export interface BoundClaim {
  /** No plan is this fast or faster, seconds; null: there is no plan at all. */
  readonly roundSeconds: number | null;
  readonly nodes: readonly ProofNode[];
}

/** What a certificate shall state. */
export interface CertifyRequest {
  readonly plan?: Plan | undefined;
  /** What the dual showed. */
  readonly bound?: BoundCertificate | undefined;
  /** A delay that a tree shall be built for: no plan is this fast or faster, seconds; Infinity for none at all. */
  readonly treeSeconds?: number | undefined;
  readonly fileSha256?: string | undefined;
  readonly generator?: string | undefined;
  readonly signal?: StopSignal | undefined;
}

/**
 * Writes down a plan, what is claimed of it and the evidence, so that `verifyCertificate` (or another checker) can judge it without
 * the planner. With `treeSeconds` a tree of duals proves a bound that one dual cannot; where it cannot be finished the dual's bound is
 * claimed instead. Claims the evidence does not carry are left out.
 *
 * @throws RangeError if the problem has a part that certificates of this version cannot state.
 */
export async function certify(problem: PlanningProblem, request: CertifyRequest): Promise<PlanCertificate> {
  const stated = stateProblem(problem);
  const plan = request.plan ? (statePlan(stated, request.plan) ?? null) : null;
  return {
    format: 'sft-opt certificate',
    version: 1,
    generator: request.generator ?? 'sft-opt',
    problemSha256: await sha256(canonicalJson(stated)),
    fileSha256: request.fileSha256 ?? null,
    problem: stated,
    claims: { plan, bound: stateBound(problem, stated, request) },
  };
}

function stateBound(problem: PlanningProblem, stated: StatedProblem, request: CertifyRequest): BoundClaim | null {
  const byDual = request.bound && (request.bound.boundSeconds ?? Infinity);
  if (request.treeSeconds !== undefined && request.treeSeconds > (byDual ?? 0)) {
    const nodes = proveByTree(problem, stated, request.treeSeconds, request.signal);
    if (nodes) return { roundSeconds: orNull(request.treeSeconds), nodes };
  }
  const { bound } = request;
  if (!bound) return null;
  const seconds = bound.boundSeconds ?? Infinity;
  if (bound.kind === 'boxes') {
    return { roundSeconds: orNull(seconds), nodes: [{ leaf: stateBoxes(problem, stated, bound) }] };
  }
  const prices = naturalPrices(problem, bound.kind === 'floor' ? {} : bound.multipliers);
  const leaf: ThresholdLeaf = thresholdLeaf(problem, stated, undefined, seconds, prices);
  return { roundSeconds: orNull(seconds), nodes: [{ leaf }] };
}

function orNull(seconds: number): number | null {
  return seconds === Infinity ? null : seconds;
}
