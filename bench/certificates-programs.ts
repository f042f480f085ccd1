/**
 * Certificates of random programs of all kinds, verified by both checkers and compared with what HiGHS, Clarabel and enumeration
 * find; and forged ones: what the first checker accepts the second must prove, and no accepted claim may contradict those solvers on
 * the forged program. Needs the Python peers (scripts/setup-peers.sh). Processor times are of this process alone. Goes on where it was
 * stopped; `minutes` ends it after the part that it is at.
 * Run: npx tsx bench/certificates-programs.ts [certificates a kind] [forgeries] [minutes]
 */
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { certifyProgram } from '../lib/certify/index.js';
import { randomStream } from '../lib/random/index.js';
import { verifyCertificate, type ProgramVerdict } from '../lib/verify/index.js';
import { formatVersion } from '../lib/verify/version.js';
import { forgeProgram, programForgeries } from '../spec/support/forged-programs.js';
import { programKinds, sampleProgram } from '../spec/support/programs.js';
import { resumable } from './support/resumable.js';

const perKind = Number(process.argv[2] ?? 60);
const forgeryCount = Number(process.argv[3] ?? 4000);
const minutes = Number(process.argv[4] ?? Infinity);
const python = '.cache/peers/bin/python3';
/** Programs larger than those of the tests, by factors of their dimensions. */
const sizes = [1, 1, 2, 4];

interface Tally {
  made: number;
  refused: number;
  exact: number;
  largestGap: number;
  largestBytes: number;
  certifySeconds: number;
  verifySeconds: number;
  judged: number;
}

/** Certificates of one kind, and what was found of them. */
interface Made {
  readonly tally: Tally;
  readonly texts: readonly string[];
  readonly faults: readonly string[];
}

interface Forged {
  /** By way to forge: made, accepted, judged by solvers. */
  readonly tried: Readonly<Record<string, { made: number; accepted: number; judged: number }>>;
  readonly faults: readonly string[];
}

const batches = 8;
const seconds = (): number => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
};
const until = Date.now() + 60_000 * minutes;
const kept = resumable<Made>('certificates-programs-made');
const keptForged = resumable<Forged>('certificates-programs-forged');
const parts: [string, Made][] = [];
for (const kind of programKinds) {
  if (Date.now() > until) process.exit(2);
  parts.push([kind, await kept({ kind, perKind }, () => madeOf(kind))]);
}
const tallies = parts.map(([kind, { tally }]) => [kind, tally] as const);
const texts = parts.flatMap(([, made]) => made.texts);
const faults = parts.flatMap(([, made]) => made.faults);
const tried = new Map<string, { made: number; accepted: number; judged: number }>();
for (let batch = 0; batch < batches; batch++) {
  if (Date.now() > until) process.exit(2);
  const forged = await keptForged({ batch, perKind, forgeryCount }, () => forgedOf(batch));
  faults.push(...forged.faults);
  for (const [kind, count] of Object.entries(forged.tried)) {
    const sum = tried.get(kind) ?? { made: 0, accepted: 0, judged: 0 };
    for (const part of ['made', 'accepted', 'judged'] as const) sum[part] += count[part];
    tried.set(kind, sum);
  }
}

async function madeOf(kind: (typeof programKinds)[number]): Promise<Made> {
  const found: string[] = [];
  const samples: { text: string; verdict: ProgramVerdict; label: string }[] = [];
  const tally: Tally = {
    made: 0,
    refused: 0,
    exact: 0,
    largestGap: 0,
    largestBytes: 0,
    certifySeconds: 0,
    verifySeconds: 0,
    judged: 0,
  };
  for (let seed = 1; seed <= perKind; seed++) {
    const size = sizes[(seed >> 1) % sizes.length]!;
    // Enumeration judges integers: their boxes stay small.
    const { program, integers } = sampleProgram(1000 + seed, kind, kind.startsWith('integer') ? 1 : size);
    const start = seconds();
    const { certificate, verdict, reason } = certifyProgram(program, { integers });
    const made = seconds();
    const label = `${kind} ${1000 + seed}`;
    tally.made++;
    tally.certifySeconds += made - start;
    if (!certificate || !verdict) {
      tally.refused++;
      found.push(`${label}: ${reason}`);
      continue;
    }
    const text = JSON.stringify(certificate);
    const before = seconds();
    const check = await verifyCertificate(text);
    tally.verifySeconds += seconds() - before;
    if (!check.verified) found.push(`${label}: ${check.reason}`);
    tally.largestBytes = Math.max(tally.largestBytes, text.length);
    if (verdict.tolerance === 0 || verdict.bound === Infinity) tally.exact++;
    if (verdict.value !== undefined && verdict.bound !== undefined) {
      const gap = (verdict.value - verdict.bound) / Math.max(1, Math.abs(verdict.value));
      tally.largestGap = Math.max(tally.largestGap, gap);
    }
    samples.push({ text, verdict, label });
  }
  judge(samples.map(({ text }) => text)).forEach(({ answer, truth }, k) => {
    const { verdict, label } = samples[k]!;
    if (answer !== 'proven') found.push(`second checker on ${label}: ${answer}`);
    if (!truth.startsWith('unknown')) tally.judged++;
    const fault = contradiction(verdict, truth);
    if (fault) found.push(`${label}: ${fault}`);
  });
  return { tally, texts: samples.map(({ text }) => text), faults: found };
}

