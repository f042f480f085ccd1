import type { Command } from 'commander';
import { singleConflicts } from '../../lib/plan/index.js';
import { exitCodes } from '../exit-codes.js';
import { loadProblem } from '../problem.js';
import { renderSummary } from '../render/summary.js';
import { print } from '../terminal.js';
import { parseSeed, setOption } from './options.js';

export function registerCheckCommand(program: Command): void {
  program
    .command('check')
    .description('check a problem file and show what it stands for once everything is drawn and computed')
    .addHelpText('after', '\nExit codes: 0 right, 2 wrong input, 3 a limit alone proves that no plan exists.')
    .argument('<file>', 'problem file (YAML or JSON), or - for standard input')
    .option('--seed <number>', 'seed in place of the file’s', parseSeed)
    .addOption(setOption())
    .action(async (path: string, options: { seed?: number; set?: string[] }) => {
      const resolved = await loadProblem(path, { seed: options.seed, settings: options.set, decidesFrame: true });
      await print(renderSummary(resolved));
      // One fraction says nothing of the others.
      const conflicts = resolved.frame ? [] : singleConflicts(resolved);
      if (conflicts.length === 0) return;
      await print(`\nno plan exists:\n${conflicts.map(({ message }) => `  - ${message}`).join('\n')}`);
      process.exitCode = exitCodes.infeasible;
    });
}
