import { basename } from 'node:path';
import type { Command } from 'commander';
import type { RunRecord } from '../../harness/server/index.js';
import type { PlanFile } from '../../lib/io/index.js';
import type { PlanningProblem } from '../../lib/models/index.js';
import type { RoundRecord } from '../../lib/simulate/index.js';
import { escapePlain } from '../escape.js';
import { CommandError, exitCodes } from '../exit-codes.js';
import { readText } from '../files.js';
import { loadProblem } from '../problem.js';
import type { ChartLibrary } from '../report/chart/library.js';
import { planReport } from '../report/contents/plan.js';
import { simulationReport } from '../report/contents/simulation.js';
import { TrainingRounds } from '../report/contents/training-rounds.js';
import { trainingReport } from '../report/contents/training.js';
import { validationReport } from '../report/contents/validation.js';
import { readInput, type ReportInput } from '../report/inputs/read.js';
import type { Report } from '../report/page.js';
import { reportWriter } from '../report/write.js';
import { printError } from '../terminal.js';

interface ReportArguments {
  readonly out: string;
  readonly problem?: string;
  readonly title?: string;
}

const help = `
What a file is, its content tells: a plan of solve --out (with the log of solve --log beside it), rounds of simulate --out as JSON
Lines (several files are put together), a record of train --record, or a validation of validate --out. Campaigns write their
page themselves: sweep, compare and collect --report. docs/reports.md describes the pages.

Examples:
  $ sft-opt report plan.json solve.jsonl --problem cell.yaml --out plan.html
  $ sft-opt report rounds.jsonl --out rounds.html
  $ sft-opt report run.jsonl --out training.html

Exit codes: 0 written, 2 wrong input, 1 internal error.`;

/** Largest file that a page is made of. */
const largestBytes = 512 * 1024 * 1024;

export function registerReportCommand(program: Command): void {
  program
    .command('report')
    .description('charts and tables of results as one HTML page that needs nothing else')
    .argument('<file...>', 'results of other commands')
    .requiredOption('--out <file>', 'the page')
    .option(
      '--problem <file>',
      'with a plan: the problem file that it is a plan of, for limits and the accuracy’s curve',
    )
    .option('--title <text>', 'title of the page')
    .addHelpText('after', help)
    .action(async (paths: string[], options: ReportArguments) => {
      await writeReport(paths, options);
      process.exitCode = exitCodes.solved;
    });
}

async function writeReport(paths: readonly string[], options: ReportArguments): Promise<void> {
  const inputs: ReportInput[] = [];
  const problems: string[] = [];
  const warnings: string[] = [];
  for (const path of paths) {
    const outcome = readInput(await readText(path, largestBytes));
    if (outcome.ok) {
      inputs.push(outcome.input);
      if (outcome.warning !== undefined) warnings.push(`warning: ${path}: ${outcome.warning}`);
    } else problems.push(`${path}: ${outcome.problem}`);
  }
  if (problems.length > 0) throw new CommandError(exitCodes.badInput, problems.join('\n'));
  for (const warning of warnings) await printError(escapePlain(warning));
  const make = await makerOf(inputs, paths, options);
  const writer = await reportWriter(options.out);
  const { title } = options;
  await writer.write((library) => ({ ...make(library), ...(title !== undefined && { title }) }));
}

/** A plan of other devices would be set beside limits that are not its own. */
function requireFit({ answer }: PlanFile, { devices }: PlanningProblem, path: string): void {
  if (!answer) return;
  const other = answer.devices.find(({ name }, n) => devices[n]?.name !== name);
  if (other === undefined && answer.devices.length === devices.length) return;
  const what =
    other === undefined
      ? `${answer.devices.length} devices, not ${devices.length}`
      : `a device ${other.name} that is not at its place there`;
  throw new CommandError(exitCodes.badInput, `${path}: the plan is not of this problem: it has ${what}`);
}

/** Rounds of a scheme and seed follow one another from the first: means of what is left of them would be other ones. */
function refuseGaps(rounds: readonly RoundRecord[]): void {
  const runs = new Map<string, { readonly of: string; readonly known: Set<number>; last: number }>();
  for (const { scheme, seed, round } of rounds) {
    const key = JSON.stringify([scheme, seed]);
    const run = runs.get(key) ?? { of: `of ${scheme}, seed ${seed}`, known: new Set<number>(), last: 0 };
    runs.set(key, run);
    if (run.known.has(round)) throw new CommandError(exitCodes.badInput, `round ${round} ${run.of}, is there twice`);
    run.known.add(round);
    run.last = Math.max(run.last, round);
  }
  for (const { of, known, last } of runs.values()) {
    if (known.size === last + 1) continue;
    let missing = 0;
    while (known.has(missing)) missing++;
    throw new CommandError(exitCodes.badInput, `round ${missing} ${of}, is missing: there are later ones, to ${last}`);
  }
}

/** Sums over two trainings, or over one twice, would be those of none. */
function refuseSecondRun(records: readonly RunRecord[], path: string): void {
  const known = new Set<number>();
  for (const record of records) {
    if (record.kind !== 'round') continue;
    const { round } = record;
    if (known.has(round)) {
      throw new CommandError(exitCodes.badInput, `${path}: round ${round} is there twice: a page is of one training`);
    }
    known.add(round);
  }
}

async function makerOf(
  inputs: readonly ReportInput[],
  paths: readonly string[],
  options: ReportArguments,
): Promise<(library: ChartLibrary) => Report> {
  const of = <Kind extends ReportInput['kind']>(kind: Kind) =>
    inputs.filter((input): input is Extract<ReportInput, { kind: Kind }> => input.kind === kind);
  const [plans, logs, simulations, trainings, validations] = [
    of('plan'),
    of('log'),
    of('simulation'),
    of('training'),
    of('validation'),
  ];
  const [plan] = plans;
  if (options.problem !== undefined && !plan) {
    throw new CommandError(exitCodes.badInput, '--problem goes with a plan');
  }
  if (plan && plans.length + logs.length === inputs.length && plans.length === 1 && logs.length <= 1) {
    const found = options.problem === undefined ? undefined : await loadProblem(options.problem, { quiet: true });
    const { problem } = found ?? {};
    if (problem) requireFit(plan.plan, problem, options.problem!);
    return (library) => planReport(library, { plan: plan.plan, problem, progress: logs[0]?.progress });
  }
  if (simulations.length === inputs.length) {
    const rounds = simulations.flatMap((each) => each.rounds);
    refuseGaps(rounds);
    return (library) => simulationReport(library, 'Simulation', rounds);
  }
  const [recorded] = trainings;
  if (recorded && inputs.length === 1) {
    refuseSecondRun(recorded.records, paths[0]!);
    const training = new TrainingRounds();
    for (const record of recorded.records) training.record(record);
    return (library) => trainingReport(library, basename(paths[0]!), training, []);
  }
  const [validation] = validations;
  if (validation && inputs.length === 1) return (library) => validationReport(library, validation.report);
  const kinds = inputs.map(({ kind }, k) => `${paths[k]!} (${kind})`).join(', ');
  throw new CommandError(
    exitCodes.badInput,
    `these do not go on one page: ${kinds}; a plan goes with its log, rounds with rounds`,
  );
}
