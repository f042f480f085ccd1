import type { RoundRecord } from './record.js';

/** A scheme's rounds in few numbers. Means are over rounds that took place within all limits. */
export interface SchemeSummary {
  /** Name of the scheme. */
  readonly scheme: string;
  /** Rounds simulated. */
  readonly rounds: number;
  /** Rounds that took place within all limits. */
  readonly run: number;
  /** Rounds that took place and broke a limit. */
  readonly broken: number;
  /** Rounds that did not take place. */
  readonly missed: number;
  /** Rounds in which some device sat out. */
  readonly incomplete: number;
  /** Mean round, seconds; null without one. */
  readonly meanDelaySeconds: number | null;
  /** Median round, seconds; null without one. */
  readonly medianDelaySeconds: number | null;
  /** 95 % of the rounds are below, seconds; null without one. */
  readonly ninetyFifthDelaySeconds: number | null;
  /** Mean traffic of a round, bits. */
  readonly meanTrafficBits: number | null;
  /** Mean energy of a round, joule. */
  readonly meanEnergyJoule: number | null;
  /** Mean accuracy, 0…1. */
  readonly meanAccuracy: number | null;
  /** Part of a training to the target accuracy in a round. */
  readonly meanProgress: number | null;
  /** Rounds one after another until the target is reached, at this pace; null without a law of progress, or where it never is. */
  readonly secondsToAccuracy: number | null;
  /** Decisions on the large time scale. */
  readonly decisions: number;
  /** Mean steps of SQP in a round; null where none counts any. */
  readonly meanSteps: number | null;
  /** Mean regret of the rounds where it is known. */
  readonly meanRegret: number | null;
  /** Largest regret of the rounds where it is known. */
  readonly largestRegret: number | null;
  /** Rounds with a bound. */
  readonly boundedRounds: number;
}

/**
 * The summary of each scheme, in the order in which they first appear.
 *
 * @param records - Rounds as `simulate` yields them.
 * @example
 * ```ts
 * import { readScenarioFile } from 'sft-opt/io';
 * import { builtInScheme, simulate, simulationOptions, summarise } from 'sft-opt/simulate';
 *
 * const outcome = readScenarioFile(`version: 1
 * model: deit-tiny
 * simulation: { rounds: 3 }
 * devices: [{ name: a, count: 2, distance: 60 m }]`);
 * if (!outcome.ok) throw new Error('the scenario is not valid');
 * const { cell, settings } = outcome.scenario;
 * const rounds = simulate(cell, simulationOptions(settings), [builtInScheme('joint')], { seed: 1 });
 * console.log(summarise(rounds).map(({ scheme, run }) => [scheme, run])); // [ [ 'joint', 3 ] ]
 * ```
 */
export function summarise(records: Iterable<RoundRecord>): SchemeSummary[] {
  const byScheme = new Map<string, RoundRecord[]>();
  for (const record of records) {
    const known = byScheme.get(record.scheme);
    if (known) known.push(record);
    else byScheme.set(record.scheme, [record]);
  }
  return [...byScheme].map(([scheme, rounds]) => summaryOf(scheme, rounds));
}

function summaryOf(scheme: string, rounds: readonly RoundRecord[]): SchemeSummary {
  const run = rounds.filter(({ outcome }) => outcome === 'run');
  const column = (pick: (record: RoundRecord) => number | null) => run.map(pick).filter((value) => value !== null);
  const delays = column(({ delaySeconds }) => delaySeconds).sort((a, b) => a - b);
  const regrets = column(({ regret }) => regret);
  const meanDelaySeconds = mean(delays);
  const meanProgress = mean(column(({ progress }) => progress));
  const broken = rounds.filter(({ outcome }) => outcome === 'broken').length;
  return {
    scheme,
    rounds: rounds.length,
    run: run.length,
    broken,
    missed: rounds.length - run.length - broken,
    incomplete: rounds.filter(({ satOut }) => satOut.length > 0).length,
    meanDelaySeconds,
    medianDelaySeconds: quantile(delays, 0.5),
    ninetyFifthDelaySeconds: quantile(delays, 0.95),
    meanTrafficBits: mean(column(({ uplinkBits, downlinkBits }) => uplinkBits + downlinkBits)),
    meanEnergyJoule: mean(column(({ energyJoule }) => energyJoule)),
    meanAccuracy: mean(column(({ accuracy }) => accuracy)),
    meanProgress,
    secondsToAccuracy: meanDelaySeconds !== null && meanProgress ? meanDelaySeconds / meanProgress : null,
    decisions: rounds.filter(({ replanned }) => replanned !== null).length,
    meanSteps: mean(column(({ steps }) => steps)),
    meanRegret: mean(regrets),
    largestRegret: regrets.length > 0 ? regrets.reduce((most, each) => Math.max(most, each)) : null,
    boundedRounds: regrets.length,
  };
}

/** Mean, or null of nothing. */
export function mean(values: readonly number[]): number | null {
  return values.length === 0 ? null : values.reduce((sum, each) => sum + each, 0) / values.length;
}

/** The smallest value with at least this share of all at or below it; null of nothing. */
export function quantile(sorted: readonly number[], share: number): number | null {
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? null;
}
