/**
 * Which works tell how fast the machine is: trainings of both memory modes, and around each round the works that a calibration
 * measures, the two on memory that it does not (a copy, and the sum of two tensors into a new one), and middles in place of the
 * least of ten. A work is of use if it stays where the stages stay; deviations are of the logarithm, over all rounds but the first
 * of each training.
 *
 *   npx tsx bench/harness/references.ts [model] [clock]    embedded (default) or deit-tiny; wall (default) or cpu
 */
import { readFileSync } from 'node:fs';
import { cpus, loadavg } from 'node:os';
import { columns } from '../../bin/render/columns.js';
import { loadBackend } from '../../harness/backend/tensorflow.js';
import { ReferenceTimer, slowdown, timingWorkload, type References } from '../../harness/calibrate/index.js';
import { setStageClock, timed, type StageClock } from '../../harness/protocol/index.js';
import { trainInProcess } from '../../harness/run.js';
import type { StepRecord } from '../../harness/server/index.js';
import { defaultAdamW } from '../../harness/training/index.js';
import { median } from '../../lib/statistics/index.js';

process.env['TF_NUM_INTRAOP_THREADS'] = '1';
process.env['TF_NUM_INTEROP_THREADS'] = '1';
const [model = 'embedded', clock = 'wall'] = process.argv.slice(2) as [('embedded' | 'deit-tiny')?, StageClock?];
setStageClock(clock);
const { tf } = await loadBackend();
const workload = await timingWorkload({ model });
const timer = new ReferenceTimer(tf);
const [tensor, left, right] = [tf.fill([512, 1024], 1), tf.fill([512, 192], 0.01), tf.fill([192, 768], 0.01)];

const [from, to] = [new Float32Array(1 << 19).fill(1), new Float32Array(1 << 19)];

/** Least and middle of ten. */
function repeated(work: () => void): { readonly least: number; readonly middle: number } {
  const all = Array.from({ length: 10 }, () => timed(work)[1]);
  return { least: Math.min(...all), middle: median(all) };
}
const others = {
  sum: () => tf.tidy(() => void tensor.add(tensor)),
  copy: () => to.set(from),
  matrix: () => tf.tidy(() => void left.matMul(right).dataSync()),
} as const;

interface Round {
  readonly training: string;
  readonly stages: Readonly<Record<string, number>>;
  readonly works: References;
  readonly others: Readonly<Record<keyof typeof others, ReturnType<typeof repeated>>>;
  /** Seconds that passed for each of the process and of the thread on a processor. */
  readonly stretch: { readonly process: number; readonly thread: number };
}

const threadSeconds = () => Number(readFileSync('/proc/thread-self/schedstat', 'utf8').split(' ')[0]) / 1e9;
const found: Round[] = [];

async function train(memoryMode: 'keep' | 'recompute', devices: number, cut: number): Promise<void> {
  const training = `${memoryMode}, ${devices} × cut ${cut}`;
  let steps: StepRecord[] = [];
  const begin = () => ({ thread: threadSeconds(), process: process.cpuUsage(), at: performance.now() });
  let since = begin();
  const codec = { keptFraction: 0.1, bits: 4 };
  const batchSize = model === 'embedded' ? 16 : 4;
  await trainInProcess(tf, {
    ...workload,
    adapterSettings: workload.settings,
    memoryMode,
    devices: Array.from({ length: devices }, () => ({ cut, batchSize, uplinkCodec: codec, downlinkCodec: codec })),
    rounds: 8,
    localSteps: 4,
    optimizer: defaultAdamW,
    split: { kind: 'iid' },
    seed: 1,
    record: (record) => {
      if (record.kind === 'step') steps.push(record);
    },
    onRound: () => {
      const passed = (performance.now() - since.at) / 1000;
      const { user, system } = process.cpuUsage(since.process);
      const stretch = { process: (1e6 * passed) / (user + system), thread: passed / (threadSeconds() - since.thread) };
      const middle = (pick: (record: StepRecord) => number) => median(steps.map(pick));
      const stages = {
        forward: middle(({ seconds }) => seconds.deviceForward),
        backward: middle(({ seconds }) => seconds.deviceBackward + seconds.deviceUpdate),
        server: middle(({ measuredServerSeconds: own }) => own.compute + own.update),
        encode: middle(({ seconds }) => seconds.deviceEncode),
      };
      const [sum, copy, matrix] = [repeated(others.sum), repeated(others.copy), repeated(others.matrix)];
      found.push({ training, stages, works: timer.measure(), others: { sum, copy, matrix }, stretch });
      steps = [];
      since = begin();
    },
  });
}

const middleCut = workload.config.blocks / 2;
for (let pass = 0; pass < 2; pass++) {
  for (const mode of ['keep', 'recompute'] as const) {
    await train(mode, 2, middleCut);
    await train(mode, 1, Math.round(0.67 * workload.config.blocks));
  }
}

const deviation = (values: readonly number[]) => {
  const logs = values.map(Math.log);
  const mean = logs.reduce((sum, each) => sum + each, 0) / logs.length;
  return Math.sqrt(logs.reduce((sum, each) => sum + (each - mean) ** 2, 0) / logs.length);
};
const percent = (value: number) => `${(100 * value).toFixed(1)} %`;
const trainings = [...new Set(found.map(({ training }) => training))];
const then = found[0]!.works;
const measures: Readonly<Record<string, (round: Round) => number>> = {
  ...Object.fromEntries(Object.keys(found[0]!.stages).map((stage) => [stage, (round: Round) => round.stages[stage]!])),
  matrix: ({ works }) => works.matrix,
  codec: ({ works }) => works.codec,
  slowdown: ({ works }) => slowdown(works, then),
  'matrix, the middle': (round) => round.others.matrix.middle,
  'copy of 2 MiB': (round) => round.others.copy.least,
  'copy, the middle': (round) => round.others.copy.middle,
  'sum into a new tensor': (round) => round.others.sum.least,
  'sum, the middle': (round) => round.others.sum.middle,
  'stretch of the thread': ({ stretch }) => stretch.thread,
  'stretch of the process': ({ stretch }) => stretch.process,
};
// Two trainings of each kind: the first rounds of both are theirs alone.
const later = (training: string) => found.filter((round) => round.training === training).filter((_, k) => k % 8 > 0);
const rows = Object.entries(measures).map(([name, pick]) => [
  name,
  ...trainings.map((training) => percent(deviation(later(training).map(pick)))),
  percent(deviation(trainings.map((training) => median(later(training).map(pick))))),
]);
console.log(
  [
    `${new Date().toISOString().slice(0, 10)}, ${cpus()[0]!.model.trim()} × ${cpus().length}, Node ${process.version}, load ${loadavg()[0]!.toFixed(1)}; ${workload.name}, ${clock} clock`,
    'Deviation from round to round within a kind of training, and of the kinds’ medians (of works and slowdowns: none is wanted).',
    columns([['', ...trainings, 'between'], ...rows], [1, 2, 3, 4, 5]),
  ].join('\n'),
);
timer.dispose();
