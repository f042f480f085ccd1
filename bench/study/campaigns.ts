import { availableParallelism } from 'node:os';
import { campaignOf, type CampaignArguments } from '../../bin/campaign/options.js';
import { runCampaign, savedInterval, type Campaign, type PointResult } from '../../bin/campaign/campaign.js';
import { Ledger } from '../../bin/campaign/ledger.js';
import { TaskPool } from '../../bin/campaign/pool.js';
import { renderCampaign } from '../../bin/campaign/render.js';
import type { Interval } from '../../lib/simulate/index.js';
import { quantile } from '../../lib/simulate/summary.js';
import { writeResults } from '../support/results.js';

/** One campaign over the reference scenario. */
interface CampaignPlan {
  readonly title: string;
  readonly vary?: readonly string[];
  readonly schemes: readonly string[];
  readonly set?: readonly string[];
  readonly seeds: number;
  readonly halfWidth?: number;
  readonly mostSeeds?: number;
}

const scenario = 'examples/simulation/plaza.yaml';
const shorter = ['simulation.rounds=40', 'simulation.boundEvery=0'];
/** Savings within three points; most schemes need far fewer seeds. */
const narrow = { seeds: 24, halfWidth: 0.03, mostSeeds: 600 };
const some = ['joint', 'fixed-cut', 'equal-bandwidth', 'compressed-split-federated', 'split-federated'];

/** The figures of a paper on such a method, by their names. */
export const campaigns: Readonly<Record<string, CampaignPlan>> = {
  headline: {
    title: 'Schemes on the reference scenario',
    schemes: [
      ...['joint', 'fixed-cut', 'fixed-ratio', 'equal-bandwidth', 'compressed-split-federated', 'no-compression'],
      ...['split-federated', 'vanilla-split', 'federated-lora'],
    ],
    seeds: 40,
    halfWidth: 0.01,
    mostSeeds: 3140,
  },
  motion: {
    title: 'Standing, strolling and walking devices',
    vary: [
      'simulation.motion={ model: static },{ model: waypoint, radius: 250 m, speed: 0.5 m/s },{ model: waypoint, radius: 250 m, speed: 1.5 m/s }',
    ],
    set: ['simulation.devices=null'],
    schemes: some,
    ...narrow,
  },
  bandwidth: { title: 'Delay against bandwidth', vary: ['radio.bandwidth=5,10,20,40 MHz'], schemes: some, ...narrow },
  devices: { title: 'Delay against devices', vary: ['devices[0].count=5,10,20,40'], schemes: some, ...narrow },
  memory: {
    title: 'Delay against device memory (of all devices)',
    vary: ['devices[0].memory=450,700,1000,2000 MiB'],
    set: ['devices[1].count=1'],
    schemes: some,
    ...narrow,
  },
  server: {
    title: 'Delay against the speed of the server',
    vary: ['server.throughput=10,20,40,80 TFLOP/s'],
    schemes: some,
    ...narrow,
  },
  limit: {
    title: 'Delay against the limit of accuracy',
    vary: ['accuracy.minimum=88,89,90,90.4,91 %'],
    schemes: some,
    ...narrow,
  },
  time: {
    title: 'Time to an accuracy of 90 %, at the pace of learning of study/embedded-lengths.csv',
    set: ['simulation.progress={ target: 90 %, shortfall: 4.388, exponent: 0.7811, steps: 500 }'],
    schemes: [...some, 'fixed-ratio'],
    ...narrow,
  },
  cells: { title: 'Delay over cells', schemes: some, ...narrow, seeds: 40 },
  ablation: {
    title: 'Each decision alone',
    schemes: [
      ...['joint', 'split-alone', 'ratio-alone', 'bandwidth-alone'],
      ...['fixed-cut', 'fixed-ratio', 'equal-bandwidth', 'compressed-split-federated'],
    ],
    ...narrow,
  },
  intervals: {
    title: 'A large-scale decision every M rounds',
    vary: ['simulation.replan.every=1,5,20,100'],
    set: ['simulation.replan.loss=null', 'simulation.replan.least=1', 'simulation.rounds=100'],
    schemes: ['joint', 'fixed-ratio', 'fixed-cut'],
    ...narrow,
  },
};

