import { randomUUID } from 'node:crypto';
import type { FileIssue, FileOrigin } from '../../lib/io/index.js';
import type { SolveOptions } from '../../lib/plan/index.js';
import { ThreadLost, type AskedThread } from './asked-thread.js';
import type { ServeLimits } from './limits.js';
import type { Log } from './log.js';
import type { Metrics } from './metrics.js';
import type { ReadAnswer, ReadQuestion } from './reader-thread.js';
import { Refusal } from './refusal.js';
import type { BestSoFar, SolveSaying, SolveTask } from './solve-thread.js';
import type { SolveThreads, WorkHandle } from './solve-threads.js';
import type { Store, StoredOrder, StoredResult } from './store.js';

/** A problem as a client sent it. */
export interface Order {
  readonly text: string;
  readonly seed?: number | undefined;
  readonly options: Partial<SolveOptions>;
  /** A plan to start from, as JSON. */
  readonly warm?: string | undefined;
}

/** A problem that was accepted, and how far it is. */
export interface ProblemRecord {
  readonly id: string;
  readonly owner: string;
  readonly devices: readonly string[];
  readonly acceptedAt: string;
  /** Size of the problem as JSON. */
  readonly characters: number;
  readonly origin: FileOrigin;
  readonly warnings: readonly FileIssue[];
  state: 'queued' | 'running' | 'done' | 'failed';
  stopping: boolean;
  startedAt?: string;
  endedAt?: string;
  endedMs?: number;
  phase?: string;
  boundSeconds?: number;
  best?: BestSoFar;
  /** The whole report as JSON. */
  report?: string;
  failure?: string;
  /** Whether a client has had what it came to. */
  fetched: boolean;
}

export interface DeskParts {
  readonly limits: ServeLimits;
  readonly threads: SolveThreads;
  readonly reader: AskedThread;
  readonly store: Store | undefined;
  readonly metrics: Metrics;
  readonly log: Log;
}

/** Takes problems in, has them solved, and keeps what they came to. */
export class ProblemDesk {
  private readonly records = new Map<string, ProblemRecord>();
  private readonly handles = new Map<string, WorkHandle>();
  private readonly listeners = new Map<string, Set<() => void>>();
  private closing = false;

  constructor(private readonly parts: DeskParts) {
    const { metrics } = parts;
    metrics.counter('sft_opt_problems_total', 'Problems by what became of them.');
    metrics.histogram('sft_opt_solve_seconds', 'Time from the start of a solve to its end.');
    metrics.gauge('sft_opt_problems_kept', 'Problems in memory.', () => this.records.size);
  }

  /** Takes up what the store holds: results are kept, orders without one are solved. */
  async resume(): Promise<void> {
    const { store, log } = this.parts;
    if (!store) return;
    const found = await store.load((file) => log('warn', 'store-unreadable', { file }));
    for (const { id, order, result } of found) {
      const record = this.keep(id, order, []);
      if (result) this.restore(record, result);
      else this.start(record, order.work);
    }
    if (found.length > 0) log('info', 'resumed', { problems: found.length });
  }

  async accept(owner: string, order: Order): Promise<ProblemRecord> {
    const { store, metrics, log } = this.parts;
    this.refuseIfFull();
    const { ok: _, ...read } = await this.read(order);
    this.refuseIfFull();
    const work: StoredOrder['work'] = {
      kind: 'solve',
      origin: read.origin,
      options: { ...order.options, seed: read.seed },
      ...(read.warm && { warm: read.warm }),
    };
    const { devices, characters, warnings } = read;
    const stored = { owner, acceptedAt: new Date().toISOString(), devices, characters, work };
    const id = randomUUID();
    await store?.accept(id, stored);
    const record = this.keep(id, stored, warnings);
    metrics.count('sft_opt_problems_total', { event: 'accepted' });
    log('info', 'accepted', { id, devices: devices.length, method: order.options.method });
    // While the store was writing the server may have begun to stop: then the order is for the next one.
    if (!this.isClosing()) this.start(record, work);
    return record;
  }

  /** A client's own problem; those of others are not there for it. */
  find(owner: string, id: string): ProblemRecord {
    const record = this.records.get(id);
    if (record?.owner !== owner) throw new Refusal('not-found', 'there is no such problem');
    return record;
  }

  /** Resolves when a problem has ended, the time is over, or the client is gone. */
  async wait(record: ProblemRecord, seconds: number, signal?: AbortSignal): Promise<void> {
    if (isEnded(record) || seconds <= 0 || signal?.aborted) return;
    await new Promise<void>((resolve) => {
      const all = this.listeners.get(record.id) ?? new Set();
      this.listeners.set(record.id, all);
      const done = () => {
        clearTimeout(timer);
        all.delete(done);
        signal?.removeEventListener('abort', done);
        resolve();
      };
      const timer = setTimeout(done, seconds * 1000);
      signal?.addEventListener('abort', done);
      all.add(done);
    });
  }

  /** Stops a problem; resolves when it has ended with the best it had. */
  async stop(record: ProblemRecord): Promise<void> {
    if (isEnded(record)) return;
    record.stopping = true;
    this.handles.get(record.id)?.stop();
    await this.wait(record, this.parts.limits.stopSeconds + 5);
  }

  /** Nothing is taken in any more; what runs ends with the best it has. Resolves when all have ended. */
  async close(): Promise<void> {
    this.closing = true;
    const open = [...this.records.values()].filter((record) => !isEnded(record));
    // Those that wait first, so that none of them begins in a place that becomes free.
    open.sort((a, b) => Number(a.state === 'running') - Number(b.state === 'running'));
    await Promise.all(open.map((record) => this.stop(record)));
  }

