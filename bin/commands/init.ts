import type { Command } from 'commander';
import { writeText } from '../files.js';
import { print } from '../terminal.js';
import { starterFile } from './starter-file.js';

export function registerInitCommand(program: Command): void {
  program
    .command('init')
    .description('write a commented problem file to start from; an existing file is not overwritten')
    .argument('[file]', 'where to', 'sft-opt.yaml')
    .addHelpText('after', '\nExamples:\n  $ sft-opt init cell.yaml && sft-opt solve cell.yaml')
    .action(async (path: string) => {
      if (path === '-') return print(starterFile);
      await writeText(path, starterFile, { replace: false });
      await print(`wrote ${path}; next: sft-opt check ${path}, then sft-opt solve ${path}`);
    });
}
