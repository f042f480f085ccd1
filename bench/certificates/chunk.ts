import { spawn } from 'node:child_process';
import { randomStream } from '../../lib/random/index.js';
import { verifyCertificate } from '../../lib/verify/index.js';
import { sampleCertificate } from '../../spec/support/certificates.js';
import { forge, forgeries } from './forge.js';
import { changeHarmlessly, harmlessChanges } from './harmless.js';

/** Of one way to change a certificate. */
export interface ChangeCount {
  made: number;
  accepted: number;
  /** Refused by the first checker, proven by the second at 100 digits: refused for its rounding alone. */
  refusedByRounding: number;
}

/** What certificates of a range of seeds and changes of them came to. */
export interface ChunkResult {
  readonly certificates: number;
  readonly kinds: Readonly<Record<string, number>>;
  readonly traits: Readonly<Record<string, number>>;
  readonly largestLoss: number;
  readonly harmless: Readonly<Record<string, ChangeCount>>;
  readonly forged: Readonly<Record<string, ChangeCount>>;
  readonly faults: readonly string[];
}

interface Changed {
  readonly text: string;
  readonly kind: string;
  readonly isAccepted: boolean;
}

/** Certificates of seeds `from` … `from + count − 1`, and `forgeriesEach` forgeries a certificate, judged by both checkers. */
export async function runChunk(from: number, count: number, forgeriesEach: number): Promise<ChunkResult> {
  const kinds: Record<string, number> = {};
  const traits: Record<string, number> = {};
  const faults: string[] = [];
  const texts: string[] = [];
  let largestLoss = 0;
  for (let seed = from; seed < from + count; seed++) {
    const sample = await sampleCertificate(seed, { tree: seed % 2 === 0 });
    kinds[sample.kind] = (kinds[sample.kind] ?? 0) + 1;
    for (const trait of sample.traits) traits[trait] = (traits[trait] ?? 0) + 1;
    const text = JSON.stringify(sample.certificate);
    const verdict = await verifyCertificate(text);
    if (!verdict.verified) faults.push(`seed ${seed} (${sample.kind}): ${verdict.reason}`);
    const { boundSeconds } = verdict;
    if (
      sample.kind.endsWith('dual') &&
      sample.plannedBound > 0 &&
      boundSeconds !== undefined &&
      boundSeconds < Infinity
    ) {
      largestLoss = Math.max(largestLoss, (sample.plannedBound - boundSeconds) / sample.plannedBound);
    }
    texts.push(text);
  }
  const random = randomStream(from, 'forgeries');
  const any = () => texts[Math.floor(random.uniform() * texts.length)]!;
  const harmless = await changed(
    texts.flatMap((text) => harmlessChanges.map((kind) => ({ kind, text: changeHarmlessly(text, kind, random) }))),
  );
  const forged = await changed(
    Array.from({ length: count * forgeriesEach }, (_, k) => forgeryOf(forgeries[k % forgeries.length]!)),
  );
  function forgeryOf(kind: (typeof forgeries)[number]) {
    for (let tries = 0; tries < 20; tries++) {
      const original = any();
      const text = forge(original, any(), kind, random);
      if (text !== undefined && text !== original) return { kind, text };
    }
    return { kind, text: undefined };
  }
  const answers = await judged([...texts, ...harmless.map(({ text }) => text), ...forged.map(({ text }) => text)]);
  answers.slice(0, count).forEach((answer, k) => {
    if (answer !== 'proven') faults.push(`second checker on seed ${from + k}: ${answer}`);
  });
  const harmlessAnswers = answers.slice(count, count + harmless.length);
  harmless.forEach(({ kind, isAccepted }, k) => {
    if (isAccepted && harmlessAnswers[k] === 'proven') return;
    faults.push(
      `harmless change (${kind}, ${from}+): ${isAccepted ? harmlessAnswers[k] : 'refused by the first checker'}`,
    );
  });
  const forgedAnswers = answers.slice(count + harmless.length);
  forged.forEach(({ kind, isAccepted }, k) => {
    if (isAccepted && forgedAnswers[k] !== 'proven')
      faults.push(`accepted forgery (${kind}, ${from}+): ${forgedAnswers[k]}`);
    if (forgedAnswers[k]!.startsWith('failed')) faults.push(`second checker (${kind}, ${from}+): ${forgedAnswers[k]}`);
  });
  return {
    certificates: count,
    kinds,
    traits,
    largestLoss,
    harmless: countsOf(harmless, harmlessAnswers),
    forged: countsOf(forged, forgedAnswers),
    faults,
  };
}

async function changed(list: readonly { kind: string; text: string | undefined }[]): Promise<Changed[]> {
  const made: Changed[] = [];
  for (const { kind, text } of list) {
    if (text !== undefined) made.push({ text, kind, isAccepted: (await verifyCertificate(text)).verified });
  }
  return made;
}

function countsOf(changes: readonly Changed[], answers: readonly string[]): Record<string, ChangeCount> {
  const counts: Record<string, ChangeCount> = {};
  changes.forEach(({ kind, isAccepted }, k) => {
    const count = (counts[kind] ??= { made: 0, accepted: 0, refusedByRounding: 0 });
    count.made++;
    if (isAccepted) count.accepted++;
    else if (answers[k] === 'proven') count.refusedByRounding++;
  });
  return counts;
}

/** Answers of the second checker at 100 digits, in one process. */
async function judged(texts: readonly string[]): Promise<string[]> {
  const { stdin, stdout } = spawn('.cache/peers/bin/python3', ['bench/certificates/judge.py'], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  stdin.on('error', () => undefined);
  stdin.end(texts.map((text) => `${text.replaceAll(/[\n\r]/gu, ' ')}\n`).join(''));
  let answer = '';
  for await (const part of stdout.setEncoding('utf8')) answer += String(part);
  const answers = answer.trimEnd().split('\n');
  if (answers.length === texts.length) return answers;
  throw new Error('the second checker did not answer; scripts/setup-peers.sh installs what it needs');
}
