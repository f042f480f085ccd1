import { describe, expect, it } from 'vitest';
import { parseProblemFile } from '../../../lib/io/index.js';
import {
  efficiencyTable,
  efficiencyTableNames,
  rateBitsPerSecond,
  scaledLaw,
  secondsPerBitSlope,
  stepEfficiency,
  tableLaw,
  type EfficiencyTable,
} from '../../../lib/models/index.js';
import { checkRateLaw } from '../../../lib/testing/index.js';
import { randomStream } from '../../../lib/random/index.js';

function randomTable(seed: number): EfficiencyTable {
  const random = randomStream(seed, 'table');
  let [efficiency, ratio] = [0.05 + 0.3 * random.uniform(), 0.05 + 0.3 * random.uniform()];
  return Array.from({ length: 1 + random.integer(6) }, () => {
    const step = { bitsPerSecondPerHz: efficiency, signalToNoise: ratio };
    efficiency *= 1.1 + 1.5 * random.uniform();
    ratio *= 1.1 + 3 * random.uniform();
    return step;
  });
}

/** The most that alternating between two widths of `widths` carries at the mean width `hertz`; a width may stay unused in part. */
function bestAlternation(table: EfficiencyTable, snrHz: number, hertz: number, widths: readonly number[]): number {
  const carried = (width: number) => (width > 0 ? width * stepEfficiency(table, snrHz / width) : 0);
  let best = 0;
  for (const narrow of widths) {
    if (narrow > hertz) continue;
    for (const wide of widths) {
      const part = wide > narrow ? Math.min(1, (hertz - narrow) / (wide - narrow)) : 1;
      best = Math.max(best, part * carried(Math.max(narrow, wide)) + (1 - part) * carried(narrow));
    }
  }
  return best;
}

describe('tables of modulation and coding', () => {
  it('have the efficiencies of TS 38.214', () => {
    const ends = efficiencyTableNames.map((name) => {
      const table = efficiencyTable(name);
      return [table.length, table[0]!.bitsPerSecondPerHz, table.at(-1)!.bitsPerSecondPerHz].map((value) =>
        Number(value.toFixed(4)),
      );
    });
    expect(ends).toEqual([
      [29, 0.2344, 5.5547],
      [28, 0.2344, 7.4063],
      [29, 0.0586, 4.5234],
    ]);
  });

  it('step at their ratios, and repeat the least scheme below', () => {
    const table = efficiencyTable('qam256');
    const [least, next] = [table[0]!, table[1]!];
    expect(stepEfficiency(table, next.signalToNoise)).toBe(next.bitsPerSecondPerHz);
    expect(stepEfficiency(table, next.signalToNoise * (1 - 1e-12))).toBe(least.bitsPerSecondPerHz);
    expect(stepEfficiency(table, least.signalToNoise / 4)).toBeCloseTo(least.bitsPerSecondPerHz / 4, 12);
    expect(stepEfficiency(table, 1e9)).toBe(948 / 128);
  });

  it('carry what the best alternation of two widths carries over the step function', () => {
    for (let seed = 0; seed < 60; seed++) {
      const table = seed < 3 ? efficiencyTable(efficiencyTableNames[seed]!) : randomTable(seed);
      const random = randomStream(seed, 'share');
      const snrHz = 1e6 * 10 ** (2 * random.uniform());
      const law = tableLaw(table, Float64Array.of(snrHz));
      // Just inside: at the corner itself rounding decides.
      const corners = table.map(({ signalToNoise }) => (snrHz / signalToNoise) * (1 - 1e-14));
      for (let k = 0; k < 12; k++) {
        const hertz = 2 * corners[0]! * random.uniform() ** 4 + 1;
        const others = Array.from({ length: 20 }, () => 2 * corners[0]! * random.uniform() ** 3);
        const expected = bestAlternation(table, snrHz, hertz, [0, hertz, ...corners, ...others]);
        expect(rateBitsPerSecond(law, hertz) / expected, `seed ${seed}`).toBeGreaterThanOrEqual(1 - 1e-12);
        expect(rateBitsPerSecond(law, hertz) / expected, `seed ${seed}`).toBeLessThanOrEqual(1 + 2e-10);
      }
    }
  });

  it('are increasing and concave laws with the slope that they state, averages over fading too', () => {
    for (const name of efficiencyTableNames) {
      for (const samples of [[3e6], [1e6, 4e6, 9e6]]) {
        const law = tableLaw(efficiencyTable(name), Float64Array.from(samples), { frameFraction: 0.6 });
        expect(checkRateLaw(law, 20e6), name).toEqual([]);
        for (const hertz of [1.3e5, 2.1e6, 1.7e7]) {
          const step = 1e-7 * hertz;
          const difference = (1 / rateBitsPerSecond(law, hertz + step) - 1 / rateBitsPerSecond(law, hertz)) / step;
          expect(secondsPerBitSlope(law, hertz) / difference).toBeCloseTo(1, 3);
        }
        expect(rateBitsPerSecond(scaledLaw(law, 2), 1e6) / (2 * rateBitsPerSecond(law, 5e5))).toBeCloseTo(1, 12);
      }
    }
  });

  it('lose little to one width for all of a round: at most 8 % of the rate with 256-QAM', () => {
    const table = efficiencyTable('qam256');
    const law = tableLaw(table, Float64Array.of(1));
    let worst = 0;
    for (let x = 1e-3; x < 1 / table[0]!.signalToNoise; x *= 1.001) {
      worst = Math.max(
        worst,
        1 -
          bestAlternation(
            table,
            1,
            x,
            [x, ...table.map(({ signalToNoise }) => 1 / signalToNoise)].filter((width) => width <= x),
          ) /
            rateBitsPerSecond(law, x),
      );
    }
    expect(worst).toBeLessThan(0.08);
  });

  it('come from a problem file by name or as a list', () => {
    const file =
      'version: 1\nmodel: deit-tiny\nradio: { shadowing: 0 dB, fading: none }\ndevices: [{ name: a, distance: 60 m }]\n';
    const uplink = (...settings: string[]) => parseProblemFile(file, { settings }).problem.devices[0]!.uplink;
    const [shannon, named] = [uplink(), uplink('radio.efficiency=qam64')];
    expect(rateBitsPerSecond(named, 1e4)).toBeCloseTo(5.5547 * 1e4, -1);
    expect(rateBitsPerSecond(named, 5e6)).toBeLessThanOrEqual(rateBitsPerSecond(shannon, 5e6));
    const own = uplink('radio.efficiency=[{ bitsPerHertz: 1, snr: 0 dB }, { bitsPerHertz: 3, snr: 10 dB }]');
    expect(rateBitsPerSecond(own, 1e4)).toBeCloseTo(3e4, 6);
    const downlink = parseProblemFile(file, { settings: ['radio.efficiency=qam256'] }).problem.devices[0]!.downlink;
    expect(rateBitsPerSecond(downlink, 1e6)).toBeCloseTo((948 / 128) * 1e6, 3);
    const fails = (...settings: string[]) => expect(() => parseProblemFile(file, { settings }));
    fails('radio.efficiency=[{ bitsPerHertz: 3, snr: 10 dB }, { bitsPerHertz: 1, snr: 12 dB }]').toThrow(/carry more/u);
    fails('radio.efficiency=qam64', 'devices[a].energyLimit=40 J').toThrow(/efficiency/u);
  });
});
