/**
 * Processor time (user and system, compiler and collector included) of one plan and its recomputed proof in a fresh process of the
 * built package, after start-up and reading, and what the table of schemes takes besides, as a multiple of plan and proof there.
 * Medians of several processes; `--large` adds factory and stadium, two processes each. Bars: the campus 1 s, tables 5 times that;
 * five devices with 24 × 12 × 12 choices 1.5 s for the search and 1.5 s for the bound.
 * A stopped run goes on where it was, as long as the code is the same (.cache/bench).
 *
 *   npm run build && npx tsx bench/planner-cold.ts [--processes 5] [--large]
 */
import { execFileSync } from 'node:child_process';
import { loadavg } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { resumableLines } from './support/resumable.js';
import { writeResults } from './support/results.js';

const { values } = parseArgs({
  options: { processes: { type: 'string', default: '5' }, large: { type: 'boolean', default: false } },
});
const processes = Number(values.processes);
const at = (path: string) => fileURLToPath(new URL(`../${path}`, import.meta.url));
const works = [
  {
    name: 'campus',
    path: 'examples/campus.yaml',
    bars: { 'plan and proof': 1, 'tables, in plans and proofs': 5 },
    atMost: Infinity,
  },
  {
    name: 'five devices, 24 blocks, 12 × 12 points',
    path: 'spec/fixtures/planner/slow-5dev-fitted.yaml',
    bars: { search: 1.5, proof: 1.5 },
    atMost: Infinity,
  },
  { name: 'factory', path: 'examples/factory.yaml', bars: { 'tables, in plans and proofs': 5 }, atMost: 2 },
  { name: 'stadium', path: 'examples/stadium.yaml', bars: { 'tables, in plans and proofs': 5 }, atMost: 2 },
] as const;

interface ColdPlan {
  readonly startUp: number;
  readonly reading: number;
  readonly search: number;
  readonly proof: number;
  readonly tables: number;
  readonly status: string;
  readonly totalSeconds: number;
  readonly relativeGap: number;
}

function coldPlan(path: string): ColdPlan & { readonly load: number } {
  const env = {
    ...process.env,
    COLD_PACKAGE: new URL('../dist/lib/index.js', import.meta.url).href,
    COLD_FILE: at(path),
  };
  const script = at('bench/support/cold-plan.js');
  const load = loadavg()[0]!;
  return { ...(JSON.parse(execFileSync(process.execPath, [script], { encoding: 'utf8', env })) as ColdPlan), load };
}

const median = (values: readonly number[]) => [...values].sort((a, b) => a - b)[values.length >> 1]!;

const measured = resumableLines<ColdPlan & { readonly load: number }>('planner-cold');
let missed = 0;
const lines: string[] = [`medians (largest) over processes, in processor seconds`];
const figures = works
  .filter(({ atMost }) => values.large || atMost === Infinity)
  .map(({ name, path, bars, atMost }) => {
    const runs = Array.from({ length: Math.min(processes, atMost) }, (_, k) =>
      measured([name, k], () => coldPlan(path)),
    );
    const parts: Record<string, (run: ColdPlan) => number> = {
      'start-up': ({ startUp }) => startUp,
      reading: ({ reading }) => reading,
      search: ({ search }) => search,
      proof: ({ proof }) => proof,
      'plan and proof': ({ search, proof }) => search + proof,
      'tables, in plans and proofs': ({ tables, search, proof }) => tables / (search + proof),
    };
    const { status, totalSeconds, relativeGap } = runs[0]!;
    const round = `${totalSeconds.toPrecision(6)} s, gap ${(100 * relativeGap).toPrecision(2)} %`;
    const loads = runs.map(({ load }) => load.toFixed(1)).join(', ');
    lines.push('', `${name} (${path}): ${status}, ${round}; ${runs.length} processes at load ${loads}`);
    const figures = Object.entries(parts).map(([what, of]) => {
      const values = runs.map(of);
      const [middle, most] = [median(values), Math.max(...values)];
      const bar = (bars as Readonly<Record<string, number>>)[what];
      if (bar !== undefined && !(middle <= bar)) missed++;
      const verdict = bar === undefined ? '' : `  ${middle <= bar ? 'holds' : 'MISSED'} (bar ${bar})`;
      lines.push(`  ${what.padEnd(28)}${middle.toFixed(2).padStart(6)} (${most.toFixed(2)})${verdict}`);
      return { what, median: middle, most, bar };
    });
    return { name, path, status, totalSeconds, relativeGap, figures };
  });
const command = `npm run build && npx tsx bench/planner-cold.ts --processes ${processes}${values.large ? ' --large' : ''}`;
writeResults('planner-cold', command, lines.join('\n'), figures);
process.exitCode = missed > 0 ? 1 : 0;
