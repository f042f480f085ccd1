import type { PlanningProblem } from '../../models/index.js';
import { canonicalJson, sha256, verifyCertificate, type Verdict } from '../../verify/index.js';
import type { PlanCertificate } from './certify.js';
import { stateProblem } from './state-problem.js';

/**
 * Checks a certificate, and that it speaks about this problem: `problem` is stated anew and the hashes are compared.
 *
 * @param problem Cell, devices, model and limits, in SI units.
 * @param certificate The certificate or its JSON text.
 * @returns What is proven; `verified` is false with a reason if anything is not, or if the certificate is another problem's.
 * @example
 * ```ts
 * import { parseProblemFile, planTwoTimescale } from 'sft-opt';
 * import { certify, verifyPlan } from 'sft-opt/plan';
 *
 * const { problem } = parseProblemFile('{ version: 1, model: deit-tiny, devices: [{ name: a, count: 2, distance: 60 m }] }');
 * const certificate = await certify(problem, { plan: planTwoTimescale(problem).plan });
 * console.log((await verifyPlan(problem, certificate)).verified); // true
 * ```
 */
export async function verifyPlan(problem: PlanningProblem, certificate: string | PlanCertificate): Promise<Verdict> {
  const text = typeof certificate === 'string' ? certificate : JSON.stringify(certificate);
  const verdict = await verifyCertificate(text);
  if (!verdict.verified || verdict.problemSha256 === (await sha256(canonicalJson(stateProblem(problem)))))
    return verdict;
  return { ...verdict, verified: false, reason: 'the certificate is about another problem', proven: [] };
}
