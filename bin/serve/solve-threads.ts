import type { Worker } from 'node:worker_threads';
import { startThread } from '../thread-file.js';
import type { ReplanTask, SolveSaying, SolveTask } from './solve-thread.js';

/** What is done, without the word by which it is stopped. */
export type ThreadWork = Omit<SolveTask, 'stop'> | Omit<ReplanTask, 'stop'>;

/** Told how a work goes. `onEnd` comes once, last; with a reason where the thread ended before its work. */
export interface WorkListener {
  onStart(): void;
  onSaying(saying: SolveSaying): void;
  onEnd(lost?: string): void;
}

interface Work {
  readonly work: ThreadWork;
  readonly listener: WorkListener;
}

/** A work that was taken on. */
export interface WorkHandle {
  /** Takes it out of the queue, or asks its thread to stop with what it has; one that does not heed it is ended. */
  stop(): void;
}

/** Threads for works, one a thread, the others in a queue. A thread that fails or takes too much memory harms no other. */
export class SolveThreads {
  private readonly queue: Work[] = [];
  private readonly running = new Map<Work, { readonly worker: Worker; stop(): void }>();

  constructor(private readonly limits: { threads: number; stopSeconds: number; threadMebibytes: number }) {}

  get runningCount(): number {
    return this.running.size;
  }

  get queuedCount(): number {
    return this.queue.length;
  }

  take(work: ThreadWork, listener: WorkListener): WorkHandle {
    const entry = { work, listener };
    this.queue.push(entry);
    this.next();
    return { stop: () => this.stop(entry) };
  }

  private stop(entry: Work): void {
    const place = this.queue.indexOf(entry);
    if (place >= 0) {
      this.queue.splice(place, 1);
      entry.listener.onEnd('stopped before it began');
    } else this.running.get(entry)?.stop();
  }

  private next(): void {
    while (this.running.size < this.limits.threads) {
      const entry = this.queue.shift();
      if (!entry) return;
      this.begin(entry);
    }
  }

  private begin(entry: Work): void {
    const { work, listener } = entry;
    const { stopSeconds, threadMebibytes } = this.limits;
    const flag = new SharedArrayBuffer(4);
    let said = false;
    let lost = 'the thread ended early';
    let timer: NodeJS.Timeout | undefined;
    const worker = startThread('solve-thread', import.meta.url, {
      workerData: { ...work, stop: flag },
      resourceLimits: { maxOldGenerationSizeMb: threadMebibytes },
    });
    const stop = () => {
      if (timer) return;
      Atomics.store(new Int32Array(flag), 0, 1);
      timer = setTimeout(() => {
        lost = `it did not stop within ${stopSeconds} s`;
        void worker.terminate();
      }, stopSeconds * 1000);
    };
    this.running.set(entry, { worker, stop });
    listener.onStart();
    worker.on('message', (saying: SolveSaying) => {
      said = saying.kind === 'solved' || saying.kind === 'replanned' || saying.kind === 'failed';
      listener.onSaying(saying);
    });
    worker.on('error', (error: NodeJS.ErrnoException) => {
      lost = error.code === 'ERR_WORKER_OUT_OF_MEMORY' ? `it needs more than ${threadMebibytes} MiB` : error.message;
    });
    worker.on('exit', () => {
      clearTimeout(timer);
      this.running.delete(entry);
      this.next();
      listener.onEnd(said ? undefined : lost);
    });
  }
}
