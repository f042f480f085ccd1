import { mkdirSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { median, type Outcome } from './outcome.js';
import { performanceProfiles, shareWithin } from './performance-profile.js';
import { profileSvg } from './svg.js';

const ratios = [1, 2, 4, 8, 16, 64];

/** Writes table, raw figures and SVGs of one set of problems under bench/results; prints the table. */
export function report(name: string, title: string, command: string, outcomes: readonly Outcome[]): void {
  const folder = join(import.meta.dirname, '../results');
  mkdirSync(folder, { recursive: true });
  const costs: [string, string, (outcome: Outcome) => number][] = [
    ['time', 'time', ({ seconds }) => seconds],
    ['evaluations', 'evaluations', ({ evaluations }) => Math.max(1, evaluations)],
  ];
  const lines = [title, `command: ${command}`, machine(), '', ...solverTable(outcomes)];
  for (const [key, costName, cost] of costs) {
    const profiles = performanceProfiles(outcomes, cost);
    writeFileSync(join(folder, `${name}-${key}.svg`), profileSvg(title, costName, profiles));
    lines.push('', `share of problems solved within a ratio of the best ${costName}:`);
    lines.push(
      row(
        'solver',
        ratios.map((ratio) => `≤ ${ratio}`),
      ),
    );
    for (const profile of profiles) {
      lines.push(
        row(
          profile.solver,
          ratios.map((ratio) => shareWithin(profile, ratio).toFixed(3)),
        ),
      );
    }
  }
  lines.push('', ...failures(outcomes));
  const text = `${lines.join('\n')}\n`;
  writeFileSync(join(folder, `${name}.txt`), text);
  writeFileSync(
    join(folder, `${name}.json`),
    `${JSON.stringify({ title, command, machine: machine(), outcomes }, undefined, 1)}\n`,
  );
  console.log(text);
}

function machine(): string {
  const processor = cpus()[0]?.model ?? 'unknown processor';
  return `${cpus().length} × ${processor}, Node.js ${process.versions.node}, ${new Date().toISOString().slice(0, 10)}`;
}

/** Problems that every solver solved give the medians, so that they compare the same work. */
function solverTable(outcomes: readonly Outcome[]): string[] {
  const solvers = [...new Set(outcomes.map(({ solver }) => solver))];
  const problems = [...new Set(outcomes.map(({ problem }) => problem))];
  const common = new Set(
    problems.filter((problem) => outcomes.filter((o) => o.problem === problem).every(({ solved }) => solved)),
  );
  const lines = [
    `medians over the ${common.size} of ${problems.length} problems that all solved; false: claimed but not solved`,
    row('solver', ['solved', 'false', 'median ms', 'evaluations']),
  ];
  for (const solver of solvers) {
    const own = outcomes.filter((outcome) => outcome.solver === solver);
    const shared = own.filter(({ problem }) => common.has(problem));
    lines.push(
      row(solver, [
        `${own.filter(({ solved }) => solved).length}/${problems.length}`,
        String(own.filter(({ solved, claimed }) => claimed && !solved).length),
        (1000 * median(shared.map(({ seconds }) => seconds))).toFixed(3),
        String(median(shared.map(({ evaluations }) => evaluations))),
      ]),
    );
  }
  return lines;
}

function row(name: string, cells: readonly string[]): string {
  return `${name.padEnd(24)}${cells.map((cell) => cell.padStart(12)).join('')}`;
}

function failures(outcomes: readonly Outcome[]): string[] {
  return outcomes
    .filter(({ solved }) => !solved)
    .map(
      ({ solver, problem, objective, violation, claimed }) =>
        `not solved: ${solver} on ${problem} (objective ${objective}, violation ${violation.toExponential(1)}${claimed ? ', claimed solved' : ''})`,
    );
}