  /** Ended problems that no client has had, and that no store keeps. */
  get unfetched(): readonly ProblemRecord[] {
    return this.parts.store ? [] : [...this.records.values()].filter((record) => !record.fetched);
  }

  /** Forgets what is older than it is kept, and the oldest beyond what may be kept. */
  async expire(nowMs = Date.now()): Promise<void> {
    const { limits, store, log } = this.parts;
    const ended = [...this.records.values()].filter(isEnded).sort((a, b) => b.endedMs! - a.endedMs!);
    let room = limits.keptMebibytes * 2 ** 20;
    const old = ended.filter((record, k) => {
      room -= sizeOf(record);
      return k >= limits.kept || (k > 0 && room < 0) || nowMs - record.endedMs! > limits.keepSeconds * 1000;
    });
    for (const { id } of old) {
      this.records.delete(id);
      await store?.forget(id).catch((error: unknown) => log('error', 'store', { id, message: String(error) }));
    }
  }

  private isClosing(): boolean {
    return this.closing;
  }

  private refuseIfFull(): void {
    const { limits, threads } = this.parts;
    if (this.isClosing()) throw new Refusal('draining', 'the server is about to stop');
    if (threads.queuedCount >= limits.queued) throw new Refusal('too-many', 'the queue is full');
  }

  private async read({ text, seed, warm }: Order): Promise<Extract<ReadAnswer, { ok: true }>> {
    const { reader, limits } = this.parts;
    if (reader.waiting >= limits.reading) throw new Refusal('too-many', 'too many problems are being read');
    const question: ReadQuestion = { text, ...(seed !== undefined && { seed }), ...(warm !== undefined && { warm }) };
    const answer = await reader.ask<ReadAnswer>(question).catch((error: unknown) => {
      if (!(error instanceof ThreadLost)) throw error;
      throw new Refusal('wrong-problem', `the problem could not be read: ${error.message}`);
    });
    if (answer.ok) return answer;
    const issues = answer.issues.map((issue) => ({
      ...issue,
      path: [answer.part, issue.path].filter(Boolean).join('.'),
    }));
    throw new Refusal('wrong-problem', `${issues.length} ${issues.length === 1 ? 'mistake' : 'mistakes'}`, issues);
  }

  private keep(
    id: string,
    { owner, acceptedAt, devices, characters, work }: StoredOrder,
    warnings: readonly FileIssue[],
  ) {
    const { origin } = work;
    const record: ProblemRecord = {
      id,
      owner,
      acceptedAt,
      devices,
      characters,
      origin,
      warnings,
      state: 'queued',
      stopping: false,
      fetched: false,
    };
    this.records.set(id, record);
    return record;
  }

  private restore(record: ProblemRecord, { best, endedAt, ...result }: StoredResult): void {
    Object.assign(record, result, { endedAt, endedMs: Date.parse(endedAt) });
    if (best?.plan) record.best = { ...best, plan: best.plan };
  }

  private start(record: ProblemRecord, work: Omit<SolveTask, 'stop'>): void {
    const handle = this.parts.threads.take(work, {
      onStart: () => {
        record.state = 'running';
        record.startedAt = new Date().toISOString();
      },
      onSaying: (saying) => note(record, saying),
      onEnd: (lost) => void this.end(record, lost),
    });
    this.handles.set(record.id, handle);
  }

  private async end(record: ProblemRecord, lost: string | undefined): Promise<void> {
    const { store, metrics, log } = this.parts;
    const neverBegan = record.state === 'queued';
    if (lost !== undefined) record.failure ??= lost;
    // A thread that had to be ended still leaves the best plan that it had named.
    record.state = record.report !== undefined || (record.stopping && record.best) ? 'done' : 'failed';
    record.endedAt = new Date().toISOString();
    record.endedMs = Date.now();
    this.handles.delete(record.id);
    const seconds = record.startedAt ? (record.endedMs - Date.parse(record.startedAt)) / 1000 : 0;
    if (!neverBegan) metrics.observe('sft_opt_solve_seconds', seconds);
    metrics.count('sft_opt_problems_total', { event: record.state });
    log(record.state === 'failed' ? 'warn' : 'info', 'ended', {
      id: record.id,
      state: record.state,
      seconds,
      totalSeconds: record.best?.totalSeconds,
      failure: record.failure,
    });
    // What never began when the server stops is left for the next one.
    if (!(neverBegan && this.closing)) {
      await store?.finish(record.id, resultOf(record)).catch((error: unknown) => {
        log('error', 'store', { id: record.id, message: String(error) });
      });
    }
    for (const done of this.listeners.get(record.id) ?? []) done();
    this.listeners.delete(record.id);
    await this.expire();
  }
}

/** Whether nothing more will come. */
export function isEnded({ endedMs }: ProblemRecord): boolean {
  return endedMs !== undefined;
}

function sizeOf({ characters, report, best }: ProblemRecord): number {
  return characters + (report?.length ?? 0) + 2 * (best?.answer.length ?? 0);
}

function note(record: ProblemRecord, saying: SolveSaying): void {
  if (saying.kind === 'best') record.best = saying.best;
  else if (saying.kind === 'bound') {
    record.phase = saying.phase;
    if (saying.boundSeconds !== undefined) record.boundSeconds = saying.boundSeconds;
  } else if (saying.kind === 'solved') {
    record.report = saying.report;
    if (saying.best) record.best = saying.best;
  } else if (saying.kind === 'failed') record.failure = saying.message;
}

function resultOf({ state, endedAt, best, boundSeconds, report, failure }: ProblemRecord): StoredResult {
  return {
    state: state === 'done' ? 'done' : 'failed',
    endedAt: endedAt!,
    ...(best && { best }),
    ...(boundSeconds !== undefined && { boundSeconds }),
    ...(report !== undefined && { report }),
    ...(failure !== undefined && { failure }),
  };
}
