import { formatQuantity } from '../../../lib/io/index.js';
import { roundCsv, summarise, type RoundRecord, type SchemeSummary } from '../../../lib/simulate/index.js';
import { barChart } from '../chart/bars.js';
import type { ChartLibrary } from '../chart/library.js';
import { lineChart, type Series } from '../chart/lines.js';
import { dotChart } from '../chart/dots.js';
import { figure, filled, table, text, type Part, type Report, type Section } from '../page.js';
import { bottleneckParts } from './bottlenecks.js';
import type { SchemeRounds } from './scheme-rounds.js';
import { deviceParts } from './device-rounds.js';
import { counted, inUnit, unitFor } from './units.js';

/** A simulation: the rounds of each scheme, charts, tables, and all rounds as CSV. */
export function simulationReport(library: ChartLibrary, title: string, records: readonly RoundRecord[]): Report {
  const named = namedApart(records);
  const summaries = summarise(named);
  const schemes = summaries.map((summary) => ({
    name: summary.scheme,
    rounds: named.filter(({ scheme }) => scheme === summary.scheme).sort((a, b) => a.round - b.round),
    summary,
  }));
  return {
    title,
    answer: answerOf(summaries),
    sections: filled([
      { heading: 'Schemes', parts: [summaryTable(summaries)] },
      { heading: 'Delay', parts: delayParts(library, schemes) },
      { heading: 'Bottlenecks', parts: bottleneckParts(library, schemes) },
      stageSection(library, schemes),
      { heading: 'Traffic, energy and memory', parts: useParts(library, schemes) },
      accuracySection(library, schemes),
      decisionSection(library, schemes),
      { heading: 'Devices', parts: deviceParts(schemes) },
      { heading: 'Rounds', parts: roundParts(records) },
    ]),
  };
}

/** Rounds of several seeds are told apart by the name: `joint, seed 2`. */
function namedApart(records: readonly RoundRecord[]): readonly RoundRecord[] {
  const seeds = new Set(records.map(({ seed }) => seed));
  return seeds.size <= 1 ? records : records.map((each) => ({ ...each, scheme: `${each.scheme}, seed ${each.seed}` }));
}

function answerOf(summaries: readonly SchemeSummary[]): string {
  const ran = summaries.filter(({ meanDelaySeconds }) => meanDelaySeconds !== null);
  const [best] = [...ran].sort((a, b) => a.meanDelaySeconds! - b.meanDelaySeconds!);
  if (!best) return 'No round took place within all limits.';
  const complete =
    best.run === best.rounds && best.incomplete === 0
      ? 'within all limits in every round'
      : `within all limits in ${best.run} of ${best.rounds} rounds${best.incomplete === 0 ? '' : ` (in ${best.incomplete} of all some device sat out)`}`;
  const regret =
    best.meanRegret === null
      ? ''
      : `; that is at most ${formatQuantity(best.meanRegret, 'fraction')} above what foresight of each round could reach (mean over the ${best.boundedRounds} rounds with a proven bound)`;
  const among = ran.length > 1 ? `Shortest mean round of ${ran.length} schemes: ` : '';
  return `${among}${best.scheme} takes ${formatQuantity(best.meanDelaySeconds!, 'time')} a round on average, ${complete}${regret}.`;
}

function summaryTable(summaries: readonly SchemeSummary[]): Part {
  return table({
    caption: 'Each scheme, means of a round that ran within all limits',
    columns: [
      'scheme',
      'rounds',
      'within limits',
      'broken',
      'with devices out',
      'mean delay, s',
      '95 % below, s',
      'traffic, MB',
      'energy, J',
      'accuracy',
      'time to accuracy, s',
      'decisions',
      'regret',
    ],
    rows: summaries.map((each) => [
      each.scheme,
      each.rounds,
      each.run,
      each.broken,
      each.incomplete,
      each.meanDelaySeconds,
      each.ninetyFifthDelaySeconds,
      each.meanTrafficBits === null ? null : each.meanTrafficBits / 8e6,
      each.meanEnergyJoule,
      each.meanAccuracy,
      each.secondsToAccuracy,
      each.decisions,
      each.meanRegret,
    ]),
    fileName: 'schemes.csv',
  });
}

const seriesOf = (schemes: readonly SchemeRounds[], pick: (record: RoundRecord) => number | null): readonly Series[] =>
  schemes.map(({ name, rounds }) => ({ name, points: rounds.map((record) => [record.round, pick(record)] as const) }));

