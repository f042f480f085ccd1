/**
 * SQP on the CUTE sample: objective against the best known one, evaluations, iterations, time after warm-up.
 * Usage: npx tsx bench/sqp-cute.ts [name…] [--quasi-newton] [--verbose] (directory from CUTE_DIR, default ../shared/data/cute)
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { compileNl, readNl } from '../lib/io/nl/index.js';
import { SqpSolver } from '../lib/sqp/index.js';

const directory = process.env['CUTE_DIR'] ?? '../shared/data/cute';
if (!existsSync(directory)) {
  console.log(`skipped: ${directory} is not there`);
  process.exit(0);
}
interface Reference {
  readonly bestObjective: number;
}
const reference = JSON.parse(readFileSync(join(directory, 'reference.json'), 'utf8')) as Record<string, Reference>;
const wanted = process.argv.slice(2).filter((argument) => !argument.startsWith('-'));
const quasiNewton = process.argv.includes('--quasi-newton');
const verbose = process.argv.includes('--verbose');
const names = readdirSync(directory)
  .filter((file) => file.endsWith('.nl'))
  .map((file) => file.slice(0, -3))
  .filter((name) => wanted.length === 0 || wanted.includes(name));

const median = (values: number[]) => {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted.length === 0 ? NaN : (sorted[(sorted.length - 1) >> 1]! + sorted[sorted.length >> 1]!) / 2;
};

const evaluations: number[] = [];
const times: number[] = [];
const firstTimes: number[] = [];
let solved = 0;
for (const name of names) {
  const problem = compileNl(readNl(readFileSync(join(directory, `${name}.nl`))));
  const sign = problem.nl.objectiveSign;
  const solver = new SqpSolver(problem, quasiNewton ? { hessian: 'quasi-newton' } : {});
  const startedAt = performance.now();
  const result = solver.solve({
    onIteration: (record) => {
      if (verbose) console.log(JSON.stringify(record));
      return true;
    },
  });
  firstTimes.push(performance.now() - startedAt);
  for (let repeat = 0; repeat < 10; repeat++) solver.solve();
  const warm = solver.solve();
  const best = (reference[name]?.bestObjective ?? NaN) * 1;
  const objective = sign * result.objective;
  const close = sign * (objective - best) <= 1e-4 * Math.abs(best) + 1e-6;
  const good = close && result.residuals.primalInfeasibility <= 1e-6 && result.termination.includes('optimal');
  if (good) solved++;
  evaluations.push(result.counts.objective);
  times.push(warm.timeSeconds * 1000);
  console.log(
    `${good ? 'ok  ' : 'FAIL'} ${name.padEnd(10)} n=${problem.meta.variableCount} m=${problem.meta.constraintCount}`.padEnd(
      34,
    ),
    result.termination.padEnd(18),
    `f=${objective.toPrecision(9)} best=${best.toPrecision(9)} viol=${result.residuals.primalInfeasibility.toExponential(1)}`.padEnd(
      58,
    ),
    `stat=${result.residuals.stationarity.toExponential(1)} it=${result.iterations} f#=${result.counts.objective} fac=${result.factorizations} rest=${result.restorations} ${(warm.timeSeconds * 1000).toFixed(2)}ms`,
    result.attempts.length > 1 ? result.attempts.map((attempt) => attempt.termination).join('>') : '',
  );
}
console.log(
  `solved ${solved} of ${names.length}; median evaluations ${median(evaluations)}; median time ${median(times).toFixed(2)} ms (first solve ${median(firstTimes).toFixed(2)} ms)`,
);
