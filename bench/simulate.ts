/**
 * The two-time-scale simulation: cost at 1,000 rounds × 100 devices, regret against decisions on the reference scenario
 * (examples/simulation/plaza.yaml) over triggers, intervals and speeds, and the steps of the small time scale.
 * A stopped bench goes on where it was (.cache/bench/simulate-*.json).
 * Usage: npx tsx bench/simulate.ts [--seeds 10] [--part cost|frontier|intervals|speeds|steps]
 * Results: bench/results/simulate-<part>.txt and .json, of several parts together simulate.txt and .json
 */
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { readScenarioFile } from '../lib/io/index.js';
import {
  builtInScheme,
  certifiedBound,
  simulate,
  simulationOptions,
  studentInterval,
  summarise,
  World,
  type SchemeSummary,
} from '../lib/simulate/index.js';
import { resumable } from './support/resumable.js';
import { writeResults } from './support/results.js';

const { values } = parseArgs({
  options: { seeds: { type: 'string', default: '10' }, part: { type: 'string', multiple: true } },
});
const parts = values.part ?? ['cost', 'steps', 'frontier', 'intervals', 'speeds'];
const seeds = Array.from({ length: Number(values.seeds) }, (_, k) => k + 1);
/** Some of them where curves are shown rather than a bar. */
const fewer = seeds.slice(0, Math.ceil(seeds.length / 4));
const text = readFileSync(new URL('../examples/simulation/plaza.yaml', import.meta.url), 'utf8');
/** Each part remembers its own runs, so that parts may run side by side. */
let remember = resumable<Run>('simulate-cost');

interface Run {
  readonly summary: SchemeSummary;
  readonly processorSeconds: number;
}

function scenarioWith(settings: readonly string[]) {
  const outcome = readScenarioFile(text, { settings });
  if (!outcome.ok) throw new Error(outcome.issues.map(({ path, message }) => `${path}: ${message}`).join('\n'));
  return outcome.scenario;
}

function run(settings: readonly string[], seed: number): Promise<Run> {
  return remember({ settings, seed }, () => {
    const { cell, settings: read } = scenarioWith([...settings, `seed=${seed}`]);
    const started = process.cpuUsage();
    const [summary] = summarise(simulate(cell, simulationOptions(read), [builtInScheme('joint')], { seed }));
    const { user, system } = process.cpuUsage(started);
    return Promise.resolve({ summary: summary!, processorSeconds: (user + system) / 1e6 });
  });
}

const lines: string[] = [];
const figures: Record<string, unknown> = {};
const say = (line = '') => void lines.push(line);
const percent = (share: number) => `${(100 * share).toFixed(2)} %`;

/** Regret and decisions over all seeds, with half of Student's 95 % interval. */
async function measure(settings: readonly string[], someSeeds: readonly number[]) {
  const runs: Run[] = [];
  for (const seed of someSeeds) runs.push(await run(settings, seed));
  const over = (pick: (summary: SchemeSummary) => number) =>
    studentInterval(
      runs.map(({ summary }) => pick(summary)),
      0.95,
    )!;
  return {
    settings,
    regret: over(({ meanRegret }) => meanRegret!),
    decisions: over(({ decisions, rounds }) => decisions / rounds),
    delaySeconds: over(({ meanDelaySeconds }) => meanDelaySeconds!),
    steps: over(({ meanSteps }) => meanSteps ?? 0),
    processorSeconds: runs.reduce((sum, each) => sum + each.processorSeconds, 0),
  };
}

async function table(
  name: string,
  head: string,
  someSeeds: readonly number[],
  rows: readonly (readonly [string, readonly string[]])[],
) {
  say(`\n${head} (${someSeeds.length} seeds)`);
  say(`${''.padEnd(28)} decisions a round   regret                 delay`);
  const found = [];
  for (const [label, settings] of rows) {
    const row = await measure(settings, someSeeds);
    found.push({ label, ...row });
    const { regret, decisions, delaySeconds } = row;
    say(
      `${label.padEnd(28)} ${decisions.mean.toFixed(3).padEnd(19)} ${`${percent(regret.mean)} ± ${percent(regret.halfWidth!)}`.padEnd(22)} ` +
        `${delaySeconds.mean.toFixed(3)} s`,
    );
  }
  figures[name] = found;
  return found;
}

const sampled = 'simulation.boundEvery=5';

