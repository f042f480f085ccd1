import type { Command } from 'commander';
import { MeasuredProfileError, readMeasuredProfile } from '../../lib/io/index.js';
import { relativeError, type ErrorSummary, type Pair } from '../../lib/statistics/index.js';
import {
  builtInCases,
  problemCases,
  unmeasured,
  ValidationProblemError,
  type ComparedCase,
} from '../../lib/validation/index.js';
import type { ValidationReport } from '../../harness/validate/index.js';
import { CommandError, exitCodes } from '../exit-codes.js';
import { readText } from '../files.js';
import { escapeLine } from '../escape.js';
import { print, printError } from '../terminal.js';
import { writeBytes } from './codec-files.js';
import { validationReport } from '../report/contents/validation.js';
import { reportWriter } from '../report/write.js';
import { setOption } from './options.js';
import {
  addTimingOptions,
  parseCount,
  percent,
  shown,
  textHash,
  timingSetup,
  type TimingArguments,
} from './timing-options.js';

interface ValidateArguments extends TimingArguments {
  readonly profile: string;
  readonly set?: string[];
  readonly batchSize: number;
  readonly rounds: number;
  readonly attempts: number;
  readonly every: number;
  readonly plans: number;
  readonly only?: string;
  readonly out?: string;
  readonly picture?: string;
  readonly report?: string;
}

/** `sft-opt validate`: what a profile foresees against what real trainings take. */
export function registerValidateCommand(program: Command): void {
  addTimingOptions(
    program
      .command('validate')
      .description('run plans for real and compare them with what a profile foresees')
      .argument('[problem]', 'problem file whose plans are run in place of the built-in grid')
      .requiredOption('--profile <file>', 'profile of `sft-opt calibrate`')
      .addOption(setOption())
      .option('--batch-size <number>', 'batch size of all plans', parseCount, 16)
      .option('--rounds <number>', 'measured rounds of each plan', parseCount, 5)
      .option('--attempts <number>', 'most runs of a plan that is not steady', parseCount, 2)
      .option('--plans <number>', 'most plans of a problem file', parseCount, 24)
      .option('--every <number>', 'run each n-th plan of the grid alone', parseCount, 1)
      .option('--only <text>', 'plans whose names hold this text alone')
      .option('--out <file>', 'write the report as JSON')
      .option('--report <file>', 'charts and tables as one HTML page')
      .option('--picture <file>', 'write predicted against measured as SVG'),
  ).action(runValidate);
}

async function runValidate(problem: string | undefined, given: ValidateArguments): Promise<void> {
  const text = await readText(given.profile);
  const content = parsedProfile(given.profile, text);
  const page = await reportWriter(given.report);
  const { backend, workload } = await timingSetup(given);
  const { validate } = await import('../../harness/validate/index.js');
  const { transformerShape } = await import('../../harness/model/config.js');
  const { batchSize, only = '', rounds, attempts, seed } = given;
  const { clock = 'wall' } = content.machine;
  if (clock !== given.stageClock) {
    throw new CommandError(exitCodes.badInput, `the profile was measured with --stage-clock ${clock}`);
  }
  if (content.unsteady)
    await printError(`warning: the profile has ${content.unsteady.length} times that were not steady`);
  const ofProblem = async (path: string) => {
    const found = await readText(path);
    try {
      return problemCases(found, text, path, given.plans, given.set).filter((_, k) => k % given.every === 0);
    } catch (error) {
      if (error instanceof ValidationProblemError) throw new CommandError(exitCodes.badInput, error.message);
      throw error;
    }
  };
  const all =
    problem === undefined
      ? builtInCases(content, transformerShape(workload.config), batchSize, given.every)
      : await ofProblem(problem);
  const cases = all.filter(({ name }) => name.includes(only));
  const lacks = problem === undefined ? unmeasured(content, batchSize) : undefined;
  if (cases.length === 0)
    throw new CommandError(exitCodes.badInput, lacks ?? `no plan of the grid is named \`${only}\``);
  if (lacks !== undefined) await printError(`${lacks}: the plans that need it are left out`);
  const hash = textHash(text);
  await printError(`profile ${hash.slice(0, 16)} of ${content.created}; ${cases.length} plans`);
  const report = await validate(
    backend,
    workload,
    { content, text, hash },
    {
      cases,
      rounds,
      attempts,
      seed,
      onCase: (done, index) =>
        process.stderr.write(`${escapeLine(`${index + 1}/${cases.length} ${caseLine(done)}`)}\n`),
    },
  );
  await print(renderReport(report));
  if (given.out !== undefined) {
    await writeBytes(given.out, new TextEncoder().encode(`${JSON.stringify(report, undefined, 1)}\n`));
  }
  await page.write((library) => validationReport(library, report));
  if (given.picture !== undefined) {
    const { validationPicture } = await import('../report/validation.js');
    await writeBytes(given.picture, new TextEncoder().encode(validationPicture(report)));
  }
}

function parsedProfile(path: string, text: string) {
  try {
    return readMeasuredProfile(text);
  } catch (error) {
    if (error instanceof MeasuredProfileError) throw new CommandError(exitCodes.badInput, `${path}: ${error.message}`);
    throw error;
  }
}

function caseLine(one: ComparedCase): string {
  const { round, normalised, compute, slowdown, repeats, unsteady } = one;
  return (
    `${one.name}, cuts ${one.cuts.join(' ')}: predicted ${shown(round.predicted)} s, measured ${shown(round.measured)} s ` +
    `(${signedError(round)}; normalised ${signedError(normalised)}, without links ${signedError(compute)}), ` +
    `links ${percent(one.linkShare)}, machine ${slowdown.toFixed(2)} × slower` +
    (repeats > 0 ? `, repeated ${repeats} times` : '') +
    (unsteady.length === 0 ? '' : `, not steady: ${unsteady.join(', ')}`)
  );
}

function signedError(pair: Pair): string {
  const error = relativeError(pair);
  return `${error < 0 ? '' : '+'}${percent(error)}`;
}

function renderReport(report: ValidationReport): string {
  const { summary, cases, cold } = report;
  const row = (name: string, { count, mape, worst, bias }: ErrorSummary) =>
    `  ${name.padEnd(22)} ${percent(mape).padStart(8)} ${percent(worst).padStart(8)} ${percent(bias).padStart(8)} ${String(count).padStart(6)}`;
  return [
    `${report.model}; profile ${report.profileHash} of ${report.profileCreated}`,
    `${cases.length} plans in ${shown(report.seconds)} s; ${summary.repeats} runs repeated, ${summary.unsteady} plans not steady; ` +
      `links take at most half of the round in ${percent(summary.computeBound)}`,
    ...cases.map((one) => `  ${caseLine(one)}`),
    '',
    `  ${'predicted / measured'.padEnd(22)} ${'mean |e|'.padStart(8)} ${'worst'.padStart(8)} ${'bias'.padStart(8)} ${'count'.padStart(6)}`,
    row('round, raw', summary.round),
    row('round, normalised', summary.normalised),
    row('without links', summary.compute),
    ...Object.entries(summary.stages).map(([stage, errors]) => row(`stage: ${stage}`, errors)),
    row('traffic', summary.traffic),
    row('device peak bytes', summary.deviceMemory),
    row('server peak bytes', summary.serverMemory),
    ...(summary.bestPlanRatio === undefined
      ? []
      : [
          `  the plan predicted best takes at most ${summary.bestPlanRatio.toFixed(3)} × the least measured of its scenario`,
        ]),
    ...(cold ? [`  first round of the process: predicted ${shown(cold.predicted)} s, ${signedError(cold)}`] : []),
  ].join('\n');
}
