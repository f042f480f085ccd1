import { formatQuantity } from '../../../lib/io/index.js';
import { barChart } from '../chart/bars.js';
import type { ChartLibrary } from '../chart/library.js';
import { lineChart } from '../chart/lines.js';
import { spanChart, type Span } from '../chart/spans.js';
import { figure, filled, table, type Part, type Report } from '../page.js';
import type { TrainingRounds } from './training-rounds.js';
import { counted, inUnit, unitFor } from './units.js';

/** A training: loss and accuracy over rounds and time, where the time went, who held it up. Devices by number where unnamed. */
export function trainingReport(
  library: ChartLibrary,
  title: string,
  training: TrainingRounds,
  names: readonly string[],
): Report {
  const nameOf = (device: number) => names[device] ?? `device ${device}`;
  return {
    title,
    answer: answerOf(training),
    sections: filled([
      { heading: 'Loss and accuracy', parts: learningParts(library, training) },
      { heading: 'Delay', parts: delayParts(library, training, nameOf) },
      { heading: 'Stages', parts: stageParts(library, training, nameOf) },
      { heading: 'Traffic', parts: trafficParts(library, training) },
      { heading: 'Faults', parts: faultParts(training) },
      { heading: 'Rounds', parts: [roundTable(training)] },
    ]),
  };
}

function answerOf({ rounds, evaluations }: TrainingRounds): string {
  const [first] = rounds;
  const last = rounds.at(-1);
  if (!first || !last) return 'No round was finished.';
  const seconds = rounds.reduce((sum, { roundSeconds }) => sum + roundSeconds, 0);
  const accuracy = evaluations.at(-1);
  const reached = accuracy
    ? `an accuracy of ${formatQuantity(accuracy.accuracy, 'fraction')}${accuracy.perplexity === undefined ? '' : ` and a perplexity of ${Number(accuracy.perplexity.toPrecision(4))}`} on ${accuracy.targets} held-out targets`
    : `a loss of ${Number(last.loss.toPrecision(4))}`;
  const mean = formatQuantity(seconds / rounds.length, 'time');
  const loss = `${Number(first.loss.toPrecision(4))}`;
  if (rounds.length === 1) return `1 round of ${mean} reaches ${reached}; its loss was ${loss}.`;
  return `${counted(rounds.length, 'round')} of ${mean} on average, ${formatQuantity(seconds, 'time')} together, reach ${reached}; the loss went from ${loss} to ${Number(last.loss.toPrecision(4))}.`;
}

/** When each round ended, s from the start of the first. */
function endsOf({ rounds }: TrainingRounds): ReadonlyMap<number, number> {
  let at = 0;
  return new Map(rounds.map(({ round, roundSeconds }) => [round, (at += roundSeconds)]));
}

function learningParts(library: ChartLibrary, training: TrainingRounds): Part[] {
  const { rounds, evaluations } = training;
  if (rounds.length === 0) return [];
  const loss = lineChart(
    library,
    [{ name: 'training loss', points: rounds.map((each) => [each.round + 1, each.loss] as const) }],
    { title: 'Loss after each round', description: 'Mean over devices and steps.', xLabel: 'round', yLabel: 'loss' },
    { fileName: 'loss.csv' },
  );
  if (evaluations.length === 0) return [figure(loss)];
  const ends = endsOf(training);
  const points = evaluations.flatMap(({ round, accuracy }) => {
    const end = ends.get(round);
    return end === undefined ? [] : [[end, accuracy] as const];
  });
  const against = lineChart(
    library,
    [{ name: 'accuracy', points }],
    {
      title: 'Accuracy against time',
      description: `On held-out examples, at most ${Number(Math.max(...evaluations.map(({ accuracy }) => accuracy)).toPrecision(4))}.`,
      xLabel: 'time of the rounds, s',
      yLabel: 'accuracy',
    },
    { including: [], marks: true, fileName: 'accuracy.csv' },
  );
  const perplexities = evaluations.flatMap(({ round, perplexity }) =>
    perplexity === undefined ? [] : [[round + 1, perplexity] as const],
  );
  if (perplexities.length === 0) return [figure(loss), figure(against)];
  const words = lineChart(
    library,
    [{ name: 'perplexity', points: perplexities }],
    {
      title: 'Perplexity after each round',
      description: `On held-out words, at least ${Number(Math.min(...perplexities.map(([, value]) => value)).toPrecision(4))}.`,
      xLabel: 'round',
      yLabel: 'perplexity',
    },
    { including: [], marks: true, fileName: 'perplexity.csv' },
  );
  return [figure(loss), figure(against), figure(words)];
}

