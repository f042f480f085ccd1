import { shortened } from '../html.js';
import { draw, narrowWidth, seriesStyle, type ChartText, type Figure } from './figure.js';
import type { ChartLibrary } from './library.js';
import { wholeTicks } from './ticks.js';

/** Something that lasts, in a row of its own name. */
export interface Span {
  readonly row: string;
  readonly from: number;
  readonly to: number;
}

/** Spans of time, a row for each name: who, when. */
export function spanChart(
  library: ChartLibrary,
  spans: readonly Span[],
  rows: readonly string[],
  text: ChartText,
  fileName: string,
): Figure {
  const { plot } = library;
  const index = new Map(rows.map((name, k) => [name, k]));
  const placed = spans.flatMap(({ row, from, to }) => {
    const k = index.get(row);
    return k === undefined ? [] : [{ k, from, to }];
  });
  const pictures = draw(library, text, (width) => {
    const most = width === narrowWidth ? 12 : 24;
    const names = rows.map((name) => shortened(name, most));
    const longest = names.reduce((length, name) => Math.max(length, name.length), 0);
    return {
      options: {
        height: 50 + 18 * rows.length,
        marginLeft: 16 + 7 * longest,
        marginBottom: 40,
        x: {
          label: text.xLabel,
          ...(width === narrowWidth && { ticks: 4 }),
          ...wholeTicks(
            placed.flatMap(({ from, to }) => [from, to]),
            width,
          ),
        },
        y: { domain: rows.map((_, k) => k), label: null, tickFormat: (k: number) => names[k], tickSize: 0 },
      },
      marks: [
        plot.ruleY(
          rows.map((_, k) => k),
          { stroke: 'var(--rule)' },
        ),
        plot.barX(placed, { x1: 'from', x2: 'to', y: 'k', fill: seriesStyle(0).colour, insetTop: 3, insetBottom: 3 }),
      ],
    };
  });
  return {
    text,
    ...pictures,
    legend: [],
    table: {
      caption: `${text.title}${spans.length > mostRows ? ` (the first ${mostRows} of ${spans.length})` : ''}`,
      columns: [text.yLabel, `from, ${text.xLabel}`, `to, ${text.xLabel}`],
      rows: spans.slice(0, mostRows).map(({ row, from, to }) => [row, from, to]),
      fileName,
    },
    readable: false,
  };
}

const mostRows = 200;
