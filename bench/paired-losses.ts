/**
 * Paired accuracy losses: how often intervals contain the loss of a task that was not measured (drawn truth), and what the runs of
 * the committed studies show where plans live.
 *
 *   npx tsx bench/paired-losses.ts [500]
 *
 * A stopped run goes on where it was, as long as the code is the same (.cache/bench).
 */
import { readFileSync } from 'node:fs';
import { readCsv } from '../bin/fit/csv.js';
import { readRuns } from '../bin/fit/runs.js';
import { fitPairedLoss, type PairedObservation } from '../lib/models/accuracy/index.js';
import { randomStream } from '../lib/random/index.js';
import { resumableLines } from './support/resumable.js';
import { writeResults } from './support/results.js';

const draws = Number(process.argv[2] ?? 500);
const ratios = [0.02, 0.03, 0.045, 0.07, 0.1, 0.15, 0.25];
const truth = (ratio: number) => 0.0008 * ratio ** -1.2;

interface Counts {
  readonly asked: number;
  readonly within: number;
  readonly kept: number;
}

/** Intervals that contain the loss of a new task, and upper ends (one-sided) above it, in one drawn experiment. */
function draw(trial: number, confidence: number, family: 'power' | 'auto'): Counts {
  const random = randomStream(trial, `paired/${confidence}/${family}`);
  const tasks = 2 + (trial % 5);
  const spread = 0.1 + 0.5 * random.uniform();
  const factors = Array.from({ length: tasks + 1 }, () => Math.exp(spread * random.normal()));
  const runs = factors.slice(1).flatMap((factor, t): PairedObservation[] =>
    ['1', '2', '3'].flatMap((seed) => {
      const limit = 0.9 + 0.002 * random.normal();
      const run = (upRatio: number, accuracy: number) => ({ task: `${t}`, seed, upRatio, accuracy });
      const lossy = ratios.map((ratio) => run(ratio, limit - factor * truth(ratio) + 0.002 * random.normal()));
      return [run(1, limit), ...lossy];
    }),
  );
  const two = fitPairedLoss(runs, { family, confidence });
  const one = fitPairedLoss(runs, { family, confidence: 2 * confidence - 1 });
  const asked = [0.03, 0.08, 0.2].map((ratio) => {
    const own = factors[0]! * truth(ratio);
    const { lower, upper } = two.band(ratio, ratio, 0);
    return { within: own >= lower && own <= upper, kept: own <= one.band(ratio, ratio, 0).upper };
  });
  return {
    asked: asked.length,
    within: asked.filter(({ within }) => within).length,
    kept: asked.filter(({ kept }) => kept).length,
  };
}

const drawn = resumableLines<Counts>('paired-losses');

function coverage(confidence: number, family: 'power' | 'auto') {
  const counts = { asked: 0, within: 0, kept: 0 };
  for (let trial = 0; trial < (family === 'auto' ? draws / 5 : draws); trial++) {
    const { asked, within, kept } = drawn([trial, confidence, family], () => draw(trial, confidence, family));
    counts.asked += asked;
    counts.within += within;
    counts.kept += kept;
  }
  return { confidence, family, ...counts };
}

const shares = [coverage(0.8, 'power'), coverage(0.95, 'power'), coverage(0.95, 'auto')];
const percent = (part: number) => `${(100 * part).toFixed(1)} %`;
const lines = shares.map(
  ({ confidence, family, asked, within, kept }) =>
    `${percent(confidence)} intervals, family ${family}: ${percent(within / asked)} of ${asked} contain the new task's loss, ${percent(kept / asked)} of upper ends are above it`,
);

const studies = ['deit-tiny', 'embedded'].map((task): PairedObservation[] => {
  const text = readFileSync(new URL(`../study/${task}.csv`, import.meta.url), 'utf8');
  return readRuns(readCsv(text), {}).runs.map((run) => ({ ...run, task, seed: run.seed! }));
});
const fits = { 'deit-tiny': studies[0]!, embedded: studies[1]!, both: studies.flat() };
const figures = Object.entries(fits).map(([name, runs]) => {
  const fit = fitPairedLoss(runs);
  lines.push('', `${name}: ${fit.form.family}, ${fit.runs} runs, ${fit.beyondUse} beyond 15 points; 95 % intervals`);
  const points = [
    [0.045, 0.045],
    [0.06, 0.06],
    [0.086, 0.035],
    [0.105, 0.013],
  ] as const;
  return points.map(([up, down]) => {
    const band = fit.band(up, down, 4);
    const [loss, lower, upper] = [band.loss, band.lower, band.upper].map((value) => (100 * value).toFixed(2));
    lines.push(`  ρ ${up} up, ${down} down: ${loss!} points lost (${lower!} … ${upper!})`);
    return { name, up, down, ...band };
  });
});
writeResults('paired-losses', `npx tsx bench/paired-losses.ts ${draws}`, lines.join('\n'), {
  shares,
  figures: figures.flat(),
});
