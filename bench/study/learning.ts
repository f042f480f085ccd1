import { chartLibrary } from '../../bin/report/chart/library.js';
import { lineChart } from '../../bin/report/chart/lines.js';
import { svgFile } from '../../bin/report/svg-file.js';
import { columns } from '../../bin/render/columns.js';
import { loadBackend, type LoadedBackend } from '../../harness/backend/tensorflow.js';
import { setStageClock } from '../../harness/protocol/index.js';
import { trainInProcess } from '../../harness/run.js';
import {
  evaluateScenario,
  loadWorkload,
  readScenario,
  resolveScenario,
  trainingOptions,
} from '../../harness/scenario/index.js';
import type { EvaluationRecord, RoundRecord, RunRecord } from '../../harness/server/index.js';
import { formatIssue } from '../../lib/io/index.js';
import { studentInterval } from '../../lib/simulate/index.js';
import { resumable } from '../support/resumable.js';

const seeds = [1, 2, 3];
const [deviceCount, rounds, stepsPerRound] = [4, 16, 5];

/** How a training is done; all of the same devices, data and number of steps. */
interface Way {
  readonly name: string;
  /** Blocks on the devices. */
  readonly cut: number;
  /** Devices one after another hand the model on, in place of an average of what each did. */
  readonly isInTurn?: boolean;
  readonly isCoded: boolean;
}

const codec = 'codec: { up: { keptFraction: 70 %, bits: 4 }, down: { keptFraction: 15 %, bits: 4 } }';
const exchange = 'exchange: { keptFraction: 20 %, bits: 4 }';

const ways: readonly Way[] = [
  { name: 'split federated', cut: 2, isCoded: false },
  { name: 'split federated, coded', cut: 2, isCoded: true },
  { name: 'vanilla split', cut: 2, isInTurn: true, isCoded: false },
  { name: 'vanilla split, coded', cut: 2, isInTurn: true, isCoded: true },
  { name: 'federated LoRA', cut: 6, isCoded: false },
  { name: 'federated LoRA, coded', cut: 6, isCoded: true },
];

/**
 * Devices in turn are trained as one device that does the steps of all: with alike devices and data dealt alike that is the same.
 * The model is then handed on once for each device, which `curveOf` counts; the one that trains has the whole band.
 */
function scenarioOf({ cut, isInTurn = false, isCoded }: Way, seed: number): string {
  const count = isInTurn ? 1 : deviceCount;
  return `version: 1
seed: ${seed}
data: { set: procedural, images: 1600, evaluationImages: 600, split: iid }
model: embedded
lora: { rank: 8, alpha: 16, targets: [query, value] }
training:
  { rounds: ${rounds}, stepsPerRound: ${(stepsPerRound * deviceCount) / count}, batchSize: 16, learningRate: 3e-3, schedule: { cosine: { warmUpSteps: 5 } } }
evaluation: { everyRounds: 2 }
${isCoded && cut < 6 ? codec : ''}
${isCoded ? exchange : ''}
server: { sharing: allocated }
devices:
  - name: phone
    count: ${count}
    cut: ${cut}
    speedFactor: 4
    link: { bandwidth: ${8 / count} MHz, uplinkSnr: 12 dB, downlinkSnr: 18 dB, latency: 10 ms }
    serverShare: ${100 / count} %
`;
}

/** A training's accuracy after rounds, with what had been sent and how long it had taken by then. */
interface Moment {
  readonly round: number;
  readonly bytes: number;
  readonly seconds: number;
  readonly accuracy: number;
}

/** Stages are timed by processor time, so that other work does not count. */
async function recordsOf(backend: LoadedBackend, way: Way, seed: number): Promise<RunRecord[]> {
  const { tf } = backend;
  const read = readScenario(scenarioOf(way, seed));
  if (!read.ok) throw new Error(read.issues.map((issue) => formatIssue(issue, way.name)).join('\n'));
  const scenario = await resolveScenario(read.file, '.');
  const workload = await loadWorkload(scenario, backend);
  const records: RunRecord[] = [];
  await trainInProcess(tf, {
    ...trainingOptions(scenario, workload),
    record: (record) => records.push(record),
    onRound: async ({ round }, adapters) => {
      if ((round + 1) % scenario.file.evaluation.everyRounds !== 0) return;
      const found = await evaluateScenario(tf, scenario, workload, adapters);
      records.push({ kind: 'evaluation', round, ...found! });
    },
  });
  console.error(`${way.name}, seed ${seed}`);
  return records;
}

