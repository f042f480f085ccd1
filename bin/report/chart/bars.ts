import { shortened } from '../html.js';
import { draw, narrowWidth, seriesStyle, type ChartText, type Figure } from './figure.js';
import type { ChartLibrary } from './library.js';

/** What one bar is made of, from left to right. */
export interface Bar {
  readonly name: string;
  readonly values: readonly (number | null)[];
}

export interface BarOptions {
  /** Names of the parts, one for each value. */
  readonly parts: readonly string[];
  /** A thin line across every bar, such as a limit. */
  readonly limit?: number;
  /** A mark for each bar, such as what is proven; null for none. */
  readonly marks?: { readonly name: string; readonly values: readonly (number | null)[] };
  /** Half the length of a whisker at the end of each bar. */
  readonly halfWidths?: readonly (number | null)[];
  readonly fileName: string;
}

/** Longer names are cut in the picture; the table has them whole. */
const longestName = { wide: 28, narrow: 14 };

/** Horizontal bars of stacked parts, in the order given. */
export function barChart(library: ChartLibrary, bars: readonly Bar[], text: ChartText, options: BarOptions): Figure {
  const { plot } = library;
  const { parts, limit, marks, halfWidths } = options;
  const pieces = bars.flatMap(({ values }, bar) => {
    let end = 0;
    return values.flatMap((value, part) => {
      if (value === null || !Number.isFinite(value)) return [];
      const from = end;
      end += value;
      return [{ bar, part, from, to: end }];
    });
  });
  const marked = (marks?.values ?? []).flatMap((value, bar) =>
    value === null || !Number.isFinite(value) ? [] : [{ bar, value }],
  );
  const whiskers = (halfWidths ?? []).flatMap((half, bar) => {
    const end = pieces.filter((piece) => piece.bar === bar).at(-1)?.to;
    return half === null || end === undefined ? [] : [{ bar, low: end - half, high: end + half }];
  });
  const pictures = draw(library, text, (width) => {
    const most = width === narrowWidth ? longestName.narrow : longestName.wide;
    const names = bars.map(({ name }) => shortened(name, most));
    const longest = names.reduce((length, name) => Math.max(length, name.length), 0);
    return {
      options: {
        height: 50 + 24 * bars.length,
        marginLeft: 16 + 7 * longest,
        marginBottom: 40,
        x: { label: text.xLabel, grid: true, nice: true, ...(width === narrowWidth && { ticks: 3 }) },
        y: { domain: bars.map((_, k) => k), label: null, tickFormat: (k: number) => names[k], tickSize: 0 },
      },
      marks: [
        ...parts.map((_, part) =>
          plot.barX(
            pieces.filter((piece) => piece.part === part),
            {
              x1: 'from',
              x2: 'to',
              y: 'bar',
              fill: seriesStyle(part).colour,
              stroke: 'var(--paper)',
              strokeWidth: 0.5,
            },
          ),
        ),
        plot.ruleX([0], { stroke: 'var(--ink)' }),
        ...(limit === undefined ? [] : [plot.ruleX([limit], { stroke: 'var(--ink)', strokeDasharray: '4 3' })]),
        plot.ruleY(whiskers, { x1: 'low', x2: 'high', y: 'bar', stroke: 'var(--ink)', strokeWidth: 1.5 }),
        plot.tickX(marked, { x: 'value', y: 'bar', stroke: 'var(--ink)', strokeWidth: 2.5 }),
      ],
    };
  });
  return {
    text,
    ...pictures,
    legend: parts.map((name, k) => ({ name, style: seriesStyle(k), shape: 'area' })),
    table: {
      caption: `${text.title}: ${text.xLabel}`,
      columns: [text.yLabel, ...parts, ...(marks ? [marks.name] : []), ...(halfWidths ? ['±'] : [])],
      rows: bars.map(({ name, values }, k) => [
        name,
        ...values,
        ...(marks ? [marks.values[k] ?? null] : []),
        ...(halfWidths ? [halfWidths[k] ?? null] : []),
      ]),
      fileName: options.fileName,
    },
    readable: false,
  };
}
