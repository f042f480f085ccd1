/**
 * Sparse quadratic programs like linear programs, built around known solutions (`spec/support/qp-families.ts`), against piqp
 * and Clarabel in one run. First robustness: how many of the programs whose sizes span 8 and 12 powers of ten each solver
 * brings to 1e-6, absolute and relative, judged by the known value, the rows and the bounds. Then processor time of large
 * ones: the first solve of a fresh process, and the least of three more. Families whose rows touch variables at random have
 * factors that are nearly dense, and are smaller therefore.
 * Usage: npx tsx bench/qp-sparse.ts [robustness [family [decades]] | times | family]
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { SparseMatrix } from '../lib/linalg/index.js';
import { qpEvidence, solveQp, type QpResult } from '../lib/qp/sparse/index.js';
import { familyProgram, qpFamilies, type KnownProgram, type QpFamily } from '../spec/support/qp-families.js';

const seeds = 10;
const sizes = [60, 300] as const;
const spreads = [4, 6] as const;
const large: Record<QpFamily, number> = {
  staircase: 10_000,
  transportation: 10_000,
  degenerate: 2000,
  free: 2000,
  'rank-deficient': 2000,
};
const largeSpread = 3;

interface PeerAnswer {
  readonly solver: string;
  readonly solved: boolean;
  readonly firstSeconds: number;
  readonly leastSeconds: number;
}

function isSolved({ problem, objective }: KnownProgram, result: QpResult): boolean {
  const { dualResidual } = qpEvidence(problem, result.x, result.multipliers, result.boundMultipliers);
  return (
    result.residuals.absoluteInfeasibility <= 1e-6 &&
    dualResidual <= 1e-6 &&
    Math.abs(result.objective - objective) <= 1e-6 * (1 + Math.abs(objective))
  );
}

function cpuSeconds(work: () => void): number {
  const before = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1e6;
}

/** What a fresh process prints of one large program. */
function measureLarge(family: QpFamily): void {
  const known = familyProgram(family, large[family], 1, largeSpread);
  let result: QpResult | undefined;
  const firstSeconds = cpuSeconds(() => (result = solveQp(known.problem)));
  const leastSeconds = Math.min(...[0, 1, 2].map(() => cpuSeconds(() => solveQp(known.problem))));
  console.log(JSON.stringify({ solver: 'ours', solved: isSolved(known, result!), firstSeconds, leastSeconds }));
}

function stored({ problem, objective }: KnownProgram): object {
  const matrix = ({ rows, columns, columnStarts, rowIndices, values }: SparseMatrix): object => ({
    shape: [rows, columns],
    starts: [...columnStarts],
    rows: [...rowIndices],
    values: [...values],
  });
  const sides = (values: Float64Array): (number | null)[] => Array.from(values, (v) => (Number.isFinite(v) ? v : null));
  return {
    P: matrix(problem.hessian as SparseMatrix),
    A: matrix(problem.constraintMatrix as SparseMatrix),
    q: [...problem.linear],
    l: sides(problem.constraintLower),
    u: sides(problem.constraintUpper),
    lb: sides(problem.lower),
    ub: sides(problem.upper),
    objective,
  };
}

function peers(programs: readonly KnownProgram[], repeats: number): PeerAnswer[][] {
  const script = fileURLToPath(new URL('peers/qp_sparse.py', import.meta.url));
  const python = fileURLToPath(new URL('../.cache/peers/bin/python3', import.meta.url));
  const folder = mkdtempSync(join(tmpdir(), 'qp-sparse-'));
  try {
    writeFileSync(join(folder, 'in.json'), JSON.stringify({ programs: programs.map(stored), repeats }));
    const run = spawnSync(python, [script, join(folder, 'in.json'), join(folder, 'out.json')], { encoding: 'utf8' });
    if (run.status !== 0) {
      console.log(
        `piqp and Clarabel are not measured (scripts/setup-peers.sh installs them): ${run.stderr.trim().split('\n').at(-1) ?? ''}`,
      );
      return programs.map(() => []);
    }
    return JSON.parse(readFileSync(join(folder, 'out.json'), 'utf8')) as PeerAnswer[][];
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** All of the table, or the rows of one family and one spread. */
function robustness(onlyFamily: string | undefined, decades: string | undefined): void {
  console.log(`\nprograms of ${seeds} solved to 1e-6, absolute and relative\n`);
  console.log(['decades', 'family'.padEnd(15), 'n'.padStart(4), 'ours', 'piqp', 'clarabel'].join('  '));
  for (const spread of spreads.filter((one) => decades === undefined || 2 * one === Number(decades))) {
    for (const family of qpFamilies.filter((one) => onlyFamily === undefined || one === onlyFamily)) {
      for (const n of sizes) {
        const programs = Array.from({ length: seeds }, (_, seed) => familyProgram(family, n, seed, spread));
        const ours = programs.filter((known) => isSolved(known, solveQp(known.problem))).length;
        const answers = peers(programs, 0);
        const solved = (name: string): string => {
          const all = answers.map((list) => list.find(({ solver }) => solver === name));
          return all.some((one) => one === undefined) ? '–' : String(all.filter((one) => one!.solved).length);
        };
        console.log(
          [
            String(2 * spread).padStart(7),
            family.padEnd(15),
            String(n).padStart(4),
            String(ours).padStart(4),
            solved('piqp').padStart(4),
            solved('clarabel').padStart(8),
          ].join('  '),
        );
      }
    }
  }
}

function times(): void {
  console.log(`\nprocessor seconds: first solve of a process, least of three more\n`);
  for (const family of qpFamilies) {
    const own = spawnSync(process.execPath, ['--import', 'tsx', fileURLToPath(import.meta.url), family], {
      encoding: 'utf8',
    });
    const answers = [
      JSON.parse(own.stdout) as PeerAnswer,
      ...(peers([familyProgram(family, large[family], 1, largeSpread)], 3)[0] ?? []),
    ];
    const shown = answers.map(
      ({ solver, solved, firstSeconds, leastSeconds }) =>
        `${solver}${solved ? '' : ' (not to 1e-6)'} ${firstSeconds.toFixed(3)} ${leastSeconds.toFixed(3)}`,
    );
    console.log(`${family.padEnd(15)}  ${String(large[family]).padStart(6)}  ${shown.join('   ')}`);
  }
}

const [wanted, onlyFamily, decades] = process.argv.slice(2);
if (qpFamilies.includes(wanted as QpFamily)) measureLarge(wanted as QpFamily);
else {
  const date = new Date().toISOString().slice(0, 10);
  console.log(
    `npx tsx bench/${['qp-sparse.ts', ...process.argv.slice(2)].join(' ')} on ${cpus()[0]?.model ?? 'unknown'}, ${cpus().length} cores, ${date}, Node ${process.version}, load ${loadavg()[0]!.toFixed(1)}`,
  );
  if (wanted !== 'times') robustness(onlyFamily, decades);
  if (wanted !== 'robustness') times();
}
