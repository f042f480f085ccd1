import { Option, type Command } from 'commander';
import { readPlanFile, warmPlan, type ResolvedFile } from '../../lib/io/index.js';
import type { Plan } from '../../lib/models/index.js';
import {
  bandwidthMethods,
  planMethods,
  type BandwidthMethod,
  type PlanMethod,
  type PlanReport,
  type PlanStatus,
  type SolveProgress,
} from '../../lib/plan/index.js';
import { CommandError, exitCodes, type ExitCode } from '../exit-codes.js';
import { readText, writeText } from '../files.js';
import { loadProblem } from '../problem.js';
import { planFileOf } from '../render/plan-file.js';
import { renderPlan } from '../render/plan.js';
import { planReport } from '../report/contents/plan.js';
import { reportWriter } from '../report/write.js';
import { interruptible } from '../solver/interrupt.js';
import { progressLine, progressLog, type ProgressListener } from '../solver/progress.js';
import { runSolve } from '../solver/run.js';
import { outputWidth, painter, print, printError } from '../terminal.js';
import { parseSeed, setOption } from './options.js';
import { parseTime } from './time-option.js';

export interface SolveArguments {
  readonly json?: boolean;
  readonly out?: string;
  readonly certificate?: string;
  readonly quiet?: boolean;
  readonly seed?: number;
  readonly set?: string[];
  readonly timeLimit?: number;
  readonly method: PlanMethod;
  readonly bandwidthMethod: BandwidthMethod;
  readonly warm?: string;
  readonly log?: string;
  readonly report?: string;
  readonly baselines: boolean;
  /** Absent: answered for up to a hundred devices. */
  readonly whatIf?: boolean;
  readonly tradeOff?: 'traffic' | 'energy';
}

const examples = `
Examples:
  $ sft-opt solve examples/campus.yaml
  $ sft-opt solve cell.yaml --method exact --time-limit 30s --out plan.json
  $ sft-opt solve cell.yaml --method bandwidth --warm plan.json --json

Exit codes: 0 solved, 2 wrong input, 3 infeasible, 4 ended by a limit or Ctrl-C (with the best plan found), 1 internal error.`;

export function registerSolveCommand(program: Command): void {
  program
    .command('solve')
    .description('find a plan with the least round delay, and prove how good it is')
    .argument('<file>', 'problem file (YAML or JSON), or - for standard input')
    .option('--json', 'write the plan as one JSON document to standard output (see: sft-opt schema plan)')
    .option('--out <file>', 'write the plan as JSON to a file as well')
    .option('--certificate <file>', 'write a proof of plan and bound that `sft-opt verify` checks without the planner')
    .option('--quiet', 'no table, no progress, no warnings')
    .option('--seed <number>', 'seed in place of the file’s', parseSeed)
    .addOption(setOption())
    .option('--time-limit <time>', 'end with the best plan after this time, for example 30s', parseTime)
    .addOption(new Option('--method <name>', 'how to search').choices(planMethods).default('two-timescale'))
    .addOption(
      new Option('--bandwidth-method <name>', 'how to divide the band').choices(bandwidthMethods).default('sqp'),
    )
    .option('--warm <plan>', 'earlier plan to start from; --method bandwidth keeps its choices')
    .option('--log <file>', 'write progress to a file, one JSON object a line')
    .option('--report <file>', 'charts and tables as one HTML page')
    .option('--no-baselines', 'do not compute conventional schemes')
    .option('--what-if', 'solve changed problems too, whatever the size (by default up to 100 devices)')
    .addOption(
      new Option('--trade-off <resource>', 'delay against what each device may use of it in a round').choices([
        'traffic',
        'energy',
      ]),
    )
    .option('--no-what-if', 'do not solve changed problems')
    .addHelpText('after', examples)
    .action(async (path: string, options: SolveArguments) => {
      process.exitCode = await solve(path, options);
    });
}

