/**
 * The plan for four unlike devices against fixed cuts and equal bandwidth, run for real. All schemes are run one after the other
 * in each of several passes, each pass beginning with another scheme, so that a machine that becomes slower or faster meanwhile
 * does so for all of them.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { columns } from '../../bin/render/columns.js';
import { loadBackend, type LoadedBackend } from '../../harness/backend/tensorflow.js';
import {
  calibrate,
  defaultPoints,
  ReferenceTimer,
  RoundTimer,
  slowdown,
  timingWorkload,
  type References,
  type TimedRound,
} from '../../harness/calibrate/index.js';
import type { Scenario } from '../../harness/scenario/index.js';
import type { StepRecord } from '../../harness/server/index.js';
import { replayedSeconds } from '../../harness/validate/measure.js';
import { formatIssue, readMeasuredProfile, readProblemFile } from '../../lib/io/index.js';
import { roundDelay } from '../../lib/models/index.js';
import { solvePlan } from '../../lib/plan/index.js';
import { median } from '../../lib/statistics/index.js';
import { resumable } from '../support/resumable.js';
import { writeResults } from '../support/results.js';
import { folder, scenarioOf, timedTraining } from './training.js';

/** Of a training; the first is left out. */
const rounds = 7;
/** Largest difference of a predicted and a measured saving. */
const bar = 0.05;
const serverFactor = 0.3;

/** Four devices from a fast one nearby to a slow one far away. */
function cell(pinned: string, steps: number): string {
  return `version: 1
calibration: profile.json
model:
  { blocks: 6, width: 64, heads: 4, keyValueHeads: 2, mlpWidth: 176, gatedMlp: true, biases: false, norm: rms, causal: true, tokens: 32,
    embedding: { kind: tokens, vocabulary: 118 }, head: { kind: classifier, classes: 24 } }
lora: { rank: 8, targets: [query, value] }
training: { batchSize: 16, stepsPerRound: ${steps} }
accuracy: { maximumLoss: 2 % }
radio: { bandwidth: 2 MHz, fading: none, shadowing: 0, pathLoss: macro, serverPower: 30 dBm }
server: { sharing: allocated, profileFactor: ${serverFactor} }
${pinned && `pinned: { ${pinned} }`}
devices:
  - { name: near, profileFactor: 1, distance: 120 }
  - { name: laptop, profileFactor: 2, distance: 300 }
  - { name: phone, profileFactor: 6, distance: 500 }
  - { name: sensor, profileFactor: 12, distance: 750 }
`;
}

const pins: Readonly<Record<string, string>> = {
  planned: '',
  'cut 1': 'blocks: 1',
  'cut 3': 'blocks: 3',
  'cut 5': 'blocks: 5',
  'equal bandwidth': 'bandwidth: equal',
};

const stageNames = ['forward', 'encode', 'uplink', 'server', 'downlink', 'decode', 'backward'] as const;
/** Seconds of a step. */
type Stages = Readonly<Record<(typeof stageNames)[number], number>>;

/** A scheme before it is run. */
interface Scheme {
  readonly name: string;
  readonly scenario: Scenario;
  /** Of a round, as the planner foresees it; and a step of each device. */
  readonly predicted: number;
  readonly stages: readonly Stages[];
}

/** One training of a scheme: medians over its rounds. */
interface Run {
  /** On the event clock, s. */
  readonly raw: number;
  /** At the speed that the machine had for the profile, the links unchanged, s. */
  readonly normalised: number;
  /** Against the profile. */
  readonly slowdown: number;
  /** By device. */
  readonly stages: readonly Stages[];
  readonly chains: readonly number[];
}

/** All schemes, one after the other. */
interface Pass {
  readonly created: string;
  readonly order: readonly string[];
  readonly runs: Readonly<Record<string, Run>>;
}

async function schemesOf(profileText: string, steps: number): Promise<Scheme[]> {
  writeFileSync(`${folder}profile.json`, profileText);
  const schemes: Scheme[] = [];
  for (const [name, pinned] of Object.entries(pins)) {
    const text = cell(pinned, steps);
    writeFileSync(`${folder}cell.yaml`, text);
    const scenario = await scenarioOf(`version: 1
data: { set: grammar, task: class, images: 1600, evaluationImages: 0 }
model: embedded-decoder
lora: { rank: 8, targets: [query, value] }
training: { rounds: ${rounds}, learningRate: 5e-3 }
plan: { problem: cell.yaml }
`);
    const outcome = readProblemFile(text, { readFile: () => profileText });
    if (!outcome.ok) throw new Error(outcome.issues.map((issue) => formatIssue(issue, 'cell')).join('\n'));
    const { problem, file } = outcome.resolved;
    const { answer } = solvePlan(problem, { seed: file.seed, baselines: false, whatIf: 'never' });
    const { stages } = roundDelay(problem, answer!.plan);
    schemes.push({ name, scenario, predicted: scenario.predictedRoundSeconds!, stages: stages.map((own) => own!) });
  }
  return schemes;
}

