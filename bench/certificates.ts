/**
 * Certificates of random problems of all kinds, verified by both checkers, and forged ones: what the first checker accepts the
 * second must prove too, at 100 digits, and no accepted claim may reach beyond what an honest solve found. Counts only.
 * Run: npx tsx bench/certificates.ts [certificates] [forgeries]
 */
import { spawnSync } from 'node:child_process';
import { cpus } from 'node:os';
import { writeFileSync } from 'node:fs';
import { randomStream } from '../lib/random/index.js';
import { verifyCertificate } from '../lib/verify/index.js';
import { sampleCertificate } from '../spec/support/certificates.js';
import { forge, forgeries } from './certificates/forge.js';

const certificates = Number(process.argv[2] ?? 2000);
const forged = Number(process.argv[3] ?? 10_000);
const python = '.cache/peers/bin/python3';

const kinds = new Map<string, number>();
const faults: string[] = [];
const samples: { text: string; planSeconds: number | undefined; boundSeconds: number | undefined }[] = [];
let largestLoss = 0;
for (let seed = 1; seed <= certificates; seed++) {
  const { certificate, kind, plannedBound } = await sampleCertificate(seed, { tree: seed % 2 === 0 });
  kinds.set(kind, (kinds.get(kind) ?? 0) + 1);
  const text = JSON.stringify(certificate);
  const verdict = await verifyCertificate(text);
  if (!verdict.verified) faults.push(`seed ${seed} (${kind}): ${verdict.reason}`);
  const { boundSeconds } = verdict;
  if (kind.endsWith('dual') && boundSeconds !== undefined && boundSeconds < Infinity) {
    largestLoss = Math.max(largestLoss, (plannedBound - boundSeconds) / plannedBound);
  }
  samples.push({ text, planSeconds: verdict.planSeconds, boundSeconds });
}

const honest = await judged(samples.map(({ text }) => text).filter((_, k) => k % 4 === 0));
honest.forEach((answer, k) => {
  if (answer !== 'proven') faults.push(`second checker on seed ${4 * k + 1}: ${answer}`);
});

const random = randomStream(11, 'forgeries');
const tried = new Map<string, { made: number; accepted: number }>();
const accepted: { text: string; kind: string }[] = [];
for (let k = 0, made = 0; made < forged && k < 3 * forged; k++) {
  const kind = forgeries[k % forgeries.length]!;
  const sample = samples[Math.floor(random.uniform() * samples.length)]!;
  const other = samples[Math.floor(random.uniform() * samples.length)]!;
  const text = forge(sample.text, other.text, kind, random);
  if (text === undefined || text === sample.text) continue;
  made++;
  const count = tried.get(kind) ?? { made: 0, accepted: 0 };
  tried.set(kind, count);
  count.made++;
  const verdict = await verifyCertificate(text);
  if (!verdict.verified) continue;
  count.accepted++;
  accepted.push({ text, kind });
}
const second = await judged(accepted.map(({ text }) => text));
second.forEach((answer, k) => {
  if (answer !== 'proven') faults.push(`accepted forgery (${accepted[k]!.kind}): ${answer}`);
});

const lines = [
  `Certificates and forgeries; npx tsx bench/certificates.ts ${certificates} ${forged}`,
  `${new Date().toISOString().slice(0, 10)}, ${cpus()[0]?.model ?? 'unknown processor'}, Node ${process.version}`,
  '',
  `${certificates} certificates, by kind:`,
  ...[...kinds].sort().map(([kind, count]) => `  ${String(count).padStart(5)}  ${kind}`),
  `largest loss of the bound by rigorous rounding: ${largestLoss.toExponential(2)} (relative)`,
  `second checker at 100 digits on ${honest.length} of them`,
  '',
  'forgeries: made, accepted (and then proven by the second checker at 100 digits)',
  ...[...tried].map(
    ([kind, { made, accepted: count }]) => `  ${String(made).padStart(6)} ${String(count).padStart(6)}  ${kind}`,
  ),
  '',
  `faults: ${faults.length}`,
  ...faults.slice(0, 20).map((fault) => `  ${fault}`),
];
console.log(lines.join('\n'));
writeFileSync('bench/results/certificates.txt', `${lines.join('\n')}\n`);
process.exitCode = faults.length > 0 ? 1 : 0;

function judged(texts: readonly string[]): Promise<string[]> {
  const { stdout, status } = spawnSync(python, ['bench/certificates/judge.py'], {
    input: texts.map((text) => `${text.replaceAll('\n', ' ')}\n`).join(''),
    encoding: 'utf8',
    maxBuffer: 2 ** 30,
  });
  if (status !== 0) throw new Error('the second checker did not run; scripts/setup-peers.sh installs what it needs');
  return Promise.resolve(stdout.trimEnd().split('\n'));
}
