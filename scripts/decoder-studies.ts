import { existsSync, readFileSync } from 'node:fs';
import { format, resolveConfig } from 'prettier';
import { loadStudy, type StudyRow } from '../bench/study/runs.js';
import { studentInterval } from '../lib/simulate/paired.js';

/** Fine-tunings of decoders by `sft-opt study`, and what their tables are of. */
const studies = [
  { name: 'embedded-decoder', what: 'The small decoder, next words', isOfWords: true },
  { name: 'embedded-decoder-class', what: 'The small decoder, classes of texts', isOfWords: false },
  { name: 'smollm2-words', what: 'SmolLM2-135M, next tokens of mails', isOfWords: true },
  { name: 'smollm2-spam', what: 'SmolLM2-135M, spam or other mail', isOfWords: false },
] as const;

export const page = new URL('../docs/calibration.md', import.meta.url);
const [start, end] = ['<!-- decoder studies -->', '<!-- end of decoder studies -->'];

/** The page with the tables of study/*.csv between its marks. */
export async function withDecoderStudies(text: string): Promise<string> {
  const [head, rest] = text.split(start);
  const tail = rest?.split(end)[1];
  if (head === undefined || tail === undefined) throw new Error(`docs/calibration.md lacks ${start} … ${end}`);
  const sections = studies.flatMap(sectionOf);
  const written = [head + start, '', ...sections, end + tail].join('\n');
  return format(written, { ...((await resolveConfig(page.pathname)) ?? {}), parser: 'markdown' });
}

const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;

function withHalf(values: readonly number[], digits: number): string {
  const { mean: middle, halfWidth } = studentInterval(values, 0.95)!;
  const half = halfWidth === null ? '' : ` ± ${(100 * halfWidth).toFixed(digits)}`;
  return `${(100 * middle).toFixed(digits).replace('-', '−')}${half}`;
}

function sectionOf({ name, what, isOfWords }: (typeof studies)[number]): string[] {
  const path = new URL(`../study/${name}.csv`, import.meta.url);
  if (!existsSync(path) || readFileSync(path, 'utf8').trim().split('\n').length < 2) return [];
  const { rows } = loadStudy(path);
  const plain = new Map(rows.filter(({ isUncompressed }) => isUncompressed).map((row) => [row.seed, row]));
  const paired = rows.filter(({ isUncompressed, seed }) => !isUncompressed && plain.has(seed));
  const groups = new Map<string, StudyRow[]>();
  for (const row of paired) {
    const key = `${row.point} ${row.cut}`;
    groups.set(key, [...(groups.get(key) ?? []), row]);
  }
  const [first] = rows;
  const whole = [...plain.values()];
  const cells = (own: readonly StudyRow[], isPlain: boolean) => {
    const pairs = own.map((row) => [plain.get(row.seed)!, row] as const);
    const lost = withHalf(
      pairs.map(([before, after]) => before.accuracy - after.accuracy),
      2,
    );
    const more = withHalf(
      pairs.map(([before, after]) => Math.exp(after.loss - before.loss) - 1),
      1,
    );
    const words = [mean(own.map(({ loss }) => Math.exp(loss))).toPrecision(4), isPlain ? '–' : more];
    return [
      `${(100 * mean(own.map(({ accuracy }) => accuracy))).toFixed(1)} %`,
      isPlain ? '–' : lost,
      ...(isOfWords ? words : []),
      String(own.length),
    ];
  };
  const byBits = [...groups.values()].sort(([a], [b]) => b!.ratioUp - a!.ratioUp || a!.cut - b!.cut);
  const ratio = ({ ratioUp, ratioDown }: StudyRow) => ((ratioUp + ratioDown) / 2).toFixed(3);
  const header = ['up', 'down', 'cut', 'bits sent over float32', 'accuracy', 'points lost'];
  const all = [...header, ...(isOfWords ? ['perplexity', 'more, %'] : []), 'seeds'];
  const table = [
    all,
    all.map((_, k) => (k < 2 ? '---' : '---:')),
    ['uncompressed', '', 'any', '1.000', ...cells(whole, true)],
    ...byBits.map((own) => [...codecOf(own[0]!), String(own[0]!.cut), ratio(own[0]!), ...cells(own, false)]),
  ];
  const dates = rows.map(({ finished }) => finished.slice(0, 10)).sort();
  const when = [...new Set([dates[0]!, dates.at(-1)!])].join(' to ');
  return [
    `**${what}** (\`study/${name}.yaml\` and \`.csv\`; ${first!.steps} steps, ${first!.validationImages} held-out texts; ${first!.machine}, ${when}).`,
    '',
    ...table.map((row) => `| ${row.join(' | ')} |`),
    '',
  ];
}

/** Share of values kept and their bits, up and down. */
function codecOf({ point }: StudyRow): [string, string] {
  const told = (way: string) => {
    const [, kept, bits] = new RegExp(`${way} ([\\d.]+)/(\\d+)`, 'u').exec(point)!;
    return `${Number((100 * Number(kept)).toPrecision(3))} %, ${bits} bits`;
  };
  return [told('up'), told('down')];
}
