import type { Command } from 'commander';
import { exitCodes } from '../exit-codes.js';
import { loadProblem } from '../problem.js';
import { planFileOf } from '../render/plan-file.js';
import { renderBaselines } from '../render/baselines.js';
import { interruptible } from '../solver/interrupt.js';
import { progressLine } from '../solver/progress.js';
import { runSolve } from '../solver/run.js';
import { painter, print } from '../terminal.js';
import { parseSeed, setOption } from './options.js';
import { parseTime } from './time-option.js';

interface BaselineArguments {
  readonly seed?: number;
  readonly set?: string[];
  readonly timeLimit?: number;
  readonly json?: boolean;
}

export function registerBaselinesCommand(program: Command): void {
  program
    .command('baselines')
    .description('show what conventional schemes would take, and what a plan saves against them')
    .argument('<file>', 'problem file (YAML or JSON), or - for standard input')
    .option('--seed <number>', 'seed in place of the file’s', parseSeed)
    .addOption(setOption())
    .option('--time-limit <time>', 'time limit of the plan they are compared with, for example 30s', parseTime)
    .option('--json', 'write them as JSON to standard output')
    .action(async (path: string, options: BaselineArguments) => {
      process.exitCode = await showBaselines(path, options);
    });
}

async function showBaselines(path: string, options: BaselineArguments): Promise<number> {
  const resolved = await loadProblem(path, { seed: options.seed, settings: options.set });
  const progress = progressLine(process.stderr, false);
  const job = {
    origin: resolved.origin,
    warm: undefined,
    options: {
      seed: resolved.file.seed,
      baselines: true,
      whatIf: 'never',
      ...(options.timeLimit !== undefined && { timeLimitSeconds: options.timeLimit }),
    },
  } as const;
  let stop: AbortSignal | undefined;
  const report = await interruptible((signal) => {
    stop = signal;
    return runSolve(job, { signal, onProgress: (each) => progress.note(each) });
  }, false).finally(() => progress.close());
  if (options.json) {
    await print(JSON.stringify(planFileOf(report, resolved).baselines, undefined, 2));
  } else {
    const table = renderBaselines(report, painter(process.stdout));
    await print(table === '' ? `no baselines: ${report.message}` : table);
  }
  if (report.status === 'infeasible') return exitCodes.infeasible;
  return report.status === 'solved' && stop?.aborted !== true ? exitCodes.solved : exitCodes.limit;
}