if (parts.includes('cost')) {
  remember = resumable('simulate-cost');
  say('\nCost: re-planned every 20 rounds, without bounds, plans warm');
  const found = [];
  for (const [devices, rounds] of [
    [30, 1000],
    [100, 100],
    [100, 1000],
    [300, 100],
  ] as const) {
    const settings = [
      `devices[0].count=${Math.round((2 * devices) / 3)}`,
      `devices[1].count=${devices - Math.round((2 * devices) / 3)}`,
      `simulation.rounds=${rounds}`,
      'simulation.replan={ every: 20 }',
      'simulation.boundEvery=0',
      // As much server and band for each device as in the reference scenario.
      `radio.bandwidth=${(20 * devices) / 30} MHz`,
      `server.throughput=${(40 * devices) / 30} TFLOP/s`,
    ];
    for (const shares of ['small', 'large']) {
      const own = [...settings, `simulation.serverShares=${shares}`];
      const { summary, processorSeconds } = await run(own, 1);
      found.push({ devices, rounds, shares, processorSeconds, steps: summary.meanSteps });
      say(
        `${devices} devices, ${rounds} rounds, server shares ${shares}: ${processorSeconds.toFixed(1)} s of processor time, ` +
          `${((1000 * processorSeconds) / rounds).toFixed(1)} ms a round; ${summary.meanSteps?.toFixed(2)} SQP steps`,
      );
    }
    const { cell, settings: read } = scenarioWith(settings);
    const world = new World(cell, simulationOptions(read), 1);
    const started = process.cpuUsage();
    const count = 10;
    for (let k = 0; k < count; k++) certifiedBound(world.at(7 * k).problem(new Set())!);
    const { user, system } = process.cpuUsage(started);
    const boundSeconds = (user + system) / 1e6 / count;
    found.push({ devices, boundSeconds });
    say(`${devices} devices: ${boundSeconds.toFixed(3)} s of processor time for a certified bound (bar: 0.2 s at 100)`);
  }
  figures['cost'] = found;
}

if (parts.includes('steps')) {
  remember = resumable('simulate-steps');
  say('\nSQP steps of the small time scale against the correlation of shadowing from round to round');
  say('(100 m of decorrelation, free of sight: all gains change alike; server shares on the large time scale)');
  const found = [];
  for (const correlation of [0.99, 0.9, 0.5]) {
    const speed = (-50 * Math.log(correlation)) / 5;
    const settings = [
      'radio.pathLoss={ model: uma, sight: obstructed }',
      'simulation.shadowing.decorrelation=50 m',
      `simulation.motion={ model: waypoint, radius: 250 m, speed: ${speed} }`,
      'simulation.devices=null',
      'simulation.replan={ every: 20 }',
      'simulation.boundEvery=0',
      'simulation.serverShares=large',
    ];
    const { steps } = await measure(settings, fewer);
    found.push({ correlation, steps });
    say(`correlation ${correlation}: ${steps.mean.toFixed(2)} ± ${steps.halfWidth!.toFixed(2)} steps (bar: 3 at 0.9)`);
  }
  figures['steps'] = found;
}

if (parts.includes('frontier')) {
  remember = resumable('simulate-frontier');
  await table(
    'frontier',
    'Regret against decisions: a decision when a round is longer than its bound by this part (bar: 5 % at 0.2)',
    seeds,
    [5, 10, 15, 20, 30].map((loss) => [`loss ${loss} %`, [sampled, `simulation.replan={ loss: ${loss} % }`]]),
  );
  await table('limited', 'The same, never sooner than five rounds after the last', seeds, [
    ['loss 5 %, least 5', [sampled, 'simulation.replan={ loss: 5 %, least: 5 }']],
  ]);
}

if (parts.includes('intervals')) {
  remember = resumable('simulate-intervals');
  await table(
    'intervals',
    'Decisions every M rounds',
    fewer,
    [1, 5, 20, 100].map((every) => [`M = ${every}`, [sampled, `simulation.replan={ every: ${every} }`]]),
  );
}

if (parts.includes('speeds')) {
  remember = resumable('simulate-speeds');
  await table(
    'speeds',
    'All devices at one speed, decisions every 5 rounds',
    fewer,
    [0, 0.5, 1.5, 5, 30].map((speed) => [
      `${speed} m/s`,
      [
        sampled,
        'simulation.replan={ every: 5 }',
        'simulation.devices=null',
        speed === 0
          ? 'simulation.motion={ model: static }'
          : `simulation.motion={ model: waypoint, radius: 250 m, speed: ${speed} m/s }`,
      ],
    ]),
  );
}

const command = [
  'npx tsx bench/simulate.ts',
  `--seeds ${seeds.length}`,
  ...(values.part ?? []).map((part) => `--part ${part}`),
];
const name = values.part?.length === 1 ? `simulate-${values.part[0]}` : 'simulate';
writeResults(name, command.join(' '), lines.join('\n').trim(), figures);
