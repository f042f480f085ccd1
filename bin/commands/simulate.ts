import { InvalidArgumentError, type Command } from 'commander';
import {
  checkScheme,
  roundCsvHeader,
  roundCsvRow,
  simulationOptions,
  summarise,
  type RoundRecord,
  type SimulationScheme,
} from '../../lib/simulate/index.js';
import type { ResolvedScenario } from '../../lib/io/index.js';
import { CommandError, exitCodes, together, type ExitCode } from '../exit-codes.js';
import { writeLines } from '../files.js';
import { simulationReport } from '../report/contents/simulation.js';
import { reportWriter } from '../report/write.js';
import { counterLine } from '../simulate/progress.js';
import { renderSummaries } from '../simulate/render.js';
import { playedRounds, type NamedSchemes } from '../simulate/rounds.js';
import { loadScenario } from '../simulate/scenario.js';
import { loadSchemes } from '../simulate/schemes.js';
import { interruptible } from '../solver/interrupt.js';
import { print } from '../terminal.js';
import { parseSeed, setOption } from './options.js';

interface SimulateArguments {
  readonly scheme?: string[];
  readonly seed?: number;
  readonly set?: string[];
  readonly rounds?: number;
  readonly out?: string;
  readonly report?: string;
  readonly details?: boolean;
  readonly check?: boolean;
  readonly json?: boolean;
  readonly quiet?: boolean;
}

const help = `
A scenario is a problem file with a section \`simulation\`: how devices move, join and leave, and when the large time scale
decides anew. docs/simulation.md describes it.

Examples:
  $ sft-opt simulate scenario.yaml
  $ sft-opt simulate scenario.yaml --scheme joint --scheme fixed-cut --out rounds.csv
  $ sft-opt simulate scenario.yaml --scheme joint --scheme ./mine.js --set simulation.replan.every=20

Exit codes: 0 all rounds are simulated, 2 wrong input, 4 ended by Ctrl-C with the rounds so far, 1 internal error.`;

export function registerSimulateCommand(program: Command): void {
  program
    .command('simulate')
    .description('simulate rounds over changing channels, under one scheme or several')
    .argument('<file>', 'scenario file (YAML or JSON), or - for standard input')
    .option(
      '--scheme <name>',
      'a scheme, or ./file.js with one of your own, in place of the file’s; may be repeated',
      collect,
    )
    .option('--rounds <number>', 'rounds in place of the file’s', parseRounds)
    .option('--seed <number>', 'seed in place of the file’s', parseSeed)
    .addOption(setOption())
    .option('--out <file>', 'every round, as CSV if its name ends in .csv, else as JSON Lines')
    .option('--report <file>', 'charts and tables as one HTML page')
    .option('--details', 'with JSON Lines: every device in every round')
    .option('--check', 'only check that the schemes do what the simulator expects of one')
    .option('--json', 'the summary as JSON')
    .option('--quiet', 'no warnings and no progress')
    .addHelpText('after', help)
    .action(async (path: string, options: SimulateArguments) => {
      process.exitCode = await runSimulation(path, options);
    });
}

function collect(text: string, earlier: string[] | undefined): string[] {
  return [...(earlier ?? []), text];
}

function parseRounds(text: string): number {
  const rounds = Number(text);
  if (!/^\d+$/u.test(text) || rounds < 1 || rounds > 1_000_000) throw new InvalidArgumentError('must be 1 … 1000000.');
  return rounds;
}

async function runSimulation(path: string, options: SimulateArguments): Promise<ExitCode> {
  const { seed, rounds } = options;
  const settings = [
    ...(options.set ?? []),
    ...(seed === undefined ? [] : [`seed=${seed}`]),
    ...(rounds === undefined ? [] : [`simulation.rounds=${rounds}`]),
  ];
  const [scenario, named] = await together(
    () => loadScenario(path, { settings, quiet: options.quiet === true }),
    () => options.scheme && loadSchemes(options.scheme),
  );
  const names = options.scheme ?? scenario.settings.schemes;
  const loaded = named ?? (await loadSchemes(names));
  if (options.check) return await reportChecks(loaded, scenario);
  const report = await reportWriter(options.report);
  const { records, isWhole } = await simulateRounds(scenario, { names, loaded }, options);
  await report.write((library) => simulationReport(library, scenario.start.file.name ?? 'Simulation', records));
  const summaries = summarise(records);
  await print(options.json ? JSON.stringify(summaries, undefined, 2) : renderSummaries(summaries));
  return isWhole ? exitCodes.solved : exitCodes.limit;
}

/** The rounds; with `--out` each is written as soon as it is there. What it says of every device is kept for a page alone. */
async function simulateRounds(
  scenario: ResolvedScenario,
  schemes: NamedSchemes,
  { details = false, quiet, out, report }: SimulateArguments,
) {
  const total = scenario.settings.rounds * schemes.loaded.length;
  const counter = counterLine(process.stderr, 'rounds', quiet === true);
  const records: RoundRecord[] = [];
  async function* rounds(signal: AbortSignal): AsyncGenerator<RoundRecord> {
    for await (const record of playedRounds(scenario, schemes, details, signal)) {
      const { perDevice: _perDevice, ...kept } = record;
      records.push(report === undefined ? kept : record);
      counter.note(records.length, total);
      yield record;
    }
  }
  const run = async (signal: AbortSignal) => {
    const all = rounds(signal);
    if (out !== undefined) await writeLines(out, linesOf(out, all), { replace: true });
    else while (!(await all.next()).done);
  };
  await interruptible(run, quiet === true, 'stopping with the rounds so far (again to end at once)').finally(() => {
    counter.close();
  });
  return { records, isWhole: records.length === total };
}

async function* linesOf(path: string, rounds: AsyncIterable<RoundRecord>): AsyncGenerator<string> {
  const isCsv = path.toLowerCase().endsWith('.csv');
  if (isCsv) yield roundCsvHeader();
  for await (const record of rounds) yield isCsv ? roundCsvRow(record) : `${JSON.stringify(record)}\n`;
}

async function reportChecks(
  schemes: readonly SimulationScheme[],
  { cell, settings }: ResolvedScenario,
): Promise<ExitCode> {
  const found = schemes.flatMap((scheme) =>
    checkScheme(scheme, cell, simulationOptions(settings)).map((finding) => `${scheme.name}: ${finding}`),
  );
  if (found.length > 0) throw new CommandError(exitCodes.badInput, found.join('\n'));
  await print(`${schemes.map(({ name }) => name).join(', ')}: as the simulator expects`);
  return exitCodes.solved;
}
