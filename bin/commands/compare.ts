import type { Command } from 'commander';
import { runCampaignCommand, type RunArguments } from '../campaign/command.js';
import { addCampaignOptions } from '../campaign/options.js';
import { addRunOptions } from './sweep.js';

const help = `
Examples:
  $ sft-opt compare scenario.yaml --scheme joint --scheme equal-bandwidth --seeds 20
  $ sft-opt compare scenario.yaml --scheme joint --scheme ./mine.js --half-width 1% --out table.csv`;

export function registerCompareCommand(program: Command): void {
  const command = program
    .command('compare')
    .description('simulate schemes on one scenario over seeds, with what the first saves against each other')
    .argument('<file>', 'scenario file (YAML or JSON)');
  addRunOptions(addCampaignOptions(command))
    .addHelpText('after', help)
    .action(async (path: string, options: RunArguments) => {
      process.exitCode = await runCampaignCommand(path, options);
    });
}
