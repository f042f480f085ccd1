/**
 * The headline in one experiment: five unlike devices, plans made by the optimiser from the machine's own profile and the measured
 * accuracy curve, trained for real against what others do. Delay (on the event clock), all traffic (adapters included) and
 * accuracy are measured in the same runs, paired by seed.
 *
 *   npx tsx bench/harness/headline.ts calibrate          the machine's profile, by processor time
 *   npx tsx bench/harness/headline.ts plans              what the planner says of each scheme
 *   npx tsx bench/harness/headline.ts <scheme>/<seed>…   runs pieces (no name: lists them; `all`: those not yet done, seed by seed)
 *   npx tsx bench/harness/headline.ts report             bench/results/headline.txt and .json
 *
 * A piece that is done is not run again; each is a file in bench/results/headline/.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus, loadavg } from 'node:os';
import { fileURLToPath } from 'node:url';
import { accuracyBlock } from '../../bin/fit/block.js';
import { withParts } from '../../bin/fit/into.js';
import { columns } from '../../bin/render/columns.js';
import { loadBackend, type LoadedBackend } from '../../harness/backend/tensorflow.js';
import { codecAt, middleReferences, ReferenceTimer, slowdown, type TimedRound } from '../../harness/calibrate/index.js';
import { initialAdapters } from '../../harness/model/adapters.js';
import {
  decodeTensor,
  encodeTensor,
  messageSeed,
  setStageClock,
  type StepCodec,
} from '../../harness/protocol/index.js';
import { trainInProcess, type DevicePlan } from '../../harness/run.js';
import type { StepRecord } from '../../harness/server/index.js';
import { loadWorkload, type Workload } from '../../harness/study/index.js';
import { defaultAdamW, evaluate } from '../../harness/training/index.js';
import { replayedSeconds } from '../../harness/validate/measure.js';
import { formatIssue, readMeasuredProfile, readProblemFile, type ResolvedFile } from '../../lib/io/index.js';
import { roundDelay, roundTraffic, type Plan } from '../../lib/models/index.js';
import { solvePlan } from '../../lib/plan/index.js';
import { studentInterval } from '../../lib/simulate/paired.js';
import { median } from '../../lib/statistics/index.js';
import { loadStudy, studyFile, tryFit } from '../study/runs.js';

const root = new URL('../../', import.meta.url);
const results = new URL('../results/headline/', import.meta.url);
const profileFile = fileURLToPath(new URL('profile.json', results));
const [rounds, localSteps, batchSize, validationImages] = [16, 10, 16, 2000];
const seeds = [1, 2, 3, 4, 5];
const adapterSettings = { rank: 8, alpha: 16, targets: ['query', 'value'], dropout: 0, trainHead: true } as const;
const exchange = { keptFraction: 0.1, bits: 4 };

/** Five devices, from a fast one nearby to a slow one far away; accuracy by the curve of study/embedded.csv. */
function cell(maximumLoss: number, pinned: string, isCoded: boolean, limitBytes?: number): ResolvedFile {
  const study = studyFile('embedded');
  const fit = study && tryFit(loadStudy(study).runs);
  if (!fit) throw new Error('study/embedded.csv has no fit');
  const text = `version: 1
name: five unlike devices
calibration: profile.json
model:
  { blocks: 6, width: 96, heads: 3, mlpWidth: 384, tokens: 17, embedding: { kind: patches, patchSize: 8 }, head: { kind: classifier, classes: 24 } }
lora: { rank: 8, targets: [query, value] }
training: { batchSize: ${batchSize}, stepsPerRound: ${localSteps}, activations: keep }
codec: { ratios: ${fit.form.directions === 'one' ? 'tied' : 'separate'} }
${isCoded ? `exchange: { keptFraction: ${exchange.keptFraction}, bits: ${exchange.bits} }` : ''}
accuracy:
  maximumLoss: ${maximumLoss}
${limitBytes === undefined ? '' : `traffic: { maximumTotal: ${limitBytes} B }`}
radio: { bandwidth: 2 MHz, fading: none, shadowing: 0, pathLoss: macro, serverPower: 30 dBm }
server: { sharing: allocated, profileFactor: 0.2 }
${pinned && `pinned: { ${pinned} }`}
devices:
  - { name: near, profileFactor: 1, distance: 120 }
  - { name: laptop, profileFactor: 1.5, distance: 250 }
  - { name: tablet, profileFactor: 2.5, distance: 400 }
  - { name: phone, profileFactor: 4, distance: 550 }
  - { name: far-phone, profileFactor: 5, distance: 800 }
`;
  const profile = readFileSync(profileFile, 'utf8');
  const whole = withParts(text, { accuracy: accuracyBlock(fit.model) }, () => profile);
  const outcome = readProblemFile(whole, { readFile: () => profile });
  if (!outcome.ok) throw new Error(outcome.issues.map((issue) => formatIssue(issue, 'cell')).join('\n'));
  return outcome.resolved;
}

