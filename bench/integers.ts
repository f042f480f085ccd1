/**
 * Integer and global programs by family and size, enumeration switched off: how many end at the optimum (judged by SCIP, or
 * by parity's construction), how many are proven within ten seconds of processor time, and, for linear ones, processor
 * time beside HiGHS. Peers that are not installed are left out (scripts/setup-peers.sh installs them). Exits with 1 if a
 * claim is false. Usage: npx tsx bench/integers.ts [instances of a family]
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { compileNl, expressions as build, NlModelBuilder, writeNl, type NlModel } from '../lib/io/nl/index.js';
import { minimize, type MinimizeResult } from '../lib/minimize/index.js';
import { randomStream, type RandomStream } from '../lib/random/index.js';
import type { StopSignal } from '../lib/solver/index.js';
import { binaryQuadratic, boxProgram, type LinearData } from '../spec/support/integer-programs.js';
import { askPython, requirePeer } from './profile/peers.js';

interface HighsModule {
  solve(problem: string): { readonly Status: string; readonly ObjectiveValue: number };
}

interface Instance {
  readonly model: NlModel;
  readonly data?: LinearData;
}

interface Family {
  readonly name: string;
  readonly make: (stream: RandomStream) => Instance;
  /** Whether HiGHS is timed beside it. */
  readonly linear: boolean;
}

const secondsLimit = 10;
const given = Number(process.argv[2] ?? 20);

function modelOf(data: LinearData): NlModel {
  const builder = new NlModelBuilder();
  const x = data.costs.map((_, j) =>
    builder.variable({ lower: data.lower[j]!, upper: data.upper[j]!, integer: true, start: data.lower[j]! }),
  );
  const products = (data.products ?? []).flatMap((row, i) =>
    row.flatMap((value, j) => (value === 0 ? [] : [build.multiply(value, x[i]!, x[j]!)])),
  );
  builder.minimise(build.add(...data.costs.map((cost, j) => build.multiply(cost, x[j]!)), ...products));
  data.rows.forEach((row, i) => {
    const terms = row.flatMap((value, j) => (value === 0 ? [] : [build.multiply(value, x[j]!)]));
    builder.constraint(build.add(...terms), { lower: data.rowLower[i]!, upper: data.rowUpper[i]! });
  });
  return builder.build();
}

const linear = (name: string, make: (stream: RandomStream) => LinearData): Family => ({
  name,
  linear: true,
  make: (stream) => {
    const data = make(stream);
    return { model: modelOf(data), data };
  },
});

const zeros = (n: number): number[] => Array.from({ length: n }, () => 0);
const ones = (n: number): number[] => Array.from({ length: n }, () => 1);
const below = (n: number): number[] => Array.from({ length: n }, () => -Infinity);

const knapsack =
  (n: number) =>
  (stream: RandomStream): LinearData => {
    const rows = [0, 1].map(() => Array.from({ length: n }, () => 5 + stream.integer(60)));
    return {
      costs: Array.from({ length: n }, (_, j) => -(rows[0]![j]! + rows[1]![j]! + stream.integer(20))),
      rows,
      rowLower: below(2),
      rowUpper: rows.map((row) => Math.floor(row.reduce((sum, value) => sum + value, 0) / 2)),
      lower: zeros(n),
      upper: ones(n),
    };
  };

const parity = (stream: RandomStream): LinearData => {
  const n = 3 + stream.integer(20);
  const row = Array.from({ length: n }, () => 2 * (1 + stream.integer(9)) * (stream.uniform() < 0.5 ? -1 : 1));
  const side = 2 * stream.integer(20) + 1;
  const upper = Array.from({ length: n }, () => 1_000_000);
  return { costs: ones(n), rows: [row], rowLower: [side], rowUpper: [side], lower: zeros(n), upper };
};

