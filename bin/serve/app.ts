import { Hono, type Context } from 'hono';
import { version } from '../version.js';
import { checked, jsonBody, limitedBody, mediaType, textBody } from './body.js';
import type { ServeLimits } from './limits.js';
import type { Log } from './log.js';
import type { Metrics } from './metrics.js';
import { openApiDocument } from './openapi.js';
import { ThreadLost } from './asked-thread.js';
import { isEnded, type Order, type ProblemDesk } from './problems.js';
import { Refusal } from './refusal.js';
import { routes, type Route, type RouteName } from './routes.js';
import * as schemas from './schemas.js';
import type { SessionDesk } from './sessions.js';
import { stateBody } from './state.js';
import type { Tokens } from './tokens.js';

export interface AppParts {
  readonly limits: ServeLimits;
  readonly tokens: Tokens;
  readonly problems: ProblemDesk;
  readonly sessions: SessionDesk;
  readonly metrics: Metrics;
  readonly log: Log;
  readonly isDraining: () => boolean;
}

type Handler = (context: Context, owner: string, id: string) => Promise<Response> | Response;

/** The HTTP interface. Every answer is JSON, but for the metrics; refusals have a stable code. */
export function buildApp(parts: AppParts): Hono {
  const { limits, metrics, log } = parts;
  metrics.counter('sft_opt_http_requests_total', 'Requests by route and status.');
  metrics.histogram('sft_opt_http_request_seconds', 'Time from a request’s headers to its answer.');
  const app = new Hono();
  const limitBody = limitedBody(limits.bodyBytes);
  const handlers = handlersOf(parts);
  for (const name of Object.keys(routes) as RouteName[]) {
    const route: Route = routes[name];
    const handle: (context: Context) => Promise<Response> = async (context) => {
      const startedAt = performance.now();
      const response = await answered(context, route, handlers[name], parts);
      const status = String(response.status);
      metrics.count('sft_opt_http_requests_total', { route: name, status });
      metrics.observe('sft_opt_http_request_seconds', (performance.now() - startedAt) / 1000, { route: name });
      if (response.status >= 400) log('warn', 'refused', { route: name, status: response.status });
      return response;
    };
    if (route.body) {
      app.on(route.method, route.path, (context, next) => authorised(context, parts, next), limitBody, handle);
    } else app.on(route.method, route.path, handle);
  }
  for (const { path } of Object.values(routes)) {
    app.all(path, (context) => refuse(context, new Refusal('method-not-allowed', 'there is no such method here')));
  }
  app.notFound((context) => refuse(context, new Refusal('not-found', 'there is nothing here')));
  app.onError((error, context) => failed(error, context, parts));
  return app;
}

/** Before the body of a stranger is read. */
async function authorised(context: Context, { tokens }: AppParts, next: () => Promise<void>): Promise<void> {
  tokens.owner(context.req.header('authorization'));
  await next();
}

async function answered(context: Context, route: Route, handler: Handler, parts: AppParts): Promise<Response> {
  try {
    const owner = route.open ? '' : parts.tokens.owner(context.req.header('authorization'));
    return await handler(context, owner, context.req.param('id') ?? '');
  } catch (error) {
    return failed(error, context, parts);
  }
}

