import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { EventClock } from '../../../harness/server/index.js';
import { RadioLink } from '../../../harness/transport/index.js';

const law = { kind: 'linear', bitsPerSecondPerHz: 1 } as const;
const link = () => new RadioLink({ uplink: law, downlink: law, bandwidthHz: 8000, latencySeconds: 0.5 });

interface Work {
  readonly forward: number;
  readonly bytesUp: number;
  readonly server: number;
  readonly bytesDown: number;
  readonly backward: number;
}

const work: fc.Arbitrary<Work> = fc.record({
  forward: fc.integer({ min: 0, max: 20 }),
  bytesUp: fc.integer({ min: 1, max: 9000 }),
  server: fc.integer({ min: 0, max: 20 }),
  bytesDown: fc.integer({ min: 1, max: 9000 }),
  backward: fc.integer({ min: 0, max: 20 }),
});

const cases = fc.record({
  steps: fc.integer({ min: 1, max: 4 }),
  devices: fc.array(fc.record({ work, speedFactor: fc.integer({ min: 1, max: 5 }) }), { minLength: 1, maxLength: 4 }),
});

const pre = (d: { work: Work; speedFactor: number }) => d.speedFactor * d.work.forward + d.work.bytesUp / 1000 + 0.5;
const post = (d: { work: Work; speedFactor: number }) =>
  d.work.bytesDown / 1000 + 0.5 + d.speedFactor * d.work.backward;

describe('EventClock', () => {
  it('gives max of the chains, each with its share of the server, where the server is shared out', async () => {
    await fc.assert(
      fc.asyncProperty(
        cases,
        fc.constantFrom('allocated' as const, 'equal' as const),
        async ({ steps, devices }, sharing) => {
          const shares = devices.map((_, k) => (k + 1) / 10);
          const clock = new EventClock(
            devices.map(({ speedFactor }, k) => ({ speedFactor, link: link(), serverShare: shares[k]! })),
            { sharing, speedFactor: 2 },
          );
          for (const [k, { work: w }] of devices.entries()) {
            for (let step = 0; step < steps; step++) {
              clock.deviceWork(k, w.forward);
              clock.transfer(k, 'uplink', w.bytesUp, 0);
              await clock.serverWork(k, w.server);
              clock.transfer(k, 'downlink', w.bytesDown, 0);
              clock.deviceWork(k, w.backward);
            }
          }
          const chains = devices.map((d, k) => {
            const share = sharing === 'equal' ? 1 / devices.length : shares[k]!;
            return steps * (pre(d) + (2 * d.work.server) / share + post(d));
          });
          expect(clock.beginRound()).toBeCloseTo(Math.max(...chains), 9);
        },
      ),
      { numRuns: 100 },
    );
  });

  it('gives max pre + K·Σ + (K − 1)·max(pre + post) + max post where one batch serves all', async () => {
    await fc.assert(
      fc.asyncProperty(cases, async ({ steps, devices }) => {
        const clock = new EventClock(
          devices.map(({ speedFactor }) => ({ speedFactor, link: link(), serverShare: 1 })),
          { sharing: 'batched', speedFactor: 3 },
        );
        const total = devices.reduce((sum, d) => sum + d.work.server, 0);
        for (let step = 0; step < steps; step++) {
          devices.forEach(({ work: w }, k) => {
            clock.deviceWork(k, w.forward);
            clock.transfer(k, 'uplink', w.bytesUp, 0);
          });
          const before = devices.map((_, k) => clock.at(k));
          const waits = await clock.serverBatch(
            devices.map((_, k) => k),
            total,
          );
          waits.forEach((wait, k) => expect(wait).toBeCloseTo(Math.max(...before) + 3 * total - before[k]!, 9));
          devices.forEach(({ work: w }, k) => {
            clock.transfer(k, 'downlink', w.bytesDown, 0);
            clock.deviceWork(k, w.backward);
          });
        }
        const largest = (of: (d: (typeof devices)[number]) => number) => Math.max(...devices.map(of));
        const both = largest((d) => pre(d) + post(d));
        const closed = largest(pre) + steps * 3 * total + (steps - 1) * both + largest(post);
        expect(clock.beginRound()).toBeCloseTo(closed, 9);
      }),
      { numRuns: 100 },
    );
  });

  it('lets messages arrive at once where there is no link', () => {
    const clock = new EventClock([{ speedFactor: 1, link: undefined, serverShare: 1 }], {
      sharing: 'allocated',
      speedFactor: 1,
    });
    expect(clock.transfer(0, 'uplink', 1e9, 0)).toBe(0);
    expect(clock.at(0)).toBe(0);
  });

  it('gives the delay model’s round: adapters down, K steps, adapters up, the average', async () => {
    await fc.assert(
      fc.asyncProperty(cases, fc.integer({ min: 1, max: 5000 }), async ({ steps, devices }, adapterBytes) => {
        const clock = new EventClock(
          devices.map(({ speedFactor }) => ({ speedFactor, link: link(), serverShare: 1 })),
          { sharing: 'allocated', speedFactor: 1 },
        );
        const adapters = 2 * (adapterBytes / 1000 + 0.5);
        const chain = (d: (typeof devices)[number]) => steps * (pre(d) + d.work.server + post(d)) + adapters;
        for (const round of [0, 1]) {
          const start = clock.beginRound();
          for (const [k, { work: w }] of devices.entries()) {
            clock.transfer(k, 'downlink', adapterBytes, round);
            for (let step = 0; step < steps; step++) {
              clock.deviceWork(k, w.forward);
              clock.transfer(k, 'uplink', w.bytesUp, round);
              await clock.serverWork(k, w.server);
              clock.transfer(k, 'downlink', w.bytesDown, round);
              clock.deviceWork(k, w.backward);
            }
            clock.transfer(k, 'uplink', adapterBytes, round);
          }
          const all = devices.map((_, k) => k);
          const { seconds, at } = clock.aggregation(all, 0.25);
          expect(seconds).toBe(0.25);
          expect(at - start).toBeCloseTo(Math.max(...devices.map(chain)) + 0.25, 9);
        }
      }),
      { numRuns: 50 },
    );
  });

  it('goes on from where it stood', () => {
    const parties = [1, 2].map((speedFactor) => ({ speedFactor, link: undefined, serverShare: 1 }));
    const clock = new EventClock(parties, { sharing: 'equal', speedFactor: 1 });
    clock.deviceWork(1, 3);
    const other = new EventClock(parties, { sharing: 'equal', speedFactor: 1 });
    other.restore(clock.state);
    expect([other.at(0), other.at(1)]).toEqual([0, 6]);
    // A device that was left behind in a round starts the next with the others.
    expect(other.aggregation([0], 1).at).toBe(1);
    expect(other.at(1)).toBe(1);
  });
});
