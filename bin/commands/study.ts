import { InvalidArgumentError, type Command } from 'commander';
import { formatQuantity } from '../../lib/io/index.js';
import type { FinishedRun, StudyProgress } from '../../harness/study/index.js';
import { CommandError, exitCodes, type ExitCode } from '../exit-codes.js';
import { readText } from '../files.js';
import { print, printError } from '../terminal.js';
import { setOption } from './options.js';

interface StudyArguments {
  readonly out: string;
  readonly workers: number;
  readonly set?: readonly string[];
  readonly quiet?: boolean;
}

const help = `
Each finished run is a line of the output file, with all settings needed to repeat it. Started again, the study goes on
where it was: runs that the file holds are not repeated. docs/accuracy.md describes the study file.

Examples:
  $ sft-opt study study/deit-tiny.yaml --out runs.csv
  $ sft-opt fit runs.csv`;

export function registerStudyCommand(program: Command): void {
  program
    .command('study')
    .description('fine-tune over a grid of compression settings, cuts and seeds, and write the accuracies reached')
    .argument('<file>', 'study file (YAML or JSON)')
    .requiredOption('--out <file>', 'where finished runs are written to, as CSV')
    .option('--workers <number>', 'processes that fine-tune side by side, one thread each', parseWorkers, 1)
    .addOption(setOption('training.steps=100'))
    .option('--quiet', 'no progress')
    .addHelpText('after', help)
    .action(async (path: string, options: StudyArguments) => {
      process.exitCode = await study(path, options);
    });
}

function parseWorkers(text: string): number {
  const workers = Number(text);
  if (!Number.isSafeInteger(workers) || workers < 1 || workers > 64) throw new InvalidArgumentError('must be 1 … 64.');
  return workers;
}

/** Loaded when it is needed: the rest of the command line starts without it. */
const loadHarness = () => import('../../harness/study/index.js');

async function study(path: string, options: StudyArguments): Promise<ExitCode> {
  const { readStudy, runStudy, RunsFileError, StudyError, StudyFileError } = await loadHarness();
  const text = await readText(path);
  const controller = new AbortController();
  const stop = () => controller.abort();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, stop);
  try {
    const reached = await runStudy({
      settings: readStudy(text, path, options.set),
      path: options.out,
      workers: options.workers,
      signal: controller.signal,
      ...(options.quiet !== true && { onProgress: progressPrinter(), onRun: (done) => void printError(runLine(done)) }),
    });
    await print(`${options.out} holds ${reached.finishedRuns} of ${reached.runs} runs`);
    return reached.finishedRuns === reached.runs ? exitCodes.solved : exitCodes.limit;
  } catch (error) {
    if (error instanceof RunsFileError || error instanceof StudyError || error instanceof StudyFileError) {
      throw new CommandError(exitCodes.badInput, error.message);
    }
    throw error;
  }
}

/** Tells where the study stands: on a terminal over and over in one line, else now and then. */
function progressPrinter(): (progress: StudyProgress) => void {
  const { stderr } = process;
  let told = -Infinity;
  return (progress) => {
    const now = performance.now();
    if (now - told < (stderr.isTTY ? 500 : 60_000)) return;
    told = now;
    stderr.write(stderr.isTTY ? `\r\u001b[K${progressLine(progress)}` : `${progressLine(progress)}\n`);
  };
}

function progressLine({ finishedRuns, runs, finishedSteps, steps, remainingSeconds, loss }: StudyProgress): string {
  return [
    `${finishedRuns} of ${runs} runs`,
    `${((100 * finishedSteps) / steps).toFixed(1)} % of the steps`,
    ...(loss === undefined ? [] : [`loss ${loss.toFixed(3)}`]),
    ...(remainingSeconds === undefined ? [] : [`about ${formatQuantity(remainingSeconds, 'time')} left`]),
  ].join(', ');
}

function runLine({ run, result, seconds }: FinishedRun): string {
  const percent = (value: number) => `${(100 * value).toFixed(1)} %`;
  const setting = ({ keptFraction, bits }: { keptFraction: number; bits: number }) => `${keptFraction}/${bits}`;
  const point =
    run.point === 'uncompressed'
      ? run.point
      : `up ${setting(run.point.up)} down ${setting(run.point.down ?? run.point.up)}`;
  const words =
    run.workload.kind === 'scenario' || run.workload.kind === 'embedded-decoder'
      ? `, perplexity ${Math.exp(result.loss).toPrecision(4)}`
      : '';
  const ratio = (result.up.bytes + result.down.bytes) / Math.max(1, result.up.float32Bytes + result.down.float32Bytes);
  return `${process.stderr.isTTY ? '\r\u001b[K' : ''}${point}, cut ${run.cut}, seed ${run.seed}: accuracy ${percent(result.accuracy)} (without codec ${percent(result.accuracyWithoutCodec)})${words}, traffic saved ${percent(1 - ratio)}, ${formatQuantity(seconds, 'time')}`;
}
