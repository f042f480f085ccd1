import { escaped } from '../html.js';
import { tableHtml, type Table } from '../table.js';
import type { ChartElement, ChartLibrary, Mark, PlottedChart } from './library.js';

/** What a chart says in words. */
export interface ChartText {
  readonly title: string;
  /** What a screen reader says after the title. */
  readonly description: string;
  readonly xLabel: string;
  readonly yLabel: string;
}

/** A drawn chart: the same at the width of a screen and at that of a phone, its legend, and its data as a table. */
export interface Figure {
  readonly text: ChartText;
  readonly wide: string;
  readonly narrow: string;
  readonly legend: readonly LegendEntry[];
  readonly table: Table;
  /** Values of x are numbers: the page offers to read the chart off at one of them. */
  readonly readable: boolean;
}

export interface LegendEntry {
  readonly name: string;
  readonly style: SeriesStyle;
  readonly shape: LegendShape;
}

/** What stands for a series: a line, an area, or the symbol of its points. */
export type LegendShape = 'line' | 'area' | DotSymbol;
export type DotSymbol = keyof typeof symbolPaths;

/** Symbols of points as a legend draws them, around (15, 5). */
const symbolPaths = {
  circle: 'M11 5a4 4 0 1 0 8 0a4 4 0 1 0 -8 0Z',
  square: 'M11.5 1.5h7v7h-7Z',
  triangle: 'M15 0.5l4.5 8h-9Z',
  diamond: 'M15 0l3.5 5l-3.5 5l-3.5 -5Z',
} as const;

/** The mark beside a name of the legend, in a box of 30 × 10. */
export function legendMark({ style: { colour, dashes }, shape }: LegendEntry): string {
  switch (shape) {
    case 'line':
      return `<path d="M0 5H30" fill="none" stroke="${colour}" stroke-width="2" stroke-dasharray="${dashes}"/>`;
    case 'area':
      return `<rect width="30" height="10" fill="${colour}"/>`;
    default:
      return `<path d="${symbolPaths[shape]}" fill="none" stroke="${colour}" stroke-width="2"/>`;
  }
}

/** Series are told apart by colour and, for print and for eyes that see few colours, by dashes or by order. */
export interface SeriesStyle {
  readonly colour: string;
  readonly dashes: string;
}

export const colourCount = 8;
const dashPatterns = ['', '7 3', '2 3', '9 3 2 3', '12 4', '4 6', '1 5', '9 3 2 3 2 3'];

/** Colour and dashes of the k-th series: no two of the first 64 share both. */
export function seriesStyle(k: number): SeriesStyle {
  const shift = Math.floor(k / colourCount);
  return { colour: `var(--s${k % colourCount})`, dashes: dashPatterns[(k + shift) % dashPatterns.length]! };
}

export const wideWidth = 720;
export const narrowWidth = 340;

/** Marks of a chart and its scales, at one width. */
export interface Drawing {
  readonly marks: readonly Mark[];
  readonly options: Readonly<Record<string, unknown>>;
}

/** Draws a chart at both widths. */
export function draw(
  { plot, document }: ChartLibrary,
  text: ChartText,
  at: (width: number) => Drawing,
): Pick<Figure, 'wide' | 'narrow'> {
  const drawn = (width: number, kind: string) => {
    const { marks, options } = at(width);
    const chart = plot.plot({ document, width, className: 'plot', ...options, marks });
    return serialized(chart, text, kind);
  };
  return { wide: drawn(wideWidth, 'wide'), narrow: drawn(narrowWidth, 'narrow') };
}

/**
 * The chart as text: one picture with one description (its table has the values), coordinates to a tenth of a pixel, no style of
 * its own and no size but its proportions.
 */
function serialized(chart: PlottedChart, { title, description }: ChartText, kind: string): string {
  const { range = [], domain = [] } = chart.scale('x') ?? {};
  tidy(chart);
  const attributes = {
    class: `plot ${kind}`,
    xmlns: 'http://www.w3.org/2000/svg',
    viewBox: chart.getAttribute('viewBox')!,
    role: 'img',
    'aria-label': `${title}. ${description}`,
    fill: 'currentColor',
    'font-size': '12',
    'text-anchor': 'middle',
    // Where the script finds a value of x: pixels and values at both ends of the axis.
    ...(range.length === 2 && { 'data-x': [...range, ...domain].join(' ') }),
  };
  const written = Object.entries(attributes).map(([name, value]) => `${name}="${escaped(value)}"`);
  return `<svg ${written.join(' ')}>${[...chart.children].map(({ outerHTML }) => outerHTML).join('')}</svg>`;
}

const positions = /^(?:d|x|y|x1|x2|y1|y2|dx|dy|cx|cy|r|width|height|transform|points)$/u;

function tidy(element: ChartElement): void {
  for (const child of [...element.children]) {
    if (child.localName === 'style') {
      child.remove();
      continue;
    }
    for (const { name, value } of [...child.attributes]) {
      if (name.startsWith('aria-')) child.removeAttribute(name);
      else if (positions.test(name)) child.setAttribute(name, value.replaceAll(/-?\d+\.\d+(?!\d|em)/gu, tenth));
    }
    tidy(child);
  }
}

function tenth(digits: string): string {
  return String(Math.round(10 * Number(digits)) / 10);
}

/** The figure as HTML: chart, legend and, folded, the table of its data. */
export function figureHtml(figure: Figure): string {
  const { text, wide, narrow, legend, table, readable } = figure;
  return `<figure${readable ? ' data-read' : ''}>
<figcaption>${escaped(text.title)}</figcaption>
${wide}
${narrow}
${legendHtml(legend)}<details><summary>Data: ${escaped(text.title)}</summary>
${tableHtml(table)}</details>
</figure>
`;
}

function legendHtml(entries: readonly LegendEntry[]): string {
  if (entries.length < 2) return '';
  const items = entries.map(
    (entry) => `<li><svg viewBox="0 0 30 10" aria-hidden="true">${legendMark(entry)}</svg>${escaped(entry.name)}</li>`,
  );
  return `<ul class="legend">${items.join('')}</ul>\n`;
}
