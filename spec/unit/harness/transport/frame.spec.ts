import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  connectionPair,
  decodeFrame,
  defaultReceiveLimits,
  encodeFrame,
  frameBytes,
  FrameError,
  messageKinds,
  type Message,
} from '../../../../harness/transport/index.js';

const messages = fc.record({
  kind: fc.constantFrom(...messageKinds),
  header: fc.dictionary(fc.string(), fc.oneof(fc.string(), fc.integer(), fc.boolean())).map((entries) => {
    return Object.fromEntries(Object.entries(entries).filter(([key]) => key !== '__proto__'));
  }),
  body: fc.uint8Array({ maxLength: 300 }),
});

describe('frames', () => {
  it('come back as they were', () => {
    fc.assert(
      fc.property(messages, fc.integer({ min: 0, max: 2 ** 32 - 1 }), (message, sequence) => {
        const frame = encodeFrame(message, sequence);
        expect(frame.length).toBe(frameBytes(message));
        const decoded = decodeFrame(frame);
        expect(decoded.sequence).toBe(sequence);
        expect(decoded.message.kind).toBe(message.kind);
        expect(decoded.message.header).toEqual(message.header);
        expect([...decoded.message.body]).toEqual([...message.body]);
      }),
      { numRuns: 200 },
    );
  });

  it('with any single bit turned, cut short or lengthened are refused', () => {
    const message: Message = { kind: 'gradient', header: { step: 4 }, body: Uint8Array.of(1, 2, 3, 250) };
    const frame = encodeFrame(message, 2);
    for (let bit = 0; bit < frame.length * 8; bit++) {
      const damaged = frame.slice();
      damaged[bit >> 3]! ^= 1 << (bit & 7);
      expect(() => decodeFrame(damaged), `bit ${bit}`).toThrow(FrameError);
    }
    for (let length = 0; length < frame.length; length++) {
      expect(() => decodeFrame(frame.subarray(0, length))).toThrow(FrameError);
    }
    expect(() => decodeFrame(Uint8Array.of(...frame, 0))).toThrow(FrameError);
  });

  it('of another version say so, and above the limit are not looked at', () => {
    const frame = encodeFrame({ kind: 'join', header: {}, body: new Uint8Array(50) }, 0);
    frame[4] = 9;
    expect(() => decodeFrame(frame)).toThrow('speaks version 9');
    expect(() => decodeFrame(frame, { ...defaultReceiveLimits, frameBytes: 40 })).toThrow('above the limit');
  });

  it('out of order end a connection on both sides', async () => {
    const [near, far] = connectionPair();
    far.arrived(encodeFrame({ kind: 'adapters', header: {}, body: new Uint8Array(0) }, 1));
    await expect(far.receive(1)).rejects.toMatchObject({ code: 'frame' });
    await expect(near.receive(1)).rejects.toThrow('where 0 was due');
  });
});
