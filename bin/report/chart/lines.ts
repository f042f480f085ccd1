import type { Table } from '../table.js';
import { draw, narrowWidth, seriesStyle, type ChartText, type Figure } from './figure.js';
import type { ChartLibrary } from './library.js';
import { everyNth, thinned, type LinePoint } from './thin.js';
import { wholeTicks } from './ticks.js';

/** One line of a chart: points in order of x, gaps where the value is null. */
export interface Series {
  readonly name: string;
  readonly points: readonly LinePoint[];
  /** Half the height of the band around each point, such as that of a confidence interval. */
  readonly halfWidths?: readonly (number | null)[];
  /** Which colour and dashes, where it is not the place among the lines: one thing looks alike in all charts. */
  readonly place?: number;
}

export interface LineOptions {
  /** Values that the axis of y shows in any case. */
  readonly including?: readonly number[];
  readonly xScale?: 'linear' | 'log';
  readonly yScale?: 'linear' | 'log';
  /** Points are marked: they are values of their own, not moments of something that goes on. */
  readonly marks?: boolean;
  readonly fileName: string;
}

/** Rows of the table under a chart; more are thinned out, and said so. */
const mostRows = 200;

/** Lines over a common axis. */
export function lineChart(
  library: ChartLibrary,
  series: readonly Series[],
  text: ChartText,
  options: LineOptions,
): Figure {
  const { plot } = library;
  const styles = series.map(({ place }, k) => seriesStyle(place ?? k));
  const { including = [0], xScale = 'linear', yScale = 'linear', marks = false } = options;
  const known = (points: readonly LinePoint[]) =>
    points.filter(([x, y]) => (xScale === 'linear' || x > 0) && (y === null || yScale === 'linear' || y > 0));
  const pictures = draw(library, text, (width) => ({
    options: {
      height: width === narrowWidth ? 240 : 320,
      marginLeft: 56,
      marginBottom: 40,
      x: {
        label: text.xLabel,
        type: xScale,
        ...(width === narrowWidth && { ticks: 4 }),
        ...(xScale === 'linear' && wholeTicks(abscissas(series), width)),
      },
      y: {
        label: text.yLabel,
        type: yScale,
        grid: true,
        ...(yScale === 'linear' ? { nice: true } : { tickFormat: power, ticks: 6 }),
        zero: false,
      },
    },
    marks: [
      ...(yScale === 'linear' && including.length > 0 ? [plot.ruleY(including, { stroke: 'var(--rule)' })] : []),
      ...series.flatMap(({ points, halfWidths }, k) => bandOf(plot, points, halfWidths, styles[k]!.colour)),
      ...series.map(({ points }, k) => {
        const { colour, dashes } = styles[k]!;
        const drawn = thinned(known(points), width);
        const style = { x: '0', y: '1', stroke: colour, strokeWidth: 2, ...(dashes && { strokeDasharray: dashes }) };
        return plot.lineY(drawn, style);
      }),
      // Plot's own markers have names that count up from chart to chart.
      ...(marks ? series : []).map(({ points }, k) => {
        const drawn = thinned(known(points), width).filter(([, y]) => y !== null);
        return plot.dot(drawn, { x: '0', y: '1', r: 3, fill: styles[k]!.colour });
      }),
    ],
  }));
  return {
    text,
    ...pictures,
    legend: series.map(({ name }, k) => ({ name, style: styles[k]!, shape: 'line' })),
    table: lineTable(series, text, options.fileName),
    readable: xScale === 'linear',
  };
}

function* abscissas(series: readonly Series[]): Generator<number> {
  for (const { points } of series) for (const [x] of points) yield x;
}

function bandOf(
  plot: ChartLibrary['plot'],
  points: readonly LinePoint[],
  halfWidths: Series['halfWidths'],
  fill: string,
) {
  if (!halfWidths) return [];
  const band = points.map(([x, y], k) => {
    const half = halfWidths[k] ?? null;
    return y === null || half === null ? { x, low: NaN, high: NaN } : { x, low: y - half, high: y + half };
  });
  const bars = { x: 'x', y1: 'low', y2: 'high', stroke: fill };
  return [plot.areaY(band, { x: 'x', y1: 'low', y2: 'high', fill, fillOpacity: 0.15 }), plot.ruleX(band, bars)];
}

/** A power of ten as scientists write it. */
function power(value: number): string {
  return value.toExponential(0).replace('+', '');
}

/** The lines side by side, a row for each x. */
function lineTable(series: readonly Series[], { title, xLabel, yLabel }: ChartText, fileName: string): Table {
  const byX = new Map<number, (number | null)[]>();
  const width = series.reduce((sum, { halfWidths }) => sum + (halfWidths ? 2 : 1), 0);
  let column = 0;
  for (const { points, halfWidths } of series) {
    points.forEach(([x, y], k) => {
      let row = byX.get(x);
      if (!row) byX.set(x, (row = new Array<number | null>(width).fill(null)));
      row[column] = y;
      if (halfWidths) row[column + 1] = halfWidths[k] ?? null;
    });
    column += halfWidths ? 2 : 1;
  }
  const all = [...byX].sort(([a], [b]) => a - b);
  const rows = everyNth(all, mostRows);
  const some = rows.length < all.length ? ` (${rows.length} of ${all.length}, evenly)` : '';
  return {
    caption: `${title}: ${yLabel}${some}`,
    columns: [xLabel, ...series.flatMap(({ name, halfWidths }) => (halfWidths ? [name, `${name}, ±`] : [name]))],
    rows: rows.map(([x, values]) => [x, ...values]),
    fileName,
  };
}