function curveOf(way: Way, records: readonly RunRecord[]): Moment[] {
  const evaluations = records.filter((record): record is EvaluationRecord => record.kind === 'evaluation');
  const handedOn = way.isInTurn ? deviceCount - 1 : 0;
  const costs = records
    .filter((record): record is RoundRecord => record.kind === 'round')
    .map(({ round, roundSeconds, adapterSeconds, uplinkBytes, downlinkBytes }) => {
      const sent = uplinkBytes + downlinkBytes;
      const steps = records.filter((record) => record.kind === 'step' && record.round === round);
      const ofSteps = steps.reduce(
        (sum, step) => sum + (step.kind === 'step' ? step.uplinkBytes + step.downlinkBytes : 0),
        0,
      );
      return {
        bytes: sent + handedOn * (sent - ofSteps),
        seconds: roundSeconds + handedOn * Math.max(...adapterSeconds),
      };
    });
  return evaluations.map(({ round, accuracy }) => ({
    round: round + 1,
    bytes: costs.slice(0, round + 1).reduce((sum, each) => sum + each.bytes, 0),
    seconds: costs.slice(0, round + 1).reduce((sum, each) => sum + each.seconds, 0),
    accuracy,
  }));
}

const axes = [
  { key: 'round', file: 'rounds', label: 'rounds', xScale: 'linear' },
  { key: 'bytes', file: 'traffic', label: 'sent so far, MB', xScale: 'log' },
  { key: 'seconds', file: 'time', label: 'time so far, s', xScale: 'log' },
] as const;

/** Accuracy against rounds, traffic and time of trainings that ran: a table, and the charts as SVG by name. */
export async function describeLearning() {
  process.env['TF_NUM_INTRAOP_THREADS'] ??= '1';
  process.env['TF_NUM_INTEROP_THREADS'] ??= '1';
  const backend = await loadBackend('auto');
  setStageClock('cpu');
  const known = resumable<Moment[]>('study-learning');
  const curves: { way: Way; bySeed: Moment[][] }[] = ways.map((way) => ({ way, bySeed: [] }));
  for (const seed of seeds) {
    for (const { way, bySeed } of curves) {
      const curve = await known({ way, seed, text: scenarioOf(way, seed) }, async () =>
        curveOf(way, await recordsOf(backend, way, seed)),
      );
      bySeed.push(curve);
    }
  }
  const meansOf = (bySeed: readonly Moment[][]) =>
    bySeed[0]!.map(({ round }, k) => {
      const mean = (pick: (moment: Moment) => number) =>
        bySeed.reduce((sum, curve) => sum + pick(curve[k]!), 0) / bySeed.length;
      const accuracy = studentInterval(
        bySeed.map((curve) => curve[k]!.accuracy),
        0.95,
      )!;
      return { round, bytes: mean(({ bytes }) => bytes) / 1e6, seconds: mean(({ seconds }) => seconds), accuracy };
    });
  const means = curves.map(({ way, bySeed }) => ({ name: way.name, points: meansOf(bySeed) }));
  const percent = (share: number) => `${(100 * share).toFixed(1)} %`;
  const goal = Math.min(...means.map(({ points }) => Math.max(...points.map(({ accuracy }) => accuracy.mean))));
  const text = [
    `${deviceCount} alike devices, ${rounds} rounds of ${stepsPerRound} steps each, seeds ${seeds.join(', ')}; ± half of Student's 95 % interval`,
    `first reached: the first evaluation with at least ${percent(goal)}, which all reach`,
    '',
    columns([
      ['way', 'accuracy at the end', 'first reached: round', 'sent, MB', 'time, s'],
      ...means.map(({ name, points }) => {
        const end = points.at(-1)!.accuracy;
        const first = points.find(({ accuracy }) => accuracy.mean >= goal)!;
        const reached = `${percent(end.mean)} ± ${percent(end.halfWidth!)}`;
        return [name, reached, String(first.round), first.bytes.toPrecision(3), first.seconds.toPrecision(3)];
      }),
    ]),
  ].join('\n');
  const library = await chartLibrary();
  const charts = axes.map(({ key, file, label, xScale }) => {
    const series = means.map(({ name, points }) => ({
      name,
      points: points.map((point) => [point[key], 100 * point.accuracy.mean] as const),
    }));
    const title = `Accuracy against ${file}`;
    const description = `${ways.length} ways to fine-tune over ${deviceCount} devices, means of ${seeds.length} trainings`;
    const chart = lineChart(
      library,
      series,
      { title, description, xLabel: label, yLabel: 'accuracy, %' },
      { including: [], xScale, marks: true, fileName: file },
    );
    return { file: `learning-${file}.svg`, svg: svgFile(chart) };
  });
  return { text, charts, figures: { goal, means } };
}
