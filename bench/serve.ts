/**
 * `sft-opt serve` under load, in one run: the latency of warm bandwidth steps of a cell of 100 devices at 100 requests a second, beside a
 * long solve, against that of a handler that does nothing; memory under that load; and what SIGTERM leaves of 40 accepted problems.
 * Usage: node --import tsx bench/serve.ts [minutes]        Results: bench/results/serve.txt
 */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { Agent, request } from 'node:http';
import { cpus, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import type { AddressInfo } from 'node:net';
import { parseProblemFile } from '../lib/io/index.js';
import { planTwoTimescale, Replanner } from '../lib/plan/index.js';
import { compileCli } from '../spec/support/compiled-cli.js';
import { ServeProcess } from '../spec/support/serve-process.js';

const minutes = Number(process.argv[2] ?? 10);
const devices = 100;
const perSecond = 100;
const minimal = readFileSync('examples/minimal.yaml', 'utf8').replace('count: 4', `count: ${devices - 1}`);
/** A common batch of fifteen devices, no two alike: `exact` is at it for far longer than this runs. */
const long = `${readFileSync('examples/minimal.yaml', 'utf8')
  .replace('count: 4', 'count: 14')
  .replace('throughput: 40 GFLOP/s', 'throughput: { logNormal: { median: 40 GFLOP/s, sigma: 0.6 } }')
  .replace(
    'memory: 300 MiB',
    'memory: { choice: [120 MiB, 200 MiB, 300 MiB] }\n    distance: { disc: { radius: 300 m, minimum: 20 m } }',
  )}\nserver: { sharing: batched }\n`;
const lines: string[] = [];
let failures = 0;
const say = (line: string) => {
  console.log(line);
  lines.push(line);
};
const check = (name: string, holds: boolean, found: string) => {
  if (!holds) failures++;
  say(`${holds ? 'ok  ' : 'FAIL'} ${name}: ${found}`);
};

say(
  `${devices} devices, ${perSecond} requests/s, ${minutes} min, ${process.version}, ${cpus()[0]!.model}, ${new Date().toISOString().slice(0, 10)}`,
);
await compileCli();
const agent = new Agent({ keepAlive: true, maxSockets: 50 });
const empty = await emptyHandler();
const server = await ServeProcess.start(['--threads', '1', '--time-limit', '2h']);
try {
  await load();
} finally {
  await server.end('SIGKILL');
  empty.close();
}
await drain();
mkdirSync('bench/results', { recursive: true });
writeFileSync('bench/results/serve.txt', `$ node --import tsx bench/serve.ts ${minutes}\n${lines.join('\n')}\n`);
process.exit(failures > 0 ? 1 : 0);

async function load(): Promise<void> {
  const { body: accepted } = await server.ask('POST', '/problems?timeLimitSeconds=20', {
    body: minimal,
    type: 'application/yaml',
  });
  await server.ended(accepted.id);
  const { body: session } = await server.ask('POST', '/sessions', { body: { problem: accepted.id } });
  const solve = await server.ask('POST', '/problems?method=exact', { body: long, type: 'application/yaml' });
  const own = ownStepMs();
  const address = empty.address() as AddressInfo;
  const live = `${server.url}/sessions/${session.id}/step`;
  const nothing = `http://127.0.0.1:${address.port}/`;
  const [served, baseline]: number[][] = [[], []];
  const memory: number[] = [];
  let failed = 0;
  const endMs = performance.now() + minutes * 60_000;
  const open: Promise<void>[] = [];
  let sent = 0;
  for (let nextMs = performance.now(); nextMs < endMs; nextMs += 500 / perSecond) {
    const waitMs = nextMs - performance.now();
    if (waitMs > 0) await new Promise((resolve) => setTimeout(resolve, waitMs));
    const body = JSON.stringify({
      uplinkGain: Array.from({ length: devices }, (_, n) => 0.5 + ((n * 31 + sent * 17) % 100) / 100),
    });
    // Both in one run, one after the other in turn: so many a second of each.
    const [url, times] = sent % 2 === 0 ? [live, served!] : [nothing, baseline!];
    open.push(
      timed(url, body).then((ms) => {
        if (ms === undefined) failed++;
        else times.push(ms);
      }),
    );
    if (++sent % (perSecond * 10) === 0) {
      await Promise.all(open.splice(0));
      const { text: metrics } = await server.ask('GET', '/metrics');
      memory.push(Number(/process_resident_memory_bytes (\d+)/u.exec(metrics)![1]) / 2 ** 20);
    }
  }
  await Promise.all(open);
  const { body: state } = await server.ask('GET', `/problems/${solve.body.id}`);
  say(
    `load ${loadavg()[0]!.toFixed(1)}; ${sent} requests, half of each kind; a step by itself takes ${own.toFixed(2)} ms`,
  );
  check('the long solve beside them, at the end', state.state === 'running', state.state);
  for (const [name, times] of [
    ['empty handler', baseline!],
    ['step', served!],
  ] as const) {
    say(
      `${name}: median ${quantile(times, 0.5).toFixed(2)} ms, 99th percentile ${quantile(times, 0.99).toFixed(2)} ms`,
    );
  }
  const ratio = (quantile(served!, 0.99) - own) / quantile(baseline!, 0.99);
  check('requests that failed', failed === 0, String(failed));
  check(
    '99th percentile without the step itself, over that of an empty handler',
    ratio <= 5,
    `${ratio.toFixed(2)} (bar 5)`,
  );
  const part = Math.max(1, Math.floor(memory.length / 5));
  const mean = (list: number[]) => list.reduce((sum, value) => sum + value, 0) / list.length;
  const [early, late] = [mean(memory.slice(part, 2 * part)), mean(memory.slice(-part))];
  check(
    'memory in the last fifth over the second',
    late / early <= 1.1,
    `${early.toFixed(0)} → ${late.toFixed(0)} MiB`,
  );
}

/** Forty problems accepted, some solved, some running, most waiting; what another start finds after SIGTERM. */
async function drain(): Promise<void> {
  const store = mkdtempSync(join(tmpdir(), 'serve-'));
  const small = readFileSync('examples/minimal.yaml', 'utf8');
  const first = await ServeProcess.start(['--threads', '2', '--store', store]);
  const ids: string[] = [];
  for (let k = 0; k < 40; k++) {
    const hard = k % 3 === 0;
    const { body } = await first.ask('POST', hard ? '/problems?method=exact' : '/problems', {
      body: hard ? minimal : small,
      type: 'application/yaml',
    });
    ids.push(body.id);
  }
  const code = await first.end();
  const second = await ServeProcess.start(['--threads', '2', '--store', store, '--time-limit', '2s']);
  let found = 0;
  for (const id of ids) if ((await second.ended(id)).state === 'done') found++;
  await second.end();
  rmSync(store, { recursive: true });
  check(
    'plans of 40 accepted problems after SIGTERM and another start',
    code === 0 && found === 40,
    `${found} (exit code ${code})`,
  );
}

/** Processor time of one warm step, ms, measured in this process. */
function ownStepMs(): number {
  const { problem } = parseProblemFile(minimal);
  const replanner = new Replanner(problem, planTwoTimescale(problem, { timeLimitSeconds: 10 }).plan!);
  const gains = new Float64Array(devices).fill(1);
  const startedAt = performance.now();
  for (let k = 0; k < 1000; k++) {
    for (let n = 0; n < devices; n++) gains[n] = 0.5 + ((n * 31 + k * 17) % 100) / 100;
    replanner.step(gains);
  }
  return (performance.now() - startedAt) / 1000;
}

async function emptyHandler(): Promise<Server> {
  const handler = createServer((incoming, response) => {
    incoming.resume();
    incoming.on('end', () => response.writeHead(200, { 'content-type': 'application/json' }).end('{}'));
  });
  await new Promise<void>((resolve) => handler.listen(0, '127.0.0.1', resolve));
  return handler;
}

/** Milliseconds from the start of a request to the end of its answer; undefined where that is none. */
function timed(url: string, body: string): Promise<number | undefined> {
  const startedAt = performance.now();
  return new Promise((resolve) => {
    const outgoing = request(
      url,
      {
        method: 'POST',
        agent,
        headers: {
          'content-type': 'application/json',
          authorization: `Bearer ${server.token}`,
          'content-length': Buffer.byteLength(body),
        },
      },
      (response) => {
        response.resume();
        response.on('end', () => resolve(response.statusCode === 200 ? performance.now() - startedAt : undefined));
      },
    );
    outgoing.on('error', () => resolve(undefined));
    outgoing.end(body);
  });
}

function quantile(values: readonly number[], part: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(part * sorted.length))]!;
}
