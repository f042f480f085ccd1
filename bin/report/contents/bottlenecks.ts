import type { ChartLibrary } from '../chart/library.js';
import { spanChart, type Span } from '../chart/spans.js';
import { figure, table, text, type Part } from '../page.js';
import type { SchemeRounds } from './scheme-rounds.js';

/** Rows of a picture: further devices are in the table alone. */
const mostDevices = 20;
/** Schemes with a picture of their own. */
const mostSchemes = 4;

/** Who held up the round, and when. */
export function bottleneckParts(library: ChartLibrary, schemes: readonly SchemeRounds[]): Part[] {
  const found = schemes.flatMap((scheme) => {
    const counts = countsOf(scheme);
    return counts.length === 0 ? [] : [{ scheme, counts }];
  });
  if (found.length === 0) return [];
  const charts = found.slice(0, mostSchemes).map(({ scheme, counts }) => chartOf(library, scheme, counts));
  const left = found.slice(mostSchemes).map(({ scheme }) => scheme.name);
  return [
    ...charts.map(figure),
    ...(left.length > 0 ? [text(`Without a picture, in the table alone: ${left.join(', ')}.`)] : []),
    table({
      caption: 'How often each device was the slowest',
      columns: ['scheme', 'device', 'rounds'],
      rows: found.flatMap(({ scheme, counts }) => counts.map(([device, rounds]) => [scheme.name, device, rounds])),
      fileName: 'bottlenecks.csv',
    }),
  ];
}

type Counts = readonly (readonly [device: string, rounds: number])[];

function countsOf({ rounds }: SchemeRounds): Counts {
  const counts = new Map<string, number>();
  for (const { bottleneck } of rounds)
    if (bottleneck !== null) counts.set(bottleneck, (counts.get(bottleneck) ?? 0) + 1);
  return [...counts].sort(([, a], [, b]) => b - a);
}

function chartOf(library: ChartLibrary, { name, rounds }: SchemeRounds, counts: Counts) {
  const devices = counts.slice(0, mostDevices).map(([device]) => device);
  const [[first, most]] = counts as readonly [readonly [string, number], ...Counts];
  const others = counts.length > devices.length ? `, the ${devices.length} most frequent of ${counts.length}` : '';
  const words = {
    title: `Slowest device in each round: ${name}${others}`,
    description: `Most often ${first}, in ${most} of ${rounds.length} rounds.`,
    xLabel: 'round',
    yLabel: 'device',
  };
  return spanChart(library, spansOf(rounds), devices, words, `bottleneck-${name}.csv`);
}

/** Rounds in a row with one bottleneck. */
function spansOf(rounds: SchemeRounds['rounds']): Span[] {
  const spans: { row: string; from: number; to: number }[] = [];
  for (const { round, bottleneck } of rounds) {
    const last = spans.at(-1);
    if (bottleneck === null) continue;
    if (last?.row === bottleneck && last.to === round) last.to = round + 1;
    else spans.push({ row: bottleneck, from: round, to: round + 1 });
  }
  return spans;
}
