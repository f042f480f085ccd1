import type * as z from 'zod';
import type { RefusalCode } from './refusal.js';
import * as schemas from './schemas.js';

/** One operation: what it takes, what it answers, why it may refuse. The app and the OpenAPI document are made of these. */
export interface Route {
  readonly method: 'get' | 'post' | 'delete';
  readonly path: string;
  readonly summary: string;
  /** Whether it answers without a token. */
  readonly open?: boolean;
  readonly query?: z.ZodObject;
  readonly body?: z.ZodType;
  /** Also takes the text of a problem file, with the settings as a query. */
  readonly takesText?: boolean;
  readonly status: 200 | 201 | 202 | 204;
  readonly answer?: z.ZodType;
  readonly contentType?: string;
  readonly refusals: readonly RefusalCode[];
}

const bodies = ['not-json', 'wrong-request', 'body-too-large', 'unsupported-media-type', 'request-timeout'] as const;

export const routes = {
  health: {
    method: 'get',
    path: '/health',
    summary: 'Whether the server takes problems; 503 while it drains.',
    open: true,
    status: 200,
    answer: schemas.health,
    refusals: [],
  },
  metrics: {
    method: 'get',
    path: '/metrics',
    summary: 'Metrics for Prometheus.',
    status: 200,
    contentType: 'text/plain; version=0.0.4; charset=utf-8',
    refusals: [],
  },
  openapi: {
    method: 'get',
    path: '/openapi.json',
    summary: 'This description.',
    open: true,
    status: 200,
    refusals: [],
  },
  accept: {
    method: 'post',
    path: '/problems',
    summary: 'Takes in a problem to be solved.',
    query: schemas.solveQuery,
    body: schemas.solveRequest,
    takesText: true,
    status: 202,
    answer: schemas.problemState,
    refusals: [...bodies, 'wrong-problem', 'too-many', 'draining'],
  },
  problem: {
    method: 'get',
    path: '/problems/:id',
    summary:
      'The best plan so far with bound and state; with `wait` as soon as it has ended, or after so many seconds.',
    query: schemas.waitQuery,
    status: 200,
    answer: schemas.problemState,
    refusals: ['wrong-request', 'not-found'],
  },
  stop: {
    method: 'delete',
    path: '/problems/:id',
    summary: 'Stops a solve and answers with the best it found; the problem stays until it is forgotten.',
    status: 200,
    answer: schemas.problemState,
    refusals: ['not-found'],
  },
  openSession: {
    method: 'post',
    path: '/sessions',
    summary: 'A live cell, from the best plan of a problem: choices stay, bandwidths follow the gains.',
    body: schemas.sessionRequest,
    status: 201,
    answer: schemas.sessionAnswer,
    refusals: [...bodies, 'not-found', 'not-ready', 'wrong-problem', 'too-many', 'draining'],
  },
  session: {
    method: 'get',
    path: '/sessions/:id',
    summary: 'Plan and gains of the moment.',
    status: 200,
    answer: schemas.sessionPlan,
    refusals: ['not-found'],
  },
  step: {
    method: 'post',
    path: '/sessions/:id/step',
    summary: 'The best bandwidths at these gains.',
    body: schemas.stepRequest,
    status: 200,
    answer: schemas.stepAnswer,
    refusals: [...bodies, 'not-found', 'wrong-problem'],
  },
  replan: {
    method: 'post',
    path: '/sessions/:id/replan',
    summary: 'Choices anew at the gains of the last step, and how far the plan is from the best of all.',
    body: schemas.replanRequest,
    status: 200,
    answer: schemas.replanAnswer,
    refusals: [...bodies, 'not-found', 'wrong-problem', 'too-many', 'draining'],
  },
  closeSession: {
    method: 'delete',
    path: '/sessions/:id',
    summary: 'Forgets a live cell.',
    status: 204,
    refusals: ['not-found'],
  },
} as const satisfies Record<string, Route>;

export type RouteName = keyof typeof routes;
