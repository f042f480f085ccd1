/**
 * The headline in one experiment: five unlike devices, plans made by the optimiser from the machine's own profile and the measured
 * accuracy curve, trained for real against what others do. Delay (on the event clock, by processor time), all traffic (adapters
 * included) and accuracy are measured in the same runs, paired by seed. On the embedded task, or with `deit` before all else on
 * DeiT-Tiny at 128 px with classes that neither weights nor curve have seen.
 *
 *   npx tsx bench/harness/headline.ts [deit] calibrate          the machine's profile, by processor time
 *   npx tsx bench/harness/headline.ts [deit] plans              what the planner says of each scheme
 *   npx tsx bench/harness/headline.ts [deit] <scheme>/<seed>…   runs pieces (no name: lists them; `all`: those not yet done, seed by seed)
 *   npx tsx bench/harness/headline.ts [deit] report             bench/results/headline.txt and .json, or headline-deit
 *
 * A piece that is done is not run again; each is a file in bench/results/headline/ or headline/deit/.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus, loadavg } from 'node:os';
import { fileURLToPath } from 'node:url';
import { columns } from '../../bin/render/columns.js';
import { loadBackend, type LoadedBackend } from '../../harness/backend/tensorflow.js';
import { ReferenceTimer, RoundTimer, slowdown } from '../../harness/calibrate/index.js';
import { setStageClock, type StepCodec } from '../../harness/protocol/index.js';
import type { Workload } from '../../harness/study/index.js';
import { replayedSeconds } from '../../harness/validate/measure.js';
import { readMeasuredProfile } from '../../lib/io/index.js';
import { roundDelay } from '../../lib/models/index.js';
import { studentInterval } from '../../lib/simulate/paired.js';
import { median } from '../../lib/statistics/index.js';
import { accuracyOfPlan } from '../study/trained-plan.js';
import { NoPlanError, plannedBytes, schemes, trainedDevices, type Chosen } from './headline/schemes.js';
import { profileOf, readProfile, tasks } from './headline/tasks.js';

const isDeit = process.argv[2] === 'deit';
const task = isDeit ? tasks.deit : tasks.embedded;
const [what, ...more] = process.argv.slice(isDeit ? 3 : 2);
const seeds = [1, 2, 3, 4, 5];

/** A training of one scheme with one seed. */
interface Piece {
  readonly scheme: string;
  readonly seed: number;
  readonly created: string;
  readonly machine: string;
  readonly load: number;
  readonly cuts: readonly number[];
  readonly codecs: readonly string[];
  /** Of a round, as the planner says it; absent where the profile does not reach. */
  readonly predictedSeconds: number;
  readonly predictedBytes: number;
  /** Median round on the event clock; the same at the speed of the profile. */
  readonly measuredSeconds: number;
  readonly normalisedSeconds: number;
  /** Mean round, the first with its whole adapters included; and a later round. */
  readonly measuredBytes: number;
  readonly laterBytes: number;
  readonly accuracy: number;
}

/** What a scheme chooses; says so and is undefined where no plan keeps its limits. */
function choose(scheme: string): Chosen | undefined {
  try {
    return schemes[scheme]!(task);
  } catch (error) {
    if (!(error instanceof NoPlanError)) throw error;
    console.log(`${scheme}: ${error.message}`);
    return undefined;
  }
}

async function run(
  backend: LoadedBackend,
  workload: Workload,
  chosen: Chosen,
  scheme: string,
  seed: number,
): Promise<Piece> {
  const { tf } = backend;
  const { problem, file } = chosen.resolved;
  const { rounds, localSteps, learningRate } = task;
  const devices = trainedDevices(chosen, task);
  const timer = new ReferenceTimer(tf);
  const timed = new RoundTimer(timer);
  const found = timed.rounds;
  const accuracy = await accuracyOfPlan(tf, workload, {
    devices,
    exchangeCodec: chosen.exchangeCodec,
    rounds,
    localSteps,
    learningRate,
    serverSpeedFactor: file.server.profileFactor,
    seed,
    record: timed.record,
    onRound: timed.onRound,
  });
  timer.dispose();
  const references = readMeasuredProfile(readProfile(task)).machine.references!;
  const same = { sharing: 'allocated', serverFactor: file.server.profileFactor } as const;
  const bytes = found.map(({ record }) => record.uplinkBytes + record.downlinkBytes);
  return {
    scheme,
    seed,
    created: new Date().toISOString(),
    machine: `${cpus().length} × ${cpus()[0]!.model.trim()}, Node.js ${process.versions.node}, ${backend.name}`,
    load: loadavg()[0]!,
    cuts: devices.map(({ cut }) => cut),
    codecs: devices.map(
      ({ uplinkCodec, downlinkCodec }) => `${codecName(uplinkCodec)} up, ${codecName(downlinkCodec)} down`,
    ),
    predictedSeconds: roundDelay(problem, chosen.plan).totalSeconds,
    predictedBytes: plannedBytes(chosen),
    measuredSeconds: median(found.map(({ record }) => record.roundSeconds)),
    normalisedSeconds: median(
      found.map((one) => replayedSeconds(one, same, slowdown(one.references, references), true)),
    ),
    measuredBytes: bytes.reduce((sum, each) => sum + each, 0) / bytes.length,
    laterBytes: median(bytes),
    accuracy,
  };
}

