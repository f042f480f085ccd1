/**
 * The two-time-scale simulation: cost at 1,000 rounds × 100 devices, regret against decisions on the reference scenario
 * (examples/simulation/plaza.yaml) over triggers, intervals and speeds, and the steps of the small time scale.
 * A stopped bench goes on where it was (.cache/bench/simulate-*.json).
 * Usage: npx tsx bench/simulate.ts [--seeds 10] [--part cost|n-r|frontier|points|hindsight|intervals|speeds|steps|efficiency]
 * Results: bench/results/simulate-<part>.txt and .json, of several parts together simulate.txt and .json
 */
import { readFileSync } from 'node:fs';
import { cpus } from 'node:os';
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
import { nameTask } from '../bin/campaign/tasks.js';
import { TaskPool } from '../bin/campaign/pool.js';
import { hindsightTable, leastRegret, type HindsightTable } from './support/hindsight.js';
import { resumable } from './support/resumable.js';
import { writeResults } from './support/results.js';

const { values } = parseArgs({
  options: { seeds: { type: 'string', default: '10' }, part: { type: 'string', multiple: true } },
});
const parts = values.part ?? [
  'cost',
  'n-r',
  'steps',
  'frontier',
  'points',
  'hindsight',
  'intervals',
  'speeds',
  'efficiency',
];
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

