import type { Plan, PlanningProblem } from '../../models/index.js';
import type { StopSignal } from '../../solver/index.js';
import { formatVersion, planSizes, Reader, readProblem, type PlanClaim, type Problem } from '../../verify/evidence.js';
import { canonicalJson, sha256 } from '../../verify/index.js';
import type { BoundCertificate } from '../bound/index.js';
import { proveBound, type BoundClaim, type Hint, type ProofRequest } from './proof.js';
import { statePlan } from './state-plan.js';
import { stateProblem, type StatedProblem } from './state-problem.js';

/** A certificate, ready to be written as JSON. */
export interface PlanCertificate {
  readonly format: 'sft-opt certificate';
  /** Version of the format, which says what a checker must know. */
  readonly version: typeof formatVersion;
  /** Program that wrote it. */
  readonly generator: string;
  /** Digest of the problem as stated. */
  readonly problemSha256: string;
  /** Digest of the problem file's bytes; null for a problem without a file. */
  readonly fileSha256: string | null;
  /** The problem as stated. */
  readonly problem: StatedProblem;
  /** What is claimed, with the evidence. */
  readonly claims: { readonly plan: PlanClaim | null; readonly bound: BoundClaim | null };
}

/** What a certificate shall state. */
export interface CertifyRequest {
  /** The plan whose round shall be proven, at full power whatever `transmitPowerWatt` its devices have; only the bound when absent. */
  readonly plan?: Plan | undefined;
  /** What the dual showed. */
  readonly bound?: BoundCertificate | undefined;
  /** A delay that a tree shall be built for: no plan is this fast or faster, seconds; Infinity for none at all. */
  readonly treeSeconds?: number | undefined;
  /** Nodes after which a tree is given up. */
  readonly maxNodes?: number | undefined;
  /** Digest of the problem file's bytes, to be stated. */
  readonly fileSha256?: string | undefined;
  /** Program and version to be named; the library when absent. */
  readonly generator?: string | undefined;
  /** Ends the work once aborted. */
  readonly signal?: StopSignal | undefined;
}

const defaultMaxNodes = 4000;
/** Nodes that a dual's evidence may take beyond its own, where rounding leaves a gap. */
const repairNodes = 400;

/**
 * Writes down a plan, what is claimed of it and the evidence, so that `verifyCertificate` (or another checker) can judge it without
 * the planner. With `treeSeconds` a tree of duals proves a bound that one dual cannot; where it cannot be finished the dual's bound is
 * claimed instead. Claims the evidence does not carry are left out: all of it is judged by the checker's own arithmetic first.
 *
 * @throws RangeError if the problem has a part that certificates cannot state, CertificateError if a number is beyond
 * the sizes that they know.
 * @param problem - Cell, devices, model and limits, in SI units.
 * @param request - What to write down, and how far to go.
 * @example
 * ```ts
 * import { parseProblemFile } from 'sft-opt';
 * import { certify, planTwoTimescale } from 'sft-opt/plan';
 * import { verifyCertificate } from 'sft-opt/verify';
 *
 * const { problem } = parseProblemFile('{ version: 1, model: deit-tiny, devices: [{ name: a, count: 2, distance: 60 m }] }');
 * const { plan } = planTwoTimescale(problem);
 * const { verified } = await verifyCertificate(JSON.stringify(await certify(problem, { plan })));
 * console.log(verified); // true
 * ```
 */
export async function certify(problem: PlanningProblem, request: CertifyRequest): Promise<PlanCertificate> {
  const stated = stateProblem(problem);
  const statement = readProblem(new Reader(stated, 'problem', { sizes: planSizes }));
  const plan = request.plan ? (statePlan(problem, stated, request.plan) ?? null) : null;
  return {
    format: 'sft-opt certificate',
    version: formatVersion,
    generator: request.generator ?? 'sft-opt',
    problemSha256: await sha256(canonicalJson(stated)),
    fileSha256: request.fileSha256 ?? null,
    problem: stated,
    claims: { plan, bound: stateBound(problem, stated, statement, request) ?? null },
  };
}

function stateBound(
  problem: PlanningProblem,
  stated: StatedProblem,
  statement: Problem,
  request: CertifyRequest,
): BoundClaim | undefined {
  const { bound, treeSeconds, maxNodes = defaultMaxNodes, signal } = request;
  const byDual = bound ? (bound.boundSeconds ?? Infinity) : 0;
  const proven = (seconds: number, more: Partial<ProofRequest>) =>
    proveBound({ problem, stated, statement, seconds, form: 'chain', maxNodes, signal, ...more });
  if (treeSeconds !== undefined && (treeSeconds > byDual || byDual === 0)) {
    const form = problem.sharing === 'batched' ? 'stages' : 'chain';
    const claim =
      proven(treeSeconds, { form }) ??
      (treeSeconds === Infinity ? late(statement, (s) => proven(s, { form })) : undefined);
    if (claim) return claim;
  }
  if (!bound) return undefined;
  const hint = hintOf(bound);
  const form = bound.kind === 'boxes' ? bound.form : 'chain';
  // Rounding may cost the last digits.
  for (const loss of [0, 1e-13, 1e-11, 1e-9]) {
    const more = nodeCount(hint) + repairNodes;
    const claim = proven(byDual === Infinity ? byDual : byDual * (1 - loss), { form, hint, maxNodes: more });
    if (claim) return claim;
  }
  return undefined;
}

/** No plan at all because none meets the deadline. */
function late(statement: Problem, prove: (seconds: number) => BoundClaim | undefined): BoundClaim | undefined {
  const { deadlineSeconds, tolerance } = statement;
  return deadlineSeconds === Infinity ? undefined : prove(deadlineSeconds * (1 + 2 * tolerance.hi));
}

function hintOf(bound: BoundCertificate): Hint {
  if (bound.kind === 'threshold') return { multipliers: bound.multipliers };
  if (bound.kind === 'floor') return {};
  // The corners a little outwards, so that the checker's rounding finds every plan inside.
  const lower = bound.lower.map((value) => value * (1 - 2e-12));
  const upper = bound.upper.map((value) => value * (1 + 1e-9));
  return { lower, upper, partition: bound.partition };
}

function nodeCount({ partition }: Hint): number {
  const count = (node: Hint['partition']): number => {
    if (!node) return 0;
    return 'multipliers' in node ? 1 : 1 + count(node.below) + count(node.above);
  };
  return 8 + count(partition);
}
