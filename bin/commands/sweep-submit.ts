import { InvalidArgumentError, type Command } from 'commander';
import { addCampaignOptions, varyOption } from '../campaign/options.js';
import { submitCommand, type SubmitArguments } from '../campaign/submit.js';

const help = `
The ledger must be in a folder that all nodes see. Scripts and the jobs' output are kept in it, under slurm/. Submitted again,
only parts that lack results are run.

Example:
  $ sft-opt sweep submit scenario.yaml --vary radio.bandwidth=5..40MHz:8 --parts 16 --out sweep.csv \\
      --sbatch=--partition=short --sbatch=--time=2:00:00`;

export function registerSubmitCommand(sweep: Command): void {
  const command = sweep
    .command('submit')
    .description('run a sweep as an array job of SLURM, and collect it when all parts have ended')
    .argument('<file>', 'scenario file (YAML or JSON)')
    .addOption(varyOption());
  addCampaignOptions(command)
    .option('--parts <number>', 'tasks of the array', wholeUpTo(10_000), 8)
    .option('--processors <number>', 'of each part', wholeUpTo(256), 1)
    .option('--attempts <number>', 'how often parts are submitted while results are missing', wholeUpTo(100), 3)
    .option('--sbatch <option>', 'an option of sbatch, such as --sbatch=--partition=short; may be repeated', several)
    .option('--dry-run', 'only write the scripts')
    .addHelpText('after', help)
    .action(async (path: string, options: SubmitArguments) => {
      process.exitCode = await submitCommand(path, options);
    });
}

function several(text: string, earlier: string[] | undefined): string[] {
  return [...(earlier ?? []), text];
}

function wholeUpTo(most: number) {
  return (text: string): number => {
    const value = Number(text);
    if (!/^\d+$/u.test(text) || value < 1 || value > most) throw new InvalidArgumentError(`must be 1 … ${most}.`);
    return value;
  };
}