const codecName = (codec: StepCodec) =>
  codec === 'identity' ? 'none' : `${Number((100 * (codec.keptFraction ?? 1)).toPrecision(3))} %/${codec.bits ?? 32}`;

const fileOf = (scheme: string, seed: number) => new URL(`${scheme}-${seed}.json`, task.folder);

function calibrate(): void {
  mkdirSync(task.folder, { recursive: true });
  const points = '1:32,0.1:4,0.5:4,0.2:4,0.05:4,0.3:4,0.7:4,1:4,0.02:4';
  const own = ['--stage-clock', 'cpu', '--points', points, '--activations', 'keep', '--out', profileOf(task)];
  const args = ['calibrate', ...task.calibrateArgs, ...own, ...more];
  const program = fileURLToPath(new URL('../../bin/sft-opt.ts', import.meta.url));
  const { status } = spawnSync(process.execPath, ['--import', 'tsx', program, ...args], {
    stdio: 'inherit',
  });
  process.exitCode = status ?? 1;
}

async function runAll(names: readonly string[]): Promise<void> {
  setStageClock('cpu');
  const backend = await loadBackend();
  const workload = await task.load(backend);
  for (const name of names) {
    const [scheme, seed] = [name.split('/')[0]!, Number(name.split('/')[1])];
    if (!schemes[scheme] || !seeds.includes(seed)) throw new Error(`there is no piece ${name}`);
    const file = fileOf(scheme, seed);
    if (existsSync(file)) continue;
    const chosen = choose(scheme);
    if (!chosen) continue;
    const piece = await run(backend, workload, chosen, scheme, seed);
    writeFileSync(file, `${JSON.stringify(piece, undefined, 1)}\n`);
    console.log(
      `${name}: ${piece.predictedSeconds.toFixed(2)} s predicted, ${piece.normalisedSeconds.toFixed(2)} s, ${(piece.laterBytes / 1e3).toFixed(1)} kB, ${(100 * piece.accuracy).toFixed(2)} %`,
    );
  }
}

