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
  it('gives max of the chains, each with its share of the server, where the server is shared out', () => {
    fc.assert(
      fc.property(cases, fc.constantFrom('allocated' as const, 'equal' as const), ({ steps, devices }, sharing) => {
        const shares = devices.map((_, k) => (k + 1) / 10);
        const clock = new EventClock(
          devices.map(({ speedFactor }, k) => ({ speedFactor, link: link(), serverShare: shares[k]! })),
          { sharing, speedFactor: 2 },
        );
        devices.forEach(({ work: w }, k) => {
          for (let step = 0; step < steps; step++) {
            clock.deviceWork(k, w.forward);
            clock.transfer(k, 'uplink', w.bytesUp, 0);
            clock.serverWork(k, w.server);
            clock.transfer(k, 'downlink', w.bytesDown, 0);
            clock.deviceWork(k, w.backward);
          }
        });
        const chains = devices.map((d, k) => {
          const share = sharing === 'equal' ? 1 / devices.length : shares[k]!;
          return steps * (pre(d) + (2 * d.work.server) / share + post(d));
        });
        expect(clock.barrier()).toBeCloseTo(Math.max(...chains), 9);
      }),
      { numRuns: 100 },
    );
  });

  it('gives max pre + K·Σ + (K − 1)·max(pre + post) + max post where one batch serves all', () => {
    fc.assert(
      fc.property(cases, ({ steps, devices }) => {
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
          expect(clock.serverBatch(total)).toBe(3 * total);
          devices.forEach(({ work: w }, k) => {
            clock.transfer(k, 'downlink', w.bytesDown, 0);
            clock.deviceWork(k, w.backward);
          });
        }
        const largest = (of: (d: (typeof devices)[number]) => number) => Math.max(...devices.map(of));
        const both = largest((d) => pre(d) + post(d));
        const closed = largest(pre) + steps * 3 * total + (steps - 1) * both + largest(post);
        expect(clock.barrier()).toBeCloseTo(closed, 9);
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
});
