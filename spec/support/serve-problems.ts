import { readFileSync } from 'node:fs';
import { afterEach, beforeAll, expect, vi } from 'vitest';
import { compileCli } from './compiled-cli.js';
import { ServeProcess } from './serve-process.js';

export const minimal = readFileSync('examples/minimal.yaml', 'utf8');
/** As much work for `exact` as nobody waits for: a common batch of ten devices, no two alike. */
export const endless = `${minimal
  .replace('count: 4', 'count: 9')
  .replace('throughput: 40 GFLOP/s', 'throughput: { logNormal: { median: 40 GFLOP/s, sigma: 0.6 } }')
  .replace(
    'memory: 300 MiB',
    'memory: { choice: [120 MiB, 200 MiB, 300 MiB] }\n    distance: { disc: { radius: 300 m, minimum: 20 m } }',
  )}\nserver: { sharing: batched }\n`;

/** `sft-opt serve` in processes of their own, bundled once for a spec file; none outlives its test. */
export function serveProcesses(): (args?: readonly string[], tokens?: readonly string[]) => Promise<ServeProcess> {
  // For machines that are busy: what hangs is still found.
  vi.setConfig({ testTimeout: 240_000 });
  const started: ServeProcess[] = [];
  beforeAll(compileCli);
  afterEach(async () => {
    await Promise.all(started.splice(0).map((server) => server.end('SIGKILL')));
  });
  return async (args, tokens) => {
    const server = await ServeProcess.start(args, tokens);
    started.push(server);
    return server;
  };
}

export const yaml = (body: string | Uint8Array) => ({ body, type: 'application/yaml' });

/** Sends a problem; its id. */
export async function submit(server: ServeProcess, body = minimal, query = ''): Promise<string> {
  const { status, body: state } = await server.ask('POST', `/problems${query}`, yaml(body));
  expect(status).toBe(202);
  return state.id;
}

/** Asks again and again, seldom enough to leave the processor to what is waited for. */
export async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await holds())) await new Promise((resolve) => setTimeout(resolve, 50));
}
