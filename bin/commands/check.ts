import type { Command } from 'commander';
import { singleConflicts } from '../../lib/plan/index.js';
import type { Checked } from '../check/checked.js';
import { fileKind } from '../check/kind.js';
import { CommandError, exitCodes } from '../exit-codes.js';
import { readText } from '../files.js';
import { problemOf } from '../problem.js';
import { renderSummary } from '../render/summary.js';
import { print } from '../terminal.js';
import { parseSeed, setOption } from './options.js';

interface CheckArguments {
  readonly seed?: number | undefined;
  readonly set?: readonly string[] | undefined;
}

const help = `
What a file is, its keys tell: a problem file, a scenario of \`simulate\` (a problem file with a section \`simulation\`), a
scenario of \`train\` (data, devices with cuts, or a plan) or a study (workload and groups).

Examples:
  $ sft-opt check cell.yaml
  $ sft-opt check scenario.yaml --set simulation.rounds=20

Exit codes: 0 right, 2 wrong input, 3 a limit alone proves that no plan exists (of a simulation: in its first round).`;

export function registerCheckCommand(program: Command): void {
  program
    .command('check')
    .description(
      'check a problem file, scenario or study, and show what it stands for once everything is drawn and computed',
    )
    .addHelpText('after', help)
    .argument('<file>', 'problem file, scenario or study (YAML or JSON), or - for standard input')
    .option('--seed <number>', 'seed in place of the file’s', parseSeed)
    .addOption(setOption())
    .action(async (path: string, options: CheckArguments) => {
      const { summary, conflicts, heading } = await check(path, options);
      await print(summary);
      if (conflicts.length === 0) return;
      await print(`\n${heading}\n${conflicts.map(({ message }) => `  - ${message}`).join('\n')}`);
      process.exitCode = exitCodes.infeasible;
    });
}

async function check(path: string, { seed, set = [] }: CheckArguments): Promise<Checked> {
  const text = await readText(path);
  const kind = fileKind(text, set);
  // Problem files and both kinds of scenarios have a seed of this name.
  const settings = seed === undefined ? set : [...set, `seed=${seed}`];
  switch (kind) {
    case 'problem':
      return checkProblem(text, path, { seed, set });
    case 'simulation': {
      const { scenarioOf } = await import('../simulate/scenario.js');
      const { checkSimulation } = await import('../check/simulation.js');
      return checkSimulation(await scenarioOf(text, path, { settings }));
    }
    case 'training': {
      const { checkTraining } = await import('../check/training.js');
      return checkTraining(text, path, settings);
    }
    case 'study': {
      if (seed !== undefined)
        throw new CommandError(exitCodes.badInput, '--seed: a study lists its seeds in its groups');
      const { checkStudy } = await import('../check/study.js');
      return checkStudy(text, path, set);
    }
  }
}

async function checkProblem(text: string, path: string, { seed, set }: CheckArguments): Promise<Checked> {
  const resolved = await problemOf(text, path, { seed, settings: set, decidesFrame: true });
  return {
    summary: renderSummary(resolved),
    // One fraction says nothing of the others.
    conflicts: resolved.frame ? [] : singleConflicts(resolved),
    heading: 'no plan exists:',
  };
}
