import { decode, encode, type CodecSettingsInput } from '../../lib/codec/index.js';
import type { AccuracyFit } from '../../lib/models/index.js';
import { randomStream } from '../../lib/random/index.js';
import type { PointEntry } from '../../bin/fit/block.js';
import { operatingPoints } from '../../bin/fit/points.js';
import type { Run } from '../../bin/fit/runs.js';
import { columns } from '../../bin/render/columns.js';

/** A batch of activations of the small transformer. */
const shape = [32, 17, 96];
const repeats = 40;

/** Seconds a value, the least of some repeats. */
function codecTimes({ keptFraction, bits }: PointEntry): { readonly encode: number; readonly decode: number } {
  const random = randomStream(1, 'codec-times');
  const size = shape.reduce((product, extent) => product * extent, 1);
  const values = Float32Array.from({ length: size }, () => random.normal());
  const settings: CodecSettingsInput = { keptFraction, bits };
  const least = (work: () => unknown) => {
    let best = Infinity;
    for (let k = 0; k < repeats; k++) {
      const start = performance.now();
      work();
      best = Math.min(best, performance.now() - start);
    }
    return best / 1000 / size;
  };
  const body = encode(values, shape, settings);
  return { encode: least(() => encode(values, shape, settings)), decode: least(() => decode(body)) };
}

/** The best measured setting for each ratio, with codec times, as a problem file lists operating points. */
export function describePoints(
  fit: AccuracyFit,
  runs: readonly Run[],
): { readonly text: string; readonly figures: unknown } {
  const tied = runs.filter(({ up, down }) => up && up.keptFraction === down?.keptFraction && up.bits === down.bits);
  const nanoseconds = (seconds: number) => `${(1e9 * seconds).toFixed(1)} ns`;
  const points = operatingPoints(tied, fit.model, 'up').map((point) => ({ ...point, times: codecTimes(point) }));
  const entries = points.map(
    ({ ratio, keptFraction, bits, times }) =>
      `{ keptFraction: ${keptFraction}, bits: ${bits}, ratio: ${ratio}, encodeTime: '${nanoseconds(times.encode)}', decodeTime: '${nanoseconds(times.decode)}' },`,
  );
  const text = [
    'best tied setting for each ratio; times a value on one core of this machine, the least of 40 repeats',
    columns(
      [
        ['κ', 'q', 'ratio', 'encode', 'decode'],
        ...points.map(({ keptFraction, bits, ratio, times }) => [
          String(keptFraction),
          String(bits),
          ratio.toFixed(4),
          nanoseconds(times.encode),
          nanoseconds(times.decode),
        ]),
      ],
      [0, 1, 2, 3, 4],
    ),
    '',
    'as entries:',
    ...entries,
  ].join('\n');
  return { text, figures: points };
}
