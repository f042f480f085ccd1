import { beforeEach, describe, expect, it, vi } from 'vitest';
import { WallClock } from '../../../harness/server/wall-clock.js';

/** A machine whose time passes only where somebody works or sleeps. */
const machine = vi.hoisted(() => ({ now: 0 }));
vi.mock('../../../harness/transport/index.js', () => ({
  machineSeconds: () => machine.now,
  sleepUntil: (time: number) => {
    machine.now = Math.max(machine.now, time);
    return Promise.resolve();
  },
}));
beforeEach(() => {
  machine.now = 100;
});

const party = (serverShare: number) => ({ speedFactor: 1, link: undefined, serverShare });
const parties = [party(0.25), party(0.25), party(0.5)];

/** The server works for one device after the other, each for so long; every answer's duration from its arrival on. */
async function served(clock: WallClock, arrivals: readonly number[], seconds: number): Promise<number[]> {
  const answers: number[] = [];
  for (const [device, arrivedAt] of arrivals.entries()) {
    machine.now = Math.max(machine.now, arrivedAt) + seconds;
    const worked = machine.now;
    answers.push(await clock.serverWork(device, seconds, arrivedAt));
    // The others' work goes on while this one's answer waits.
    machine.now = worked;
  }
  return answers;
}

describe('a wall clock', () => {
  it('answers when each slice would have, though all came at once and the process serves one after the other', async () => {
    const clock = new WallClock(parties, { sharing: 'allocated', speedFactor: 2 });
    expect(await served(clock, [100, 100, 100], 0.1)).toEqual([
      expect.closeTo(0.8, 9),
      expect.closeTo(0.8, 9),
      expect.closeTo(0.4, 9),
    ]);
  });

  it('with equal slices never answers late, whatever the order, where the server is no faster than this machine', async () => {
    const equal = new WallClock(parties, { sharing: 'equal', speedFactor: 1 });
    for (const arrivals of [
      [100, 100, 100],
      [100, 100.05, 100.1],
      [100, 107, 107],
    ]) {
      machine.now = 100;
      expect(await served(equal, arrivals, 0.1)).toEqual(arrivals.map(() => expect.closeTo(0.3, 9) as number));
    }
  });

  it('says what it took where this machine is too slow for the server that is meant', async () => {
    const clock = new WallClock(parties, { sharing: 'allocated', speedFactor: 0.1 });
    expect(await served(clock, [100, 100, 100], 0.1)).toEqual([
      expect.closeTo(0.1, 9),
      expect.closeTo(0.2, 9),
      expect.closeTo(0.3, 9),
    ]);
  });

  it('begins a batch with its last arrival', async () => {
    const clock = new WallClock(parties, { sharing: 'batched', speedFactor: 3 });
    machine.now = 101.2;
    const waits = await clock.serverBatch([0, 1, 2], 0.2, [100, 101, 100.5]);
    expect(waits).toEqual([1.6, 0.6, 1.1].map((seconds) => expect.closeTo(seconds, 9) as number));
  });
});