function delayParts(
  library: ChartLibrary,
  { rounds, stepSeconds }: TrainingRounds,
  nameOf: (n: number) => string,
): Part[] {
  if (rounds.length === 0) return [];
  const unit = unitFor(
    'time',
    rounds.map(({ roundSeconds }) => roundSeconds),
  );
  const delay = lineChart(
    library,
    [{ name: 'round', points: rounds.map((each) => [each.round + 1, inUnit(each.roundSeconds, unit)] as const) }],
    {
      title: 'Delay of each round',
      description: 'On the clock of the run.',
      xLabel: 'round',
      yLabel: `delay, ${unit.name}`,
    },
    { fileName: 'delay.csv' },
  );
  const spans: Span[] = rounds.flatMap(({ round, adapterSeconds }) => {
    const own = [...(stepSeconds.get(round) ?? [])];
    const longest = own.reduce<readonly [number, number] | undefined>((best, [device, seconds]) => {
      const whole = seconds + (adapterSeconds[device] ?? 0);
      return best && best[1] >= whole ? best : [device, whole];
    }, undefined);
    return longest ? [{ row: nameOf(longest[0]), from: round + 1, to: round + 2 }] : [];
  });
  if (spans.length === 0) return [figure(delay)];
  const counts = new Map<string, number>();
  for (const { row } of spans) counts.set(row, (counts.get(row) ?? 0) + 1);
  const rows = [...counts]
    .sort(([, a], [, b]) => b - a)
    .map(([row]) => row)
    .slice(0, 20);
  const words = {
    title: 'Slowest device in each round',
    description: `By the time of its steps and adapters; most often ${rows[0]!}.`,
    xLabel: 'round',
    yLabel: 'device',
  };
  return [figure(delay), figure(spanChart(library, spans, rows, words, 'bottleneck.csv'))];
}

const stages = {
  deviceForward: 'forward',
  deviceEncode: 'encode',
  uplink: 'uplink',
  server: 'server',
  downlink: 'downlink',
  deviceDecode: 'decode',
  deviceBackward: 'backward',
  deviceUpdate: 'update',
} as const;

function stageParts(library: ChartLibrary, { devices }: TrainingRounds, nameOf: (n: number) => string): Part[] {
  const means = [...devices]
    .sort(([a], [b]) => a - b)
    .map(([device, { steps, seconds }]) => ({
      name: nameOf(device),
      values: (Object.keys(stages) as (keyof typeof stages)[]).map((stage) => (seconds[stage] ?? 0) / steps),
    }));
  if (means.length === 0) return [];
  const unit = unitFor(
    'time',
    means.map(({ values }) => values.reduce((a, b) => a + b, 0)),
  );
  const words = {
    title: 'Stages of a local step, mean of all steps',
    description: `${counted(means.length, 'device')}.`,
    xLabel: `a step, ${unit.name}`,
    yLabel: 'device',
  };
  const bars = means.map(({ name, values }) => ({ name, values: values.map((value) => inUnit(value, unit)) }));
  return [figure(barChart(library, bars, words, { parts: Object.values(stages), fileName: 'stages.csv' }))];
}

function trafficParts(library: ChartLibrary, { rounds }: TrainingRounds): Part[] {
  if (rounds.length === 0) return [];
  const unit = unitFor(
    'memory',
    rounds.flatMap(({ uplinkBytes, downlinkBytes }) => [uplinkBytes, downlinkBytes]),
  );
  const line = (name: string, pick: (round: (typeof rounds)[number]) => number) => ({
    name,
    points: rounds.map((each) => [each.round + 1, inUnit(pick(each), unit)] as const),
  });
  const series = [line('up', ({ uplinkBytes }) => uplinkBytes), line('down', ({ downlinkBytes }) => downlinkBytes)];
  const words = {
    title: 'Traffic of each round',
    description: 'All devices together, whole frames.',
    xLabel: 'round',
    yLabel: `traffic, ${unit.name}`,
  };
  return [figure(lineChart(library, series, words, { fileName: 'traffic.csv' }))];
}

function faultParts({ faults }: TrainingRounds): Part[] {
  if (faults.length === 0) return [];
  return [
    table({
      caption: 'Devices that were left behind, or came',
      columns: ['round', 'device', 'what', 'why'],
      rows: faults.map(({ round, name, kind, reason }) => [round + 1, name, kind, reason]),
      fileName: 'faults.csv',
    }),
  ];
}

function roundTable({ rounds, evaluations }: TrainingRounds): Part {
  const accuracy = new Map(evaluations.map((each) => [each.round, each.accuracy]));
  return table({
    caption: 'Every round',
    columns: ['round', 'loss', 'accuracy', 'delay, s', 'up, MB', 'down, MB', 'devices'],
    rows: rounds.map((each) => [
      each.round + 1,
      each.loss,
      accuracy.get(each.round) ?? null,
      each.roundSeconds,
      each.uplinkBytes / 1e6,
      each.downlinkBytes / 1e6,
      each.devices.length,
    ]),
    fileName: 'rounds.csv',
  });
}
