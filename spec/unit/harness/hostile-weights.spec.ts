import { describe, expect, it } from 'vitest';
import { randomWeights, readWeights, WeightError } from '../../../harness/model/weights.js';
import { fromFloat32, TensorFileError, writeSafetensors } from '../../../lib/io/tensors/index.js';
import { randomStream } from '../../../lib/random/index.js';
import { samples } from '../../support/samples.js';
import { smallVit } from '../../support/small-vit.js';

const whole = writeSafetensors({
  tensors: [...randomWeights(smallVit, 1)].map(([name, { shape, values }]) => fromFloat32(name, shape, values)),
  metadata: { format: 'pt' },
});
type Header = Record<string, { dtype: string; shape: unknown; data_offsets: unknown }>;
const headerEnd = 8 + Number(new DataView(whole.buffer).getBigUint64(0, true));
const header = () => JSON.parse(new TextDecoder().decode(whole.subarray(8, headerEnd))) as Header;

/** The file with another header. */
function headed(text: string | Uint8Array, claimed?: bigint): Uint8Array {
  const bytes = typeof text === 'string' ? new TextEncoder().encode(text) : text;
  const length = new Uint8Array(BigUint64Array.of(claimed ?? BigInt(bytes.length)).buffer);
  return new Uint8Array(Buffer.concat([length, bytes, whole.subarray(headerEnd)]));
}
function changed(change: (header: Header) => void): Uint8Array {
  const own = header();
  change(own);
  return headed(JSON.stringify(own));
}
const entry = (change: object) => changed((own) => Object.assign(own['head.weight']!, change));
const bias = 'head.bias';
/** With a value of the head's bias replaced, which are three float32. */
function valued(value: number): Uint8Array {
  const bytes = whole.slice();
  const [begin] = header()[bias]!.data_offsets as [number, number];
  new DataView(bytes.buffer).setFloat32(headerEnd + begin, value, true);
  return bytes;
}

const forgeries: Readonly<Record<string, readonly [RegExp, () => Uint8Array]>> = {
  'a negative extent': [/extent -18/u, () => entry({ shape: [-18, -1] })],
  'two negative extents': [/extent -3/u, () => entry({ shape: [-3, -6] })],
  'half an extent': [/extent 0.5/u, () => entry({ shape: [36, 0.5] })],
  'an extent beyond all numbers': [
    /extent Infinity/u,
    () => headed(JSON.stringify(header()).replace('[3,6]', '[1e999,1]')),
  ],
  'more elements than can be counted': [/too many|extent/u, () => entry({ shape: [2 ** 40, 2 ** 40] })],
  'a shape of texts': [/no shape/u, () => entry({ shape: ['3', '6'] })],
  'a shape that is an object': [/no shape/u, () => entry({ shape: { length: 2 } })],
  'the transpose': [/shape \[6, 3\]/u, () => entry({ shape: [6, 3] })],
  'a type of the prototype': [/unknown type/u, () => entry({ dtype: 'constructor' })],
  'a type that is none': [/unknown type/u, () => entry({ dtype: null })],
  'integers for weights': [/head.weight/u, () => entry({ dtype: 'I32' })],
  'offsets beyond the file': [/outside the file/u, () => entry({ data_offsets: [0, 2 ** 52] })],
  'offsets that run backwards': [/outside the file/u, () => entry({ data_offsets: [72, 0] })],
  'negative offsets': [/outside the file/u, () => entry({ data_offsets: [-72, 0] })],
  'offsets between bytes': [/outside the file/u, () => entry({ data_offsets: [0.5, 72.5] })],
  'the bytes of another tensor': [
    /hole|overlap/u,
    () => changed((own) => Object.assign(own['head.weight']!, { data_offsets: [0, 72] })),
  ],
  'three offsets': [/data_offsets/u, () => entry({ data_offsets: [0, 72, 72] })],
  'a tensor that is an array': [/not an object/u, () => headed(JSON.stringify({ ...header(), extra: [1] }))],
  'a tensor that is null': [/not an object/u, () => headed(JSON.stringify({ ...header(), extra: null }))],
  'the same key twice': [/twice/u, () => headed(JSON.stringify(header()).replace('{', '{"head.bias":{},'))],
  'a name without Unicode': [/Unicode/u, () => headed(JSON.stringify({ ...header(), '\ud800': {} }))],
  'an array for a header': [/not an object/u, () => headed('[]')],
  'a header nested without end': [/header|object/u, () => headed(`{"a":${'['.repeat(2e5)}${']'.repeat(2e5)}}`)],
  'a header that is no UTF-8': [/not JSON/u, () => headed(Uint8Array.of(123, 255, 254, 125))],
  'a header of more than all bytes': [/claims/u, () => headed('{}', 2n ** 63n)],
  'a header that ends beyond the file': [/claims/u, () => headed('{}', 10n ** 8n - 1n)],
  'bytes at the end': [/after the last/u, () => Uint8Array.of(...whole, 0)],
  'a byte too few': [/outside|hole|after/u, () => whole.subarray(0, -1)],
  NaN: [/head.bias has values that are not finite/u, () => valued(NaN)],
  infinity: [/head.bias has values that are not finite/u, () => valued(-Infinity)],
  'a tensor of another model': [
    /of another model: blocks.0.ls1.gamma/u,
    () => changed((own) => (own['blocks.0.ls1.gamma'] = { dtype: 'F32', shape: [0], data_offsets: [0, 0] })),
  ],
  'a name that rewrites the screen': [
    /of another model: \\u001b\[2J/u,
    () => changed((own) => (own['\u001b[2J'] = { dtype: 'F32', shape: [0], data_offsets: [0, 0] })),
  ],
};

const isKnown = (error: unknown) => error instanceof WeightError || error instanceof TensorFileError;

describe('a file of weights', () => {
  it('is read', () => {
    expect([...readWeights(whole, smallVit).keys()]).toEqual([...randomWeights(smallVit, 1).keys()]);
    expect(readWeights(headed(JSON.stringify(header())), smallVit)).toEqual(readWeights(whole, smallVit));
  });

  it.each(Object.entries(forgeries))('with %s is refused', (_, [reason, make]) => {
    let found: unknown;
    try {
      readWeights(make(), smallVit);
    } catch (error) {
      found = error;
    }
    expect(isKnown(found)).toBe(true);
    expect((found as Error).message).toMatch(reason);
  });

  it('of changed bytes is refused, or is finite and of the model’s shapes', () => {
    const random = randomStream(5, 'bytes');
    let refused = 0;
    for (let k = 0; k < samples(1500, 20_000); k++) {
      const bytes = whole.slice();
      // Most changes in the header: numbers, names and brackets.
      for (let change = 0; change <= random.integer(3); change++) {
        bytes[random.integer(k % 4 === 0 ? bytes.length : headerEnd)] = random.integer(256);
      }
      try {
        for (const { values } of readWeights(bytes, smallVit).values())
          expect(values.every(Number.isFinite)).toBe(true);
      } catch (error) {
        if (!isKnown(error)) throw error;
        refused++;
      }
    }
    expect(refused).toBeGreaterThan(100);
  });
});
