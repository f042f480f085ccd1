import type { ValidationReport } from '../../harness/validate/index.js';
import { stageNames, type ComparedCase } from '../../lib/validation/index.js';
import { relativeError } from '../../lib/statistics/index.js';

const colours = ['#1f6f8b', '#c8553d', '#588157', '#7b4b94', '#b08900', '#3d405b', '#2a9d8f', '#9d4edd'];
const size = { width: 920, height: 460, margin: 56, gap: 70 };
const panel = (size.width - 2 * size.margin - size.gap) / 2;
const tall = size.height - 2 * size.margin;

/** Two panels as SVG: predicted against measured rounds with the identity line, and residuals by stage. */
export function validationPicture(report: ValidationReport): string {
  const { cases, summary } = report;
  const percent = (value: number) => `${(100 * value).toFixed(1)} %`;
  const title =
    `${report.model}: ${cases.length} plans, rounds off by ${percent(summary.round.mape)} on average, ` +
    `${percent(summary.round.worst)} at most`;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${size.width}" height="${size.height}" font-family="sans-serif" font-size="12">`,
    `<rect width="100%" height="100%" fill="white"/>`,
    text(size.width / 2, 24, title, 'middle', 14),
    ...scatter(cases),
    ...residuals(cases),
    '</svg>\n',
  ].join('\n');
}

function scatter(cases: readonly ComparedCase[]): string[] {
  const all = cases.flatMap(({ round }) => [round.predicted, round.measured]).map(Math.log10);
  const low = Math.min(...all) - 0.05;
  const high = Math.max(...all) + 0.05;
  const x = (seconds: number) => size.margin + (panel * (Math.log10(seconds) - low)) / (high - low);
  const y = (seconds: number) => size.height - size.margin - (tall * (Math.log10(seconds) - low)) / (high - low);
  const [from, to] = [10 ** low, 10 ** high];
  const scenarios = [...new Set(cases.map(({ scenario }) => scenario))];
  return [
    frame(size.margin),
    line(x(from), y(from), x(to), y(to), '#999', '4 3'),
    ...ticks(from, to).flatMap((tick) => [
      line(x(tick), size.height - size.margin, x(tick), size.height - size.margin + 4, '#333'),
      text(x(tick), size.height - size.margin + 18, String(tick), 'middle'),
      line(size.margin - 4, y(tick), size.margin, y(tick), '#333'),
      text(size.margin - 7, y(tick) + 4, String(tick), 'end'),
    ]),
    ...cases.map(({ name, round, scenario }) =>
      dot(x(round.measured), y(round.predicted), colours[scenarios.indexOf(scenario) % colours.length]!, name),
    ),
    text(size.margin + panel / 2, size.height - 14, 'measured round, s', 'middle'),
    `<text transform="translate(16 ${size.height / 2}) rotate(-90)" text-anchor="middle">predicted round, s</text>`,
    ...scenarios.flatMap((scenario, k) => [
      dot(size.margin + 12, size.margin + 14 + 16 * k, colours[k % colours.length]!, scenario),
      text(size.margin + 20, size.margin + 18 + 16 * k, scenario, 'start', 11),
    ]),
  ];
}

/** 1, 2 and 5 times powers of ten within the range. */
function ticks(from: number, to: number): number[] {
  const found: number[] = [];
  for (let power = Math.floor(Math.log10(from)); power <= Math.log10(to); power++) {
    for (const digit of [1, 2, 5]) {
      const tick = Number((digit * 10 ** power).toPrecision(2));
      if (tick >= from && tick <= to) found.push(tick);
    }
  }
  return found;
}

function residuals(cases: readonly ComparedCase[]): string[] {
  const left = size.margin + panel + size.gap;
  const pairs = cases.flatMap(({ stages, name }) =>
    stages.filter(({ shareOfRound }) => shareOfRound >= 0.05).map((pair) => ({ ...pair, name })),
  );
  const reach = Math.max(0.12, ...pairs.map((pair) => Math.abs(relativeError(pair)))) * 1.05;
  const y = (error: number) => size.height / 2 - ((tall / 2) * error) / reach;
  const names = stageNames.filter((name) => pairs.some(({ stage }) => stage === name));
  const column = (index: number) => left + (panel * (index + 0.5)) / names.length;
  const step = reach > 0.4 ? 0.2 : reach > 0.2 ? 0.1 : 0.05;
  const marks = Array.from(
    { length: 2 * Math.floor(reach / step) + 1 },
    (_, k) => (k - Math.floor(reach / step)) * step,
  );
  return [
    frame(left),
    ...marks.flatMap((mark) => [
      line(
        left,
        y(mark),
        left + panel,
        y(mark),
        Math.abs(mark) < 1e-9 ? '#999' : '#eee',
        Math.abs(mark) < 1e-9 ? '4 3' : '',
      ),
      text(left - 6, y(mark) + 4, `${Math.round(100 * mark)} %`, 'end'),
    ]),
    ...names.map((name, index) => text(column(index), size.height - size.margin + 18, name, 'middle', 11)),
    ...pairs.map((pair, k) => {
      const spread = (((k * 7) % 11) / 11 - 0.5) * (panel / names.length) * 0.6;
      const index = names.indexOf(pair.stage);
      return dot(column(index) + spread, y(relativeError(pair)), colours[index % colours.length]!, pair.name);
    }),
    text(left + panel / 2, size.height - 14, 'predicted over measured, by stage of at least 5 % of a round', 'middle'),
  ];
}

function frame(left: number): string {
  return `<rect x="${left}" y="${size.margin}" width="${panel}" height="${tall}" fill="none" stroke="#333"/>`;
}

function line(x1: number, y1: number, x2: number, y2: number, colour: string, dashes = ''): string {
  const style = dashes === '' ? '' : ` stroke-dasharray="${dashes}"`;
  return `<line x1="${at(x1)}" y1="${at(y1)}" x2="${at(x2)}" y2="${at(y2)}" stroke="${colour}"${style}/>`;
}

function dot(x: number, y: number, colour: string, title: string): string {
  return `<circle cx="${at(x)}" cy="${at(y)}" r="4" fill="${colour}" fill-opacity="0.7"><title>${escaped(title)}</title></circle>`;
}

function text(x: number, y: number, content: string, anchor: string, fontSize = 12): string {
  return `<text x="${at(x)}" y="${at(y)}" text-anchor="${anchor}" font-size="${fontSize}">${escaped(content)}</text>`;
}

function at(value: number): string {
  return value.toFixed(1);
}

function escaped(content: string): string {
  return content.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
}