/** Each scheme against the planned one and against split federated training, over the seeds that both have. */
function report(): void {
  const all = Object.keys(schemes).flatMap((scheme) =>
    seeds.flatMap((seed) =>
      existsSync(fileOf(scheme, seed)) ? [JSON.parse(readFileSync(fileOf(scheme, seed), 'utf8')) as Piece] : [],
    ),
  );
  const runsOf = (scheme: string) => all.filter((piece) => piece.scheme === scheme);
  const interval = (values: readonly number[], digits: number) => {
    const found = studentInterval(values, 0.95);
    return found ? `${found.mean.toFixed(digits)} ± ${found.halfWidth?.toFixed(digits) ?? '–'}` : '–';
  };
  const paired = (scheme: string, other: string, value: (own: Piece, theirs: Piece) => number) =>
    runsOf(scheme).flatMap((own) => {
      const theirs = runsOf(other).find(({ seed }) => seed === own.seed);
      return theirs ? [value(own, theirs)] : [];
    });
  const base = 'split-federated';
  const savedShare = (scheme: string, pick: (piece: Piece) => number) =>
    paired(scheme, base, (own, theirs) => 100 * (1 - pick(own) / pick(theirs)));
  const lostPoints = (scheme: string) => paired(scheme, base, (own, theirs) => 100 * (theirs.accuracy - own.accuracy));
  const delayOf = ({ normalisedSeconds }: Piece) => normalisedSeconds;
  const bytesOf = ({ measuredBytes }: Piece) => measuredBytes;
  const present = Object.keys(schemes).filter((scheme) => runsOf(scheme).length > 0);
  const table = present.map((scheme) => {
    const pieces = runsOf(scheme);
    const of = (pick: (piece: Piece) => number, digits: number) => interval(pieces.map(pick), digits);
    return [
      scheme,
      String(pieces.length),
      of(({ predictedSeconds }) => predictedSeconds, 2),
      of(delayOf, 2),
      of(({ predictedBytes }) => predictedBytes / 1e3, 1),
      of(({ laterBytes }) => laterBytes / 1e3, 1),
      of(({ accuracy }) => 100 * accuracy, 2),
      interval(savedShare(scheme, delayOf), 1),
      interval(savedShare(scheme, bytesOf), 1),
      interval(lostPoints(scheme), 2),
    ];
  });
  const header = [
    'scheme',
    'runs',
    'predicted s',
    'measured s',
    'kB predicted',
    'kB measured',
    'accuracy %',
    'delay saved %',
    'traffic saved %',
    'points lost',
  ];
  const goal = (what: string, values: readonly number[], bar: number, isMost: boolean) => {
    const { mean = NaN, halfWidth } = studentInterval(values, 0.95) ?? {};
    if (typeof halfWidth !== 'number')
      return `open    ${what} ${isMost ? '≤' : '≥'} ${bar}: ${mean.toFixed(2)} in one run`;
    const end = mean + (isMost ? 1 : -1) * halfWidth;
    const reached = isMost ? end <= bar : end >= bar;
    return `${reached ? 'reached' : 'MISSED '} ${what} ${isMost ? '≤' : '≥'} ${bar}: ${end.toFixed(2)} at the worse end of the interval`;
  };
  const lines = [
    `Five unlike devices, ${task.rounds} rounds of ${task.localSteps} steps of ${task.batchSize} images; mean ± half of Student's 95 % interval over seeds; saved and lost:`,
    `against ${base} of the same seed. Delay at the speed of the profile, by processor time; traffic with all adapters, first round included.`,
    ...new Set(all.map(({ machine }) => machine)),
    `load ${Math.min(...all.map(({ load }) => load)).toFixed(1)} to ${Math.max(...all.map(({ load }) => load)).toFixed(1)}; ${all
      .map(({ created }) => created)
      .sort()
      .at(-1)!
      .slice(0, 10)}`,
    columns([header, ...table], [1, 2, 3, 4, 5, 6, 7, 8, 9]),
    '',
    ...present
      .filter((scheme) => scheme.startsWith('planned'))
      .flatMap((scheme) => [
        goal(`${scheme}: delay saved, %,`, savedShare(scheme, delayOf), 80.2, false),
        goal(`${scheme}: traffic saved, %,`, savedShare(scheme, bytesOf), 93.6, false),
        goal(`${scheme}: points lost`, lostPoints(scheme), 1, true),
      ]),
    '',
    ...present.map(
      (scheme) =>
        `${scheme}: cuts ${runsOf(scheme)[0]!.cuts.join(' ')}; ${[...new Set(runsOf(scheme)[0]!.codecs)].join('; ')}`,
    ),
  ];
  console.log(lines.join('\n'));
  const target = new URL('../results/', import.meta.url);
  const name = isDeit ? 'headline-deit' : 'headline';
  const command = `npx tsx bench/harness/headline.ts${isDeit ? ' deit' : ''}`;
  writeFileSync(new URL(`${name}.txt`, target), `${lines.join('\n')}\n`);
  writeFileSync(new URL(`${name}.json`, target), `${JSON.stringify({ command, header, rows: table }, undefined, 1)}\n`);
}

process.env['TF_NUM_INTRAOP_THREADS'] = '1';
process.env['TF_NUM_INTEROP_THREADS'] = '1';
const everything = seeds.flatMap((seed) => Object.keys(schemes).map((scheme) => `${scheme}/${seed}`));
/** What the planner says of each scheme. */
function describePlans(): void {
  for (const scheme of Object.keys(schemes)) {
    const chosen = choose(scheme);
    if (!chosen) continue;
    const { resolved, plan } = chosen;
    const { problem } = resolved;
    const points = plan.devices.map(
      ({ blocks, upPoint, downPoint }) =>
        `${blocks}: ${problem.upPoints[upPoint]!.name} up, ${problem.downPoints[downPoint]!.name} down`,
    );
    const [seconds, kilobytes] = [roundDelay(problem, plan).totalSeconds, plannedBytes(chosen) / 1e3];
    console.log(`${scheme}: ${seconds.toFixed(3)} s, ${kilobytes.toFixed(1)} kB; ${points.join('; ')}`);
  }
}

if (what === undefined) console.log(everything.join('\n'));
else if (what === 'calibrate') calibrate();
else if (what === 'plans') describePlans();
else if (what === 'report') report();
else await runAll(what === 'all' ? everything : [what, ...more]);
