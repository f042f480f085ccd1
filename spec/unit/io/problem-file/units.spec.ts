import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { dimensionTables, formatQuantity, parseQuantity, type Dimension } from '../../../../lib/io/index.js';

const value = (text: string | number, dimension: Dimension) => {
  const parsed = parseQuantity(text, dimension);
  if (!parsed.ok) throw new Error(parsed.message);
  return parsed.value;
};

describe('quantities', () => {
  it.each<[string | number, Dimension, number]>([
    ['20 MHz', 'frequency', 20e6],
    ['20MHz', 'frequency', 20e6],
    ['  2e4   kHz ', 'frequency', 20e6],
    [20e6, 'frequency', 20e6],
    ['20000000', 'frequency', 20e6],
    ['23 dBm', 'power', 0.19952623149688797],
    ['0 dBm', 'power', 1e-3],
    ['10 dBW', 'power', 10],
    ['-174 dBm/Hz', 'power density', 3.98107170553497e-21],
    ['-174 dBm / Hz', 'power density', 3.98107170553497e-21],
    ['-104 dB', 'power ratio', 3.981071705534969e-11],
    ['8 dB', 'level', 8],
    ['4 GiB', 'memory', 4 * 1024 ** 3],
    ['4 GB', 'memory', 4e9],
    ['.5 KiB', 'memory', 512],
    ['10 Mbps', 'data rate', 1e7],
    ['1 MB/s', 'data rate', 8e6],
    ['1.2 TFLOP/s', 'throughput', 1.2e12],
    ['1.2 TFLOPS', 'throughput', 1.2e12],
    ['120 m', 'length', 120],
    ['1.5 km', 'length', 1500],
    ['20 ms', 'time', 0.02],
    ['3 µs', 'time', 3e-6],
    ['2 min', 'time', 120],
    ['90 %', 'fraction', 0.9],
  ])('%s as a %s is %d', (text, dimension, expected) => {
    expect(value(text, dimension)).toBeCloseTo(expected, 12);
    expect(Math.abs(value(text, dimension) / expected - 1)).toBeLessThan(1e-12);
  });

  it.each<[string, Dimension, string]>([
    ['20 dBm', 'frequency', 'unit of a power, not of a frequency'],
    ['20 m', 'time', 'unit of a length'],
    ['8 dB', 'power', 'unit of a power ratio or a level'],
    ['5 mhz', 'frequency', 'did you mean `MHz`'],
    ['five MHz', 'frequency', 'not a number'],
    ['0x10', 'time', 'no unit'],
    ['1,5 s', 'time', 'no unit'],
    ['NaN', 'time', 'not a number'],
    ['Infinity s', 'time', 'not a number'],
    ['1e400 s', 'time', 'not a finite number'],
    ['', 'time', 'not a number'],
  ])('%s is refused as a %s', (text, dimension, message) => {
    const parsed = parseQuantity(text, dimension);
    expect(parsed.ok).toBe(false);
    if (!parsed.ok) expect(parsed.message).toContain(message);
  });

  it('never takes a unit of another dimension', () => {
    const names = Object.keys(dimensionTables) as Dimension[];
    for (const wanted of names) {
      for (const other of names) {
        for (const unit of dimensionTables[other].units.keys()) {
          if (dimensionTables[wanted].units.has(unit)) continue;
          expect(parseQuantity(`1 ${unit}`, wanted).ok, `${unit} as ${wanted}`).toBe(false);
        }
      }
    }
  });

  it('reads what it shows, to the digits shown', () => {
    const dimensions: Dimension[] = ['frequency', 'memory', 'time', 'throughput', 'data rate', 'length'];
    fc.assert(
      fc.property(
        fc.constantFrom(...dimensions),
        fc.double({ min: -6, max: 15, noNaN: true }),
        (dimension, exponent) => {
          const size = 10 ** exponent;
          const shown = formatQuantity(size, dimension);
          expect(Math.abs(value(shown, dimension) / size - 1), shown).toBeLessThan(0.006);
        },
      ),
      { seed: 1, numRuns: 2000 },
    );
  });
});
