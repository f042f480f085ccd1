import { InvalidArgumentError, type Command } from 'commander';
import { runCampaignCommand, type RunArguments } from '../campaign/command.js';
import { addCampaignOptions, varyOption } from '../campaign/options.js';
import { registerSubmitCommand } from './sweep-submit.js';
import { CommandError, exitCodes } from '../exit-codes.js';

const help = `
Each simulation is named by the SHA-256 of all that it depends on, and its result is kept under that name: run again, only what
is missing is run. docs/simulation.md describes campaigns.

Examples:
  $ sft-opt sweep scenario.yaml --vary radio.bandwidth=5..40MHz:8 --scheme joint --scheme fixed-cut --out sweep.csv
  $ sft-opt sweep scenario.yaml --vary simulation.replan.every=1,5,20 --scheme joint --scheme split-alone --half-width 3%
  $ sft-opt sweep scenario.yaml --vary devices[0].count=5,10,20 --shard 1/4`;

export function registerSweepCommand(program: Command): void {
  const command = program
    .command('sweep')
    .description('simulate schemes over values of any keys and over seeds, with intervals')
    .argument('<file>', 'scenario file (YAML or JSON)')
    .addOption(varyOption());
  addRunOptions(addCampaignOptions(command))
    .option('--shard <i/n>', 'only the i-th of n parts of the simulations, for as many machines', parseShard)
    .addHelpText('after', help)
    .action(async (path: string, options: RunArguments) => {
      if (options.shard && options.halfWidth !== undefined) {
        throw new CommandError(exitCodes.badInput, '--shard needs a fixed number of seeds: no --half-width');
      }
      process.exitCode = await runCampaignCommand(path, options);
    });
  registerSubmitCommand(command);
}

/** Options of commands that run simulations. */
export function addRunOptions(command: Command): Command {
  return command
    .option('--workers <number>', 'threads, by default one for each processor', parseWorkers)
    .option('--quiet', 'no progress');
}

function parseWorkers(text: string): number {
  const workers = Number(text);
  if (!Number.isSafeInteger(workers) || workers < 1 || workers > 256)
    throw new InvalidArgumentError('must be 1 … 256.');
  return workers;
}

function parseShard(text: string) {
  const match = /^(?<index>\d{1,5})\/(?<count>\d{1,5})$/u.exec(text);
  const [index, count] = [Number(match?.groups!['index']), Number(match?.groups!['count'])];
  if (!(index >= 1 && index <= count)) throw new InvalidArgumentError('must be i/n with 1 ≤ i ≤ n, such as 2/4.');
  return { index: index - 1, count };
}
