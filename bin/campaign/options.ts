import { InvalidArgumentError, Option, type Command } from 'commander';
import type { ResolvedScenario } from '../../lib/io/index.js';
import { canonicalJson } from '../../lib/verify/index.js';
import { CommandError, exitCodes, together } from '../exit-codes.js';
import { readText } from '../files.js';
import { readScenario } from '../simulate/scenario.js';
import { loadSchemes } from '../simulate/schemes.js';
import { setOption } from '../commands/options.js';
import type { Campaign, Point } from './campaign.js';
import { figureOption, type FigureFile } from './figure-files.js';
import { referTo } from './tasks.js';
import { commaHint, gridOf, parseVariation, placeElsewhere, plainKey } from './vary.js';

/** What sweep, compare and collect have in common. */
export interface CampaignArguments {
  readonly vary?: string[];
  readonly scheme?: string[];
  readonly set?: string[];
  readonly seeds: { readonly first: number; readonly count: number };
  readonly halfWidth?: number;
  readonly mostSeeds: number;
  readonly confidence: number;
  readonly ledger?: string[];
  readonly out?: string;
  readonly runs?: string;
  readonly report?: string;
  readonly figure?: FigureFile[];
  readonly shard?: { readonly index: number; readonly count: number };
  /** The only campaign that is run: its name. */
  readonly expect?: string;
}

/** Options that say what is compared, and where results are kept. */
export function addCampaignOptions(command: Command): Command {
  return command
    .option(
      '--scheme <name>',
      'a scheme, or ./file.js; the first is compared with the others; may be repeated',
      several,
    )
    .addOption(setOption())
    .addOption(
      new Option('--seeds <range>', 'seeds, as 10 or 1..10')
        .argParser(parseSeeds)
        .default({ first: 1, count: 10 }, '10'),
    )
    .option('--half-width <share>', 'more seeds until the intervals of the savings are ± this, such as 3%', parseShare)
    .option('--most-seeds <number>', 'with --half-width: no more seeds than this', parseCount, 100)
    .option('--confidence <share>', 'confidence of the intervals', parseShare, 0.95)
    .addOption(
      new Option('--ledger <folder>', 'where results are kept; collect may read several')
        .argParser((text: string, earlier: string[] | undefined) => [...(earlier ?? []), text])
        .default(undefined, 'sft-opt-ledger'),
    )
    .option('--out <file>', 'what each scheme reached: CSV (.csv), a table for LaTeX (.tex), else JSON Lines')
    .option('--runs <file>', 'every run of a point, scheme and seed: CSV (.csv), else JSON Lines')
    .option('--report <file>', 'charts and tables as one HTML page')
    .addOption(figureOption())
    .addOption(new Option('--expect <name>', 'run no campaign but this one').hideHelp());
}

/** `--vary`, as often as one likes. */
export function varyOption(): Option {
  return new Option(
    '--vary <key=values>',
    'a key and its values: radio.bandwidth=5..40MHz:8, ….speed=1..30:5:log or devices[0].count=5,10; may be repeated',
  ).argParser(several);
}

function several(text: string, earlier: string[] | undefined): string[] {
  return [...(earlier ?? []), text];
}

function parseSeeds(text: string) {
  const match = /^(?:(?<first>\d{1,9})\.\.)?(?<last>\d{1,9})$/u.exec(text);
  const first = Number(match?.groups!['first'] ?? 1);
  const count = Number(match?.groups!['last']) - first + 1;
  if (!match || count < 1 || count > 10_000) throw new InvalidArgumentError('must be a number such as 10, or 1..10.');
  return { first, count };
}

function parseShare(text: string): number {
  const match = /^(?<number>\d+(?:\.\d+)?)\s*(?<percent>%)?$/u.exec(text);
  const share = Number(match?.groups!['number']) / (match?.groups!['percent'] ? 100 : 1);
  if (!(share > 0 && share < 1)) throw new InvalidArgumentError('must be a share between 0 and 1, such as 3%.');
  return share;
}

function parseCount(text: string): number {
  const count = /^\d{1,5}$/u.test(text) ? Number(text) : NaN;
  if (!(count >= 2 && count <= 10_000)) throw new InvalidArgumentError('must be 2 … 10000.');
  return count;
}

