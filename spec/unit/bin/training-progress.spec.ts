import { PassThrough } from 'node:stream';
import { expect, it, vi } from 'vitest';
import { trainingProgress } from '../../../bin/training/progress.js';
import type { RunRecord } from '../../../harness/server/index.js';

function screen(isTTY: boolean) {
  const stream = Object.assign(new PassThrough(), { isTTY, columns: 200 }) as unknown as NodeJS.WriteStream;
  let text = '';
  (stream as unknown as PassThrough).on('data', (chunk: Buffer) => (text += chunk.toString()));
  // What stands on the last line, without the codes that erase what stood there before.
  // eslint-disable-next-line no-control-regex
  return { stream, shown: () => text.split(/\u001b\[\d+[A-Z]/u).at(-1), all: () => text };
}

const step = { kind: 'step' } as RunRecord;
const round = (index: number, loss: number): RunRecord => ({
  kind: 'round',
  round: index,
  loss,
  roundSeconds: 1.5,
  wallSeconds: 0.5,
  aggregationSeconds: 0,
  adapterSeconds: [0],
  devices: [0],
  uplinkBytes: 1024,
  downlinkBytes: 1024,
});

it('shows round, loss, accuracy, perplexity, times, traffic and the time that is left', () => {
  const now = vi.spyOn(performance, 'now').mockReturnValue(0);
  const { stream, shown } = screen(true);
  const progress = trainingProgress(stream, 4, false);
  progress.record(step);
  progress.record(step);
  now.mockReturnValue(10_000);
  progress.record(round(0, 2.25));
  expect(shown()).toBe('round 1/4  loss 2.250  1.5 s (here 500 ms)  2 KiB  2 steps  30 s left');
  progress.record({ kind: 'evaluation', round: 0, accuracy: 0.8125, loss: 1, perplexity: 12.3456, targets: 16 });
  expect(shown()).toBe(
    'round 1/4  loss 2.250  accuracy 81.3 %  perplexity 12.35  1.5 s (here 500 ms)  2 KiB  2 steps  30 s left',
  );
  now.mockReturnValue(16_000);
  progress.record(round(1, 1.5));
  const after =
    'round 2/4  loss 1.500  accuracy 81.3 %  perplexity 12.35  1.5 s (here 500 ms)  2 KiB  2 steps  16 s left';
  expect(shown()).toBe(after);
  progress.say('a line of its own');
  expect(shown()).toBe(after);
  progress.record(round(3, 1.25));
  expect(shown()).not.toContain('left');
  progress.close();
  expect(shown()).toBe('');
  now.mockRestore();
});

it('says no more than lines of their own where nobody looks on, and nothing where it is to be quiet', () => {
  for (const isQuiet of [false, true]) {
    const { stream, all } = screen(isQuiet);
    const progress = trainingProgress(stream, 4, isQuiet);
    progress.record(round(0, 2.25));
    progress.say('a line');
    progress.close();
    expect(all()).toBe(isQuiet ? '' : 'a line\n');
  }
});
