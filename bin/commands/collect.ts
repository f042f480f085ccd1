import type { Command } from 'commander';
import { collectCommand } from '../campaign/command.js';
import { addCampaignOptions, varyOption, type CampaignArguments } from '../campaign/options.js';

const help = `
The options are those of the sweep. Give --ledger once for each part that was run elsewhere.

Example:
  $ sft-opt collect scenario.yaml --vary radio.bandwidth=5..40MHz:8 --ledger part1 --ledger part2 --out sweep.csv`;

export function registerCollectCommand(program: Command): void {
  const command = program
    .command('collect')
    .description('put together what the parts of a sweep came to, and run nothing')
    .argument('<file>', 'scenario file (YAML or JSON)')
    .addOption(varyOption());
  addCampaignOptions(command)
    .addHelpText('after', help)
    .action(async (path: string, options: CampaignArguments) => {
      process.exitCode = await collectCommand(path, options);
    });
}
