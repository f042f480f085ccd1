import { certify } from '../../lib/plan/certify/index.js';
import type { ResolvedFile } from '../../lib/io/index.js';
import type { BoundCertificate, PlanReport } from '../../lib/plan/index.js';
import { CertificateError, sha256 } from '../../lib/verify/index.js';
import { CommandError, exitCodes } from '../exit-codes.js';
import { readText, writeText } from '../files.js';

/** Writes what a report claims, with its evidence, to a file. */
export async function writeCertificate(
  path: string,
  report: PlanReport,
  { problem }: ResolvedFile,
  problemFile: string,
): Promise<void> {
  const { bound } = report;
  const tree = bound.source === 'tree' || (report.method === 'exact' && report.status === 'infeasible');
  const certificate = await certify(problem, {
    plan: report.answer?.plan,
    bound: bound.certificate as BoundCertificate | undefined,
    ...(tree && { treeSeconds: bound.boundSeconds }),
    // Standard input cannot be read twice.
    ...(problemFile !== '-' && { fileSha256: await sha256(await readText(problemFile)) }),
  }).catch((error: unknown) => {
    if (error instanceof RangeError || error instanceof CertificateError)
      throw new CommandError(exitCodes.badInput, `no certificate: ${error.message}`);
    throw error;
  });
  await writeText(path, `${JSON.stringify(certificate)}\n`, { replace: true });
}
