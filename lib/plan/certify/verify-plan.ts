import type { PlanningProblem } from '../../models/index.js';
import { canonicalJson, sha256, verifyCertificate, type Verdict } from '../../verify/index.js';
import type { PlanCertificate } from './certify.js';
import { stateProblem } from './state-problem.js';

/**
 * Checks a certificate, and that it speaks about this problem: `problem` is stated anew and the hashes are compared.
 *
 * @param certificate The certificate or its JSON text.
 * @returns What is proven; `verified` is false with a reason if anything is not, or if the certificate is another problem's.
 * @example const { verified, proven } = await verifyPlan(problem, await readFile('proof.json', 'utf8'));
 */
export async function verifyPlan(problem: PlanningProblem, certificate: string | PlanCertificate): Promise<Verdict> {
  const text = typeof certificate === 'string' ? certificate : JSON.stringify(certificate);
  const verdict = await verifyCertificate(text);
  if (!verdict.verified || verdict.problemSha256 === (await sha256(canonicalJson(stateProblem(problem)))))
    return verdict;
  return { ...verdict, verified: false, reason: 'the certificate is about another problem', proven: [] };
}