const setCover = (stream: RandomStream): LinearData => {
  const [m, n] = [30, 60];
  const rows = Array.from({ length: m }, () => Array.from({ length: n }, () => (stream.uniform() < 0.12 ? 1 : 0)));
  rows.forEach((row) => (row[stream.integer(n)] = 1));
  const costs = Array.from({ length: n }, () => 1 + stream.integer(20));
  return {
    costs,
    rows,
    rowLower: ones(m),
    rowUpper: Array.from({ length: m }, () => Infinity),
    lower: zeros(n),
    upper: ones(n),
  };
};

const assignment = (stream: RandomStream): LinearData => {
  const size = 8;
  const n = size * size;
  const pick = (test: (k: number) => boolean): number[] => Array.from({ length: n }, (_, k) => (test(k) ? 1 : 0));
  const rows = Array.from({ length: size }, (_, i) => [
    pick((k) => Math.floor(k / size) === i),
    pick((k) => k % size === i),
  ]).flat();
  const costs = Array.from({ length: n }, () => 1 + stream.integer(100));
  return { costs, rows, rowLower: ones(2 * size), rowUpper: ones(2 * size), lower: zeros(n), upper: ones(n) };
};

const families: readonly Family[] = [
  ...[12, 20, 30].map((n) => ({
    name: `QUBO ${n}`,
    linear: false,
    make: (stream: RandomStream) => ({ model: modelOf(binaryQuadratic(stream, n)) }),
  })),
  { name: 'box MINLP, n ≤ 6', linear: false, make: (stream) => boxProgram(stream, 6, 0.5) },
  { name: 'box MINLP, n ≤ 10', linear: false, make: (stream) => boxProgram(stream, 10, 0.5) },
  { name: 'NLP, n ≤ 10', linear: false, make: (stream) => boxProgram(stream, 10, 0) },
  ...[15, 20, 30].map((n) => linear(`2-row knapsack ${n}`, knapsack(n))),
  linear('parity', parity),
  linear('set cover 30 × 60', setCover),
  linear('assignment 8 × 8', assignment),
];

/** The file format of linear programs that HiGHS reads. */
function linearFile({ costs, rows, rowLower, rowUpper, lower, upper }: LinearData): string {
  const sum = (values: readonly number[]): string =>
    values
      .map((value, j) => (value === 0 ? '' : `${value < 0 ? '-' : '+'} ${Math.abs(value)} x${j}`))
      .filter(Boolean)
      .join(' ');
  const lines = rows.flatMap((row, i) => {
    if (rowLower[i] === rowUpper[i]) return [`r${i}: ${sum(row)} = ${rowLower[i]!}`];
    return rowUpper[i]! < Infinity
      ? [`r${i}: ${sum(row)} <= ${rowUpper[i]!}`]
      : [`r${i}: ${sum(row)} >= ${rowLower[i]!}`];
  });
  const bounds = costs.map((_, j) => `${lower[j]!} <= x${j} <= ${upper[j]!}`);
  const names = costs.map((_, j) => `x${j}`).join(' ');
  return `Minimize\nobj: ${sum(costs)}\nSubject To\n${lines.join('\n')}\nBounds\n${bounds.join('\n')}\nGeneral\n${names}\nEnd\n`;
}

function cpuSeconds<T>(work: () => T): { value: T; seconds: number } {
  const before = process.cpuUsage();
  const value = work();
  const { user, system } = process.cpuUsage(before);
  return { value, seconds: (user + system) / 1e6 };
}

/** Aborted once the process has spent so much more of its processor's time: a busy machine changes nothing. */
function processorLimit(seconds: number): StopSignal {
  const before = process.cpuUsage();
  return {
    get aborted() {
      const { user, system } = process.cpuUsage(before);
      return (user + system) / 1e6 >= seconds;
    },
  };
}

const solve = (model: NlModel): MinimizeResult =>
  minimize(compileNl(model), { enumerationLimit: 0, scope: 'global' }, { signal: processorLimit(secondsLimit) });

const median = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN;
const tolerance = (value: number): number => 1e-5 * Math.max(1, Math.abs(value));

