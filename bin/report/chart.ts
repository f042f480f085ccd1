/** One line of a chart: points in order, gaps where the value is null. */
export interface Series {
  readonly name: string;
  readonly points: readonly (readonly [number, number | null])[];
}

export interface ChartText {
  readonly title: string;
  /** What a screen reader says. */
  readonly description: string;
  readonly xLabel: string;
  readonly yLabel: string;
}

const width = 760;
const height = 320;
const margin = { left: 64, right: 16, top: 34, bottom: 44 };
/** Told apart by dashes too, for print and for eyes that see few colours. */
const dashes = ['', '6 3', '2 3', '8 3 2 3', '12 4', '4 6'];
const colours = 6;

/** A line chart as SVG that takes its colours from the page (`--series-0` …, `--grid`); the same bytes for the same values. */
export function lineChart(series: readonly Series[], text: ChartText): string {
  const known = series.flatMap(({ points }) => points.flatMap(([x, y]) => (y === null ? [] : [[x, y] as const])));
  if (known.length === 0) return `<p>${escaped(text.title)}: nothing to show.</p>\n`;
  const xs = scaleOf(
    known.map(([x]) => x),
    margin.left,
    width - margin.right,
    false,
  );
  const ys = scaleOf(
    known.map(([, y]) => y),
    height - margin.bottom,
    margin.top,
    true,
  );
  return [
    `<svg viewBox="0 0 ${width} ${height}" role="img" aria-label="${escaped(`${text.title}. ${text.description}`)}">`,
    label(width / 2, 18, text.title, 'middle', 'title'),
    ...ys.ticks.flatMap((value) => [
      `<path class="grid" d="M${margin.left} ${ys.at(value)}H${width - margin.right}"/>`,
      label(margin.left - 6, ys.at(value) + 4, shown(value), 'end'),
    ]),
    ...xs.ticks.map((value) => label(xs.at(value), height - margin.bottom + 16, shown(value), 'middle')),
    label((margin.left + width - margin.right) / 2, height - 8, text.xLabel, 'middle'),
    `<text transform="translate(14 ${(height - margin.bottom + margin.top) / 2}) rotate(-90)" text-anchor="middle">${escaped(text.yLabel)}</text>`,
    ...series.map(
      ({ points }, k) =>
        `<path class="line s${k % colours}" stroke-dasharray="${dashes[k % dashes.length]}" d="${pathOf(points, xs, ys)}"/>`,
    ),
    '</svg>',
    legendOf(series),
  ].join('\n');
}

function legendOf(series: readonly Series[]): string {
  const entries = series.map(
    ({ name }, k) =>
      `<li><svg viewBox="0 0 36 10" aria-hidden="true"><path class="line s${k % colours}" stroke-dasharray="${dashes[k % dashes.length]}" d="M0 5H36"/></svg>${escaped(name)}</li>`,
  );
  return `<ul class="legend">${entries.join('')}</ul>\n`;
}

interface Scale {
  readonly ticks: readonly number[];
  readonly at: (value: number) => number;
}

/** From the least to the largest value; from zero where that is asked for. */
function scaleOf(values: readonly number[], start: number, end: number, fromZero: boolean): Scale {
  let [low, high] = [fromZero ? 0 : Infinity, -Infinity];
  for (const value of values) {
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  if (!(high > low)) high = low + 1;
  const step = tick((high - low) / 6);
  const count = Math.floor((high - low) / step + 1e-9);
  const first = Math.ceil(low / step - 1e-9) * step;
  const ticks = Array.from({ length: count + 1 }, (_, k) => first + k * step).filter(
    (value) => value <= high * (1 + 1e-9),
  );
  return { ticks, at: (value) => rounded(start + ((value - low) / (high - low)) * (end - start)) };
}

/** The nearest of 1, 2, 5 times a power of ten above a step. */
function tick(step: number): number {
  const unit = 10 ** Math.floor(Math.log10(step));
  return unit * [1, 2, 5, 10].find((factor) => factor * unit >= step * (1 - 1e-9))!;
}

function pathOf(points: Series['points'], xs: Scale, ys: Scale): string {
  let path = '';
  let isOpen = false;
  for (const [x, y] of points) {
    if (y !== null) path += `${isOpen ? 'L' : 'M'}${xs.at(x)} ${ys.at(y)}`;
    isOpen = y !== null;
  }
  return path;
}

function label(x: number, y: number, content: string, anchor: string, kind?: string): string {
  return `<text${kind === undefined ? '' : ` class="${kind}"`} x="${x}" y="${y}" text-anchor="${anchor}">${escaped(content)}</text>`;
}

function shown(value: number): string {
  return String(Number(value.toPrecision(6)));
}

function rounded(value: number): number {
  return Math.round(10 * value) / 10;
}

/** Text as HTML and SVG have it, in attributes too. */
export function escaped(content: string): string {
  return content
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll("'", '&#39;');
}
