import { EventEmitter } from 'node:events';
import type { Worker } from 'node:worker_threads';
import { describe, expect, it } from 'vitest';
import { AskedThread } from '../../../../bin/serve/asked-thread.js';
import { defaultLimits } from '../../../../bin/serve/limits.js';
import { Metrics } from '../../../../bin/serve/metrics.js';
import type { ProblemRecord } from '../../../../bin/serve/problems.js';
import type { SessionQuestion } from '../../../../bin/serve/session-thread.js';
import { SessionDesk } from '../../../../bin/serve/sessions.js';
import { SolveThreads } from '../../../../bin/serve/solve-threads.js';

const problem = { best: { plan: { devices: [] } }, origin: {}, devices: ['a'] } as unknown as ProblemRecord;
const step = { totalSeconds: 1, secondsPerHz: 0, bandwidthHz: [1], violations: [] };

/** A thread that knows cells by their ids, and whose answers wait until they are let go. */
class SlowThread extends EventEmitter {
  readonly cells = new Set<string>();
  private readonly held: (() => void)[] = [];
  holding = false;

  postMessage({ number, question }: { number: number; question: SessionQuestion }): void {
    const known = this.cells.has(question.id);
    if (question.kind === 'open') this.cells.add(question.id);
    if (question.kind === 'close') this.cells.delete(question.id);
    const value = question.kind === 'step' && known ? step : undefined;
    const answer = () => void this.emit('message', { number, ok: true, value });
    if (this.holding) this.held.push(answer);
    else queueMicrotask(answer);
  }

  release(): void {
    this.holding = false;
    for (const answer of this.held.splice(0)) answer();
  }

  terminate(): Promise<number> {
    return Promise.resolve(0);
  }
}

function desk() {
  const threads: SlowThread[] = [];
  const start = () => {
    threads.push(new SlowThread());
    return threads.at(-1)! as unknown as Worker;
  };
  const asked = new AskedThread(start, 5);
  const metrics = new Metrics();
  return {
    threads,
    sessions: new SessionDesk(
      defaultLimits,
      asked,
      new SolveThreads({ threads: 1, stopSeconds: 1, threadMebibytes: 64 }),
      metrics,
    ),
  };
}

describe('a live cell', () => {
  it('that is closed while it is opened again is not there, and the thread forgets it', async () => {
    const { threads, sessions } = desk();
    const { id } = await sessions.open('me', problem);
    threads[0]!.emit('exit');
    const other = await sessions.open('me', problem);
    const again = threads[1]!;
    again.holding = true;
    const asked = expect(sessions.step('me', id, [1])).rejects.toMatchObject({ code: 'not-found' });
    const closed = sessions.close('me', id);
    again.release();
    await Promise.all([asked, closed]);
    expect([...again.cells]).toEqual([other.id]);
  });

  it('that is closed between two questions is not there', async () => {
    const { threads, sessions } = desk();
    const { id } = await sessions.open('me', problem);
    threads[0]!.holding = true;
    const closed = sessions.close('me', id);
    await expect(sessions.step('me', id, [1])).rejects.toMatchObject({ code: 'not-found' });
    threads[0]!.release();
    await closed;
    expect(threads[0]!.cells.size).toBe(0);
  });

  it('whose thread began anew in between is to be asked again', async () => {
    const { threads, sessions } = desk();
    const { id } = await sessions.open('me', problem);
    threads[0]!.cells.clear();
    await expect(sessions.step('me', id, [1])).rejects.toMatchObject({ name: 'ThreadLost' });
  });
});
