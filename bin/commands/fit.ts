import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { InvalidArgumentError, Option, type Command } from 'commander';
import {
  AccuracyFitError,
  fitAccuracy,
  fitPairedLoss,
  type AccuracyFit,
  type FitOptions,
  type PairedObservation,
} from '../../lib/models/accuracy/index.js';
import { CommandError, exitCodes, type ExitCode } from '../exit-codes.js';
import { readText, writeText } from '../files.js';
import { accuracyBlock, pairedBlock, pasteable, type ProblemParts } from '../fit/block.js';
import { CsvError, readCsv } from '../fit/csv.js';
import { fitHtml, fitSvg } from '../fit/figure.js';
import { operatingPoints } from '../fit/points.js';
import { renderPaired } from '../fit/paired.js';
import { renderFit } from '../fit/report.js';
import { readRuns, RunsError, type ColumnOptions, type Run } from '../fit/runs.js';
import { painter, print } from '../terminal.js';
import { parseSeed } from './options.js';

interface FitArguments extends ColumnOptions {
  readonly family: FitOptions['family'];
  readonly cutForm: FitOptions['cut'];
  readonly ratios: FitOptions['directions'];
  readonly seed?: number;
  readonly lower?: boolean;
  readonly paired?: boolean;
  readonly confidence?: number;
  readonly points?: boolean;
  readonly into?: string;
  readonly figure?: string;
  readonly json?: boolean;
}

const help = `
A run is a row with the ratio (coded by uncompressed bytes), the accuracy reached, and if there are any the ratio of the
gradients and the cut. Columns are found by usual names (ratio, ratio_up, ratio_down, accuracy, cut) or named by options.

Examples:
  $ sft-opt fit runs.csv
  $ sft-opt fit runs.csv --into cell.yaml --points --figure fit.svg
  $ sft-opt fit vit.csv deit.csv --paired --confidence 0.9
  $ sft-opt fit mine.csv --ratio kept --accuracy top1 --percent`;

export function registerFitCommand(program: Command): void {
  program
    .command('fit')
    .description('fit the accuracy model of problem files to measured runs')
    .argument('<file...>', 'runs as CSV, or - for standard input; with --paired one file a task')
    .option('--ratio <column>', 'column of the ratio, or of the activations’ ratio')
    .option('--ratio-down <column>', 'column of the gradients’ ratio')
    .option('--accuracy <column>', 'column of the accuracy reached')
    .option('--cut <column>', 'column of the blocks on the device')
    .option('--percent', 'accuracies are per cent')
    .addOption(familyOption())
    .addOption(
      new Option('--cut-form <form>', 'influence of the cut')
        .choices(['auto', 'constant', 'decaying', 'measured'])
        .default('auto'),
    )
    .addOption(
      new Option('--ratios <form>', 'one ratio, or how two combine')
        .choices(['auto', 'one', 'additive', 'product'])
        .default('auto'),
    )
    .option('--lower', 'give the lower edge of the band, for plans that must hold in spite of the fit’s error')
    .option('--paired', 'fit what is lost against the uncompressed run of the same task and seed (column `seed`)')
    .option(
      '--confidence <fraction>',
      'with --paired: chance with which plans must keep their accuracy',
      parseConfidence,
    )
    .option('--into <file>', 'put the model into a problem file; its comments stay')
    .option('--points', 'operating points of the runs as well (needs the columns of sft-opt study)')
    .option('--figure <file>', 'runs, curve and band as .svg or .html')
    .option('--seed <number>', 'seed of the search’s starts', parseSeed)
    .option('--json', 'the outcome as one JSON document')
    .addHelpText('after', help)
    .action(async (paths: readonly string[], options: FitArguments) => {
      process.exitCode =
        options.paired === true ? await fitPaired(paths, options) : await fit(onlyFile(paths), options);
    });
}

function onlyFile(paths: readonly string[]): string {
  if (paths.length === 1) return paths[0]!;
  throw new CommandError(exitCodes.badInput, 'several files of runs are several tasks: they need --paired');
}

function parseConfidence(text: string): number {
  const value = text.trim().endsWith('%') ? Number(text.trim().slice(0, -1)) / 100 : Number(text);
  if (value >= 0.5 && value <= 0.9999) return value;
  throw new InvalidArgumentError(`must be from 0.5 to 0.9999, found ${text}`);
}