/** Runs what the ledger in the cache does not know yet, and writes what came out. */
export async function runStudyCampaign(name: string): Promise<void> {
  const plan = campaigns[name]!;
  const campaign = await campaignOf(scenario, argumentsOf(plan));
  // One for all: what campaigns have in common is run once.
  const ledger = await Ledger.open('.cache/study/ledger');
  const pool = new TaskPool(Math.min(2, availableParallelism()));
  const never = new AbortController().signal;
  try {
    const results = await runCampaign(campaign, ledger, async (missing) => {
      console.error(`${name}: ${missing.length} simulations`);
      await pool.run(missing, (task, summary) => ledger.put(task, summary), never);
      return true;
    });
    const text = [
      plan.title,
      '',
      renderCampaign(campaign, results!),
      ...distribution(name, campaign, results!),
      ...timesToAccuracy(campaign, results!),
    ];
    writeResults(`campaign-${name}`, `npm run study -- ${name}`, text.join('\n'), figuresOf(plan, campaign, results!));
  } finally {
    pool.close();
  }
}

function argumentsOf({ vary, schemes, set = [], seeds, halfWidth, mostSeeds }: CampaignPlan): CampaignArguments {
  const own = shorter.filter((setting) => !set.some((other) => other.split('=')[0] === setting.split('=')[0]));
  return {
    ...(vary && { vary: [...vary] }),
    scheme: [...schemes],
    set: [...own, ...set],
    seeds: { first: 1, count: seeds },
    ...(halfWidth !== undefined && { halfWidth }),
    mostSeeds: mostSeeds ?? seeds,
    confidence: 0.95,
  };
}

function figuresOf({ title }: CampaignPlan, campaign: Campaign, results: readonly PointResult[]) {
  return {
    title,
    keys: campaign.keys,
    confidence: campaign.confidence,
    rows: results.map((result) => {
      const { point, scheme, runs, delaySeconds, saved } = result;
      const mean = (pick: (summary: (typeof runs)[number]['summary']) => number | null) => {
        const values = runs.flatMap(({ summary }) => pick(summary) ?? []);
        return values.length === 0 ? null : values.reduce((sum, each) => sum + each, 0) / values.length;
      };
      return {
        values: campaign.points[point]!.values,
        scheme,
        seeds: runs.length,
        delaySeconds: delaySeconds ?? null,
        saved: saved ?? null,
        trafficBits: mean(({ meanTrafficBits }) => meanTrafficBits),
        secondsToAccuracy: mean(({ secondsToAccuracy }) => secondsToAccuracy),
        timeSaved: timeSaved(campaign, results, result) ?? null,
        decisionsPerRound: mean(({ decisions, rounds }) => decisions / rounds),
        roundsRun: mean(({ run, rounds }) => run / rounds),
      };
    }),
  };
}

/** Deciles of the mean round over the seeds, each of which is a cell of its own. */
function distribution(name: string, campaign: Campaign, results: readonly PointResult[]): string[] {
  if (name !== 'cells') return [];
  const shares = [0.1, 0.25, 0.5, 0.75, 0.9];
  const lines = results.map(({ scheme, runs }) => {
    const delays = runs.flatMap(({ summary }) => summary.meanDelaySeconds ?? []).sort((a, b) => a - b);
    return `${scheme.padEnd(28)} ${shares.map((share) => `${quantile(delays, share)?.toFixed(2) ?? '–'} s`.padStart(10)).join('')}`;
  });
  return ['', `mean round of a cell at ${shares.map((share) => `${100 * share} %`).join(', ')} of the cells`, ...lines];
}

/** Part of the time to the target that the first scheme saves, seed by seed. */
function timeSaved(
  campaign: Campaign,
  results: readonly PointResult[],
  { point, runs }: PointResult,
): Interval | undefined {
  const first = results.find((result) => result.point === point)!.runs;
  const pairs = runs.map(({ summary }, k) => {
    const [own, other] = [first[k]!.summary.secondsToAccuracy, summary.secondsToAccuracy];
    return runs === first || own === null || other === null ? null : 1 - own / other;
  });
  return savedInterval(campaign, pairs);
}

function timesToAccuracy(campaign: Campaign, results: readonly PointResult[]): string[] {
  const lines = results.flatMap((result) => {
    const { scheme, runs } = result;
    const times = runs.flatMap(({ summary }) => summary.secondsToAccuracy ?? []);
    if (times.length === 0) return [];
    const saved = timeSaved(campaign, results, result);
    const mean = times.reduce((sum, each) => sum + each, 0) / times.length;
    const said = saved
      ? `${(100 * saved.mean).toFixed(1)} % ± ${(100 * (saved.halfWidth ?? NaN)).toFixed(1)} % saved by the first`
      : '';
    return [`${scheme.padEnd(28)} ${mean.toFixed(0).padStart(8)} s to the target  ${said}`.trimEnd()];
  });
  return lines.length === 0 ? [] : ['', ...lines];
}