function handlersOf({ limits, problems, sessions, metrics, isDraining }: AppParts): Record<RouteName, Handler> {
  const description = JSON.stringify(openApiDocument());
  return {
    health: (context) => context.json({ status: isDraining() ? 'draining' : 'ok', version }, isDraining() ? 503 : 200),
    metrics: (context) => context.body(metrics.text(), 200, { 'content-type': routes.metrics.contentType }),
    openapi: (context) => json(context, description),
    accept: async (context, owner) => {
      const record = await problems.accept(owner, await orderOf(context, limits));
      return json(context, stateBody(record), 202, { location: `/problems/${record.id}` });
    },
    problem: async (context, owner, id) => {
      const { wait } = checked(schemas.waitQuery, context.req.query());
      const record = problems.find(owner, id);
      await problems.wait(record, Math.min(wait, limits.waitSeconds), context.req.raw.signal);
      if (isEnded(record)) record.fetched = true;
      return json(context, stateBody(record));
    },
    stop: async (context, owner, id) => {
      const record = problems.find(owner, id);
      await problems.stop(record);
      record.fetched = true;
      return json(context, stateBody(record));
    },
    openSession: async (context, owner) => {
      if (isDraining()) throw new Refusal('draining', 'the server is about to stop');
      const { problem } = await jsonBody(context, schemas.sessionRequest);
      const session = await sessions.open(owner, problems.find(owner, problem));
      return context.json(session, 201, { location: `/sessions/${session.id}` });
    },
    session: async (context, owner, id) => context.json(await sessions.plan(owner, id)),
    step: async (context, owner, id) => {
      const { uplinkGain, downlinkGain } = await jsonBody(context, schemas.stepRequest);
      return context.json(await sessions.step(owner, id, uplinkGain, downlinkGain));
    },
    replan: async (context, owner, id) => {
      const { timeLimitSeconds } = await jsonBody(context, schemas.replanRequest);
      return context.json(await sessions.replan(owner, id, timeLimitSeconds, context.req.raw.signal));
    },
    closeSession: async (context, owner, id) => {
      await sessions.close(owner, id);
      return context.body(null, 204);
    },
  };
}

/** A problem as JSON with its settings, or as the text of its file with the settings in the query. */
async function orderOf(context: Context, { solveSeconds }: ServeLimits): Promise<Order> {
  const isText = ['application/yaml', 'text/yaml', 'application/x-yaml', 'text/plain'].includes(mediaType(context));
  const given = isText
    ? { ...checked(schemas.solveQuery, context.req.query()), problem: await textBody(context) }
    : await jsonBody(context, schemas.solveRequest);
  const { problem, seed, timeLimitSeconds = solveSeconds, gapTolerance, ...options } = given;
  const warm = 'warm' in options ? options.warm : undefined;
  if (options.method === 'bandwidth' && warm === undefined) {
    throw new Refusal('wrong-request', 'the method `bandwidth` needs a plan to start from', [
      { path: 'warm', message: 'is needed by the method `bandwidth`' },
    ]);
  }
  const { method, bandwidthMethod, baselines, whatIf } = options;
  return {
    text: typeof problem === 'string' ? problem : JSON.stringify(problem),
    seed,
    ...(warm && { warm: JSON.stringify(warm) }),
    options: {
      method,
      bandwidthMethod,
      baselines,
      whatIf,
      timeLimitSeconds: Math.min(timeLimitSeconds, solveSeconds),
      ...(gapTolerance !== undefined && { gapTolerance }),
    },
  };
}

function failed(error: unknown, context: Context, { log }: AppParts): Response {
  if (error instanceof Refusal) return refuse(context, error);
  // A thread of sessions that was lost is started again by the next request.
  if (error instanceof ThreadLost) return refuse(context, new Refusal('too-many', 'try again'));
  log('error', 'internal', { message: error instanceof Error ? (error.stack ?? error.message) : String(error) });
  return refuse(context, new Refusal('internal', 'this is our fault: the log of the server says more'));
}

function refuse(context: Context, { code, message, issues, status }: Refusal): Response {
  if (status === 401) context.header('www-authenticate', 'Bearer');
  if (status === 429 || status === 503) context.header('retry-after', '1');
  // What is left of a body that was refused unread would be taken for the next request.
  if (status === 413 || status === 401) context.header('connection', 'close');
  return context.json({ error: { code, message, issues } }, status);
}

function json(context: Context, body: string, status: 200 | 202 = 200, headers: Record<string, string> = {}): Response {
  return context.body(body, status, { 'content-type': 'application/json', ...headers });
}
