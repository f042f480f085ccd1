import { describe, expect, it } from 'vitest';
import {
  CodecError,
  ErrorFeedback,
  MessageDecoder,
  MessageEncoder,
  decode,
  decodeMessage,
  defaultCodecSettings,
  dequantize,
  encode,
  encodeMessage,
  fromHalfBits,
  inspectMessage,
  joinPieces,
  losslessSettings,
  quantize,
  resolveCodecSettings,
  toHalfBits,
} from '../../../lib/codec/index.js';
import { quickRandom } from '../../support/codec-cases.js';

function noise(size: number, seed = 1): Float32Array {
  const random = quickRandom(seed);
  return Float32Array.from({ length: size }, () => random() - 0.5);
}

describe('messages', () => {
  it('carries several tensors with names and settings of their own', () => {
    const adapter = noise(64, 2);
    const message = encodeMessage([
      { name: 'activations', values: noise(600), shape: [2, 10, 30] },
      { name: 'adapter.query', values: adapter, shape: [8, 8], settings: losslessSettings },
      { name: 'größe', values: noise(40, 3), shape: [40], settings: { selection: 'all', values: 'float16' } },
    ]);
    const [activations, query, half] = decodeMessage(message);
    expect(activations!.name).toBe('activations');
    expect(activations!.settings).toEqual(defaultCodecSettings);
    expect(query!.values).toEqual(adapter);
    expect(half!.name).toBe('größe');
    noise(40, 3).forEach((value, i) => expect(half!.values[i]).toBe(fromHalfBits(toHalfBits(value))));
    expect(() => decode(message)).toThrow(CodecError);
    const summary = inspectMessage(message);
    expect(summary.tensors.map(({ name, elements }) => [name, elements])).toEqual([
      ['activations', 600],
      ['adapter.query', 64],
      ['größe', 40],
    ]);
    // Per token of 30 channels six are kept; at most those are nonzero.
    expect(summary.tensors[0]!.nonzeros).toBeLessThanOrEqual(20 * 6);
    expect(summary.tensors[0]!.nonzeros).toBeGreaterThan(20 * 4);
    expect(summary.bytes).toBe(message.length);
  });

  it('keeps float32 bit for bit, signed zeros and denormals included', () => {
    const values = Float32Array.of(-0, 0, 1e-45, -1e-40, 3.4028234e38, -1.5);
    const received = decode(encode(values, [6], losslessSettings)).values;
    expect(new Uint32Array(received.buffer)).toEqual(new Uint32Array(values.buffer));
  });

  it('streams chunks through pieces of any size, as whole messages do', () => {
    const values = noise(12 * 50);
    const encoder = new MessageEncoder();
    const parts: Uint8Array[] = [];
    parts.push(encoder.tensor({ name: 'first', values: noise(20, 9), shape: [20] }));
    encoder.beginChunks('rows', { keptFraction: 0.5, seed: 40 });
    parts.push(encoder.chunk(values.subarray(0, 250), [5, 50]));
    parts.push(encoder.chunk(values.subarray(250, 350), [2, 50]));
    parts.push(encoder.chunk(values.subarray(350), [5, 50], true));
    parts.push(encoder.end());
    const message = Uint8Array.from(parts.flatMap((part) => [...part]));
    const whole = decodeMessage(message);
    expect(whole.map(({ name, shape }) => [name, shape])).toEqual([
      ['first', [20]],
      ['rows', [12, 50]],
    ]);
    const chunk = quantize(values.subarray(250, 350), [2, 50], { keptFraction: 0.5, seed: 41 });
    expect(whole[1]!.values.subarray(250, 350)).toEqual(dequantize(chunk));
    for (const size of [1, 7, 64, message.length]) {
      const decoder = new MessageDecoder();
      const pieces = [];
      for (let at = 0; at < message.length; at += size) pieces.push(...decoder.push(message.subarray(at, at + size)));
      decoder.end();
      expect(joinPieces(pieces)).toEqual(whole);
    }
    const unfinished = new MessageDecoder();
    unfinished.push(message.subarray(0, message.length - 1));
    expect(() => unfinished.end()).toThrow(expect.objectContaining({ code: 'truncated' }) as Error);
    expect(() => encoder.end()).toThrow(CodecError);
  });

  it('gives the same bytes for the same seed and others for another', () => {
    const values = noise(2000);
    const a = encode(values, [10, 200], { seed: 1 });
    expect(encode(values, [10, 200], { seed: 1 })).toEqual(a);
    expect(encode(values, [10, 200], { seed: 2 })).not.toEqual(a);
  });

  it('refuses settings and shapes that make no sense, naming every problem', () => {
    expect(() => resolveCodecSettings({ bits: 9, keptFraction: 0 })).toThrow(/keptFraction.*bits|bits.*keptFraction/s);
    // @ts-expect-error: unknown keys are refused at run time too.
    expect(() => resolveCodecSettings({ keep: 0.2 })).toThrow(CodecError);
    expect(() => encode(noise(5), [2, 3])).toThrow(expect.objectContaining({ code: 'bad-argument' }) as Error);
    expect(() => encode(noise(2), [2.5, 1])).toThrow(CodecError);
    expect(() => encode(Float32Array.of(1, 65520), [2], { selection: 'all', values: 'float16' })).toThrow(
      expect.objectContaining({ code: 'out-of-range', position: 1 }) as Error,
    );
  });

  it('repays with error feedback what Top-K withheld', () => {
    const feedback = new ErrorFeedback();
    const values = noise(100, 21);
    const settings = { keptFraction: 0.1, bits: 8, rounding: 'nearest' as const };
    const received = new Float64Array(100);
    const rounds = 200;
    for (let round = 0; round < rounds; round++) {
      const sent = dequantize(feedback.quantize('gradient', values, [100], { ...settings, seed: round }));
      sent.forEach((value, i) => (received[i]! += value));
    }
    const memory = feedback.memory('gradient')!;
    // What was sent and what is owed is all there was.
    values.forEach((value, i) => expect(received[i]! + memory[i]!).toBeCloseTo(rounds * value, 3));
    values.forEach((value, i) => expect(Math.abs(received[i]! / rounds - value)).toBeLessThan(0.05));
    feedback.reset('gradient');
    expect(feedback.memory('gradient')).toBeUndefined();
    expect(() => feedback.quantize('gradient', noise(3), [3])).not.toThrow();
    expect(() => feedback.quantize('gradient', noise(4), [4])).toThrow(CodecError);
  });
});

describe('float16', () => {
  it('agrees with the definition for all patterns and rounds to nearest even', () => {
    const wrong: number[] = [];
    for (let pattern = 0; pattern < 0x7c00; pattern++) {
      if (toHalfBits(fromHalfBits(pattern)) !== pattern) wrong.push(pattern);
      if (toHalfBits(-fromHalfBits(pattern)) !== (pattern | 0x8000)) wrong.push(-pattern);
      const here = fromHalfBits(pattern);
      const next = pattern === 0x7bff ? 65536 : fromHalfBits(pattern + 1);
      const middle = (here + next) / 2;
      if (toHalfBits(middle) !== (pattern % 2 === 0 ? pattern : pattern + 1)) wrong.push(middle);
    }
    expect(wrong).toEqual([]);
  });
});
