import { randomBytes } from 'node:crypto';
import { availableParallelism } from 'node:os';
import { InvalidArgumentError, type Command } from 'commander';
import { optionalPackage } from '../../harness/optional-package.js';
import { CommandError, exitCodes } from '../exit-codes.js';
import { explained, readText } from '../files.js';
import { defaultLimits, type ServeLimits } from '../serve/limits.js';
import { jsonLog } from '../serve/log.js';
import { Store } from '../serve/store.js';
import { parseCount, parsePort } from '../training/options.js';
import { parseTime } from './time-option.js';

interface ServeArguments {
  readonly host: string;
  readonly port: number;
  readonly tokenFile?: string;
  readonly threads: number;
  readonly queue: number;
  readonly timeLimit: number;
  readonly bodyLimit: number;
  readonly requestTime: number;
  readonly keep: number;
  readonly drain: number;
  readonly store?: string;
}

/** Both are needed, so that whoever lacks one is told of the other as well. */
const packages = 'hono @hono/node-server';

const help = `
Requests show a token, \`Authorization: Bearer …\`: a line of --token-file, or of the environment variable SFT_OPT_TOKEN; without either one
is made up and shown. A client sees the problems of its own token only. SIGTERM and Ctrl-C end every solve with the best plan it has.

Examples:
  $ SFT_OPT_TOKEN=… sft-opt serve --port 8780 --store plans
  $ curl -H "Authorization: Bearer $SFT_OPT_TOKEN" -H 'content-type: application/yaml' --data-binary @cell.yaml localhost:8780/problems`;

export function registerServeCommand(program: Command): void {
  program
    .command('serve')
    .description('solve problems and keep live cells for clients over HTTP')
    .option('--host <address>', 'interface to listen on; 0.0.0.0 for all', '127.0.0.1')
    .option('--port <number>', 'port to listen on; 0 for any free one', parsePort, 8780)
    .option('--token-file <file>', 'tokens that clients may show, one a line')
    .option('--threads <number>', 'solves at a time', parseCount, Math.max(1, availableParallelism() - 1))
    .option('--queue <number>', 'problems that may wait for a thread', parseCount, defaultLimits.queued)
    .option('--time-limit <time>', 'most time of one solve', parseTime, defaultLimits.solveSeconds)
    .option('--body-limit <bytes>', 'largest body of a request', parseBytes, defaultLimits.bodyBytes)
    .option('--request-time <time>', 'most time for a request to arrive', parseTime, defaultLimits.requestSeconds)
    .option('--keep <time>', 'how long results and idle sessions are kept', parseTime, defaultLimits.keepSeconds)
    .option('--drain <time>', 'time after SIGTERM for clients to fetch results', parseTime, defaultLimits.drainSeconds)
    .option('--store <folder>', 'keep problems and results in files: another start goes on with them')
    .addHelpText('after', help)
    .action(async (options: ServeArguments) => {
      process.exitCode = await serve(options);
    });
}

async function serve(options: ServeArguments): Promise<number> {
  await optionalPackage('hono', () => import('hono'), packages);
  await optionalPackage('@hono/node-server', () => import('@hono/node-server'), packages);
  const { startServer } = await import('../serve/server.js');
  const log = jsonLog(process.stdout);
  const tokens = await tokensOf(options.tokenFile);
  const limits = limitsOf(options);
  const store = options.store === undefined ? undefined : await openStore(options.store);
  const { host, port } = options;
  const made = tokens.length === 0 ? [randomBytes(24).toString('base64url')] : [];
  const server = await startServer({ host, port, tokens: [...tokens, ...made], limits, store, log }).catch(
    (error: unknown) => {
      const { syscall, code = '' } = error as NodeJS.ErrnoException;
      const known = syscall === 'listen' || syscall === 'getaddrinfo';
      throw known ? new CommandError(exitCodes.badInput, `cannot listen on ${host}:${port}: ${code}`) : error;
    },
  );
  log('info', 'listening', { url: server.url, threads: limits.threads });
  if (made.length > 0) process.stderr.write(`token: ${made[0]}\n`);
  log('info', 'draining', { signal: await wishToStop() });
  const unfetched = await server.drain();
  for (const id of unfetched) log('warn', 'unfetched', { id });
  log('info', 'stopped', { unfetched: unfetched.length });
  return exitCodes.solved;
}

/** The first of the signals that ask for an end; the second ends the process at once. */
function wishToStop(): Promise<string> {
  return new Promise((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) {
      process.once(signal, () => {
        resolve(signal);
        setTimeout(() => process.once(signal, () => process.exit(exitCodes.limit)), 1000).unref();
      });
    }
  });
}

function limitsOf({ threads, queue, timeLimit, bodyLimit, requestTime, keep, drain }: ServeArguments): ServeLimits {
  return {
    ...defaultLimits,
    threads,
    queued: queue,
    solveSeconds: timeLimit,
    bodyBytes: bodyLimit,
    requestSeconds: requestTime,
    headerSeconds: Math.min(defaultLimits.headerSeconds, requestTime),
    keepSeconds: keep,
    drainSeconds: drain,
  };
}

async function tokensOf(path: string | undefined): Promise<string[]> {
  const text = path === undefined ? (process.env['SFT_OPT_TOKEN'] ?? '') : await readText(path);
  const tokens = text.split('\n').flatMap((line) => line.trim() || []);
  if (path !== undefined && tokens.length === 0) throw new CommandError(exitCodes.badInput, `${path} has no token`);
  if (tokens.some((token) => !/^[\x21-\x7e]{8,512}$/u.test(token))) {
    throw new CommandError(exitCodes.badInput, 'a token has 8 to 512 visible ASCII characters');
  }
  return tokens;
}

async function openStore(folder: string): Promise<Store> {
  try {
    return await Store.open(folder);
  } catch (error) {
    throw explained(error, `cannot keep results in ${folder}`);
  }
}

function parseBytes(text: string): number {
  const bytes = /^\d{1,10}$/u.test(text) ? Number(text) : 0;
  if (bytes < 1) throw new InvalidArgumentError('must be a whole number of bytes.');
  return bytes;
}
