import { availableParallelism } from 'node:os';
import { basename } from 'node:path';
import { CommandError, exitCodes, type ExitCode } from '../exit-codes.js';
import { refuseClashes } from '../file-options.js';
import { writeText } from '../files.js';
import { counterLine } from '../simulate/progress.js';
import { isModule } from '../simulate/schemes.js';
import { chartLibrary } from '../report/chart/library.js';
import { campaignReport } from '../report/contents/campaign.js';
import { reportWriter, type ReportWriter } from '../report/write.js';
import { interruptible } from '../solver/interrupt.js';
import { print, printError } from '../terminal.js';
import { campaignName, runCampaign, tasksOf, type Campaign, type PointResult } from './campaign.js';
import { figureTargets, writeFigures } from './figure-files.js';
import { Ledger } from './ledger.js';
import { campaignOf, type CampaignArguments } from './options.js';
import { TaskPool } from './pool.js';
import { renderCampaign } from './render.js';
import { resultTable, runTable } from './table.js';
import type { NamedTask } from './tasks.js';

export interface RunArguments extends CampaignArguments {
  readonly workers?: number;
  readonly quiet?: boolean;
}

/** Where results are kept unless a place is named. */
export const usualLedger = 'sft-opt-ledger';

/** Runs what the ledger does not know, and shows what came out. */
export async function runCampaignCommand(path: string, options: RunArguments): Promise<ExitCode> {
  const campaign = await campaignOf(path, options);
  await refuseOther(campaign, options.expect);
  const report = await openOutputs(campaign, path, options);
  const [folder = usualLedger, ...others] = options.ledger ?? [];
  const ledger = await Ledger.open(folder, others);
  const quiet = options.quiet === true;
  const pool = new TaskPool(options.workers ?? availableParallelism());
  const work = async (signal: AbortSignal): Promise<ExitCode> => {
    const run = (missing: readonly NamedTask[]) => runTasks(missing, ledger, pool, signal, quiet);
    if (campaign.shard) return runShard(campaign, ledger, run);
    const results = await runCampaign(campaign, ledger, run);
    if (!results) return exitCodes.limit;
    await noteOthers(campaign, ledger, quiet);
    await show(campaign, results, { ...options, title: basename(path) }, report);
    return exitCodes.solved;
  };
  try {
    return await interruptible(work, quiet, 'stopping when what has begun is done (again to end at once)');
  } finally {
    pool.close();
  }
}

/** Shows what the ledgers know, and runs nothing. */
export async function collectCommand(path: string, options: CampaignArguments): Promise<ExitCode> {
  const campaign = await campaignOf(path, options);
  await refuseOther(campaign, options.expect);
  const report = await openOutputs(campaign, path, options);
  const [folder = usualLedger, ...others] = options.ledger ?? [];
  const ledger = await Ledger.open(folder, others);
  let missing = 0;
  const results = await runCampaign(campaign, ledger, (tasks) => {
    missing = tasks.length;
    return Promise.resolve(false);
  });
  if (!results) {
    throw new CommandError(
      exitCodes.limit,
      `${missing} results are missing; \`sft-opt sweep\` with the same options runs them`,
    );
  }
  await show(campaign, results, { ...options, title: basename(path) }, report);
  return exitCodes.solved;
}

/** What draws charts is asked for before anything is run, and the names of all of them are free. */
async function openOutputs(campaign: Campaign, path: string, options: CampaignArguments): Promise<ReportWriter> {
  const { report, out, runs, figure = [] } = options;
  const named = (as: string, file: string | undefined) => (file === undefined ? [] : [{ as, path: file }]);
  const modules = campaign.schemes.flatMap(({ given }) => (isModule(given) ? [given] : []));
  await refuseClashes({
    read: [...named('<file>', path), ...modules.flatMap((each) => named('--scheme', each))],
    written: [
      ...named('--out', out),
      ...named('--runs', runs),
      ...named('--report', report),
      ...figureTargets(figure, campaign).flatMap((each) => named('--figure', each)),
    ],
  });
  if (figure.length > 0) await chartLibrary();
  return reportWriter(report);
}

/** Jobs that were submitted for one campaign do not run another one because a file has changed since. */
async function refuseOther(campaign: Campaign, expected: string | undefined): Promise<void> {
  if (expected === undefined || (await campaignName(campaign)) === expected) return;
  throw new CommandError(
    exitCodes.badInput,
    'the scenario, its files or the version are not those that were submitted',
  );
}

async function runTasks(
  missing: readonly NamedTask[],
  ledger: Ledger,
  pool: TaskPool,
  signal: AbortSignal,
  quiet: boolean,
): Promise<boolean> {
  const counter = counterLine(process.stderr, 'simulations', quiet);
  let done = 0;
  counter.note(done, missing.length);
  try {
    await pool.run(
      missing,
      async (task, summary) => {
        await ledger.put(task, summary);
        counter.note(++done, missing.length);
      },
      signal,
    );
  } finally {
    counter.close();
  }
  if (done < missing.length && !quiet) await printError(`${missing.length - done} simulations are left to run`);
  return done === missing.length;
}

/** A part of the tasks; what they come to is shown when all parts are collected. */
async function runShard(
  campaign: Campaign,
  ledger: Ledger,
  run: (missing: readonly NamedTask[]) => Promise<boolean>,
): Promise<ExitCode> {
  const { index, count } = campaign.shard!;
  const own = (await tasksOf(campaign)).filter((_, k) => k % count === index);
  const missing = own.filter(({ id }) => !ledger.get(id));
  if (missing.length > 0 && !(await run(missing))) return exitCodes.limit;
  await print(
    `part ${index + 1} of ${count}: ${own.length} simulations are in the ledger; \`sft-opt collect\` shows them`,
  );
  return exitCodes.solved;
}

async function noteOthers(campaign: Campaign, ledger: Ledger, quiet: boolean): Promise<void> {
  const others = ledger.others(await tasksOf(campaign));
  if (others > 0 && !quiet && campaign.halfWidth === undefined) {
    await printError(`the ledger has ${others} results of other files, versions, seeds or schemes`);
  }
}

async function show(
  campaign: Campaign,
  results: readonly PointResult[],
  options: CampaignArguments & { readonly title: string },
  report: ReportWriter,
): Promise<void> {
  const { out, runs, figure = [] } = options;
  if (out !== undefined) await writeText(out, resultTable(out, campaign, results), { replace: true });
  if (runs !== undefined) await writeText(runs, runTable(runs, campaign, results), { replace: true });
  await report.write((library) => campaignReport(library, options.title, campaign, results));
  if (figure.length > 0) await writeFigures(figure, campaign, results);
  await print(renderCampaign(campaign, results));
}
