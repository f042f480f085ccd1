/**
 * Texts that are too much: a certificate of 1 GB, one that opens 10⁷ lists, one with 10⁷ leaves, one nested 10⁷ deep, and others near the
 * limits, given to both checkers as files. Exit code, reason, processor time and largest resident memory (VmHWM) of each.
 * Run: npx tsx bench/certificate-limits.ts
 */
import { spawn } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, statSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { writeResults } from './support/results.js';

const head = '{"format":"sft-opt certificate","version":5,"problemSha256":"","problem":{},"claims":{"bound":{"nodes":[';
const tail = ']}}}';

/** A head, so many times a body, a tail: written in parts, as the whole is too long for memory. */
interface Text {
  readonly name: string;
  readonly head: string;
  readonly body: string;
  readonly times: number;
  readonly tail: string;
}

const texts: readonly Text[] = [
  { name: '1 GB of digits', head: '{"format":"', body: '0123456789', times: 1e8, tail: '"}' },
  { name: '1 GB of leaves', head, body: '{"prices":[]},', times: 7.2e7, tail: `{}${tail}` },
  { name: '10^7 leaves', head, body: '{"prices":[]},', times: 1e7, tail: `{}${tail}` },
  { name: '9·10^6 short leaves', head, body: '{},', times: 9e6, tail: `{}${tail}` },
  { name: '10^7 deep', head: '', body: '[', times: 1e7, tail: '' },
  { name: '3.9·10^6 deep', head: '', body: '[', times: 3.9e6, tail: '' },
  { name: '1.5·10^7 numbers', head, body: '1,', times: 1.5e7, tail: `1${tail}` },
  { name: '3·10^6 leaves', head, body: '{},', times: 3e6, tail: `{}${tail}` },
];

const folder = mkdtempSync(join(tmpdir(), 'certificate-limits-'));
const rows: object[] = [];
const lines = ['text                      MiB  checker   exit   seconds  memory MiB  answer'];
let isBounded = true;
try {
  for (const text of texts) {
    const path = join(folder, 'proof.json');
    write(path, text);
    const mebibytes = statSync(path).size / 2 ** 20;
    for (const [checker, command, ...given] of [
      ['first', process.execPath, '--import', 'tsx', 'bin/sft-opt.ts', 'verify', path],
      ['second', '.cache/peers/bin/python3', 'docs/certificate/check_certificate.py', path],
    ] as const) {
      const { code, seconds, memory, answer: said } = await measured(command, given);
      const answer = said.replaceAll(path, 'proof.json');
      // Neither a crash nor a proof: 2 unreadable, 3 refused.
      if (code !== 2 && code !== 3) isBounded = false;
      rows.push({ text: text.name, mebibytes, checker, code, seconds, memory, answer });
      lines.push(
        [
          text.name.padEnd(21),
          mebibytes.toFixed(0).padStart(6),
          checker.padEnd(7),
          String(code).padStart(5),
          seconds.toFixed(1).padStart(8),
          memory.toFixed(0).padStart(10),
          answer.slice(0, 90),
        ].join('  '),
      );
      console.error(lines.at(-1));
    }
  }
} finally {
  rmSync(folder, { recursive: true });
}
lines.push('', 'Seconds of processor time; memory: largest resident set (VmHWM). Exit 2: unreadable, 3: refused.');
writeResults('certificate-limits', 'npx tsx bench/certificate-limits.ts', lines.join('\n'), rows);
process.exitCode = isBounded ? 0 : 1;

function write(path: string, { head: first, body, times, tail: last }: Text): void {
  const file = openSync(path, 'w');
  writeSync(file, first);
  const block = body.repeat(1e5);
  for (let k = 0; k < times; k += 1e5) writeSync(file, block);
  writeSync(file, last);
  closeSync(file);
}

/** Runs a command to its end, with its processor time and largest memory as the kernel last told them. */
function measured(command: string, given: readonly string[]) {
  return new Promise<{ code: number | null; seconds: number; memory: number; answer: string }>((resolve) => {
    const child = spawn(command, given, { stdio: ['ignore', 'pipe', 'pipe'] });
    let [answer, memory, seconds] = ['', 0, 0];
    const look = () => {
      try {
        const status = readFileSync(`/proc/${child.pid}/status`, 'utf8');
        memory = Math.max(memory, Number(/VmHWM:\s*(\d+) kB/u.exec(status)?.[1] ?? 0) / 1024);
        const fields = readFileSync(`/proc/${child.pid}/stat`, 'utf8').split(') ')[1]!.split(' ');
        seconds = (Number(fields[11]) + Number(fields[12])) / 100;
      } catch {
        // It has ended.
      }
    };
    const timer = setInterval(look, 20);
    child.stdout.on('data', (part) => (answer += String(part)));
    child.stderr.on('data', (part) => (answer += String(part)));
    child.on('close', (code) => {
      clearInterval(timer);
      resolve({ code, seconds, memory, answer: answer.trim().split('\n').at(-1)! });
    });
  });
}
