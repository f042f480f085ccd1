import { describe, expect, it } from 'vitest';
import { randomStream } from '../../../lib/random/index.js';

describe('random streams', () => {
  it('repeat for the same seed and name', () => {
    const draw = (seed: number, name: string) => {
      const stream = randomStream(seed, name);
      return [stream.uniform(), stream.normal(), stream.integer(1000), stream.normal()];
    };
    expect(draw(7, 'devices')).toEqual(draw(7, 'devices'));
    expect(draw(7, 'devices')).not.toEqual(draw(8, 'devices'));
    expect(draw(7, 'devices')).not.toEqual(draw(7, 'links'));
    expect(draw(0.5, 'ab')).not.toEqual(draw(0.5, 'ba'));
  });

  it('pin their first numbers, so that seeded scenarios stay what they are', () => {
    const stream = randomStream(1, 'x');
    expect([stream.uniform(), stream.normal(), stream.integer(10)]).toEqual([
      0.31846421127610236, -0.04521804458713807, 3,
    ]);
  });

  it('are uniform, normal and unbiased', () => {
    const stream = randomStream(3, 'moments');
    const count = 100_000;
    let uniform = 0;
    let normal = 0;
    let square = 0;
    const histogram = new Float64Array(7);
    for (let k = 0; k < count; k++) {
      uniform += stream.uniform();
      const z = stream.normal();
      normal += z;
      square += z * z;
      histogram[stream.integer(7)]!++;
    }
    expect(Math.abs(uniform / count - 0.5)).toBeLessThan(4 * Math.sqrt(1 / 12 / count));
    expect(Math.abs(normal / count)).toBeLessThan(4 / Math.sqrt(count));
    expect(Math.abs(square / count - 1)).toBeLessThan(4 * Math.sqrt(2 / count));
    const chiSquare = histogram.reduce((sum, seen) => sum + (seen - count / 7) ** 2 / (count / 7), 0);
    expect(chiSquare).toBeLessThan(22.5);
  });
});
