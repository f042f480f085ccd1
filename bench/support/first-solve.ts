/** Reads and solves the `.nl` file named by the environment once and prints the processor seconds of that. */
import { readFileSync } from 'node:fs';
import { compileNl, readNl } from '../../lib/io/nl/index.js';
import { minimize } from '../../lib/minimize/index.js';

const before = process.cpuUsage();
const problem = compileNl(readNl(readFileSync(process.env['FIRST_SOLVE']!)));
const result = minimize(problem, { timeLimitSeconds: 60 });
const { user, system } = process.cpuUsage(before);
console.log(
  JSON.stringify({
    seconds: (user + system) / 1e6,
    solved: result.termination.includes('optimal'),
    variableCount: problem.meta.variableCount,
  }),
);
