/**
 * Writes what the campaigns of bench/study/campaigns.ts came to into docs/results.md, between its marks, from
 * bench/results/campaign-*.json. Usage: npx tsx scripts/write-campaigns.ts
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { format, resolveConfig } from 'prettier';
import { campaigns } from '../bench/study/campaigns.js';

interface Interval {
  readonly mean: number;
  readonly halfWidth: number | null;
}

interface Row {
  readonly values: readonly string[];
  readonly scheme: string;
  readonly seeds: number;
  readonly delaySeconds: Interval | null;
  readonly saved: Interval | null;
  readonly trafficBits: number | null;
  readonly roundsRun: number | null;
  readonly secondsToAccuracy?: number | null;
  readonly timeSaved?: Interval | null;
}

interface Figures {
  readonly title: string;
  readonly keys: readonly string[];
  readonly rows: readonly Row[];
}

const page = new URL('../docs/results.md', import.meta.url);
const [start, end] = ['<!-- campaigns -->', '<!-- end of campaigns -->'];

const seconds = (interval: Interval | null) => (interval ? withHalf(interval, 1, 's') : 'no round');
const percent = (interval: Interval | null) => (interval ? withHalf(interval, 100, '%') : '–');

function withHalf({ mean, halfWidth }: Interval, factor: number, unit: string): string {
  const digits = factor * Math.abs(mean) >= 100 ? 0 : 1;
  const half = halfWidth === null ? '' : ` ± ${(factor * halfWidth).toFixed(Math.max(digits, 1))}`;
  return `${(factor * mean).toFixed(digits)}${half} ${unit}`;
}

/** Schemes one under another. */
function schemesOf({ rows }: Figures): string[] {
  const isTimed = rows.some(({ secondsToAccuracy }) => typeof secondsToAccuracy === 'number');
  const more = isTimed ? ['time to the target', 'saved by `joint`'] : [];
  const header = ['scheme', 'mean round', 'saved by `joint`', 'traffic of a round', ...more, 'seeds'];
  return [
    `| ${header.join(' | ')} |`,
    `| ${header.map(() => '---').join(' | ')} |`,
    ...rows.map(({ scheme, delaySeconds, saved, trafficBits, secondsToAccuracy, timeSaved, seeds }) => {
      const traffic = trafficBits === null ? '–' : `${Number((trafficBits / 8e6).toPrecision(3))} MB`;
      const time =
        typeof secondsToAccuracy === 'number' ? `${Number((secondsToAccuracy / 60).toPrecision(3))} min` : '–';
      const cells = isTimed ? [time, percent(timeSaved ?? null)] : [];
      return `| ${[`\`${scheme}\``, seconds(delaySeconds), percent(saved), traffic, ...cells, seeds].join(' | ')} |`;
    }),
  ];
}

/** A row for each value: the first scheme's mean round, and what it saves against each other on the seeds that both ran. */
function seriesOf({ keys, rows }: Figures): string[] {
  const [first, ...others] = [...new Set(rows.map(({ scheme }) => scheme))];
  const points = [...new Set(rows.map(({ values }) => values.join(', ')))];
  return [
    `| \`${keys.join(', ')}\` | mean round | ${others.map((scheme) => `saved, \`${scheme}\``).join(' | ')} | seeds |`,
    `| --- | --- | ${others.map(() => '---').join(' | ')} | --- |`,
    ...points.map((point) => {
      const own = rows.filter(({ values }) => values.join(', ') === point);
      const of = (scheme: string) => own.find((row) => row.scheme === scheme)!;
      const savings = others.map((scheme) => percent(of(scheme).saved));
      const counts = own.map(({ seeds }) => seeds);
      const seeds = [...new Set([Math.min(...counts), Math.max(...counts)])].join(' – ');
      return `| ${point} | ${seconds(of(first!).delaySeconds)} | ${savings.join(' | ')} | ${seeds} |`;
    }),
  ];
}

/** Where another scheme takes no longer than the first, and where it is shown to be shorter. */
function beaten({ rows }: Figures): string {
  const found = rows.filter(({ saved }) => saved !== null && saved.mean <= 0);
  const isShorter = ({ saved }: Row) => saved!.halfWidth !== null && saved!.mean + saved!.halfWidth < 0;
  const said = (some: readonly Row[]) =>
    some
      .map(({ scheme, values, saved }) => {
        const where = values.length > 0 ? ` at ${values.join(', ')}` : '';
        return `\`${scheme}\`${where} (${percent(saved)})`;
      })
      .join(', ');
  const sentences = [
    ['takes longer than', found.filter((row) => isShorter(row))],
    ['saves nothing against', found.filter((row) => !isShorter(row))],
  ] as const;
  return sentences.flatMap(([what, some]) => (some.length > 0 ? [`\`joint\` ${what} ${said(some)}.`] : [])).join(' ');
}

function sectionOf(name: string): string[] {
  const path = new URL(`../bench/results/campaign-${name}.json`, import.meta.url);
  if (!existsSync(path)) return [];
  const { figures } = JSON.parse(readFileSync(path, 'utf8')) as { readonly figures: Figures };
  const table = figures.keys.length > 0 ? seriesOf(figures) : schemesOf(figures);
  const remark = beaten(figures);
  return [`**${figures.title}** (\`npm run study -- ${name}\`).`, '', ...table, '', ...(remark ? [remark, ''] : [])];
}

const text = readFileSync(page, 'utf8');
const [head, rest] = text.split(start);
const tail = rest?.split(end)[1];
if (head === undefined || tail === undefined) throw new Error(`docs/results.md lacks ${start} … ${end}`);
const sections = Object.keys(campaigns).flatMap(sectionOf);
const written = [head + start, '', ...sections, end + tail].join('\n');
const options = (await resolveConfig(page.pathname)) ?? {};
writeFileSync(page, await format(written, { ...options, parser: 'markdown' }));
