import type { Command } from 'commander';
import { canonicalJson, sha256, verifyCertificate, type Verdict } from '../../lib/verify/index.js';
import { stateProblem } from '../../lib/plan/certify/index.js';
import { CommandError, exitCodes, type ExitCode } from '../exit-codes.js';
import { readText } from '../files.js';
import { loadProblem } from '../problem.js';
import { print } from '../terminal.js';
import { parseSeed, setOption } from './options.js';

interface VerifyArguments {
  readonly file?: string;
  readonly seed?: number;
  readonly set?: string[];
  readonly json?: boolean;
}

const largestCertificateBytes = 128 * 2 ** 20;

const examples = `
Examples:
  $ sft-opt solve cell.yaml --certificate proof.json
  $ sft-opt verify proof.json
  $ sft-opt verify proof.json --file cell.yaml     # also: is it about this file?

Exit codes: 0 every claim is proven, 2 unreadable input, 3 refused, 1 internal error.`;

export function registerVerifyCommand(program: Command): void {
  program
    .command('verify')
    .description('check a certificate of a plan or a program, without planner and solvers')
    .argument(
      '<certificate>',
      'certificate (JSON) made by solve --certificate or sft-opt-ampl, or - for standard input',
    )
    .option('--file <problem>', 'resolve this problem file again and compare: the certificate speaks about it')
    .option('--seed <number>', 'seed in place of the file’s, as when it was solved', parseSeed)
    .addOption(setOption())
    .option('--json', 'write the verdict as JSON')
    .addHelpText('after', examples)
    .action(async (path: string, options: VerifyArguments) => {
      process.exitCode = await verify(path, options);
    });
}

async function verify(path: string, options: VerifyArguments): Promise<ExitCode> {
  if (options.file === undefined && (options.seed !== undefined || options.set !== undefined)) {
    throw new CommandError(exitCodes.badInput, '--seed and --set go with --file');
  }
  const verdict = await verifyCertificate(await readText(path, largestCertificateBytes));
  const origin = verdict.verified && options.file !== undefined ? await compare(verdict, options) : undefined;
  const accepted = verdict.verified && origin?.same !== false;
  if (options.json) {
    const bound = verdict.boundSeconds === Infinity ? null : verdict.boundSeconds;
    await print(
      JSON.stringify(
        { ...verdict, ...('boundSeconds' in verdict && { boundSeconds: bound }), accepted, origin },
        undefined,
        2,
      ),
    );
  } else await print(render(verdict, origin, options.file));
  return accepted ? exitCodes.solved : exitCodes.infeasible;
}

/** Repeats file → resolved problem with the library, which is trusted for this step alone. */
async function compare(verdict: Verdict, options: VerifyArguments): Promise<{ same: boolean }> {
  const { problem } = await loadProblem(options.file!, { seed: options.seed, settings: options.set });
  const found = await sha256(canonicalJson(stateProblem(problem)));
  return { same: found === verdict.problemSha256 };
}

function render(verdict: Verdict, origin: { same: boolean } | undefined, file: string | undefined): string {
  if (!verdict.verified) return `refused: ${printable(verdict.reason ?? '')}`;
  const lines = ['proven:', ...verdict.proven.map((sentence) => `  ${sentence}`)];
  if (verdict.planSeconds !== undefined && verdict.boundSeconds !== undefined && verdict.boundSeconds < Infinity) {
    const gap = (verdict.planSeconds - verdict.boundSeconds) / verdict.planSeconds;
    lines.push(`  The plan is within ${(100 * gap).toPrecision(3)} % of the best there is.`);
  }
  lines.push('taken for granted:', ...verdict.assumed.map((sentence) => `  ${sentence}`));
  if (origin?.same)
    lines.push(`  That ${file} stands for this problem: resolved again by the library, with the same hash.`);
  if (origin && !origin.same) {
    lines.push(`refused: ${file} does not stand for the problem in this certificate (another file, seed or version).`);
  }
  return lines.join('\n');
}

/** Names come from the certificate: nothing that a terminal would obey. */
function printable(text: string): string {
  // eslint-disable-next-line no-control-regex
  return text.replace(/[\u0000-\u001f\u007f-\u009f]/gu, '\ufffd');
}
