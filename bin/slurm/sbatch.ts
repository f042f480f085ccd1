import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { CommandError, exitCodes } from '../exit-codes.js';

const run = promisify(execFile);

/** Hands a script to SLURM, to start after another job where one is named; the number of the new job. */
export async function sbatch(script: string, after?: string): Promise<string> {
  const dependency = after === undefined ? [] : [`--dependency=afterany:${after}`];
  let output: string;
  try {
    ({ stdout: output } = await run('sbatch', ['--parsable', ...dependency, script], { encoding: 'utf8' }));
  } catch (error) {
    throw new CommandError(exitCodes.badInput, `sbatch ${script}: ${reasonOf(error)}`);
  }
  // `job` or `job;cluster`.
  const job = output.trim().split(';')[0]!;
  if (!/^\d+$/u.test(job)) throw new CommandError(exitCodes.badInput, `sbatch ${script} answered \`${output.trim()}\``);
  return job;
}

function reasonOf(error: unknown): string {
  const { code, stderr } = error as { readonly code?: unknown; readonly stderr?: string };
  if (code === 'ENOENT') return 'there is no SLURM here; --dry-run writes the scripts';
  return stderr?.trim() ?? (error instanceof Error ? error.message : String(error));
}
