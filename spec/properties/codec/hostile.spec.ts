import { xxHash32 } from 'js-xxhash';
import { describe, expect, it } from 'vitest';
import {
  CodecError,
  type CodecSettingsInput,
  MessageDecoder,
  type TensorInput,
  decodeMessage,
  encode,
  encodeMessage,
} from '../../../lib/codec/index.js';
import { quickRandom } from '../../support/codec-cases.js';
import { samples } from '../../support/samples.js';

const MUTATIONS = samples(40_000, 200_000);
const LIMITS = { maxBytes: 2 ** 20, maxTensors: 16 };

const random = quickRandom(77);
const integer = (bound: number): number => Math.floor(random() * bound);

/** Messages of every kind of record, so that mutations reach every reader. */
function corpus(): Uint8Array[] {
  const tensor = (settings: CodecSettingsInput, shape = [4, 5, 12], density = 1): TensorInput => {
    const size = shape.reduce((product, extent) => product * extent, 1);
    const values = Float32Array.from({ length: size }, (_, i) =>
      random() < density ? (random() - 0.5) * (i % 12 === 3 ? 50 : 1) : 0,
    );
    return { values, shape, settings };
  };
  const all: TensorInput[] = [];
  for (const lossless of ['fast', 'small'] as const) {
    for (const bits of [1, 2, 4, 8]) {
      all.push(tensor({ lossless, bits, keptFraction: 0.3 }));
      all.push(tensor({ lossless, bits, keptFraction: 0.02, selectionScope: 'tensor' }, [900]));
    }
    all.push(tensor({ lossless, scaleScope: 'group', groupSize: 7, selection: 'threshold', threshold: 0.2 }));
    all.push(tensor({ lossless, selection: 'all', bits: 6 }, [60, 10]));
    // Of each row of 32 channels two are kept apart.
    all.push(tensor({ lossless, bits: 3, outlierThreshold: 1 }, [20, 32]));
  }
  // Small mode with contexts that pay, and with predicted scales.
  const rows = Float32Array.from({ length: 64 * 16 }, (_, i) => (i % 16 < 4 ? 3 + random() : random() * 0.01));
  all.push({ values: rows, shape: [64, 16], settings: { lossless: 'small', bits: 5, keptFraction: 0.3 } });
  all.push(tensor({ selection: 'all', values: 'float32' }, [50], 0.6));
  all.push(tensor({ selection: 'all', values: 'float16' }, [50]));
  all.push(tensor({ selection: 'random-top-k', values: 'float32' }, [10, 20]));
  all.push(tensor({}, [0]));
  return [...all.map(({ values, shape, settings }) => encode(values, shape, settings)), encodeMessage(all.slice(0, 3))];
}

/** Body of the first record: where its length, its bytes and its checksum lie. */
function firstRecord(message: Uint8Array): { body: number; length: number } | undefined {
  let position = 6;
  let length = 0;
  for (let factor = 1; ; factor *= 128) {
    const byte = message[position++];
    if (byte === undefined || factor > 2 ** 40) return undefined;
    length += (byte & 127) * factor;
    if (byte < 128) break;
  }
  return position + length + 4 <= message.length ? { body: position, length } : undefined;
}

/** Makes the checksum right again, so that the damage reaches the readers behind it. */
function repair(message: Uint8Array): Uint8Array {
  const record = firstRecord(message);
  if (record === undefined) return message;
  const end = record.body + record.length;
  new DataView(message.buffer, message.byteOffset).setUint32(end, xxHash32(message.subarray(5, end)), true);
  return message;
}

