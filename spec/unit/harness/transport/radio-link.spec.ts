import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  connectionPair,
  RadioConnection,
  RadioLink,
  TokenBucket,
  type Message,
} from '../../../../harness/transport/index.js';
import { rateBitsPerSecond, scaledLaw } from '../../../../lib/models/index.js';

/** A bucket of tokens followed in small steps of time, one bit after the other. */
function departuresByTime(
  messages: readonly { at: number; bytes: number }[],
  rate: number,
  burstBytes: number,
): number[] {
  let [tokens, now] = [8 * burstBytes, 0];
  return messages.map(({ at, bytes }) => {
    if (at > now) {
      tokens = Math.min(8 * burstBytes, tokens + (at - now) * rate);
      now = at;
    }
    const missing = Math.max(0, 8 * bytes - tokens);
    now += missing / rate;
    tokens = Math.max(0, tokens - 8 * bytes);
    return now;
  });
}

describe('TokenBucket', () => {
  it('lets bytes go as a bucket followed through time does', () => {
    let delayed = 0;
    fc.assert(
      fc.property(
        fc.array(fc.record({ gap: fc.integer({ min: 0, max: 50 }), bytes: fc.integer({ min: 1, max: 4000 }) }), {
          minLength: 1,
          maxLength: 12,
        }),
        fc.integer({ min: 0, max: 6000 }),
        (arrivals, burstBytes) => {
          let clock = 0;
          const messages = arrivals.map(({ gap, bytes }) => ({ at: (clock += gap / 10), bytes }));
          const bucket = new TokenBucket(burstBytes);
          const departures = messages.map(({ at, bytes }) => bucket.departure(bytes, 8000, at));
          departuresByTime(messages, 8000, burstBytes).forEach((expected, k) => {
            expect(departures[k]).toBeCloseTo(expected, 9);
            if (expected > messages[k]!.at) delayed++;
          });
        },
      ),
      { numRuns: 200 },
    );
    expect(delayed).toBeGreaterThan(200);
  });
});

describe('RadioLink', () => {
  const shannon = { kind: 'shannon', snrBandwidthHz: 3e6 } as const;

  it('takes bits / R(b) + latency, at each round’s gain', () => {
    const link = new RadioLink({
      uplink: shannon,
      downlink: { kind: 'linear', bitsPerSecondPerHz: 2 },
      bandwidthHz: 1e6,
      latencySeconds: 0.01,
      gainTrace: [1, 5],
    });
    // log2(1 + 3) = 2 and log2(1 + 15) = 4 bit/s/Hz; downlink log2(1 + 3·5) = 4.
    expect(link.arrival('uplink', 25_000, 0, 0)).toBeCloseTo(0.11, 12);
    expect(link.arrival('uplink', 25_000, 1, 10)).toBeCloseTo(10.06, 12);
    expect(link.arrival('uplink', 25_000, 2, 20)).toBeCloseTo(20.11, 12);
    expect(link.arrival('downlink', 25_000, 1, 0)).toBeCloseTo(0.06, 12);
  });

  it('scales every law as a change of the gain would', () => {
    const faded = { kind: 'faded', snrBandwidthHz: Float64Array.of(1e6, 4e6) } as const;
    const doubled = scaledLaw(faded, 2);
    const single = (snrBandwidthHz: number) => rateBitsPerSecond({ kind: 'shannon', snrBandwidthHz }, 1e6);
    expect(rateBitsPerSecond(doubled, 1e6)).toBeCloseTo(2 / (1 / single(2e6) + 1 / single(8e6)), 3);
    for (const law of [shannon, faded, { kind: 'linear', bitsPerSecondPerHz: 3 } as const]) {
      const rate = (gain: number) => rateBitsPerSecond(scaledLaw(law, gain), 1e6);
      expect(rate(1)).toBeCloseTo(rateBitsPerSecond(law, 1e6), 3);
      expect(rate(2)).toBeGreaterThan(rate(1));
    }
  });

  it('delays a connection in wall time by no less than the link needs', async () => {
    const law = { kind: 'linear', bitsPerSecondPerHz: 1 } as const;
    const [inner, far] = connectionPair();
    const link = new RadioLink({ uplink: law, downlink: law, bandwidthHz: 1e6, latencySeconds: 0.02 });
    const near = new RadioConnection(inner, link);
    const message: Message = { kind: 'activations', header: {}, body: new Uint8Array(10_000) };
    const start = performance.now();
    const sending = Promise.all([near.send(message), near.send(message)]);
    await far.receive(5);
    const first = (performance.now() - start) / 1000;
    await far.receive(5);
    const second = (performance.now() - start) / 1000;
    const [bytes] = await sending;
    const each = (8 * bytes) / 1e6;
    expect(first).toBeGreaterThanOrEqual(each + 0.0199);
    // The second follows the first; a loaded machine may add to it.
    expect(second).toBeGreaterThanOrEqual(2 * each + 0.0199);
    await far.send(message);
    const before = performance.now();
    await near.receive(5);
    expect((performance.now() - before) / 1000).toBeGreaterThanOrEqual(each + 0.019);
    near.close();
  });
});