async function forgedOf(batch: number): Promise<Forged> {
  const random = randomStream(17 + batch, 'forged programs');
  const counts: Record<string, { made: number; accepted: number; judged: number }> = {};
  const found: string[] = [];
  const accepted: { text: string; kind: string; verdict: ProgramVerdict }[] = [];
  const wanted = Math.ceil(forgeryCount / batches);
  const any = (): string => texts[Math.floor(random.uniform() * texts.length)]!;
  for (let k = 0, made = 0; made < wanted && k < 20 * wanted; k++) {
    const kind = programForgeries[k % programForgeries.length]!;
    const sample = any();
    const text = forgeProgram(sample, any(), kind, random);
    if (text === undefined || text === sample) continue;
    made++;
    const count = (counts[kind] ??= { made: 0, accepted: 0, judged: 0 });
    count.made++;
    const check = await verifyCertificate(text);
    if (!check.verified) continue;
    count.accepted++;
    accepted.push({ text, kind, verdict: check.program! });
  }
  judge(accepted.map(({ text }) => text)).forEach(({ answer, truth }, k) => {
    const { kind, verdict } = accepted[k]!;
    if (answer !== 'proven') found.push(`accepted forgery (${kind}), second checker: ${answer}`);
    if (!truth.startsWith('unknown')) counts[kind]!.judged++;
    const fault = contradiction(verdict, truth);
    if (fault) found.push(`accepted forgery (${kind}): ${fault}`);
  });
  return { tried: counts, faults: found };
}

const cell = (value: string | number, width: number): string => String(value).padStart(width);
const total = (part: 'made' | 'accepted'): number => [...tried.values()].reduce((sum, t) => sum + t[part], 0);
const lines = [
  `Certificates of programs, version ${formatVersion}, and forgeries; npx tsx bench/certificates-programs.ts ${perKind} ${forgeryCount}`,
  `${new Date().toISOString().slice(0, 10)}, ${cpus()[0]?.model ?? 'unknown processor'}, Node ${process.version}`,
  '',
  `${texts.length} certificates, all proven by both checkers unless under faults; judged: HiGHS, Clarabel or enumeration had an answer,`,
  'and it agrees (1e-6). Gap: point above bound, relative. Processor seconds of all together.',
  '',
  'kind                      made refused   exact  judged  largest gap   largest bytes  certify s  verify s',
  ...tallies.map(
    ([kind, t]) =>
      `${kind.padEnd(25)}${cell(t.made, 5)}${cell(t.refused, 8)}${cell(t.exact, 8)}${cell(t.judged, 8)}` +
      `${cell(t.largestGap.toExponential(1), 13)}${cell(t.largestBytes, 16)}${cell(t.certifySeconds.toFixed(2), 11)}${cell(t.verifySeconds.toFixed(2), 10)}`,
  ),
  '',
  'forgeries: made, accepted (and then proven by the second checker), judged (by the solvers, none contradicted unless under faults)',
  ...[...tried].map(([kind, t]) => `  ${cell(t.made, 6)}${cell(t.accepted, 7)}${cell(t.judged, 7)}  ${kind}`),
  `  ${cell(total('made'), 6)}${cell(total('accepted'), 7)}         in all`,
  '',
  `faults: ${faults.length}`,
  ...faults.slice(0, 20).map((fault) => `  ${fault}`),
];
console.log(lines.join('\n'));
writeFileSync('bench/results/certificates-programs.txt', `${lines.join('\n')}\n`);
process.exitCode = faults.length > 0 ? 1 : 0;

/** How a claim contradicts what a solver in doubles found; undefined if it does not. */
function contradiction(verdict: ProgramVerdict, truth: string): string | undefined {
  const [status, text] = truth.split(' ');
  const found =
    status === 'optimal' ? Number(text) : status === 'infeasible' ? Infinity : status === 'unbounded' ? -Infinity : NaN;
  if (Number.isNaN(found)) return undefined;
  const slack = 1e-6 * Math.max(1, Number.isFinite(found) ? Math.abs(found) : 1);
  if (verdict.isUnbounded && found !== -Infinity) return `unbounded, found ${truth}`;
  if (verdict.bound !== undefined && verdict.bound > found + slack) return `bound ${verdict.bound}, found ${truth}`;
  if (verdict.value !== undefined && verdict.value < found - slack) return `value ${verdict.value}, found ${truth}`;
  return undefined;
}

function judge(texts: readonly string[]): { answer: string; truth: string }[] {
  if (texts.length === 0) return [];
  const { stdout, stderr, status } = spawnSync(python, ['bench/certificates/judge_programs.py'], {
    input: texts.map((text) => `${text.replaceAll('\n', ' ')}\n`).join(''),
    encoding: 'utf8',
    maxBuffer: 2 ** 30,
  });
  if (status !== 0) throw new Error(`the second checker did not run (scripts/setup-peers.sh installs it): ${stderr}`);
  return stdout
    .trimEnd()
    .split('\n')
    .map((line) => {
      const [answer, truth] = line.split('\t');
      return { answer: answer!, truth: truth! };
    });
}
