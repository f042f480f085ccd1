/** SQP on the hard cases of `spec/problems/hard`: status, objective, cost. Usage: npx tsx bench/sqp-hard.ts [name…] */
import { SqpSolver } from '../lib/sqp/index.js';
import { problemOf, type CatalogueEntry } from '../spec/problems/hard/catalogue.js';
import { smallConstrained } from '../spec/problems/hard/small-constrained.js';
import { scalable } from '../spec/problems/hard/scalable.js';

const wanted = process.argv.slice(2).filter((argument) => !argument.startsWith('-'));
const verbose = process.argv.includes('--verbose');
const sizeArgument = process.argv.find((argument) => argument.startsWith('--size='));
const size = Number(sizeArgument?.slice(7) ?? 0);
const entries: CatalogueEntry[] = size > 0 ? scalable(size) : [...smallConstrained];
let failures = 0;
const all = entries.filter((entry) => wanted.length === 0 || wanted.includes(entry.name));
for (const entry of all) {
  const compiledAt = performance.now();
  const problem = problemOf(entry);
  const solver = new SqpSolver(problem, { timeLimitSeconds: 20 });
  const prepared = performance.now() - compiledAt;
  const result = solver.solve({
    onIteration: (record) => {
      if (verbose) console.log(JSON.stringify(record));
      return true;
    },
  });
  const solved = result.termination.includes('optimal');
  const expected = entry.expected ?? 'solved';
  const best = entry.best;
  const close = best === undefined || result.objective - best <= 1e-4 * Math.abs(best) + 1e-6;
  const good =
    expected === 'solved' ? solved && (close || entry.manyMinima === true) : result.termination.includes(expected);
  if (!good) failures++;
  console.log(
    `${good ? (close ? 'ok  ' : 'ok ~') : 'FAIL'} ${entry.name.padEnd(22)} n=${problem.meta.variableCount} m=${problem.meta.constraintCount}`.padEnd(
      42,
    ),
    result.termination.padEnd(18),
    `f=${result.objective.toPrecision(8)}${best === undefined ? '' : ` best=${best.toPrecision(8)}`} viol=${result.residuals.primalInfeasibility.toExponential(1)}`.padEnd(
      50,
    ),
    `stat=${result.residuals.stationarity.toExponential(1)} it=${result.iterations} f#=${result.counts.objective} fac=${result.factorizations} rest=${result.restorations} ${(result.timeSeconds * 1000).toFixed(1)}ms (+${prepared.toFixed(0)})`,
    result.attempts.length > 1 ? result.attempts.map((attempt) => attempt.termination).join('>') : '',
  );
}
console.log(`${failures} failures of ${all.length}`);
