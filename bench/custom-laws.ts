/**
 * Best shares under laws with kinks and flat stretches (piecewise linear, tables of modulation and coding): how many of 1,440 drawn
 * allocations of 2, 3, 4 and 10 devices a bound without slopes confirms to 1e-9, and what each takes.
 *
 *   npx tsx bench/custom-laws.ts
 */
import { allocate } from '../lib/plan/index.js';
import { randomProblem, withEfficiencyTables } from '../spec/support/plan-instances.js';
import { withPiecewiseRates } from '../spec/support/piecewise-rates.js';
import { writeResults } from './support/results.js';

const laws = { piecewise: withPiecewiseRates, tables: withEfficiencyTables } as const;
const sharings = ['allocated', 'equal', 'batched'] as const;
const seeds = 60;

const lines = ['laws       sharing    allocations  confirmed  processor time, all  the longest'];
const figures: Record<string, number | string>[] = [];
let missed = 0;
for (const [name, withLaws] of Object.entries(laws)) {
  for (const sharing of sharings) {
    const counts = { allocations: 0, confirmed: 0, seconds: 0, longest: 0 };
    for (const devices of [2, 3, 4, 10]) {
      for (let seed = 0; seed < seeds; seed++) {
        const shape = { seed, devices, splits: 2, points: 2, sharing, decorations: false } as const;
        const problem = withLaws(randomProblem({ ...shape, serverMemoryTightness: 'none' }), seed);
        const choice = { participates: true, blocks: 1 + (seed % 2), upPoint: seed % 2, downPoint: seed % 2 };
        const decisions = problem.devices.map(() => choice);
        const began = process.cpuUsage().user;
        const found = allocate(problem, decisions);
        const seconds = (process.cpuUsage().user - began) / 1e6;
        counts.allocations++;
        if (found.status === 'optimal' && found.exact) counts.confirmed++;
        counts.seconds += seconds;
        counts.longest = Math.max(counts.longest, seconds);
      }
    }
    missed += counts.allocations - counts.confirmed;
    figures.push({ laws: name, sharing, ...counts });
    lines.push(
      [
        name.padEnd(9),
        sharing.padEnd(9),
        String(counts.allocations).padStart(11),
        String(counts.confirmed).padStart(9),
        `${counts.seconds.toFixed(1)} s`.padStart(19),
        `${counts.longest.toFixed(2)} s`.padStart(11),
      ].join('  '),
    );
  }
}
writeResults('custom-laws', 'npx tsx bench/custom-laws.ts', lines.join('\n'), figures);
process.exitCode = missed > 0 ? 1 : 0;