async function run(
  backend: LoadedBackend,
  timer: ReferenceTimer,
  { scenario }: Scheme,
  references: References,
): Promise<Run> {
  const timed = new RoundTimer(timer);
  await timedTraining(backend, scenario, timed);
  const later = timed.rounds.slice(1);
  const middle = (pick: (round: TimedRound) => number) => median(later.map(pick));
  const same = { sharing: 'allocated', serverFactor } as const;
  const stages = scenario.devices.map((_, device) =>
    middleStages(later.flatMap((round) => round.steps.filter((step) => step.device === device))),
  );
  return {
    raw: middle(({ record }) => record.roundSeconds),
    normalised: middle((round) => replayedSeconds(round, same, slowdown(round.references, references), true)),
    slowdown: middle((round) => slowdown(round.references, references)),
    stages,
    chains: stages.map(
      (own, device) =>
        scenario.localSteps * stageNames.reduce((sum, name) => sum + own[name], 0) +
        middle(({ record }) => record.adapterSeconds[device]!),
    ),
  };
}

function middleStages(steps: readonly StepRecord[]): Stages {
  const middle = (pick: (seconds: StepRecord['seconds']) => number) =>
    median(steps.map(({ seconds }) => pick(seconds)));
  return {
    forward: middle(({ deviceForward }) => deviceForward),
    encode: middle(({ deviceEncode }) => deviceEncode),
    uplink: middle(({ uplink }) => uplink),
    server: middle(({ server }) => server),
    downlink: middle(({ downlink }) => downlink),
    decode: middle(({ deviceDecode }) => deviceDecode),
    backward: middle(({ deviceBackward, deviceUpdate }) => deviceBackward + deviceUpdate),
  };
}

async function profileNow(backend: LoadedBackend): Promise<string> {
  const profile = await calibrate(backend, await timingWorkload({ model: 'embedded-decoder' }), {
    batchSizes: [16],
    memoryModes: ['keep'],
    points: defaultPoints,
    steps: 8,
    timeLimitSeconds: 240,
    seed: 1,
    clock: 'wall',
    onProgress: (text) => console.error(text),
  });
  return JSON.stringify(profile);
}

/** The profile and the passes that are not yet done. */
export async function plan(steps: number, passes: number): Promise<void> {
  const backend = await loadBackend();
  mkdirSync(folder, { recursive: true });
  const profileText = await resumable<string>('decoder-plan-profile')('profile', () => profileNow(backend));
  const references = readMeasuredProfile(profileText).machine.references!;
  const schemes = await schemesOf(profileText, steps);
  const remembered = resumable<Pass>('decoder-plan');
  const timer = new ReferenceTimer(backend.tf);
  let isWarm = false;
  const done: Pass[] = [];
  for (let pass = 0; pass < passes; pass++) {
    const found = await remembered({ profile: profileText, steps, rounds, pass }, async () => {
      // What a process does first is slower; nobody looks at this run.
      if (!isWarm) await run(backend, timer, schemes[0]!, references);
      isWarm = true;
      const runs: Record<string, Run> = {};
      const order = schemes.map((_, k) => schemes[(pass + k) % schemes.length]!);
      for (const scheme of order) runs[scheme.name] = await run(backend, timer, scheme, references);
      return { created: new Date().toISOString(), order: order.map(({ name }) => name), runs };
    });
    done.push(found);
    console.error(`pass ${pass + 1} of ${passes}: ${found.created}`);
  }
  timer.dispose();
  report(schemes, done, steps);
}

const percent = (value: number) => `${(100 * value).toFixed(1)} %`;
const inPoints = (value: number) => (100 * value).toFixed(1);
const range = (values: readonly number[], told: (value: number) => string) =>
  `${told(Math.min(...values))} … ${told(Math.max(...values))}`;

