import type { PlanFile } from '../../../lib/io/index.js';
import { barChart } from '../chart/bars.js';
import type { ChartLibrary } from '../chart/library.js';
import { lineChart } from '../chart/lines.js';
import { figure, table, text, type Part } from '../page.js';
import { inUnit, unitFor } from './units.js';

/** What more of each thing would be worth: the band’s price, changed problems solved again, delay against a limit. */
export function worthParts(library: ChartLibrary, plan: PlanFile): Part[] {
  return [...whatIfParts(library, plan), ...priceParts(plan), ...tradeOffParts(library, plan)];
}

function whatIfParts(library: ChartLibrary, { whatIf }: PlanFile): Part[] {
  if (whatIf.length === 0) return [];
  const known = whatIf.filter(({ delayChangeSeconds }) => delayChangeSeconds !== undefined);
  const rows = whatIf.map((each) => [
    each.change,
    each.totalSeconds ?? null,
    each.delayChangeSeconds ?? null,
    each.boundSeconds ?? null,
    each.note ?? '',
  ]);
  const all = table({
    caption: 'The problem solved again with one thing changed',
    columns: ['change', 'round, s', 'difference, s', 'no plan below, s', 'remark'],
    rows,
    fileName: 'what-if.csv',
  });
  if (known.length === 0) return [all];
  const unit = unitFor(
    'time',
    known.map(({ delayChangeSeconds }) => delayChangeSeconds),
  );
  const bars = known.map(({ change, delayChangeSeconds }) => ({
    name: change,
    values: [inUnit(delayChangeSeconds, unit)],
  }));
  const [best] = [...known].sort((a, b) => a.delayChangeSeconds! - b.delayChangeSeconds!);
  const words = {
    title: 'What each change is worth',
    description: `The most: ${best!.change}.`,
    xLabel: `change of the round, ${unit.name} (less is better)`,
    yLabel: 'change',
  };
  return [figure(barChart(library, bars, words, { parts: ['difference'], fileName: 'worth.csv' })), all];
}

function priceParts({ answer }: PlanFile): Part[] {
  const price = answer?.bandPrice;
  if (!price) return [];
  const isBlock = price.unit === 'block';
  const factor = isBlock ? 1 : 1e6;
  const shown = (value: number | undefined) => (value === undefined ? null : value * factor);
  return [
    text('At the splits, points and server shares of the plan, its bandwidths found anew:'),
    table({
      caption: 'What the band is worth at this plan',
      columns: ['side', isBlock ? 'change of the round, s a block' : 'change of the round, s a MHz'],
      rows: [
        ['a little more band', shown(price.more)],
        // Of a derivative, the side below is what a little less would cost, its sign turned.
        ['a little less band', shown(price.less === undefined || isBlock ? price.less : -price.less)],
      ],
      fileName: 'band-price.csv',
    }),
  ];
}

function tradeOffParts(library: ChartLibrary, { tradeOff }: PlanFile): Part[] {
  if (!tradeOff) return [];
  const { resource, points, note } = tradeOff;
  const isTraffic = resource === 'traffic';
  const scale = unitFor(
    isTraffic ? 'memory' : 'time',
    points.map(({ limit }) => (isTraffic ? limit / 8 : null)),
  );
  const limitOf = (limit: number) => (isTraffic ? limit / 8 / scale.size : limit);
  const sorted = [...points].sort((a, b) => a.limit - b.limit);
  const time = unitFor(
    'time',
    sorted.map(({ totalSeconds }) => totalSeconds),
  );
  const words = {
    title: `Delay against ${resource} of each device`,
    description: 'From the tightest limit to none.',
    xLabel: isTraffic
      ? `most a device may send and receive in a round, ${scale.name}`
      : 'most energy of a device in a round, J',
    yLabel: `round, ${time.name}`,
  };
  const line = (name: string, pick: (point: (typeof points)[number]) => number | undefined) => ({
    name,
    points: sorted.map((point) => [limitOf(point.limit), inUnit(pick(point), time)] as const),
  });
  const series = [
    line('best plan found', ({ totalSeconds }) => totalSeconds),
    line('no plan below', ({ boundSeconds }) => boundSeconds),
  ];
  const isCurve = series[0]!.points.filter(([, value]) => value !== null).length > 1;
  return [
    ...(isCurve ? [figure(lineChart(library, series, words, { marks: true, fileName: 'trade-off.csv' }))] : []),
    table({
      caption: `Delay against ${resource} of each device`,
      columns: [words.xLabel, 'status', 'round, s', 'no plan below, s'],
      rows: sorted.map((each) => [
        limitOf(each.limit),
        each.status,
        each.totalSeconds ?? null,
        each.boundSeconds ?? null,
      ]),
      fileName: 'trade-off-points.csv',
    }),
    ...(note === undefined ? [] : [text(note)]),
  ];
}