/** The campaign of a command line: every point read and checked before anything runs. */
export async function campaignOf(path: string, options: CampaignArguments): Promise<Campaign> {
  const variations = (options.vary ?? []).map(parseVariation);
  const keys = variations.map(({ key }) => key);
  const twice = keys.find((key, index) => keys.indexOf(key) < index);
  if (twice !== undefined) throw new CommandError(exitCodes.badInput, `--vary: \`${twice}\` twice`);
  const text = await readText(path);
  const settings = options.set ?? [];
  const [{ points, schemeNames }, named] = await together(
    () => readPoints(text, path, keys, gridOf(variations), settings, options.vary ?? []),
    () => options.scheme && loadSchemes(options.scheme),
  );
  const given = options.scheme ?? schemeNames;
  const loaded = named ?? (await loadSchemes(given));
  if (options.halfWidth !== undefined && loaded.length < 2) {
    throw new CommandError(exitCodes.badInput, '--half-width needs two schemes to compare');
  }
  const { first, count } = options.seeds;
  return {
    keys,
    points,
    schemes: await Promise.all(given.map((each, index) => referTo(each, loaded[index]!.name))),
    seeds: { first, least: count, most: Math.max(count, options.mostSeeds) },
    halfWidth: options.halfWidth,
    confidence: options.confidence,
    shard: options.shard,
  };
}

/** A point, and what tells it from others. */
interface ReadPoint {
  readonly point: Point;
  readonly meaning: string;
}

function readPoints(
  text: string,
  path: string,
  keys: readonly string[],
  grid: readonly (readonly string[])[],
  settings: readonly string[],
  written: readonly string[],
) {
  const problems = settings.flatMap((setting) => settingProblem(setting, keys));
  let schemeNames: readonly string[] = [];
  const read = grid.flatMap((values): ReadPoint[] => {
    try {
      const { scenario } = readScenario(text, path, [...settings, ...keys.map((key, k) => `${key}=${values[k]}`)]);
      schemeNames = scenario.settings.schemes;
      return [{ point: { values, origin: scenario.origin }, meaning: meaningOf(scenario) }];
    } catch (error) {
      if (!(error instanceof CommandError)) throw error;
      if (!problems.includes(error.message)) problems.push(error.message);
      return [];
    }
  });
  if (problems.length > 0) throw new CommandError(exitCodes.badInput, problems.join('\n'));
  refuseAlike(keys, read, written);
  return { points: read.map(({ point }) => point), schemeNames };
}

/** A setting that a campaign would leave without effect. */
function settingProblem(setting: string, keys: readonly string[]): string[] {
  const key = plainKey(setting.split('=', 1)[0]!);
  if (key === 'seed') return [`--set seed: ${placeElsewhere(key)!}`];
  const varied = keys.find((each) => `${key}.`.startsWith(`${plainKey(each)}.`));
  return varied === undefined
    ? []
    : [`--vary: \`${varied}\` replaces what --set ${setting.split('=', 1)[0]!.trim()} says`];
}

/** Points that are the same simulations, however their values are written, would be compared as if they were not. */
function refuseAlike(keys: readonly string[], points: readonly ReadPoint[], written: readonly string[]): void {
  const known = new Map<string, Point>();
  for (const { point, meaning } of points) {
    const other = known.get(meaning);
    if (other) {
      const k = keys.findIndex((_, index) => other.values[index] !== point.values[index]);
      const values = `\`${other.values[k]!}\` and \`${point.values[k]!}\``;
      throw new CommandError(
        exitCodes.badInput,
        `--vary ${keys[k]!}: ${values} give the same simulations${commaHint(written[k]!)}`,
      );
    }
    known.set(meaning, point);
  }
}

/** All that simulations depend on besides scheme and seed, in SI units and with defaults: two spellings of one value are one. */
function meaningOf({ start, settings, origin }: ResolvedScenario): string {
  const { seed: _seed, name: _name, ...file } = start.file;
  const { schemes: _schemes, ...simulation } = settings;
  const plain = JSON.stringify({ file, simulation, files: origin.files ?? {} }, (_key, value: unknown) =>
    typeof value === 'number' ? String(value) : value,
  );
  return canonicalJson(JSON.parse(plain));
}