/** Savings of the first scheme against each of the others. */
function savings(schemes: readonly Scheme[], passes: readonly Pass[], pick: (run: Run) => number) {
  const [planned, ...others] = schemes.map(({ name, predicted }) => {
    const all = passes.map(({ runs }) => pick(runs[name]!));
    return { name, predicted, all, middle: median(all) };
  });
  return others.map(({ name, predicted, all, middle }) => {
    const foreseen = 1 - planned!.predicted / predicted;
    const measured = 1 - planned!.middle / middle;
    return {
      name,
      predicted: foreseen,
      measured,
      difference: measured - foreseen,
      ofPasses: all.map((own, pass) => 1 - planned!.all[pass]! / own),
    };
  });
}

function report(schemes: readonly Scheme[], passes: readonly Pass[], steps: number): void {
  const raw = savings(schemes, passes, (one) => one.raw);
  const normalised = savings(schemes, passes, (one) => one.normalised);
  const runsOf = ({ name }: Scheme) => passes.map(({ runs }) => runs[name]!);
  const judge = (what: string, found: typeof raw) =>
    `${found.every(({ difference }) => Math.abs(difference) <= bar) ? 'holds ' : 'MISSED'} predicted and measured savings differ by at most ${inPoints(bar)} points, ${what}: ` +
    found.map(({ difference }) => inPoints(difference)).join(', ');
  const table = [
    'The embedded decoder on classes: 4 unlike devices (speeds 1, 1/2, 1/6, 1/12) on the event clock, profile measured just before.',
    `${passes.length} passes over all schemes, each beginning with another one; a training: ${rounds} rounds of ${steps} steps, its median round, the`,
    'first left out; measured: the median of the passes. Normalised: computing at the speed that the machine had for the profile, by the',
    'references around each round, the links unchanged. Saving: of the planned against the scheme, which is the best plan of its kind.',
    '',
    columns(
      [
        ['round, s', 'cuts', 'predicted', 'measured', 'passes', 'normalised', 'passes', 'machine slower'],
        ...schemes.map((scheme) => {
          const runs = runsOf(scheme);
          const seconds = (pick: (one: Run) => number) => [
            median(runs.map(pick)).toFixed(3),
            range(runs.map(pick), (value) => value.toFixed(3)),
          ];
          return [
            scheme.name,
            scheme.scenario.devices.map(({ cut }) => cut).join(' '),
            scheme.predicted.toFixed(3),
            ...seconds((one) => one.raw),
            ...seconds((one) => one.normalised),
            range(
              runs.map((one) => one.slowdown),
              (value) => value.toFixed(2),
            ),
          ];
        }),
      ],
      [2, 3, 4, 5, 6, 7],
    ),
    '',
    columns(
      [
        ['saving', 'predicted', 'measured', 'passes', 'normalised', 'passes'],
        ...raw.map(({ name, predicted, measured, ofPasses }, k) => [
          name,
          percent(predicted),
          percent(measured),
          range(ofPasses, percent),
          percent(normalised[k]!.measured),
          range(normalised[k]!.ofPasses, percent),
        ]),
      ],
      [1, 2, 3, 4, 5],
    ),
    '',
    'stages of a step of the device that is longest by the medians of its stages, predicted and measured, ms; its round of them, s',
    columns(
      [
        ['scheme', 'device', ...stageNames, 'round'],
        ...schemes.map((scheme) => {
          const runs = runsOf(scheme);
          const chains = scheme.stages.map((_, device) => median(runs.map((one) => one.chains[device]!)));
          const longest = chains.indexOf(Math.max(...chains));
          return [
            scheme.name,
            scheme.scenario.devices[longest]!.name,
            ...stageNames.map((name) =>
              [scheme.stages[longest]![name], median(runs.map((one) => one.stages[longest]![name]))]
                .map((seconds) => (1000 * seconds).toFixed(1))
                .join(' '),
            ),
            chains[longest]!.toFixed(3),
          ];
        }),
      ],
      [2, 3, 4, 5, 6, 7, 8, 9],
    ),
    '',
    `passes ended ${passes.map(({ created }) => created.slice(0, 16)).join(', ')} (UTC)`,
    judge('measured', raw),
    judge('normalised', normalised),
  ].join('\n');
  const suffix = steps === 5 ? '' : `-${steps}`;
  const figures = {
    schemes: schemes.map(({ name, predicted, scenario }) => ({
      name,
      cuts: scenario.devices.map(({ cut }) => cut),
      predicted,
    })),
    passes,
    raw,
    normalised,
  };
  writeResults(`decoder-plan${suffix}`, `npx tsx bench/decoder.ts plan ${steps} ${passes.length}`, table, figures);
}
