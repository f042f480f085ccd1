/**
 * What plans save on the shipped scenarios against every conventional scheme that the scenario admits, computed by the same
 * models, beside the paper's headline. What the tables take is measured by bench/planner-cold.ts. A stopped run goes on where it
 * was (.cache/bench, by the code).
 *
 *   npm run bench -- scenarios
 */
import { readFileSync } from 'node:fs';
import { readProblemFile } from '../lib/io/index.js';
import { solvePlan, type BaselineReport } from '../lib/plan/index.js';
import { resumableLines } from './support/resumable.js';
import { writeResults } from './support/results.js';

/** SFT (arXiv 2501.09237): up to this much less delay and traffic than its baselines. */
const headline = { delaySaved: 0.802, trafficSaved: 0.936 };
const scenarios = ['campus', 'factory', 'stadium'] as const;

interface Solved {
  readonly totalSeconds: number;
  readonly relativeGap: number;
  readonly baselines: readonly BaselineReport[];
}

function solveScenario(name: string): Solved {
  const text = readFileSync(new URL(`../examples/${name}.yaml`, import.meta.url), 'utf8');
  const outcome = readProblemFile(text);
  if (!outcome.ok) throw new Error(`${name} is no valid problem file`);
  const report = solvePlan(outcome.resolved, { seed: outcome.resolved.file.seed, whatIf: 'never' });
  if (report.status !== 'solved' || !report.answer) throw new Error(`${name} ended ${report.status}`);
  const { answer, bound, baselines } = report;
  return { totalSeconds: answer.delay.totalSeconds, relativeGap: bound.relativeGap ?? 1, baselines };
}

/** Of the schemes' names. */
const width = 42;
const percent = (share: number | undefined) => (share === undefined ? '' : `${(100 * share).toFixed(1)} %`);

function lineOf(baseline: BaselineReport): string {
  const { name, totalSeconds, boundSeconds, delaySaved, trafficSaved, note } = baseline;
  const seconds = (value: number | undefined) => (value === undefined ? '' : `${value.toPrecision(4)} s`).padStart(10);
  const cells = [
    seconds(totalSeconds),
    seconds(boundSeconds),
    percent(delaySaved).padStart(8),
    percent(trafficSaved).padStart(8),
  ];
  return `  ${name.padEnd(width)}${cells.join('  ')}  ${note ?? ''}`.trimEnd();
}

const solved = resumableLines<Solved>('scenarios');
const lines: string[] = [];
const figures: unknown[] = [];
for (const name of scenarios) {
  const { totalSeconds, relativeGap: gap, baselines } = solved(name, () => solveScenario(name));
  lines.push(
    `${name}: a round takes ${totalSeconds.toPrecision(5)} s, no plan is more than ${(100 * gap).toPrecision(2)} % faster`,
    `  ${'scheme'.padEnd(width)}${'round'.padStart(10)}  ${'bound'.padStart(10)}  ${'delay −'.padStart(8)}  ${'bits −'.padStart(8)}`,
    ...baselines.map(lineOf),
    `  ${'the paper, up to'.padEnd(width)}${''.padStart(22)}  ${percent(headline.delaySaved).padStart(8)}  ${percent(headline.trafficSaved).padStart(8)}`,
    '',
  );
  const most = (pick: (baseline: BaselineReport) => number | undefined) =>
    Math.max(...baselines.map((baseline) => pick(baseline) ?? 0));
  figures.push({
    scenario: name,
    totalSeconds,
    relativeGap: gap,
    baselines,
    mostDelaySaved: most(({ delaySaved }) => delaySaved),
    mostTrafficSaved: most(({ trafficSaved }) => trafficSaved),
  });
}
writeResults('scenarios', 'npm run bench -- scenarios', lines.join('\n').trimEnd(), { headline, scenarios: figures });