const loader = requirePeer('highs') as (() => Promise<HighsModule>) | undefined;
let highs = await loader?.();
const lines = [
  `Integer and global programs, enumeration switched off; at most ${secondsLimit} s each. Judge: SCIP.`,
  `command: npx tsx bench/integers.ts ${given}`,
  `${cpus().length} × ${cpus()[0]?.model.trim() ?? 'unknown'}, Node.js ${process.versions.node}, ${new Date().toISOString().slice(0, 10)}, load ${loadavg()[0]!.toFixed(1)}`,
  '',
  [
    'family',
    'count',
    'at the optimum',
    'proven',
    'false claims',
    'median s',
    'most s',
    'nodes (median)',
    'HiGHS s',
    'within 5 × + 20 ms',
  ]
    .map((head, k) => (k === 0 ? head.padEnd(20) : head.padStart(19)))
    .join(''),
];
let falseClaims = 0;
const folder = mkdtempSync(join(tmpdir(), 'integers-'));
for (const family of families) {
  const stream = randomStream(2026, family.name);
  const instances = Array.from({ length: given }, () => family.make(stream));
  const paths = instances.map((_, k) => join(folder, `${family.name.replaceAll(/\W+/g, '-')}-${k}.nl`));
  instances.forEach(({ model }, k) => writeFileSync(paths[k]!, writeNl(model).text));
  const judged = askPython('scip.py', 20, paths) as
    | Record<string, Record<string, { objective?: number | null; bound?: number; status?: string; error?: string }>>
    | undefined;
  const tally = { reached: 0, proven: 0, wrong: 0, within: 0 };
  const [seconds, peerSeconds, nodes]: [number[], number[], number[]] = [[], [], []];
  solve(instances[0]!.model);
  instances.forEach(({ model, data }, k) => {
    const { value, seconds: own } = cpuSeconds(() => solve(model));
    seconds.push(own);
    nodes.push(value.search!.nodeCount);
    const answer = judged?.[paths[k]!]?.['scip'];
    const best = answer?.objective ?? Infinity;
    const isInfeasible = answer?.status === 'infeasible' || family.name === 'parity';
    const objective = value.primalStatus === 'feasible' ? value.objective : Infinity;
    if (isInfeasible ? value.termination === 'infeasible' : objective <= best + tolerance(best)) tally.reached++;
    const claims = value.termination === 'optimal' || value.termination === 'infeasible';
    if (claims) tally.proven++;
    const isFalse =
      (claims && !isInfeasible && objective > best + tolerance(best)) ||
      (isInfeasible && value.termination === 'optimal') ||
      value.search!.bound > Math.min(best, objective) + tolerance(best);
    if (isFalse && answer && answer.error === undefined) tally.wrong++;
    if (!family.linear || !highs) return;
    const file = linearFile(data!);
    try {
      highs.solve(file);
      const peer = cpuSeconds(() => highs!.solve(file)).seconds;
      peerSeconds.push(peer);
      if (own <= 5 * peer + 0.02) tally.within++;
    } catch {
      peerSeconds.push(NaN);
    }
  });
  if (family.linear && loader) highs = await loader();
  falseClaims += tally.wrong;
  const cells = [
    given,
    judged ? tally.reached : 'no judge',
    tally.proven,
    tally.wrong,
    median(seconds).toFixed(3),
    Math.max(...seconds).toFixed(3),
    median(nodes),
    family.linear && highs ? median(peerSeconds).toFixed(3) : '–',
    family.linear && highs ? tally.within : '–',
  ];
  lines.push(family.name.padEnd(20) + cells.map((cell) => String(cell).padStart(19)).join(''));
  console.log(lines.at(-1));
}
rmSync(folder, { recursive: true });
lines.push('', falseClaims === 0 ? 'no false claim' : `${falseClaims} false claims`);
const output = `${lines.join('\n')}\n`;
console.log(output);
mkdirSync(new URL('results/', import.meta.url), { recursive: true });
writeFileSync(new URL('results/integers.txt', import.meta.url), output);
if (falseClaims > 0) process.exitCode = 1;
