import { describe, expect, it } from 'vitest';
import { EventClock, type RoundRecord, type StepRecord } from '../../../../harness/server/index.js';
import type { RadioLink } from '../../../../harness/transport/index.js';
import { replayedSeconds } from '../../../../harness/validate/index.js';

let state = 3;
const draw = () => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0) / 2 ** 32;

/** Bytes per second are 1. */
const link = {
  arrival: (_direction: string, bytes: number, _round: number, now: number) => now + bytes,
} as never as RadioLink;

/** A round as the event clock tells it, and its records. */
async function ran(sharing: 'allocated' | 'equal' | 'batched', devices: number, speed: number, hasLinks: boolean) {
  const serverFactor = 0.3;
  const parties = Array.from({ length: devices }, (_, k) => {
    return { speedFactor: 1 + k, link: hasLinks ? link : undefined, serverShare: 1 / devices };
  });
  const clock = new EventClock(parties, { sharing, speedFactor: serverFactor });
  const all = parties.map((_, k) => k);
  const steps: StepRecord[] = [];
  const adapterBytes = draw();
  const adapters = all.map((device) => clock.transfer(device, 'downlink', adapterBytes, 0));
  for (let step = 0; step < 3; step++) {
    const before = all.map((device) => {
      const deviceForward = clock.deviceWork(device, speed * draw());
      const deviceEncode = clock.deviceWork(device, speed * draw());
      return { deviceForward, deviceEncode, uplink: clock.transfer(device, 'uplink', draw(), 0) };
    });
    const own = all.map(() => ({ decode: speed * draw(), compute: speed * draw(), update: speed * draw(), encode: 0 }));
    const sums = own.map(({ decode, compute, update }) => decode + compute + update);
    const server =
      sharing === 'batched'
        ? await clock.serverBatch(
            all,
            sums.reduce((total, each) => total + each, 0),
          )
        : await Promise.all(all.map((device) => clock.serverWork(device, sums[device]!)));
    for (const device of all) {
      const seconds = {
        ...before[device]!,
        server: server[device]!,
        downlink: clock.transfer(device, 'downlink', draw(), 0),
        deviceDecode: clock.deviceWork(device, speed * draw()),
        deviceBackward: clock.deviceWork(device, speed * draw()),
        deviceUpdate: 0,
      };
      const rest = { loss: 0, uplinkBytes: 0, downlinkBytes: 0, measuredServerSeconds: own[device]! };
      steps.push({ kind: 'step', round: 0, step, device, seconds, ...rest });
    }
  }
  for (const device of all) adapters[device]! += clock.transfer(device, 'uplink', adapterBytes, 0);
  const { seconds: aggregationSeconds, at } = clock.aggregation(all, speed * draw());
  const record = { adapterSeconds: adapters, aggregationSeconds } as unknown as RoundRecord;
  return { round: { record, steps, at }, one: { sharing, serverFactor } };
}

describe('a round put together from its records', () => {
  it('is the event clock’s own, at another speed and without links', async () => {
    for (const sharing of ['allocated', 'equal', 'batched'] as const) {
      for (const devices of [1, 2, 4]) {
        const seed = state;
        const { round, one } = await ran(sharing, devices, 1, true);
        expect(replayedSeconds(round, one, 1, true)).toBeCloseTo(round.at, 12);
        state = seed;
        const slow = await ran(sharing, devices, 1.7, true);
        expect(replayedSeconds(slow.round, one, 1.7, true)).toBeCloseTo(round.at, 12);
        state = seed;
        const bare = await ran(sharing, devices, 1, false);
        expect(replayedSeconds(round, one, 1, false)).toBeCloseTo(bare.round.at, 12);
      }
    }
  });
});
