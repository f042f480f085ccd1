import normalFactory from '@stdlib/random-base-normal';
import randu from '@stdlib/random-base-randu';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MersenneTwister } from '../../../lib/random/mersenne-twister.js';
import { normalVariates } from '../../../lib/random/ziggurat.js';

describe('generators', () => {
  it('give the reference numbers of MT19937, seeded by a word and by a list', () => {
    // The first outputs of mt19937ar.c with init_genrand(5489) and with init_by_array({0x123, 0x234, 0x345, 0x456}).
    expect(new MersenneTwister(5489).word()).toBe(3499211612);
    const listed = new MersenneTwister(Uint32Array.of(0x123, 0x234, 0x345, 0x456));
    expect(Array.from({ length: 5 }, () => listed.word())).toEqual([
      1067595299, 955945823, 477289528, 4107218783, 4228976476,
    ]);
  });

  it('draw, bit for bit, what @stdlib draws', () => {
    let tails = 0;
    fc.assert(
      fc.property(fc.uint32Array({ minLength: 2, maxLength: 6 }), (seed) => {
        const judge = randu.factory({ name: 'mt19937', seed });
        const judgeNormal = normalFactory.factory(0, 1, { prng: judge });
        const twister = new MersenneTwister(seed);
        const uniform = () => twister.uniform();
        const normal = normalVariates(uniform);
        for (let k = 0; k < 1500; k++) {
          const expected = judgeNormal();
          if (Math.abs(expected) > 3.442619855899) tails++;
          expect(normal()).toBe(expected);
          expect(uniform()).toBe(judge());
        }
      }),
      { numRuns: 60, seed: 3 },
    );
    expect(tails).toBeGreaterThan(20);
  });
});
