import { draw, narrowWidth, seriesStyle, type ChartText, type Figure } from './figure.js';
import type { ChartLibrary } from './library.js';

/** A group of points of one kind. */
export interface DotGroup {
  readonly name: string;
  readonly points: readonly { readonly x: number; readonly y: number; readonly name: string }[];
}

export interface DotOptions {
  /** Points are named in the picture. */
  readonly named?: boolean;
  /** A line in the same axes, such as a model; its name is in the legend. */
  readonly line?: { readonly name: string; readonly points: readonly (readonly [number, number])[] };
  readonly scale?: 'linear' | 'log';
  readonly fileName: string;
}

/** Shapes beside colours, for eyes that see few. */
const symbols = ['circle', 'square', 'triangle', 'diamond'] as const;

/** Points in a plane. */
export function dotChart(
  library: ChartLibrary,
  groups: readonly DotGroup[],
  text: ChartText,
  options: DotOptions,
): Figure {
  const { plot } = library;
  const { line, named = false, scale = 'linear' } = options;
  const pictures = draw(library, text, (width) => ({
    options: {
      height: width === narrowWidth ? 260 : 360,
      marginLeft: 56,
      marginRight: named ? 60 : 20,
      marginBottom: 40,
      x: { label: text.xLabel, nice: true, type: scale, ...(width === narrowWidth && { ticks: 4 }) },
      y: { label: text.yLabel, nice: true, type: scale, grid: true },
    },
    marks: [
      ...(line ? [plot.lineY(line.points, { x: '0', y: '1', stroke: 'var(--ink)', strokeDasharray: '5 3' })] : []),
      ...groups.map(({ points }, k) =>
        plot.dot(points, {
          x: 'x',
          y: 'y',
          stroke: seriesStyle(k).colour,
          strokeWidth: 2,
          symbol: symbols[k % symbols.length],
        }),
      ),
      ...(named
        ? groups.map(({ points }) =>
            plot.text(points, { x: 'x', y: 'y', text: 'name', dx: 8, textAnchor: 'start', fill: 'var(--ink)' }),
          )
        : []),
    ],
  }));
  return {
    text,
    ...pictures,
    legend: [
      ...groups.map(({ name }, k) => ({ name, style: seriesStyle(k), shape: symbols[k % symbols.length]! })),
      ...(line ? [{ name: line.name, style: { colour: 'var(--ink)', dashes: '5 3' }, shape: 'line' as const }] : []),
    ],
    table: {
      caption: `${text.title}: points`,
      columns: ['name', text.xLabel, text.yLabel, ...(groups.length > 1 ? ['group'] : [])],
      rows: groups.flatMap(({ name, points }) =>
        points.map((point) => [point.name, point.x, point.y, ...(groups.length > 1 ? [name] : [])]),
      ),
      fileName: options.fileName,
    },
    readable: false,
  };
}
