/** What one server grants; every number is a ceiling. */
export interface ServeLimits {
  /** Bytes of a request's body. */
  readonly bodyBytes: number;
  /** Seconds for the headers of a request, and for all of it, to arrive. */
  readonly headerSeconds: number;
  readonly requestSeconds: number;
  /** Open connections, in all and from one address. */
  readonly connections: number;
  readonly connectionsPerAddress: number;
  /** Solves at a time, and orders that wait for one of these threads. */
  readonly threads: number;
  readonly queued: number;
  /** Seconds of one solve. */
  readonly solveSeconds: number;
  /** Seconds for a problem to be read and checked, and problems that wait for that. */
  readonly readSeconds: number;
  readonly reading: number;
  /** Seconds for which a request may wait for an answer (`?wait=`). */
  readonly waitSeconds: number;
  /** Seconds from the wish to stop until a thread that does not heed it is ended. */
  readonly stopSeconds: number;
  /** Seconds from SIGTERM to the end, at most. */
  readonly drainSeconds: number;
  /** Ended problems that are kept, and for how many seconds; sessions, and for how many seconds without a step. */
  readonly kept: number;
  /** Size of ended problems and their results together, MiB of JSON: the oldest go first. */
  readonly keptMebibytes: number;
  readonly keepSeconds: number;
  readonly sessions: number;
  /** Memory of one thread, MiB. */
  readonly threadMebibytes: number;
}

export const defaultLimits: ServeLimits = {
  bodyBytes: 1024 * 1024,
  headerSeconds: 5,
  requestSeconds: 10,
  connections: 1024,
  connectionsPerAddress: 256,
  threads: 2,
  queued: 64,
  solveSeconds: 600,
  readSeconds: 10,
  reading: 32,
  waitSeconds: 30,
  stopSeconds: 5,
  drainSeconds: 15,
  kept: 256,
  keptMebibytes: 64,
  keepSeconds: 3600,
  sessions: 64,
  threadMebibytes: 1024,
};

/** Nesting of a body in JSON. */
export const deepestBody = 64;