function mutate(messages: readonly Uint8Array[]): { message: Uint8Array; kind: string } {
  const original = messages[integer(messages.length)]!;
  const message = original.slice();
  const record = firstRecord(message)!;
  switch (integer(6)) {
    case 0:
      for (let k = 1 + integer(4); k > 0; k--) message[integer(message.length)] = integer(256);
      return { message, kind: 'bytes' };
    case 1:
      return { message: message.slice(0, integer(message.length)), kind: 'truncated' };
    case 2: {
      const other = messages[integer(messages.length)]!;
      const spliced = new Uint8Array([
        ...message.subarray(0, integer(message.length)),
        ...other.subarray(integer(other.length)),
      ]);
      return { message: random() < 0.5 ? repair(spliced) : spliced, kind: 'spliced' };
    }
    case 3: {
      // A length bomb: an extent or a count blown up to a long varint, checksum right.
      const at = record.body + integer(Math.min(24, record.length));
      const bomb = [0xff, 0xff, 0xff, 0xff, integer(128)];
      const body = [
        ...message.subarray(record.body, at),
        ...bomb,
        ...message.subarray(at + 1, record.body + record.length),
      ];
      const prefix = [...message.subarray(0, 6), (body.length % 128) | 128, body.length >> 7];
      return { message: repair(new Uint8Array([...prefix, ...body, 0, 0, 0, 0, 0])), kind: 'bomb' };
    }
    default:
      for (let k = 1 + integer(3); k > 0; k--) {
        const at = record.body + integer(record.length);
        message[at] = random() < 0.5 ? integer(256) : message[at]! ^ (1 << integer(8));
      }
      return { message: repair(message), kind: 'repaired' };
  }
}

describe('hostile bytes', () => {
  it(
    `${MUTATIONS} damaged messages give a typed error or a result, quickly and within the limit`,
    { timeout: 400_000 },
    () => {
      const messages = corpus();
      const codes = new Map<string, number>();
      const count = (key: string): void => void codes.set(key, (codes.get(key) ?? 0) + 1);
      let slowest = 0;
      for (let k = 0; k < MUTATIONS; k++) {
        const { message, kind } = mutate(messages);
        const start = performance.now();
        try {
          const tensors = decodeMessage(message, LIMITS);
          for (const { values, shape } of tensors) {
            if (values.length !== shape.reduce((product, extent) => product * extent, 1))
              throw new Error('wrong length');
          }
          count(`${kind}: decoded`);
        } catch (error) {
          if (!(error instanceof CodecError)) throw error;
          count(error.code);
        }
        slowest = Math.max(slowest, performance.now() - start);
      }
      expect(slowest).toBeLessThan(1000);
      // Damage reaches behind the checksum, and both ways out are taken.
      for (const code of ['checksum', 'truncated', 'malformed', 'limit', 'unsupported-version', 'repaired: decoded']) {
        expect(codes.get(code) ?? 0, code).toBeGreaterThan(MUTATIONS / 4000);
      }
      expect(codes.get('bytes: decoded') ?? 0).toBeLessThan(MUTATIONS / 20);
    },
  );

  it('allocates for a bomb only what the caller allows', () => {
    // 2^31 − 1 zeros in a few bytes: legal, and too much.
    const small = encode(new Float32Array(1), [1], { keptFraction: 1, scaleScope: 'tensor' });
    const record = firstRecord(small)!;
    const body = small.subarray(record.body, record.body + record.length);
    // Body: name length 0, rank 1, extent 1.
    expect([...body.subarray(0, 3)]).toEqual([0, 1, 1]);
    const bomb = [0, 1, 0xff, 0xff, 0xff, 0xff, 0x07, ...body.subarray(3)];
    const message = repair(new Uint8Array([...small.subarray(0, 6), bomb.length, ...bomb, 0, 0, 0, 0, 0]));
    const before = process.memoryUsage().arrayBuffers;
    expect(() => decodeMessage(message)).toThrow(expect.objectContaining({ code: 'limit' }) as Error);
    expect(() => new MessageDecoder().push(message)).toThrow(expect.objectContaining({ code: 'limit' }) as Error);
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(2 ** 20);
  });

  it('announces a record beyond the limit before holding its bytes', () => {
    const head = Uint8Array.of(0x53, 0x46, 0x54, 0x43, 1, 1, 0xff, 0xff, 0xff, 0xff, 0x7f);
    expect(() => new MessageDecoder(LIMITS).push(head)).toThrow(expect.objectContaining({ code: 'limit' }) as Error);
    expect(() => decodeMessage(head, LIMITS)).toThrow(expect.objectContaining({ code: 'limit' }) as Error);
  });
});