/** A plan to be trained, with the codec of its adapters. */
interface Chosen {
  readonly resolved: ResolvedFile;
  readonly plan: Plan;
  readonly exchangeCodec: StepCodec;
}

/** What a round of `split-federated` sends; so much of it may be sent. */
const [uncompressedBytes, trafficShare] = [10_829_600, 0.0625];

function optimised(maximumLoss: number, pinned = '', share = trafficShare): Chosen {
  const resolved = cell(maximumLoss, pinned, true, Math.round(share * uncompressedBytes));
  const { answer, message } = solvePlan(resolved.problem, { baselines: false, whatIf: 'never' });
  if (!answer) throw new Error(message);
  return { resolved, plan: answer.plan, exchangeCodec: exchange };
}

/** One cut and one setting for all, equal shares of everything. */
function fixed(cut: number, keptFraction = 1, bits = 32, isCoded = false): Chosen {
  const resolved = cell(0.8, '', isCoded);
  const { problem } = resolved;
  const index = (points: typeof problem.upPoints) =>
    points.findIndex((point) => (point.keptFraction ?? 1) === keptFraction && (point.bitsPerKeptValue ?? 32) === bits);
  const count = problem.devices.length;
  const devices = problem.devices.map(() => ({
    participates: true,
    blocks: cut,
    upPoint: index(problem.upPoints),
    downPoint: index(problem.downPoints),
    bandwidthHz: problem.bandwidthHz / count,
    serverShare: 1 / count,
  }));
  return { resolved, plan: { devices }, exchangeCodec: isCoded ? exchange : 'identity' };
}

/** In the order of their importance. One cut for all, or equal bandwidth, do not keep the limit of traffic at this loss: theirs has none. */
const schemes: Record<string, () => Chosen> = {
  planned: () => optimised(0.01),
  'split-federated': () => fixed(3),
  'compressed-split-federated': () => fixed(3, 0.5, 4),
  'federated-lora': () => fixed(6),
  'compressed-and-adapters-coded': () => fixed(3, 0.5, 4, true),
  'fixed-cut': () => optimised(0.01, 'blocks: 3', 1),
  'equal-bandwidth': () => optimised(0.01, 'bandwidth: equal', 1),
  'planned-cautious': () => optimised(0.005, '', 1),
  'planned-bold': () => optimised(0.02),
};

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