async function solve(path: string, options: SolveArguments): Promise<ExitCode> {
  const quiet = options.quiet === true;
  if (options.method === 'bandwidth' && options.warm === undefined) {
    throw new CommandError(exitCodes.badInput, '--method bandwidth needs an earlier plan: add --warm plan.json');
  }
  const resolved = await loadProblem(path, { seed: options.seed, settings: options.set, quiet, decidesFrame: true });
  if (resolved.frame) refuseWithFrame(options);
  const warm =
    options.warm === undefined ? undefined : await loadWarmPlan(options.warm, resolved, options.method, quiet);
  const writer = await reportWriter(options.report);
  const notes: SolveProgress[] = [];
  const { report, interrupted } = await search(resolved, warm, options, quiet, notes);
  await deliver(report, resolved, options, quiet);
  await writer.write((library) =>
    planReport(library, { plan: planFileOf(report, resolved), problem: resolved.problem, progress: notes }),
  );
  if (options.certificate !== undefined) {
    const { writeCertificate } = await import('../solver/certificate.js');
    await writeCertificate(options.certificate, report, resolved, path);
  }
  // Stopped after the plan was found, what was to be compared with it is missing.
  return interrupted && report.status === 'solved' ? exitCodes.limit : exitCodeOf(report.status);
}

/** What keeps or states one division of the frame cannot leave it open. */
function refuseWithFrame({ method, certificate }: SolveArguments): void {
  const refused =
    method === 'bandwidth' ? '--method bandwidth' : certificate === undefined ? undefined : '--certificate';
  if (refused === undefined) return;
  const message = `${refused} needs a given radio.uplinkFraction, found \`optimal\`: solve without it first, then give the part it decides`;
  throw new CommandError(exitCodes.badInput, message);
}

async function search(
  { origin, file }: ResolvedFile,
  warm: Plan | undefined,
  options: SolveArguments,
  quiet: boolean,
  notes: SolveProgress[],
): Promise<{ report: PlanReport; interrupted: boolean }> {
  const listeners = [progressLog(options.log), progressLine(process.stderr, quiet), kept(notes, options.report)];
  const job = {
    origin,
    warm,
    options: {
      method: options.method,
      bandwidthMethod: options.bandwidthMethod,
      seed: file.seed,
      baselines: options.baselines,
      whatIf: options.whatIf === undefined ? 'auto' : options.whatIf ? 'always' : 'never',
      ...(options.tradeOff && { tradeOff: options.tradeOff }),
      ...(options.timeLimit !== undefined && { timeLimitSeconds: options.timeLimit }),
    },
  } as const;
  try {
    return await interruptible(async (signal) => {
      const onProgress = (progress: SolveProgress) => listeners.forEach((each) => each.note(progress));
      const report = await runSolve(job, { signal, onProgress });
      return { report, interrupted: signal.aborted };
    }, quiet);
  } finally {
    for (const listener of listeners) listener.close();
  }
}

/** What a page shows of the search; nothing is kept where none is asked for. */
function kept(notes: SolveProgress[], report: string | undefined): ProgressListener {
  return {
    note(progress) {
      if (report !== undefined) notes.push(progress);
    },
    close: () => undefined,
  };
}

async function deliver(report: PlanReport, resolved: ResolvedFile, options: SolveArguments, quiet: boolean) {
  const asJson = options.json === true || options.out !== undefined;
  const json = asJson ? JSON.stringify(planFileOf(report, resolved), undefined, 2) : '';
  if (options.json) await print(json);
  else if (!quiet) {
    const view = { paint: painter(process.stdout), width: outputWidth(process.stdout) };
    await print(renderPlan(report, resolved, view));
  }
  if (options.out !== undefined) await writeText(options.out, `${json}\n`, { replace: true });
}

async function loadWarmPlan(
  path: string,
  { problem }: ResolvedFile,
  method: PlanMethod,
  quiet: boolean,
): Promise<Plan | undefined> {
  const outcome = readPlanFile(await readText(path));
  if (!outcome.ok) {
    throw new CommandError(exitCodes.badInput, `${path} is no plan:\n  ${outcome.issues.join('\n  ')}`);
  }
  const warm = warmPlan(outcome.plan, problem);
  if ('reason' in warm) {
    if (method === 'bandwidth') throw new CommandError(exitCodes.badInput, `${path} does not fit: ${warm.reason}`);
    if (!quiet) await printError(`warning: ${path} is not used: ${warm.reason}`);
    return undefined;
  }
  if (!quiet) for (const part of warm.ignored) await printError(`warning: ${path}: not used: ${part}`);
  return warm.plan;
}

function exitCodeOf(status: PlanStatus): ExitCode {
  switch (status) {
    case 'solved':
      return exitCodes.solved;
    case 'infeasible':
      return exitCodes.infeasible;
    case 'feasible':
    case 'unknown':
      return exitCodes.limit;
  }
}
