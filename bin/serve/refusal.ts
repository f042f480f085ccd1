import type { FileIssue } from '../../lib/io/index.js';

/** Every reason for which a request is refused, with its status. */
export const refusals = {
  'not-json': 400,
  'wrong-request': 400,
  unauthorized: 401,
  'not-found': 404,
  'method-not-allowed': 405,
  'request-timeout': 408,
  'not-ready': 409,
  'body-too-large': 413,
  'unsupported-media-type': 415,
  'wrong-problem': 422,
  'too-many': 429,
  internal: 500,
  draining: 503,
} as const;

export type RefusalCode = keyof typeof refusals;

/** Something wrong with a request, at one place of it. */
export interface RequestIssue extends Partial<FileIssue> {
  readonly path: string;
  readonly message: string;
}

/** Ends a request with a status of its own; anything else that is thrown is an internal error, of which the client learns nothing. */
export class Refusal extends Error {
  override readonly name = 'Refusal';

  constructor(
    readonly code: RefusalCode,
    message: string,
    readonly issues: readonly RequestIssue[] = [],
  ) {
    super(message);
  }

  get status(): (typeof refusals)[RefusalCode] {
    return refusals[this.code];
  }
}