/** Losses against uncompressed runs of the same task and seed, every file a task. */
async function fitPaired(paths: readonly string[], options: FitArguments): Promise<ExitCode> {
  if (options.lower === true || options.figure !== undefined) {
    throw new CommandError(
      exitCodes.badInput,
      '--paired has no --lower and no --figure: give --confidence, and see the table',
    );
  }
  const twice = paths.find((path, k) => paths.indexOf(path) < k);
  if (twice !== undefined) throw new CommandError(exitCodes.badInput, `${twice} is given twice: each file is a task`);
  const runs: (Run & PairedObservation)[] = [];
  for (const path of paths) {
    for (const run of (await loadRuns(path, options)).runs) {
      if (run.seed === undefined) throw new CommandError(exitCodes.badInput, `${path}: --paired needs the column seed`);
      runs.push({ ...run, task: path, seed: run.seed });
    }
  }
  const outcome = refusingBadRuns(paths.join(', '), () =>
    fitPairedLoss(runs, {
      family: options.family,
      cut: options.cutForm,
      directions: options.ratios,
    }),
  );
  const { minimum } = outcome.model.fittedRatio;
  const isFitted = ({ upRatio, downRatio = upRatio }: Run) =>
    upRatio >= minimum && (outcome.form.directions === 'one' || downRatio >= minimum);
  const own = runs.filter((run) => run.task === paths[0] && isFitted(run));
  const parts = { accuracy: pairedBlock(outcome, options.confidence), ...pointParts(outcome, own, options) };
  if (options.into !== undefined) await putInto(options.into, parts);
  if (options.json === true) {
    await print(JSON.stringify({ ...outcome, problem: parts }, undefined, 2));
    return exitCodes.solved;
  }
  await print(renderPaired(outcome, runs, painter(process.stdout)));
  await print(options.into === undefined ? `\n${pasteable(parts)}` : `\n${options.into} has the model now`);
  return exitCodes.solved;
}

function familyOption(): Option {
  const option = new Option('--family <name>', 'family of the curve; by default the one with the least AICc');
  return option.choices(['auto', 'power', 'exponential', 'logistic']).default('auto');
}

async function fit(path: string, options: FitArguments): Promise<ExitCode> {
  const { runs, used } = await loadRuns(path, options);
  const outcome = fitted(path, runs, options);
  const parts = problemParts(outcome, runs, options);
  const report = renderFit(outcome, used, painter(process.stdout));
  if (options.figure !== undefined) await writeFigure(options.figure, outcome, runs, renderFit(outcome, used, plain));
  if (options.into !== undefined) await putInto(options.into, parts);
  if (options.json === true) {
    await print(JSON.stringify({ ...outcome, problem: parts }, undefined, 2));
    return exitCodes.solved;
  }
  await print(report);
  await print(options.into === undefined ? `\n${pasteable(parts)}` : `\n${options.into} has the model now`);
  return exitCodes.solved;
}

const plain = (_format: unknown, text: string) => text;

async function loadRuns(path: string, options: FitArguments) {
  try {
    return readRuns(readCsv(await readText(path)), options);
  } catch (error) {
    if (error instanceof CsvError || error instanceof RunsError) {
      throw new CommandError(exitCodes.badInput, `${path}: ${error.message}`);
    }
    throw error;
  }
}

function fitted(path: string, runs: readonly Run[], options: FitArguments): AccuracyFit {
  return refusingBadRuns(path, () =>
    fitAccuracy(runs, {
      family: options.family,
      cut: options.cutForm,
      directions: options.ratios,
      ...(options.seed !== undefined && { seed: options.seed }),
    }),
  );
}

function refusingBadRuns<T>(path: string, fit: () => T): T {
  try {
    return fit();
  } catch (error) {
    if (!(error instanceof AccuracyFitError)) throw error;
    const hint = error.problems.some((problem) => problem.includes('per cent')) ? '\n  (--percent says so)' : '';
    throw new CommandError(
      exitCodes.badInput,
      `no model can be fitted to ${path}:\n${error.problems.map((problem) => `  ${problem}`).join('\n')}${hint}`,
    );
  }
}

/** Accuracy that may be lost against the fitted limit where a file says nothing else. */
const defaultLoss = 0.01;

function problemParts(outcome: AccuracyFit, runs: readonly Run[], options: FitArguments): ProblemParts {
  const accuracy =
    options.lower === true
      ? accuracyBlock(outcome.lower, outcome.model.limit - defaultLoss)
      : accuracyBlock(outcome.model);
  return { accuracy, ...pointParts(outcome, runs, options) };
}

function pointParts(
  { model, form }: Pick<AccuracyFit, 'model' | 'form'>,
  runs: readonly Run[],
  { points: wanted }: FitArguments,
): Pick<ProblemParts, 'points' | 'downPoints'> {
  if (wanted !== true) return {};
  const points = operatingPoints(runs, model, 'up');
  if (points.length === 0) {
    throw new CommandError(exitCodes.badInput, '--points needs the columns kept_up, bits_up, kept_down and bits_down');
  }
  return { points, ...(form.directions !== 'one' && { downPoints: operatingPoints(runs, model, 'down') }) };
}

async function putInto(path: string, parts: ProblemParts): Promise<void> {
  // The reader of problem files is most of what there is to load: a plain fit does without.
  const { IntoError, withParts } = await import('../fit/into.js');
  const text = await readText(path);
  let changed: string;
  try {
    changed = withParts(text, parts, (name) => readFileSync(resolve(dirname(path), name), 'utf8'));
  } catch (error) {
    if (!(error instanceof IntoError)) throw error;
    const hint = error.message.includes('outside the ratios')
      ? '\n--points takes the operating points of the runs over as well'
      : '';
    throw new CommandError(
      exitCodes.badInput,
      `${path} is left as it was: with the model in it, it would be refused\n${error.message}${hint}`,
    );
  }
  await writeText(path, changed, { replace: true });
}

async function writeFigure(path: string, outcome: AccuracyFit, runs: readonly Run[], report: string): Promise<void> {
  const content = path.toLowerCase().endsWith('.html') ? fitHtml(outcome, runs, report) : fitSvg(outcome, runs);
  await writeText(path, content, { replace: true });
}
