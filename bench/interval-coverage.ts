/**
 * How often the intervals of campaigns that stop by themselves cover the mean of what is saved, by the law of the savings.
 * Usage: npx tsx bench/interval-coverage.ts        Results: bench/results/interval-coverage.txt and .json
 */
import { columns } from '../bin/render/columns.js';
import { sequentialInterval } from '../lib/simulate/paired.js';
import { coverage, savingsLaws } from '../spec/support/interval-coverage.js';
import { writeResults } from './support/results.js';

const firsts = [10, 24, 40];
const [trials, confidence, halfWidth, most] = [2000, 0.95, 0.03, 600];
const rows = Object.entries(savingsLaws).map(([law, each]) => ({
  law,
  covered: firsts.map((first) => coverage(each, { first, halfWidth, confidence, most }, sequentialInterval, trials)),
}));
const table = [
  `Campaigns that want ± 3 points at 95 %: ${trials} of each kind, at most ${most} seeds; how many hold the mean, and seeds on average.`,
  '',
  columns(
    [
      ['savings', ...firsts.map((first) => `${first} first`)],
      ...rows.map(({ law, covered }) => [
        law,
        ...covered.map(({ share, values }) => `${(100 * share).toFixed(0)} % (${values.toFixed(0)})`),
      ]),
    ],
    [1, 2, 3],
  ),
].join('\n');
writeResults('interval-coverage', 'npx tsx bench/interval-coverage.ts', table, rows);
