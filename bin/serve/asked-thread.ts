import type { Worker } from 'node:worker_threads';
import { parentPort } from 'node:worker_threads';

/** A question to a thread, and what it answers. */
interface Question {
  readonly number: number;
  readonly question: unknown;
}

type Answer =
  | { readonly number: number; readonly ok: true; readonly value: unknown }
  | { readonly number: number; readonly ok: false; readonly range: boolean; readonly message: string };

/** A thread was lost, or took too long, before it had answered. */
export class ThreadLost extends Error {
  override readonly name = 'ThreadLost';
  readonly code = 'thread-lost';
}

/**
 * A thread that is kept and asked. One that fails or does not answer in time is ended, with all that it was asked meanwhile, and the next
 * question starts another.
 */
export class AskedThread {
  /** Starts after the first. */
  restarts = -1;
  private worker: Worker | undefined;
  private number = 0;
  private readonly open = new Map<number, { resolve: (value: unknown) => void; reject: (error: Error) => void }>();

  constructor(
    private readonly start: () => Worker,
    private readonly seconds: number,
  ) {}

  /** Questions without an answer. */
  get waiting(): number {
    return this.open.size;
  }

  /** Which start of the thread answers now. */
  generation(): number {
    this.worker ??= this.begin();
    return this.restarts;
  }

  /** Rejects with RangeError for what the thread refuses as such, with `ThreadLost` where it is gone. */
  async ask<Value>(question: unknown): Promise<Value> {
    const worker = (this.worker ??= this.begin());
    const number = this.number++;
    const timer = setTimeout(() => this.lose(worker, `no answer within ${this.seconds} s`), this.seconds * 1000);
    try {
      return await new Promise<Value>((resolve, reject) => {
        this.open.set(number, { resolve: resolve as (value: unknown) => void, reject });
        worker.postMessage({ number, question } satisfies Question);
      });
    } finally {
      clearTimeout(timer);
    }
  }

  async close(): Promise<void> {
    const { worker } = this;
    if (worker) this.lose(worker, 'it was closed');
    await worker?.terminate();
  }

  private begin(): Worker {
    const worker = this.start();
    this.restarts++;
    worker.on('message', (answer: Answer) => {
      const asked = this.open.get(answer.number);
      this.open.delete(answer.number);
      if (answer.ok) asked?.resolve(answer.value);
      else asked?.reject(answer.range ? new RangeError(answer.message) : new Error(answer.message));
    });
    worker.on('error', (error: Error) => this.lose(worker, error.message));
    worker.on('exit', () => this.lose(worker, 'it ended'));
    return worker;
  }

  private lose(worker: Worker, reason: string): void {
    if (this.worker !== worker) return;
    this.worker = undefined;
    void worker.terminate();
    const lost = [...this.open.values()];
    this.open.clear();
    for (const { reject } of lost) reject(new ThreadLost(reason));
  }
}

/** The thread's side: answers each question by `answer`, whose RangeErrors are refusals. */
export function answerQuestions(answer: (question: never) => unknown): void {
  const port = parentPort!;
  port.on('message', ({ number, question }: Question) => {
    let reply: Answer;
    try {
      reply = { number, ok: true, value: answer(question as never) };
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      reply = { number, ok: false, range: error instanceof RangeError, message };
    }
    port.postMessage(reply);
  });
}
