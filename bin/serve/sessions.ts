import { randomUUID } from 'node:crypto';
import type { FileOrigin } from '../../lib/io/index.js';
import type { Plan } from '../../lib/models/index.js';
import { ThreadLost, type AskedThread } from './asked-thread.js';
import type { ServeLimits } from './limits.js';
import type { Metrics } from './metrics.js';
import type { ProblemRecord } from './problems.js';
import { Refusal } from './refusal.js';
import type { SessionQuestion, SessionStep } from './session-thread.js';
import type { ReplanOutcome } from './solve-thread.js';
import type { SolveThreads } from './solve-threads.js';

/** A live cell. */
interface Session {
  readonly id: string;
  readonly owner: string;
  readonly devices: readonly string[];
  readonly origin: FileOrigin;
  plan: Plan;
  uplinkGain: number[];
  downlinkGain: number[];
  usedMs: number;
  /** Start of the thread that knows this cell. */
  generation: number;
}

/** The cells that clients keep alive, and the thread that finds their bandwidths. */
export class SessionDesk {
  private readonly sessions = new Map<string, Session>();

  constructor(
    private readonly limits: ServeLimits,
    private readonly thread: AskedThread,
    private readonly threads: SolveThreads,
    metrics: Metrics,
  ) {
    metrics.gauge('sft_opt_sessions', 'Live sessions.', () => this.sessions.size);
    metrics.gauge('sft_opt_session_thread_restarts', 'Restarts of the thread of sessions.', () =>
      Math.max(0, thread.restarts),
    );
  }

  /** A session that starts from the best plan of a problem. */
  async open(owner: string, { best, origin, devices }: ProblemRecord): Promise<SessionStep & { id: string }> {
    if (!best) throw new Refusal('not-ready', 'the problem has no plan to start from');
    this.expire();
    if (this.sessions.size >= this.limits.sessions) throw new Refusal('too-many', 'too many sessions are open');
    const gains = devices.map(() => 1);
    const session: Session = {
      id: randomUUID(),
      owner,
      devices,
      origin,
      plan: best.plan,
      uplinkGain: gains,
      downlinkGain: gains,
      usedMs: Date.now(),
      generation: -1,
    };
    this.sessions.set(session.id, session);
    try {
      return { id: session.id, ...(await this.enter(session)) };
    } catch (error) {
      this.sessions.delete(session.id);
      throw refused(error);
    }
  }

  async step(owner: string, id: string, uplinkGain: number[], downlinkGain = uplinkGain): Promise<SessionStep> {
    const session = this.find(owner, id);
    try {
      if (session.generation !== this.thread.generation()) await this.enter(session);
      const step = await this.ask<SessionStep>({ kind: 'step', id, uplinkGain, downlinkGain });
      session.uplinkGain = uplinkGain;
      session.downlinkGain = downlinkGain;
      return step;
    } catch (error) {
      throw refused(error);
    }
  }

  /** The choices anew at the gains of the last step, in a thread for solves; the session goes on from them. */
  async replan(
    owner: string,
    id: string,
    timeLimitSeconds: number,
    signal: AbortSignal,
  ): Promise<Omit<ReplanOutcome, 'plan'> & { readonly step: SessionStep }> {
    const session = this.find(owner, id);
    if (this.threads.queuedCount >= this.limits.queued) throw new Refusal('too-many', 'the queue is full');
    const { origin, plan, uplinkGain, downlinkGain } = session;
    const outcome = await new Promise<ReplanOutcome>((resolve, reject) => {
      const handle = this.threads.take(
        { kind: 'replan', origin, plan, uplinkGain, downlinkGain, timeLimitSeconds },
        {
          onStart: () => undefined,
          onSaying: (saying) => {
            if (saying.kind === 'replanned') resolve(saying.outcome);
            else if (saying.kind === 'failed')
              reject(saying.range ? new RangeError(saying.message) : new Error(saying.message));
          },
          onEnd: (lost) => {
            if (lost !== undefined) reject(new Refusal('draining', `the search ended: ${lost}`));
          },
        },
      );
      signal.addEventListener('abort', () => handle.stop());
    }).catch((error: unknown) => {
      throw refused(error);
    });
    session.plan = outcome.plan;
    session.generation = -1;
    const { plan: _, ...rest } = outcome;
    return { ...rest, step: await this.step(owner, id, session.uplinkGain, session.downlinkGain) };
  }

  /** The present plan and gains. */
  async plan(owner: string, id: string) {
    const session = this.find(owner, id);
    if (session.generation !== this.thread.generation()) await this.enter(session);
    const plan = await this.ask<Plan>({ kind: 'plan', id });
    const devices = plan.devices.map((decision, n) => ({ name: session.devices[n]!, ...decision }));
    return { id, devices, uplinkGain: session.uplinkGain, downlinkGain: session.downlinkGain };
  }

  async close(owner: string, id: string): Promise<void> {
    this.find(owner, id);
    this.sessions.delete(id);
    await this.thread.ask({ kind: 'close', id });
  }

  /** Forgets cells that nobody steps any more. */
  expire(nowMs = Date.now()): void {
    for (const { id, usedMs } of this.sessions.values()) {
      if (nowMs - usedMs <= this.limits.keepSeconds * 1000) continue;
      this.sessions.delete(id);
      void this.thread.ask({ kind: 'close', id }).catch(() => undefined);
    }
  }

  private find(owner: string, id: string): Session {
    const session = this.sessions.get(id);
    if (session?.owner !== owner) throw new Refusal('not-found', 'there is no such session');
    session.usedMs = Date.now();
    return session;
  }

  /** Makes the thread know a cell, as it is: at first, after a replan, and after a thread was lost. */
  private async enter(session: Session): Promise<SessionStep> {
    const generation = this.thread.generation();
    const { id, origin, plan, uplinkGain, downlinkGain } = session;
    await this.thread.ask({ kind: 'open', id, origin, plan });
    if (this.sessions.get(id) !== session) {
      // Closed while the thread was opening it, which had nothing to forget then.
      await this.thread.ask({ kind: 'close', id });
      throw new Refusal('not-found', 'there is no such session');
    }
    session.generation = generation;
    return this.ask<SessionStep>({ kind: 'step', id, uplinkGain, downlinkGain });
  }

  /** Asks about a cell that the thread knew when this began. */
  private async ask<Answer>(question: SessionQuestion): Promise<Answer> {
    const answer = await this.thread.ask<Answer | undefined>(question);
    if (answer !== undefined) return answer;
    if (this.sessions.has(question.id)) throw new ThreadLost('the thread of sessions began anew');
    throw new Refusal('not-found', 'there is no such session');
  }
}

/** What a replanner refuses is the client's to mend. */
function refused(error: unknown): unknown {
  return error instanceof RangeError ? new Refusal('wrong-problem', error.message) : error;
}