async function run(backend: LoadedBackend, workload: Workload, scheme: string, seed: number): Promise<Piece> {
  const { tf } = backend;
  const { resolved, plan, exchangeCodec } = schemes[scheme]!();
  const { problem, file } = resolved;
  const { config, weights, train } = workload;
  const devices = plannedDevices(resolved, plan);
  const timer = new ReferenceTimer(tf);
  const found: TimedRound[] = [];
  let steps: StepRecord[] = [];
  let before = timer.measure();
  const { adapters } = await trainInProcess(tf, {
    config,
    weights,
    adapterSettings,
    adapters: initialAdapters(config, adapterSettings, seed, weights),
    memoryMode: 'keep',
    devices,
    exchangeCodec,
    rounds,
    localSteps,
    optimizer: { ...defaultAdamW, learningRate: 3e-3 },
    schedule: { kind: 'cosine', warmUpSteps: 10, final: 0 },
    dataset: train,
    split: { kind: 'iid' },
    serverSharing: 'allocated',
    serverSpeedFactor: file.server.profileFactor,
    seed,
    record: (record) => record.kind === 'step' && steps.push(record),
    onRound: (record) => {
      const after = timer.measure();
      found.push({ record, steps, references: middleReferences([before, after]) });
      [steps, before] = [[], after];
    },
  });
  timer.dispose();
  const references = readMeasuredProfile(readFileSync(profileFile, 'utf8')).machine.references!;
  const same = { sharing: 'allocated', serverFactor: file.server.profileFactor } as const;
  const bytes = found.map(({ record }) => record.uplinkBytes + record.downlinkBytes);
  const traffic = problem.devices.map((device, n) => roundTraffic(problem, device, plan.devices[n]!));
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
    predictedSeconds: roundDelay(problem, plan).totalSeconds,
    predictedBytes: traffic.reduce((sum, { uplinkBits, downlinkBits }) => sum + uplinkBits + downlinkBits, 0) / 8,
    measuredSeconds: median(found.map(({ record }) => record.roundSeconds)),
    normalisedSeconds: median(
      found.map((one) => replayedSeconds(one, same, slowdown(one.references, references), true)),
    ),
    measuredBytes: bytes.reduce((sum, each) => sum + each, 0) / bytes.length,
    laterBytes: median(bytes),
    accuracy: await reached(backend, workload, devices, adapters, seed),
  };
}

function plannedDevices({ problem, file, summaries }: ResolvedFile, plan: Plan): DevicePlan[] {
  return problem.devices.map((device, n) => {
    const { blocks, upPoint, downPoint, bandwidthHz, serverShare } = plan.devices[n]!;
    const codec = ({ keptFraction = 1, bitsPerKeptValue = 32 }: (typeof problem.upPoints)[number]) =>
      codecAt({ keptFraction, bits: bitsPerKeptValue });
    return {
      name: device.name,
      cut: blocks,
      batchSize,
      uplinkCodec: codec(problem.upPoints[upPoint]!),
      downlinkCodec: codec(problem.downPoints[downPoint]!),
      speedFactor: file.devices[summaries[n]!.entry]!.profileFactor,
      link: { uplink: device.uplink, downlink: device.downlink, bandwidthHz },
      ...(serverShare > 0 && { serverShare }),
    };
  });
}

const codecName = (codec: StepCodec) =>
  codec === 'identity' ? 'none' : `${Number((100 * (codec.keptFraction ?? 1)).toPrecision(3))} %/${codec.bits ?? 32}`;

/** Mean over the devices of the accuracy that the trained model reaches with each one's cut and codec. */
async function reached(
  { tf }: LoadedBackend,
  { config, weights, frozen, validation }: Workload,
  devices: readonly DevicePlan[],
  adapters: Awaited<ReturnType<typeof trainInProcess>>['adapters'],
  seed: number,
): Promise<number> {
  const judged = new Map<string, number>();
  let sum = 0;
  for (const { cut, uplinkCodec } of devices) {
    const key = JSON.stringify(uplinkCodec === 'identity' ? uplinkCodec : [cut, uplinkCodec]);
    const channel = (values: Float32Array, shape: readonly number[], batch: number) => {
      const own = messageSeed(seed, 0, 1_000_000 + batch, 'up');
      return decodeTensor(encodeTensor(values, shape, uplinkCodec, own), shape, uplinkCodec);
    };
    if (!judged.has(key)) {
      const part = { config, weights, frozen, settings: adapterSettings, adapters, memoryMode: 'keep' } as const;
      const options = { part, cut, dataset: validation, batchSize: 32 };
      const { accuracy } = await evaluate(tf, { ...options, ...(uplinkCodec !== 'identity' && { channel }) });
      judged.set(key, accuracy);
    }
    sum += judged.get(key)! / devices.length;
  }
  return sum;
}

