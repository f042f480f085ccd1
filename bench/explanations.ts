/**
 * What is printed around a plan, on random problem files of up to four devices: what-if answers against the changed files (exact
 * method, both sides to 1e-6; two-timescale, plan and bound on either side of the optimum and no slower where a change only
 * relaxes, also with up to twelve devices), both prices of the band against re-solved bandwidths (1 %), remedies (each suffices, none can be
 * 0.1 % less, no single limit is missing). Every judge edits and reads the file anew by itself.
 * A stopped run goes on where it was, as long as the code is the same (.cache/bench).
 * Usage: npx tsx bench/explanations.ts [--what-if 100] [--search 100] [--prices 300] [--remedies 150] [--limits 150] [--large 60]
 * Results: bench/results/explanations.txt
 */
import { parseArgs } from 'node:util';
import {
  checkLargeRemedies,
  checkLimitRemedies,
  checkPrice,
  checkRemedies,
  checkWhatIf,
  checkWhatIfSearch,
  moreThanExact,
  Tally,
} from '../spec/support/explanation-checks.js';
import { randomFile, type RandomFile } from '../spec/support/problem-files.js';
import { resumableLines } from './support/resumable.js';
import { writeResults } from './support/results.js';

const { values } = parseArgs({
  options: {
    'what-if': { type: 'string', default: '100' },
    search: { type: 'string', default: '100' },
    prices: { type: 'string', default: '300' },
    remedies: { type: 'string', default: '150' },
    limits: { type: 'string', default: '150' },
    large: { type: 'string', default: '60' },
  },
});

type Check = (seed: number, random: RandomFile, tally: Tally) => void;

const lines = resumableLines<Pick<Tally, 'faults' | 'counts'>>('explanations');

function run(name: string, check: Check, files: number, mostDevices = (_seed: number) => 4, leastDevices = 1): Tally {
  const all = new Tally();
  for (let seed = 1001; seed <= 1000 + files; seed++) {
    const { faults, counts } = lines([name, seed, leastDevices], () => {
      const tally = new Tally();
      check(seed, randomFile(seed, mostDevices(seed), leastDevices), tally);
      return { faults: tally.faults, counts: tally.counts };
    });
    all.faults.push(...faults);
    for (const [what, count] of Object.entries(counts)) all.counts[what] = (all.counts[what] ?? 0) + count;
  }
  return all;
}

const tallies = {
  'what-if': run('what-if', checkWhatIf, Number(values['what-if'])),
  'what-if by the search': run('search', checkWhatIfSearch, Number(values.search), (seed) => (seed % 4 === 0 ? 12 : 4)),
  prices: run('prices', checkPrice, Number(values.prices)),
  remedies: run('remedies', checkRemedies, Number(values.remedies)),
  'remedies for limits of energy and traffic': run('limits', checkLimitRemedies, Number(values.limits)),
  'remedies for 13 to 24 devices': run('large', checkLargeRemedies, Number(values.large), () => 24, moreThanExact),
};
const table = Object.entries(tallies)
  .map(([name, { faults, counts }]) => {
    const reached = Object.entries(counts).map(([what, count]) => `  ${String(count).padStart(5)}  ${what}`);
    return [`${name}: ${faults.length} faults`, ...faults.map((fault) => `  FAULT ${fault}`), ...reached].join('\n');
  })
  .join('\n\n');
const options = `--what-if ${values['what-if']} --search ${values.search} --prices ${values.prices} --remedies ${values.remedies} --limits ${values.limits} --large ${values.large}`;
writeResults('explanations', `npx tsx bench/explanations.ts ${options}`, table, tallies);
process.exitCode = Object.values(tallies).some(({ faults }) => faults.length > 0) ? 1 : 0;
