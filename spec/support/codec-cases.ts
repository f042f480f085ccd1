import fc from 'fast-check';
import type { CodecSettingsInput } from '../../lib/codec/index.js';
import { quickRandom } from './quick-random.js';

export { quickRandom };

/** A tensor with its settings, small enough that thousands of round trips are quick. */
export interface CodecCase {
  readonly values: Float32Array;
  readonly shape: number[];
  readonly settings: CodecSettingsInput;
}

/** Every setting of the codec, drawn independently. */
export const codecSettings: fc.Arbitrary<CodecSettingsInput> = fc.record({
  selection: fc.constantFrom('all', 'top-k', 'top-k', 'random-top-k', 'threshold'),
  keptFraction: fc.oneof(fc.constantFrom(0.01, 0.05, 0.2, 0.5, 1), fc.double({ min: 1e-3, max: 1, noNaN: true })),
  threshold: fc.constantFrom(0, 1e-3, 0.5, 1e30),
  randomFraction: fc.constantFrom(0, 0.1, 0.5, 1),
  selectionScope: fc.constantFrom('tensor', 'sample', 'token', 'channel'),
  values: fc.constantFrom('levels', 'levels', 'levels', 'float16', 'float32'),
  bits: fc.integer({ min: 1, max: 8 }),
  rounding: fc.constantFrom('stochastic', 'nearest'),
  scaling: fc.constantFrom('max', 'norm'),
  scaleScope: fc.constantFrom('token', 'sample', 'group', 'tensor'),
  groupSize: fc.integer({ min: 1, max: 100 }),
  outlierThreshold: fc.constantFrom(0, 0, 0, 1e-3, 1, 4),
  lossless: fc.constantFrom('fast', 'small'),
  seed: fc.oneof(fc.nat(), fc.constantFrom(0, 2 ** 32, Number.MAX_SAFE_INTEGER - 1)),
});

const shapes = fc.oneof(
  fc.constantFrom([], [0], [1], [3, 0, 2], [1, 1, 1]),
  fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 1 }),
  fc.array(fc.integer({ min: 1, max: 12 }), { minLength: 2, maxLength: 3 }),
  fc.constantFrom([2, 17, 24], [1, 5, 64], [300], [4, 100]),
);

/** The kinds of content that break quantizers and coders. */
export const contents = [
  'normal',
  'heavy-tailed',
  'zero',
  'equal',
  'denormal',
  'huge',
  'tiny',
  'outlier',
  'sparse',
  'ties',
  'mixed-scales',
  'channels',
] as const;

/** Tensors of every kind of content under every setting. */
export const codecCases: fc.Arbitrary<CodecCase & { content: (typeof contents)[number] }> = fc
  .record({ shape: shapes, settings: codecSettings, content: fc.constantFrom(...contents), seed: fc.nat() })
  .map(({ shape, settings, content, seed }) => ({
    values: fill(shape, content, seed),
    shape: [...shape],
    settings,
    content,
  }));

function fill(shape: readonly number[], content: (typeof contents)[number], seed: number): Float32Array {
  const random = quickRandom(seed);
  const size = shape.reduce((product, extent) => product * extent, 1);
  const width = shape.at(-1) ?? 1;
  const normal = (): number => Math.sqrt(-2 * Math.log(random() + 1e-12)) * Math.cos(2 * Math.PI * random());
  const values = Float32Array.from({ length: size }, (_, i) => {
    switch (content) {
      case 'normal':
        return normal();
      case 'heavy-tailed':
        return normal() / (random() + 1e-3);
      case 'zero':
        return i % 2 === 0 ? 0 : -0;
      case 'equal':
        return -1.25;
      case 'denormal':
        return normal() * 1e-40;
      case 'huge':
        return Math.max(-3.4e38, Math.min(3.4028234e38, normal() * 1.5e38));
      case 'tiny':
        return normal() * 1e-38;
      case 'outlier':
        return normal() * 1e-3;
      case 'sparse':
        return random() < 0.05 ? normal() : 0;
      case 'ties':
        return Math.round(random() * 4) - 2;
      case 'mixed-scales':
        return normal() * 10 ** (60 * random() - 30);
      case 'channels':
        return normal() * (i % width === 0 ? 100 : 1) + (i % 3);
    }
  });
  if (content === 'outlier' && size > 0) values[Math.floor(random() * size)] = 1e30;
  return values;
}