function delayParts(library: ChartLibrary, schemes: readonly SchemeRounds[]): Part[] {
  const unit = unitFor(
    'time',
    everyRound(schemes, ({ delaySeconds }) => delaySeconds),
  );
  const series = seriesOf(schemes, ({ delaySeconds }) => inUnit(delaySeconds, unit));
  if (!hasPoints(series)) return [];
  const means = schemes.map(
    ({ name, summary: { meanDelaySeconds: mean } }) =>
      `${name}: ${mean === null ? 'no round within all limits' : `${formatQuantity(mean, 'time')} on average`}`,
  );
  const inTime = lineChart(
    library,
    series,
    {
      title: 'Delay of each round',
      description: `${means.join('; ')}.`,
      xLabel: 'round',
      yLabel: `delay, ${unit.name}`,
    },
    { fileName: 'delay.csv' },
  );
  const distribution = lineChart(
    library,
    series.map(({ name, points }) => {
      const delays = points.flatMap(([, delay]) => delay ?? []).sort((a, b) => a - b);
      return { name, points: delays.map((delay, k) => [delay, (k + 1) / delays.length] as const) };
    }),
    {
      title: 'Distribution of the delay',
      description: 'Part of the rounds that took no longer.',
      xLabel: `delay, ${unit.name}`,
      yLabel: 'part of the rounds',
    },
    { fileName: 'delay-distribution.csv' },
  );
  return [figure(inTime), figure(distribution)];
}

const stageNames = ['forward', 'encode', 'uplink', 'server', 'downlink', 'decode', 'backward'] as const;

/** Where the slowest device spends a step, on average. */
function stageSection(library: ChartLibrary, schemes: readonly SchemeRounds[]): Section | undefined {
  const means = schemes.flatMap(({ name, rounds }) => {
    const stages = rounds.flatMap(({ stages: own }) => own ?? []);
    if (stages.length === 0) return [];
    const mean = (stage: keyof (typeof stages)[number]) =>
      stages.reduce((sum, each) => sum + each[stage], 0) / stages.length;
    return [
      {
        name,
        values: stageNames.map(mean),
        adapters: mean('adapterUplink') + mean('adapterDownlink') + mean('adapterCodec'),
      },
    ];
  });
  if (means.length === 0) return undefined;
  const unit = unitFor(
    'time',
    means.map(({ values }) => values.reduce((a, b) => a + b)),
  );
  const chart = barChart(
    library,
    means.map(({ name, values }) => ({ name, values: values.map((value) => inUnit(value, unit)) })),
    {
      title: 'Stages of a local step of the slowest device, mean of all rounds',
      description: means.map(({ name, values }) => `${name}: mostly ${longest(values)}`).join('; '),
      xLabel: `a step, ${unit.name}`,
      yLabel: 'scheme',
    },
    { parts: stageNames, fileName: 'stages.csv' },
  );
  const adapters = means.map(({ name, adapters: each }) => `${name} ${formatQuantity(each, 'time')}`).join(', ');
  return { heading: 'Stages', parts: [figure(chart), text(`Once a round, adapters up, down and coded: ${adapters}.`)] };
}

function longest(values: readonly number[]): string {
  return stageNames[values.indexOf(Math.max(...values))]!;
}

function useParts(library: ChartLibrary, schemes: readonly SchemeRounds[]): Part[] {
  const bits = ({ uplinkBits, downlinkBits }: RoundRecord) => (uplinkBits + downlinkBits) / 8;
  const unit = unitFor('memory', everyRound(schemes, bits));
  const charts = [
    lineChart(
      library,
      seriesOf(schemes, (record) => inUnit(bits(record), unit)),
      {
        title: 'Traffic of each round',
        description: 'All devices together, both directions.',
        xLabel: 'round',
        yLabel: `traffic, ${unit.name}`,
      },
      { fileName: 'traffic.csv' },
    ),
    lineChart(
      library,
      seriesOf(schemes, ({ energyJoule }) => energyJoule),
      { title: 'Energy of each round', description: 'All devices together.', xLabel: 'round', yLabel: 'energy, J' },
      { fileName: 'energy.csv' },
    ),
  ];
  const memory = seriesOf(schemes, ({ memoryUse }) => memoryUse);
  if (hasPoints(memory)) {
    charts.push(
      lineChart(
        library,
        memory,
        {
          title: 'Memory of the fullest device',
          description: 'Part of its limit, which is at 1.',
          xLabel: 'round',
          yLabel: 'part of the limit',
        },
        { including: [0, 1], fileName: 'memory.csv' },
      ),
    );
  }
  return [...charts.map(figure), ...violationTable(schemes)];
}

