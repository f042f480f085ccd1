import { mkdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { CommandError, exitCodes, type ExitCode } from '../exit-codes.js';
import { explained, writeText } from '../files.js';
import { sbatch } from '../slurm/sbatch.js';
import { arrayScript, collectScript, type JobFrame } from '../slurm/scripts.js';
import { print } from '../terminal.js';
import { campaignName, tasksOf } from './campaign.js';
import { usualLedger } from './command.js';
import { Ledger } from './ledger.js';
import { campaignOf, type CampaignArguments } from './options.js';

export interface SubmitArguments extends CampaignArguments {
  /** Number of parts. */
  readonly parts: number;
  readonly processors: number;
  /** How often parts that lack results are submitted in all. */
  readonly attempts: number;
  readonly sbatch?: string[];
  readonly dryRun?: boolean;
}

/**
 * Submits the parts of a sweep that lack results as one array job, and a job that collects when all have ended: what is missing
 * then (killed, lost) is submitted again, `attempts` times in all.
 */
export async function submitCommand(path: string, options: SubmitArguments): Promise<ExitCode> {
  if (path === '-') throw new CommandError(exitCodes.badInput, 'standard input is not there when the jobs run');
  if (options.halfWidth !== undefined) {
    throw new CommandError(exitCodes.badInput, 'parts need a fixed number of seeds: no --half-width');
  }
  requireWords(path, options);
  const campaign = await campaignOf(path, options);
  const [ledgerFolder = usualLedger, ...others] = options.ledger ?? [];
  const ledger = await Ledger.open(ledgerFolder, others);
  const tasks = await tasksOf(campaign);
  const name = await campaignName(campaign);
  const parts = lackingParts(
    tasks.map(({ id }) => ledger.get(id) !== undefined),
    options.parts,
  );
  const folder = resolve(ledgerFolder, 'slurm', name.slice(0, 12));
  await makeFolder(folder);
  const frame: JobFrame = { name: 'sft-opt', directory: process.cwd(), folder, options: options.sbatch ?? [] };
  const [array, collect] = [join(folder, 'parts.sh'), join(folder, 'collect.sh')];
  const what = [path, ...campaignWords(options), '--expect', name];
  await writeText(
    array,
    arrayScript({
      ...frame,
      parts,
      count: options.parts,
      processors: options.processors,
      command: [...program(), 'sweep', ...what, '--quiet'],
    }),
    { replace: true },
  );
  const again = [
    ...program(),
    'sweep',
    'submit',
    ...what,
    ...submitWords({ ...options, attempts: options.attempts - 1 }),
  ];
  await writeText(
    collect,
    collectScript({
      ...frame,
      command: [...program(), 'collect', ...what, ...resultWords(options)],
      ...(options.attempts > 1 && { again }),
      missingCode: exitCodes.limit,
    }),
    { replace: true },
  );
  if (options.dryRun) await print(parts.length > 0 ? `${array}\n${collect}` : collect);
  else await print(await submit(array, collect, parts.length, folder));
  return exitCodes.solved;
}

/** Options of `sbatch` that a submission gives itself. */
const ownOptions =
  /^--(?:array|chdir|cpus-per-task|dependency|job-name|open-mode|output|parsable|requeue|wrap)(?:=|$)/u;

/** A line break would begin another line of the script. */
function requireWords(path: string, { sbatch: given = [], ledger = [], out }: SubmitArguments): void {
  const problems = [path, ...ledger, ...given, ...[out ?? []].flat()]
    .filter((word) => /\p{Cc}/u.test(word))
    .map((word) => `${JSON.stringify(word)} has a control character`);
  for (const option of given) {
    if (!option.startsWith('--')) problems.push(`--sbatch ${option}: an option begins with --`);
    else if (ownOptions.test(option)) problems.push(`--sbatch ${option}: the submission sets this itself`);
  }
  if (problems.length > 0) throw new CommandError(exitCodes.badInput, problems.join('\n'));
}

async function submit(array: string, collect: string, count: number, folder: string): Promise<string> {
  const job = count > 0 ? await sbatch(array) : undefined;
  const last = await sbatch(collect, job);
  const what = job === undefined ? 'nothing is missing' : `${count} parts are job ${job}`;
  return `${what}; job ${last} collects; their output: ${folder}`;
}

/** Parts, from 1, with a task that is not done. */
export function lackingParts(done: readonly boolean[], count: number): number[] {
  const lacking = new Set<number>();
  done.forEach((isDone, k) => {
    if (!isDone) lacking.add((k % count) + 1);
  });
  return [...lacking].sort((a, b) => a - b);
}

async function makeFolder(folder: string): Promise<void> {
  try {
    await mkdir(folder, { recursive: true });
  } catch (error) {
    throw explained(error, `cannot make ${folder}`);
  }
}

/** This program, wherever the job starts it. */
function program(): string[] {
  return [process.execPath, ...process.execArgv, resolve(process.argv[1]!)];
}

function campaignWords({ vary, scheme, set, seeds, confidence, ledger }: CampaignArguments): string[] {
  return [
    ...repeated('--vary', vary),
    ...repeated('--scheme', scheme),
    ...repeated('--set', set),
    '--seeds',
    `${seeds.first}..${seeds.first + seeds.count - 1}`,
    '--confidence',
    String(confidence),
    ...repeated('--ledger', ledger),
  ];
}

function resultWords({ out, runs, report, figure = [] }: CampaignArguments): string[] {
  return [
    ...(out === undefined ? [] : ['--out', out]),
    ...(runs === undefined ? [] : ['--runs', runs]),
    ...(report === undefined ? [] : ['--report', report]),
    ...figure.flatMap(({ column, path }) => ['--figure', `${column}=${path}`]),
  ];
}

function submitWords(options: SubmitArguments): string[] {
  const { parts, processors, attempts } = options;
  return [
    ...resultWords(options),
    ...['--parts', parts, '--processors', processors, '--attempts', attempts].map(String),
    ...(options.sbatch ?? []).map((option) => `--sbatch=${option}`),
  ];
}

function repeated(name: string, values: readonly string[] | undefined): string[] {
  return (values ?? []).flatMap((value) => [name, value]);
}
