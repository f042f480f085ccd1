import { once } from 'node:events';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { createAdaptorServer } from '@hono/node-server';
import { startThread } from '../thread-file.js';
import { buildApp } from './app.js';
import { AskedThread } from './asked-thread.js';
import { guardConnections } from './door.js';
import type { ServeLimits } from './limits.js';
import type { Log } from './log.js';
import { Metrics } from './metrics.js';
import { ProblemDesk } from './problems.js';
import { SessionDesk } from './sessions.js';
import { SolveThreads } from './solve-threads.js';
import type { Store } from './store.js';
import { Tokens } from './tokens.js';

export interface ServeSetting {
  readonly host: string;
  readonly port: number;
  readonly tokens: readonly string[];
  readonly limits: ServeLimits;
  readonly store: Store | undefined;
  readonly log: Log;
}

/** A server that listens. */
export interface RunningServer {
  readonly url: string;
  /** Stops everything with the best it has and resolves when that is done; ids of results that nobody has had. */
  drain(): Promise<readonly string[]>;
}

/** How often the old is forgotten, and how often a draining server looks whether all has been fetched, ms. */
const expireMs = 10_000;
const fetchedMs = 50;

/** Starts listening. Rejects where the port cannot be had. */
export async function startServer(setting: ServeSetting): Promise<RunningServer> {
  const { limits, store, log, host, port } = setting;
  const metrics = new Metrics();
  const thread = (name: string) => () =>
    startThread(name, import.meta.url, { resourceLimits: { maxOldGenerationSizeMb: limits.threadMebibytes } });
  const reader = new AskedThread(thread('reader-thread'), limits.readSeconds);
  const live = new AskedThread(thread('session-thread'), limits.readSeconds);
  const threads = new SolveThreads(limits);
  const problems = new ProblemDesk({ limits, threads, reader, store, metrics, log });
  const sessions = new SessionDesk(limits, live, threads, metrics);
  let draining = false;
  const app = buildApp({
    limits,
    tokens: new Tokens(setting.tokens),
    problems,
    sessions,
    metrics,
    log,
    isDraining: () => draining,
  });
  addGauges(metrics, threads, reader);
  const server = createAdaptorServer({
    fetch: (request, environment) => app.fetch(request, environment),
    serverOptions: {
      headersTimeout: limits.headerSeconds * 1000,
      requestTimeout: limits.requestSeconds * 1000,
      // Longer than a proxy or a pool of clients keeps a connection: none is closed just as the next request comes.
      keepAliveTimeout: 65_000,
      connectionsCheckingInterval: 500,
      maxHeaderSize: 16 * 1024,
    },
  }) as Server;
  guardConnections(server, limits, metrics);
  server.listen(port, host);
  await once(server, 'listening');
  await problems.resume();
  const timer = setInterval(() => {
    sessions.expire();
    void problems.expire();
  }, expireMs);
  return {
    url: urlOf(host, server),
    async drain() {
      draining = true;
      const endMs = Date.now() + limits.drainSeconds * 1000;
      await problems.close();
      // Whoever waits for a result gets it, and whoever comes for one.
      while (problems.unfetched.length > 0 && Date.now() < endMs) await pause(fetchedMs);
      clearInterval(timer);
      const closed = once(server, 'close');
      server.close();
      server.closeIdleConnections();
      const late = setTimeout(() => server.closeAllConnections(), 1000);
      await closed;
      clearTimeout(late);
      await Promise.all([reader.close(), live.close()]);
      return problems.unfetched.map(({ id }) => id);
    },
  };
}

function addGauges(metrics: Metrics, threads: SolveThreads, reader: AskedThread): void {
  const delay = monitorEventLoopDelay({ resolution: 10 });
  delay.enable();
  metrics.gauge('sft_opt_solves_running', 'Solves that run.', () => threads.runningCount);
  metrics.gauge('sft_opt_solves_queued', 'Solves that wait for a thread.', () => threads.queuedCount);
  metrics.gauge('sft_opt_reader_restarts', 'Restarts of the thread that reads problems.', () =>
    Math.max(0, reader.restarts),
  );
  metrics.gauge('process_resident_memory_bytes', 'Memory of the process.', () => process.memoryUsage.rss());
  metrics.gauge('sft_opt_event_loop_delay_seconds', '99th percentile since the last reading.', () => {
    const seconds = delay.percentile(99) / 1e9;
    delay.reset();
    return Number.isFinite(seconds) ? seconds : 0;
  });
}

function urlOf(host: string, server: Server): string {
  const { port, family } = server.address() as AddressInfo;
  const shown = family === 'IPv6' ? `[${host}]` : host;
  return `http://${shown}:${port}`;
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms);
  });
}
