import type { Campaign, PointResult } from '../../bin/campaign/campaign.js';
import { planFileOf } from '../../bin/render/plan-file.js';
import type { ChartLibrary } from '../../bin/report/chart/library.js';
import { campaignReport } from '../../bin/report/contents/campaign.js';
import { planReport } from '../../bin/report/contents/plan.js';
import { simulationReport } from '../../bin/report/contents/simulation.js';
import { TrainingRounds } from '../../bin/report/contents/training-rounds.js';
import { trainingReport } from '../../bin/report/contents/training.js';
import { validationReport } from '../../bin/report/contents/validation.js';
import type { Report } from '../../bin/report/page.js';
import type { RunRecord } from '../../harness/server/index.js';
import type { ValidationReport } from '../../harness/validate/index.js';
import type { ComparedCase } from '../../lib/validation/index.js';
import { solvePlan, type SolveProgress } from '../../lib/plan/index.js';
import {
  builtInScheme,
  simulate,
  simulationOptions,
  studentInterval,
  summarise,
  type RoundRecord,
  type SchemeSummary,
} from '../../lib/simulate/index.js';
import { scenario } from './scenarios.js';

/** Rounds of a small cell under three schemes, with every device. */
export function someRounds(): RoundRecord[] {
  const { cell, settings } = scenario('simulation.boundEvery=4');
  const schemes = [builtInScheme('joint'), builtInScheme('fixed-cut'), builtInScheme('random')];
  return [...simulate(cell, simulationOptions(settings), schemes, { seed: 3, details: true })];
}

/** A small problem, solved, with all notes of the search. */
export function solvedProblem() {
  const { start } = scenario();
  const progress: SolveProgress[] = [];
  const hooks = { onProgress: (note: SolveProgress) => progress.push(note) };
  const report = solvePlan(start, { whatIf: 'always', tradeOff: 'traffic' }, hooks);
  return { resolved: start, report, plan: planFileOf(report, start), progress };
}

/** A campaign over two bandwidths and three schemes, made of rounds whose delays are scaled. */
export function someCampaign(rounds: readonly RoundRecord[], keys: readonly string[] = ['radio.bandwidth']) {
  const values = keys.length === 0 ? [[]] : [['5 MHz'], ['10 MHz'], ['20 MHz']];
  const names = ['joint', 'fixed-cut', 'random'];
  const campaign: Campaign = {
    keys,
    points: values.map((each) => ({ values: each, origin: {} as Campaign['points'][number]['origin'] })),
    schemes: names.map((name) => ({ name }) as Campaign['schemes'][number]),
    seeds: { first: 1, least: 4, most: 4 },
    confidence: 0.95,
  };
  const summaries = new Map(summarise(rounds).map((each) => [each.scheme, each]));
  const results = values.flatMap((_, point) =>
    names.map((scheme): PointResult => {
      const runs = [1, 2, 3, 4].map((seed) => {
        const base = summaries.get(scheme)!;
        const factor = (1 + 0.1 * seed) / (1 + point);
        return {
          seed,
          summary: { ...base, meanDelaySeconds: base.meanDelaySeconds! * factor } satisfies SchemeSummary,
        };
      });
      const delays = runs.map(({ summary }) => summary.meanDelaySeconds);
      const first = summaries.get(names[0]!)!.meanDelaySeconds! / summaries.get(scheme)!.meanDelaySeconds!;
      const saved = runs.map(({ seed }) => 1 - first * (1 + 0.01 * seed));
      return {
        point,
        scheme,
        runs,
        delaySeconds: studentInterval(delays, 0.95),
        saved: scheme === names[0] ? undefined : studentInterval(saved, 0.95),
      };
    }),
  );
  return { campaign, results };
}

/** A training of two devices over a few rounds, as its record tells it. */
export function someTraining(): RunRecord[] {
  const seconds = (scale: number) => ({
    deviceForward: 0.1 * scale,
    deviceEncode: 0.01 * scale,
    uplink: 0.2 * scale,
    server: 0.05,
    downlink: 0.1 * scale,
    deviceDecode: 0.01,
    deviceBackward: 0.2 * scale,
    deviceUpdate: 0.01,
  });
  return Array.from({ length: 8 }, (_, round): RunRecord[] => [
    ...[0, 1].map((device): RunRecord => ({
      kind: 'step',
      round,
      step: 0,
      device,
      loss: 2 / (round + 1),
      seconds: seconds(1 + ((device + round) % 3)),
      measuredServerSeconds: { decode: 0, compute: 0, update: 0, encode: 0 },
      uplinkBytes: 1e5,
      downlinkBytes: 9e4,
    })),
    {
      kind: 'round',
      round,
      loss: 2 / (round + 1),
      roundSeconds: 1.2 + 0.1 * (round % 3),
      wallSeconds: 3,
      aggregationSeconds: 0.01,
      adapterSeconds: [0.1, 0.12],
      devices: [0, 1],
      uplinkBytes: 2e5,
      downlinkBytes: 1.8e5,
    },
    { kind: 'evaluation', round, accuracy: 0.9 - 0.5 / (round + 1), loss: 1 / (round + 1), targets: 100 },
  ]).flat();
}

/** A validation of four plans in two scenarios. */
export function someValidation(): ValidationReport {
  const errors = { count: 4, mape: 0.04, worst: 0.11, bias: -0.01 };
  const cases = Array.from({ length: 4 }, (_, k) => ({
    name: `plan ${k}`,
    scenario: k < 2 ? 'one phone' : 'two phones',
    devices: 1 + Math.floor(k / 2),
    cuts: [k, 6],
    round: { predicted: 1 + k, measured: (1 + k) * (1 + 0.05 * (k - 1)) },
    linkShare: 0.3,
    repeats: k,
    unsteady: k === 3 ? ['uplink'] : [],
  }));
  return {
    created: '2026-01-01T00:00:00.000Z',
    model: 'embedded-vit',
    profileHash: 'ab'.repeat(32),
    profileCreated: '2026-01-01T00:00:00.000Z',
    machine: {} as ValidationReport['machine'],
    seconds: 100,
    summary: {
      round: errors,
      normalised: errors,
      compute: errors,
      stages: { uplink: errors, server: errors },
      traffic: errors,
      deviceMemory: errors,
      serverMemory: errors,
      computeBound: 0.5,
      bestPlanRatio: 1.02,
      repeats: 6,
      unsteady: 1,
    },
    cases: cases as unknown as readonly ComparedCase[],
  };
}

/** One report of each kind. */
export function allReports(library: ChartLibrary): Record<string, Report> {
  const rounds = someRounds();
  const { plan, resolved, progress } = solvedProblem();
  const sweep = someCampaign(rounds);
  const compared = someCampaign(rounds, []);
  const training = new TrainingRounds();
  const words = new TrainingRounds();
  for (const record of someTraining()) {
    training.record(record);
    words.record(record.kind === 'evaluation' ? { ...record, perplexity: Math.exp(record.loss) } : record);
  }
  return {
    simulation: simulationReport(library, 'A cell', rounds),
    plan: planReport(library, { plan, problem: resolved.problem, progress }),
    sweep: campaignReport(library, 'sweep.yaml', sweep.campaign, sweep.results),
    compare: campaignReport(library, 'compare.yaml', compared.campaign, compared.results),
    training: trainingReport(library, 'A training', training, ['phone', 'laptop']),
    decoder: trainingReport(library, 'A training of a decoder', words, ['phone', 'laptop']),
    validation: validationReport(library, someValidation()),
  };
}
