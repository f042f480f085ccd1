import type { Command } from 'commander';
import { addTrainingOptions } from '../training/options.js';
import { conductTraining, openTraining, type TrainingArguments } from '../training/session.js';

const help = `
Examples:
  $ sft-opt train examples/training/phones.yaml
  $ sft-opt train scenario.yaml --checkpoint state --record run.jsonl
  $ sft-opt train scenario.yaml --checkpoint state --record run.jsonl --resume

Exit codes: 0 all rounds done, 2 wrong input, 4 ended by Ctrl-C after a round (with a checkpoint if there are any).`;

export function registerTrainCommand(program: Command): void {
  const command = program
    .command('train')
    .description('fine-tune a transformer split between devices and a server, for real')
    .argument('<scenario>', 'scenario file (YAML or JSON)');
  addTrainingOptions(command)
    .option('--processes', 'each device in a process of its own (default with --clock wall)')
    .option('--no-processes', 'all in this process')
    .addHelpText('after', help)
    .action(async (path: string, options: TrainingArguments & { readonly processes?: boolean }) => {
      process.exitCode = await train(path, options);
    });
}

async function train(path: string, options: TrainingArguments & { readonly processes?: boolean }): Promise<number> {
  const opened = await openTraining(path, options);
  const { scenario, workload, backend, clock } = opened;
  if (options.processes ?? clock === 'wall') {
    const { trainInProcesses } = await import('../training/processes.js');
    return conductTraining(opened, options, (hooks, say) => trainInProcesses(path, opened, options, hooks, say));
  }
  const { trainInProcess } = await import('../../harness/run.js');
  const { trainingOptions } = await import('../../harness/scenario/index.js');
  return conductTraining(opened, options, (hooks) =>
    trainInProcess(backend.tf, { ...trainingOptions(scenario, workload), ...hooks, clock }),
  );
}
