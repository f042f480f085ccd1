import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  CodecError,
  type QuantizedTensor,
  decode,
  decodeQuantizedMessage,
  denseLevels,
  dequantize,
  encode,
  encodeQuantizedMessage,
  quantize,
} from '../../../lib/codec/index.js';
import { codecCases, contents } from '../../support/codec-cases.js';
import { samples } from '../../support/samples.js';

const RUNS = samples(2500, 10_000);

function payload(tensor: QuantizedTensor): ArrayLike<number> {
  return tensor.kind === 'levels' ? denseLevels(tensor) : tensor.words;
}

function sameNumbers(a: ArrayLike<number>, b: ArrayLike<number>): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (!Object.is(a[i], b[i])) return false;
  return true;
}

describe('round trip of the codec', () => {
  it(`decodes what was quantized, bit for bit, for ${RUNS} tensors over every setting`, { timeout: 300_000 }, () => {
    const reached = new Map<string, number>();
    const count = (key: string): void => void reached.set(key, (reached.get(key) ?? 0) + 1);
    fc.assert(
      fc.property(codecCases, ({ values, shape, settings, content }) => {
        const before = values.slice();
        let quantized: QuantizedTensor;
        try {
          quantized = quantize(values, shape, settings);
        } catch (error) {
          // The one thing that finite input may be refused for: too large for float16.
          expect(error).toBeInstanceOf(CodecError);
          expect((error as CodecError).code).toBe('out-of-range');
          expect(settings.values).toBe('float16');
          expect(Math.abs(values[(error as CodecError).position!]!)).toBeGreaterThanOrEqual(65520);
          count('refused');
          return;
        }
        expect(sameNumbers(values, before)).toBe(true);
        const bytes = encodeQuantizedMessage([{ name: 'x', tensor: quantized }]);
        const [received] = decodeQuantizedMessage(bytes);
        expect(sameNumbers(payload(received!.tensor), payload(quantized))).toBe(true);
        if (quantized.kind === 'levels' && received!.tensor.kind === 'levels') {
          expect(sameNumbers(received!.tensor.scales, quantized.scales)).toBe(true);
        }
        const whole = decode(encode(values, shape, settings));
        expect(sameNumbers(whole.values, dequantize(quantized))).toBe(true);
        expect(whole.shape).toEqual(shape);
        expect(whole.settings.bits).toBe(settings.bits);
        expect(whole.settings.seed).toBe(settings.seed);
        count(content);
        count(quantized.kind);
        count(`q${quantized.settings.bits}`);
        count(quantized.settings.lossless);
        count(quantized.settings.selection);
        count(quantized.settings.selectionScope);
        if (values.length === 0) count('empty');
        if (values.length === 1) count('single');
      }),
      { numRuns: RUNS, seed: 20261123 },
    );
    for (const key of [...contents, 'levels', 'float16', 'float32', 'fast', 'small', 'channel', 'empty', 'single']) {
      expect(reached.get(key) ?? 0, `${key} was reached`).toBeGreaterThan(0.015 * RUNS);
    }
    for (let bits = 1; bits <= 8; bits++) expect(reached.get(`q${bits}`) ?? 0).toBeGreaterThan(0.07 * RUNS);
  });
});
