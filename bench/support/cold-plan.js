/**
 * Plans the file named by the environment once with the package named there, and prints the processor seconds of start-up, reading,
 * search, proof and tables. Started by bench/planner-cold.ts, without a loader, as users' processes are.
 */
import console from 'node:console';
import { readFileSync } from 'node:fs';
import process from 'node:process';

const seconds = () => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
};
const { parseProblemFile, solvePlan } = await import(process.env.COLD_PACKAGE);
const started = seconds();
const cell = parseProblemFile(readFileSync(process.env.COLD_FILE, 'utf8'));
const read = seconds();
const reached = {};
const { status, answer, bound } = solvePlan(
  cell,
  { whatIf: 'never' },
  { onProgress: ({ phase }) => (reached[phase] ??= seconds()) },
);
const ended = seconds();
console.log(
  JSON.stringify({
    startUp: started,
    reading: read - started,
    search: reached.bound - read,
    proof: reached.baselines - reached.bound,
    tables: ended - reached.baselines,
    status,
    totalSeconds: answer.delay.totalSeconds,
    relativeGap: bound.relativeGap,
  }),
);
