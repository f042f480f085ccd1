import type { SimulationSettings } from '../io/index.js';
import { longestHorizon } from '../io/scenario-file/schema.js';
import { normalQuantile, type MovingCell } from '../models/index.js';
import { checkedScheme } from './check-answer.js';
import type { Outlook, ProgressTarget, SimulationOptions } from './options.js';
import type { RoundRecord } from './record.js';
import type { SimulationScheme } from './scheme.js';
import { SchemeRun } from './scheme-run.js';
import { apart } from './schemes/apart.js';
import { World } from './world.js';

/** How a simulation is run. */
export interface SimulationRun {
  /** Seed of the run. */
  readonly seed: number;
  /** A record of each device in each round. */
  readonly details?: boolean | undefined;
}

/**
 * Simulates some schemes on the same cell, round by round; within a round in their order. A generator: what a caller does not
 * ask for is not worked out. The same seed gives the same records.
 *
 * @param cell - Devices with their motions and channels.
 * @param options - Rounds, outlook, policy and what each time scale decides.
 * @param schemes - Who decides; each sees the same cell.
 * @param run - Seed, and whether each device is recorded.
 * @throws SchemeAnswerError where a scheme of one's own throws or answers with no plan or another cell.
 * @example
 * ```ts
 * import { readScenarioFile } from 'sft-opt/io';
 * import { builtInScheme, simulate, simulationOptions } from 'sft-opt/simulate';
 *
 * const outcome = readScenarioFile(`version: 1
 * model: deit-tiny
 * simulation: { rounds: 3 }
 * devices: [{ name: a, count: 2, distance: 60 m }]`);
 * if (!outcome.ok) throw new Error('the scenario is not valid');
 * const { cell, settings } = outcome.scenario;
 * const schemes = [builtInScheme('joint'), builtInScheme('fixed-cut')];
 * const rounds = [...simulate(cell, simulationOptions(settings), schemes, { seed: 1 })];
 * console.log(rounds.length, rounds.every(({ outcome }) => outcome === 'run')); // 6 true
 * ```
 */
export function* simulate(
  cell: MovingCell,
  options: SimulationOptions,
  schemes: readonly SimulationScheme[],
  { seed, details = false }: SimulationRun,
): Generator<RoundRecord, void, undefined> {
  const world = new World(cell, options, seed);
  const batteries = new Map(
    cell.devices.flatMap(({ name, batteryJoule }) =>
      batteryJoule === undefined ? [] : [[name, batteryJoule] as const],
    ),
  );
  const runs = schemes.map((scheme) => {
    return new SchemeRun(checkedScheme(apart(scheme)), options, batteries, seed, details);
  });
  for (let round = 0; round < options.rounds; round++) {
    const moment = world.at(round);
    for (const run of runs) yield run.step(moment);
  }
}

/** Horizon of a decision where the file says neither it nor how often there is one, rounds. */
const usualHorizon = 10;

/**
 * The options of a scenario file.
 *
 * @param settings - Section `simulation` of a scenario file.
 * @example
 * ```ts
 * import { readScenarioFile } from 'sft-opt/io';
 * import { simulationOptions } from 'sft-opt/simulate';
 *
 * const outcome = readScenarioFile(`version: 1
 * model: deit-tiny
 * simulation: { rounds: 3 }
 * devices: [{ name: a, count: 2, distance: 60 m }]`);
 * if (!outcome.ok) throw new Error('the scenario is not valid');
 * const { cell, settings } = outcome.scenario;
 * console.log(simulationOptions(settings).rounds, cell.devices.length); // 3 2
 * ```
 */
export function simulationOptions(settings: SimulationSettings): SimulationOptions {
  const { rounds, interval, fading, serverShares, points, misfit, newcomers, boundEvery, replan } = settings;
  const { every, least, gainChange, loss } = replan;
  const { progress } = settings;
  return {
    rounds,
    intervalSeconds: interval,
    fading,
    serverShares,
    points,
    misfit,
    newcomers,
    boundEvery,
    ...(progress && { progress: progressOf(progress) }),
    outlook: outlookOf(replan),
    replan: {
      leastRounds: least,
      ...(every !== undefined && { everyRounds: every }),
      ...(gainChange !== undefined && { gainChangeDecibel: gainChange }),
      ...(loss !== undefined && { loss }),
    },
  };
}

function progressOf({ steps, ...law }: NonNullable<SimulationSettings['progress']>): ProgressTarget {
  return { ...law, referenceSteps: steps };
}

function outlookOf({ outlook, quantile, horizon, every }: SimulationSettings['replan']): Outlook {
  if (outlook === 'now') return { kind: 'now' };
  const horizonRounds = horizon ?? Math.min(every ?? usualHorizon, longestHorizon);
  if (outlook !== 'quantile') return { kind: outlook, horizonRounds };
  return { kind: outlook, horizonRounds, normalQuantile: normalQuantile(quantile) };
}