const fileOf = (scheme: string, seed: number) => new URL(`${scheme}-${seed}.json`, results);

function calibrate(): void {
  mkdirSync(results, { recursive: true });
  const points = '1:32,0.1:4,0.5:4,0.2:4,0.05:4,0.3:4,0.7:4,1:4,0.02:4';
  const args = ['calibrate', '--stage-clock', 'cpu', '--points', points, '--activations', 'keep', '--out', profileFile];
  const program = fileURLToPath(new URL('bin/sft-opt.ts', root));
  const { status } = spawnSync(process.execPath, ['--import', 'tsx', program, ...args, ...process.argv.slice(3)], {
    stdio: 'inherit',
  });
  process.exitCode = status ?? 1;
}

async function runAll(names: readonly string[]): Promise<void> {
  setStageClock('cpu');
  const backend = await loadBackend();
  const source = { kind: 'embedded', headSeed: 1, trainSeed: 101, validationSeed: 202 } as const;
  const workload = await loadWorkload(backend, { workload: source, trainImages: 8192, validationImages });
  for (const name of names) {
    const [scheme, seed] = [name.split('/')[0]!, Number(name.split('/')[1])];
    if (!schemes[scheme] || !seeds.includes(seed)) throw new Error(`there is no piece ${name}`);
    const file = fileOf(scheme, seed);
    if (existsSync(file)) continue;
    const piece = await run(backend, workload, scheme, seed);
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
    const end = mean + (isMost ? 1 : -1) * (halfWidth ?? NaN);
    const reached = isMost ? end <= bar : end >= bar;
    return `${reached ? 'reached' : 'MISSED '} ${what} ${isMost ? '≤' : '≥'} ${bar}: ${end.toFixed(2)} at the worse end of the interval`;
  };
  const lines = [
    `Five unlike devices, ${rounds} rounds of ${localSteps} steps of ${batchSize} images; mean ± half of Student's 95 % interval over seeds; saved and lost:`,
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
  writeFileSync(new URL('headline.txt', target), `${lines.join('\n')}\n`);
  writeFileSync(
    new URL('headline.json', target),
    `${JSON.stringify({ command: 'npx tsx bench/harness/headline.ts', header, rows: table }, undefined, 1)}\n`,
  );
}

process.env['TF_NUM_INTRAOP_THREADS'] = '1';
process.env['TF_NUM_INTEROP_THREADS'] = '1';
const everything = seeds.flatMap((seed) => Object.keys(schemes).map((scheme) => `${scheme}/${seed}`));
/** What the planner says of each scheme. */
function describePlans(): void {
  const lines = Object.entries(schemes).map(([scheme, choose]) => {
    const { resolved, plan } = choose();
    const { problem } = resolved;
    const points = plan.devices.map(
      ({ blocks, upPoint, downPoint }) =>
        `${blocks}: ${problem.upPoints[upPoint]!.name} up, ${problem.downPoints[downPoint]!.name} down`,
    );
    const bits = problem.devices.map((device, n) => roundTraffic(problem, device, plan.devices[n]!));
    const bytes = bits.reduce((sum, { uplinkBits, downlinkBits }) => sum + uplinkBits + downlinkBits, 0) / 8;
    return `${scheme}: ${roundDelay(problem, plan).totalSeconds.toFixed(3)} s, ${(bytes / 1e3).toFixed(1)} kB; ${points.join('; ')}`;
  });
  console.log(lines.join('\n'));
}

const [what, ...more] = process.argv.slice(2);
if (what === undefined) console.log(everything.join('\n'));
else if (what === 'calibrate') calibrate();
else if (what === 'plans') describePlans();
else if (what === 'report') report();
else await runAll(what === 'all' ? everything : [what, ...more]);
