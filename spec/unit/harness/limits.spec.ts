import { describe, expect, it } from 'vitest';
import type { AdapterState } from '../../../harness/model/adapters.js';
import { embeddedConfig } from '../../../harness/model/embedded.js';
import { EventClock } from '../../../harness/server/index.js';
import { checkContribution, checkElapsed, observedSeconds } from '../../../harness/server/limits.js';
import { checkMemory, encodeMemory, memberLimits } from '../../../harness/protocol/index.js';
import { nextPhase } from '../../../harness/server/round-phase.js';

const tensor = (shape: readonly number[], value: number) => ({
  shape,
  values: new Float32Array(shape.reduce((product, extent) => product * extent, 1)).fill(value),
});

describe('what a device may say', () => {
  it('of its work: no more than has passed, with a tolerance', () => {
    expect(() => checkElapsed([4, 6], 100, 110)).not.toThrow();
    expect(() => checkElapsed([4, 6.7], 100, 110)).not.toThrow();
    expect(() => checkElapsed([4, 7], 100, 110)).toThrow('11.0 s of work are reported where 10.0 s passed');
    expect(() => checkElapsed([0.2], 100, 100)).not.toThrow();
  });

  it('of its clock: no message before its cause, small differences aside', () => {
    expect(observedSeconds(3, 5)).toBe(2);
    expect(observedSeconds(5, 3)).toBe(0);
    expect(() => observedSeconds(9, 3)).toThrow('before it was sent');
  });

  it('of its optimizer: moments of its own adapters, finite, of steps that were made', () => {
    const own = [tensor([2, 3], 0), tensor([3], 0)];
    const moments = [tensor([2, 3], 1), tensor([2, 3], 1), tensor([3], 1), tensor([3], 1)];
    expect(() => checkMemory({ optimizer: { steps: 4, moments } }, own, 4)).not.toThrow();
    expect(() => checkMemory({ optimizer: { steps: 0, moments: [] } }, own, 4)).not.toThrow();
    expect(() => checkMemory({ optimizer: { steps: 5, moments } }, own, 4)).toThrow('at most 4 were made');
    expect(() => checkMemory({ optimizer: { steps: 4, moments: moments.slice(1) } }, own, 4)).toThrow('other adapters');
    expect(() => checkMemory({ optimizer: { steps: 4, moments: [...moments, ...moments] } }, own, 4)).toThrow(
      'other adapters',
    );
    expect(() =>
      checkMemory({ optimizer: { steps: 4, moments: [...moments.slice(1), tensor([3], NaN)] } }, own, 4),
    ).toThrow();
    expect(() =>
      checkMemory({ optimizer: { steps: 4, moments: [...moments.slice(0, 3), tensor([3], Infinity)] } }, own, 4),
    ).toThrow('not finite');
    const residual = (length: number, value: number) => ({
      optimizer: { steps: 0, moments: [] },
      residual: new Float32Array(length).fill(value),
    });
    const count = own.reduce((sum, { values }) => sum + values.length, 0);
    expect(() => checkMemory(residual(count, 1), own, 4)).not.toThrow();
    expect(() => checkMemory(residual(count - 1, 1), own, 4)).toThrow('not of these adapters');
    expect(() => checkMemory(residual(count, NaN), own, 4)).toThrow('not of these adapters');
  });

  it('in its messages: what the scenario can need, and no more', () => {
    const device = { cut: 2, batchSize: 16 };
    const { frameBytes, headerBytes } = memberLimits(embeddedConfig, device, [tensor([96, 8], 0)], 5);
    const activations = 4 * 16 * 17 * 96;
    expect(frameBytes).toBeGreaterThan(activations);
    expect(frameBytes).toBeLessThan(2 * activations);
    expect(headerBytes).toBeLessThan(2 ** 16);
  });

  it('of what it remembers: two moments of each adapter, and what coding took away', () => {
    const own = Array.from({ length: 12 }, () => tensor([192, 64], 0));
    const moments = [...own, ...own];
    const residual = new Float32Array(12 * 192 * 64);
    const { length } = encodeMemory({ optimizer: { steps: 1, moments }, residual });
    const whole = { cut: embeddedConfig.blocks, batchSize: 16 };
    const { frameBytes } = memberLimits(embeddedConfig, whole, own, 5);
    expect(frameBytes).toBeGreaterThan(length);
    expect(frameBytes).toBeLessThan(1.1 * length);
  });
});

describe('an average', () => {
  const state = (value: number): AdapterState => new Map([['0.query.down', tensor([4, 4], value)]]);

  it('takes what is finite and within ten times its reach, and nothing else', () => {
    // ‖average‖ = 4: at most 40 away, 10 an entry.
    expect(() => checkContribution(state(10.9), state(1), 1, 1e-3)).not.toThrow();
    expect(() => checkContribution(state(11.1), state(1), 1, 1e-3)).toThrow('moved by 40.4, at most 40.0');
    expect(() => checkContribution(state(NaN), state(1), 1, 1e-3)).toThrow('not finite');
    expect(() => checkContribution(state(Infinity), state(1), 1, 1e-3)).toThrow('not finite');
    // Unit steps of K·η = 5 reach farther than the average is long.
    expect(() => checkContribution(state(40), state(0), 5, 1)).not.toThrow();
    expect(() => checkContribution(state(51), state(0), 5, 1)).toThrow('moved by');
  });
});

describe('a round', () => {
  it('goes from phase to phase in its order alone', () => {
    expect(nextPhase('opened', 'arrived')).toBe('arrived');
    expect(() => nextPhase('arrived', 'uploaded')).toThrow('cannot go from arrived to uploaded');
    expect(() => nextPhase('idle', 'answered')).toThrow();
    expect(nextPhase('answered', 'left')).toBe('left');
  });
});

describe('the emulated clock', () => {
  const party = { speedFactor: 1, link: undefined, serverShare: 0.5 };

  it('has the others wait for a device that fails', () => {
    const clock = new EventClock([party, party], { sharing: 'allocated', speedFactor: 1 });
    clock.beginRound();
    clock.deviceWork(0, 2);
    clock.deviceWork(1, 1);
    clock.giveUp(1, 30, true);
    expect(clock.aggregation([0], 0.5)).toEqual({ seconds: 0.5, at: 31.5 });
    // The next round owes it nothing.
    expect(clock.beginRound()).toBe(31.5);
    clock.deviceWork(0, 1);
    expect(clock.aggregation([0], 0).at).toBe(32.5);
    clock.idle(10);
    expect(clock.state).toEqual([42.5, 42.5]);
  });

  it('lets a batch wait too, unless the device was not to be in it', async () => {
    for (const [isOfBatch, end] of [
      [true, 21],
      [false, 3],
    ] as const) {
      const clock = new EventClock([party, party], { sharing: 'batched', speedFactor: 1 });
      clock.beginRound();
      clock.deviceWork(0, 2);
      clock.giveUp(1, 20, isOfBatch);
      await clock.serverBatch([0], 1);
      expect(clock.at(0)).toBe(end);
    }
  });
});
