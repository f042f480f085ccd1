import type { Command } from 'commander';
import { loadProblem } from '../problem.js';
import { renderSummary } from '../render/summary.js';
import { print } from '../terminal.js';
import { parseSeed, setOption } from './options.js';

export function registerCheckCommand(program: Command): void {
  program
    .command('check')
    .description('check a problem file and show what it stands for once everything is drawn and computed')
    .argument('<file>', 'problem file (YAML or JSON), or - for standard input')
    .option('--seed <number>', 'seed in place of the file’s', parseSeed)
    .addOption(setOption())
    .action(async (path: string, options: { seed?: number; set?: string[] }) => {
      await print(renderSummary(await loadProblem(path, { seed: options.seed, settings: options.set })));
    });
}