/** Limits that were broken, and how often. */
function violationTable(schemes: readonly SchemeRounds[]): Part[] {
  const counts = new Map<string, { scheme: string; limit: string; device: string; rounds: number }>();
  for (const { name, rounds } of schemes) {
    for (const { violations } of rounds) {
      for (const { limit, device = '' } of violations) {
        const key = JSON.stringify([name, limit, device]);
        const known = counts.get(key);
        if (known) known.rounds++;
        else counts.set(key, { scheme: name, limit, device, rounds: 1 });
      }
    }
  }
  const rows = [...counts.values()].sort((a, b) => b.rounds - a.rounds).slice(0, mostViolations);
  if (rows.length === 0) return [text('No limit was broken in any round.')];
  const some = rows.length < counts.size ? ` (the ${rows.length} most frequent of ${counts.size})` : '';
  return [
    table({
      caption: `Limits that were broken${some}`,
      columns: ['scheme', 'limit', 'device', 'rounds'],
      rows: rows.map(({ scheme, limit, device, rounds }) => [scheme, limit, device, rounds]),
      fileName: 'violations.csv',
    }),
  ];
}

const mostViolations = 50;

function accuracySection(library: ChartLibrary, schemes: readonly SchemeRounds[]): Section | undefined {
  const series = seriesOf(schemes, ({ accuracy }) => accuracy);
  if (!hasPoints(series)) return undefined;
  const unit = unitFor(
    'time',
    schemes.map(({ summary }) => summary.meanDelaySeconds),
  );
  const groups = schemes.flatMap(({ name, summary: { meanDelaySeconds: delay, meanAccuracy: accuracy } }) =>
    delay === null || accuracy === null ? [] : [{ name, points: [{ name, x: delay / unit.size, y: accuracy }] }],
  );
  const parts = [
    figure(
      lineChart(
        library,
        series,
        {
          title: 'Accuracy in each round',
          description: 'That the accuracy model gives for the plan in force.',
          xLabel: 'round',
          yLabel: 'accuracy',
        },
        { including: [], fileName: 'accuracy.csv' },
      ),
    ),
  ];
  if (groups.length > 0) {
    const words = {
      title: 'Accuracy against the mean round',
      description: 'A point for each scheme: further left is faster, higher is more accurate.',
      xLabel: `mean delay, ${unit.name}`,
      yLabel: 'accuracy',
    };
    parts.push(figure(dotChart(library, groups, words, { fileName: 'accuracy-delay.csv' })));
  }
  return { heading: 'Accuracy', parts };
}

/** How far from foresight, and why the large time scale decided. */
function decisionSection(library: ChartLibrary, schemes: readonly SchemeRounds[]): Section | undefined {
  const regret = schemes.map(({ name, rounds }) => ({
    name,
    points: rounds.flatMap((record) => (record.regret === null ? [] : [[record.round, record.regret] as const])),
  }));
  const reasons = schemes.flatMap(({ name, rounds }) => {
    const counts = new Map<string, number>();
    for (const { replanned } of rounds) if (replanned) counts.set(replanned, (counts.get(replanned) ?? 0) + 1);
    return [...counts].sort(([, a], [, b]) => b - a).map(([reason, count]) => [name, reason, count] as const);
  });
  const parts: Part[] = [];
  if (hasPoints(regret)) {
    const words = {
      title: 'Regret',
      description: 'Delay over a proven lower bound of the round, less one, in the rounds that have a bound.',
      xLabel: 'round',
      yLabel: 'delay over bound, less 1',
    };
    parts.push(figure(lineChart(library, regret, words, { marks: true, fileName: 'regret.csv' })));
  }
  if (reasons.length > 0) {
    const columns = ['scheme', 'why', 'decisions'];
    parts.push(
      table({ caption: 'Why the large time scale decided', columns, rows: reasons, fileName: 'decisions.csv' }),
    );
  }
  return { heading: 'Decisions', parts };
}

function roundParts(records: readonly RoundRecord[]): Part[] {
  const what = `All rounds of all schemes, ${counted(records.length, 'row')}; units are in the names of the columns`;
  return [{ kind: 'data', what, fileName: 'rounds.csv', csv: [...roundCsv(records)].join('') }];
}

function hasPoints(series: readonly Series[]): boolean {
  return series.some(({ points }) => points.some(([, y]) => y !== null));
}

function* everyRound(schemes: readonly SchemeRounds[], pick: (record: RoundRecord) => number | null) {
  for (const { rounds } of schemes) for (const record of rounds) yield pick(record);
}