/** Processor time that all programs of the machine have had, seconds. */
function machineSeconds(): number {
  return cpus().reduce((sum, { times }) => sum + (times.user + times.nice + times.sys + times.irq) / 1000, 0);
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

/** The reference scenario with other numbers of devices and rounds; as much server and band for each device. */
function cellOf(devices: number, rounds: number): string[] {
  const strollers = Math.round((2 * devices) / 3);
  return [
    `devices[0].count=${strollers}`,
    `devices[1].count=${devices - strollers}`,
    `simulation.rounds=${rounds}`,
    'simulation.replan={ every: 20 }',
    'simulation.boundEvery=0',
    `radio.bandwidth=${(20 * devices) / 30} MHz`,
    `server.throughput=${(40 * devices) / 30} TFLOP/s`,
  ];
}

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
    const settings = cellOf(devices, rounds);
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

if (parts.includes('points')) {
  remember = resumable('simulate-points');
  const small = [sampled, 'simulation.points=small'];
  await table(
    'points',
    'Operating points every round with the bandwidths; cuts are decided when a round is longer than its bound by this part (bar: 5 % at 0.2)',
    seeds,
    [10].map((loss) => [`loss ${loss} %`, [...small, `simulation.replan={ loss: ${loss} % }`]]),
  );
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
  const speeds = [0, 0.5, 1.5, 5, 30];
  const intervals = [1, 5, 20, 100];
  say(
    `\nRegret where all devices move at one speed and the large time scale decides every M rounds (${fewer.length} seeds)`,
  );
  say(`${''.padEnd(10)}${intervals.map((every) => `M = ${every}`.padEnd(22)).join('')}`);
  const found = [];
  for (const speed of speeds) {
    const cells = [];
    for (const every of intervals) {
      const motion = speed === 0 ? '{ model: static }' : `{ model: waypoint, radius: 250 m, speed: ${speed} m/s }`;
      const settings = [
        `simulation.replan={ every: ${every} }`,
        'simulation.devices=null',
        `simulation.motion=${motion}`,
      ];
      const row = await measure([sampled, ...settings], fewer);
      found.push({ speed, every, ...row });
      cells.push(`${percent(row.regret.mean)} ± ${percent(row.regret.halfWidth!)}`.padEnd(22));
    }
    say(`${`${speed} m/s`.padEnd(10)}${cells.join('')}`);
  }
  figures['speeds'] = found;
}

if (parts.includes('n-r')) {
  remember = resumable('simulate-n-r');
  say('\nProcessor time of a simulation against devices N and rounds R: re-planned every 20 rounds, without bounds');
  const found = [];
  for (const devices of [10, 30, 100, 300]) {
    for (const rounds of [100, 1000]) {
      const { summary, processorSeconds } = await run(cellOf(devices, rounds), 1);
      found.push({ devices, rounds, processorSeconds, steps: summary.meanSteps });
      const [total, each] = [processorSeconds.toFixed(2), ((1000 * processorSeconds) / rounds).toFixed(2)];
      say(
        `N = ${String(devices).padEnd(4)} R = ${String(rounds).padEnd(5)} ${total.padStart(7)} s, ${each} ms a round`,
      );
    }
  }
  figures['n-r'] = found;
}

if (parts.includes('hindsight')) {
  const rememberPlans = resumable<HindsightTable>('simulate-hindsight');
  say(
    '\nThe least regret that any trigger could reach, by decisions a round: the rounds of the decisions chosen in hindsight',
  );
  const rates = [0.1, 0.15, 0.2, 0.25, 0.3, 0.4];
  const found: unknown[] = [];
  for (const outlook of ['now', 'worst'] as const) {
    const bySeed: number[][] = [];
    for (const seed of seeds.slice(0, 3)) {
      const settings = [`seed=${seed}`, `simulation.replan={ outlook: ${outlook}, horizon: 5 }`];
      const table = await rememberPlans({ settings, seed }, () => {
        const { cell, settings: read } = scenarioWith(settings);
        return Promise.resolve(hindsightTable(new World(cell, simulationOptions(read), seed), read.rounds));
      });
      bySeed.push(rates.map((rate) => leastRegret(table, Math.round(rate * table.bestSeconds.length))));
    }
    say(`plans for the gains of \`${outlook}\`:`);
    rates.forEach((rate, k) => {
      const interval = studentInterval(
        bySeed.map((row) => row[k]!),
        0.95,
      )!;
      found.push({ outlook, rate, ...interval });
      const each = bySeed.map((row) => percent(row[k]!)).join(', ');
      say(`  ${rate} decisions a round: ${percent(interval.mean)} ± ${percent(interval.halfWidth!)} (${each})`);
    });
  }
  figures['hindsight'] = found;
}

if (parts.includes('efficiency')) {
  const count = 32;
  say(
    `\nA campaign of ${count} simulations by one process and by two; their start and first simulations are not counted`,
  );
  const cell = ['simulation.rounds=40', 'simulation.boundEvery=0', 'simulation.replan={ every: 5 }'];
  const { origin } = scenarioWith(cell);
  const tasksFrom = (first: number, length: number) =>
    Promise.all(Array.from({ length }, (_, k) => nameTask(origin, 0, { given: 'joint', name: 'joint' }, first + k)));
  const never = new AbortController().signal;
  const ignore = () => Promise.resolve();
  const tasks = await tasksFrom(1, count);
  const pools = [new TaskPool(1), new TaskPool(2)];
  // Processes are kept: neither their start nor what V8 compiles at first is counted.
  for (const [k, pool] of pools.entries()) await pool.run(await tasksFrom(100, 4 * (k + 1)), ignore, never);
  const found = [];
  for (let turn = 0; turn < 3; turn++) {
    const turns = [];
    for (const pool of pools) {
      const [busy, started] = [machineSeconds(), performance.now()];
      await pool.run(tasks, ignore, never);
      const seconds = (performance.now() - started) / 1000;
      turns.push({ seconds, busyProcessors: (machineSeconds() - busy) / seconds });
    }
    const [one, two] = turns as [(typeof turns)[0], (typeof turns)[0]];
    const efficiency = one.seconds / (2 * two.seconds);
    found.push({ one, two, efficiency });
    say(
      `one process ${one.seconds.toFixed(1)} s, two ${two.seconds.toFixed(1)} s: efficiency ${efficiency.toFixed(3)} (bar: 0.85); ` +
        `busy processors ${one.busyProcessors.toFixed(2)} and ${two.busyProcessors.toFixed(2)}, other programs' work included`,
    );
  }
  for (const pool of pools) pool.close();
  figures['efficiency'] = found;
}

const command = [
  'npx tsx bench/simulate.ts',
  `--seeds ${seeds.length}`,
  ...(values.part ?? []).map((part) => `--part ${part}`),
];
const name = values.part?.length === 1 ? `simulate-${values.part[0]}` : 'simulate';
writeResults(name, command.join(' '), lines.join('\n').trim(), figures);
