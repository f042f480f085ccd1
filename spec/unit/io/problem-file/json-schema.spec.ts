import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, it } from 'vitest';
import { dimensionTables, problemFileJsonSchema } from '../../../../lib/io/index.js';
import { parseQuantity, quantityPattern, type Dimension } from '../../../../lib/io/problem-file/units/index.js';

const dimensions = Object.keys(dimensionTables) as Dimension[];

describe('the published schema of problem files', () => {
  it('takes as text what the reader takes, for every dimension and unit', () => {
    for (const dimension of dimensions) {
      const pattern = new RegExp(quantityPattern(dimension), 'u');
      for (const unit of dimensionTables[dimension].units.keys()) {
        for (const text of [`12 ${unit}`, `-1.5e3${unit}`, ` .5  ${unit.replaceAll('/', ' / ')} `]) {
          expect(parseQuantity(text, dimension).ok, text).toBe(true);
          expect(pattern.test(text), text).toBe(true);
        }
      }
      for (const text of ['', 'twenty', '12 furlongs', '1 2', 'NaN', '1e', '12 MHz MHz']) {
        expect(pattern.test(text), text).toBe(parseQuantity(text, dimension).ok);
      }
      expect(pattern.test(dimension === 'power' ? '20 MHz' : '20 dBm')).toBe(false);
    }
  });

  it('refuses a wrong dimension where the reader does', () => {
    const valid = new Ajv2020({ strict: false }).compile(problemFileJsonSchema());
    const file = (bandwidth: unknown) => ({
      version: 1,
      model: 'vit-b16',
      radio: { bandwidth },
      server: { throughput: '10 TFLOP/s' },
      devices: [{ name: 'a', throughput: '1 TFLOP/s', memory: '4 GiB', distance: '100 m' }],
    });
    const refused = (bandwidth: unknown) => {
      valid(file(bandwidth));
      return (valid.errors ?? []).some(({ instancePath }) => instancePath === '/radio/bandwidth');
    };
    expect(refused('20 MHz')).toBe(false);
    expect(refused(20e6)).toBe(false);
    expect(refused('20 dBm')).toBe(true);
    expect(refused('20 Mhz')).toBe(true);
  });
});
