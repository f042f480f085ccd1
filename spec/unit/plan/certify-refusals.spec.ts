import { describe, expect, it } from 'vitest';
import { parseProblemFile } from '../../../lib/io/index.js';
import { stateProblem } from '../../../lib/plan/certify/index.js';

const file = 'version: 1\nmodel: deit-tiny\ndevices: [{ name: a }, { name: b }]\n';
const stated =
  (...settings: string[]) =>
  () =>
    stateProblem(parseProblemFile(file, { settings }).problem);

describe('certificates', () => {
  it.each([
    [['traffic.maximumTotal=20 MB'], 'trafficBits', 1.6e8],
    [['accuracy.leftOut=80 %'], 'accuracyLeftOut', 0.8],
  ])('state %s', (settings, member, value) => {
    expect(stated(...settings)()).toMatchObject({ [member]: value });
  });

  it('state the traffic of a device, and coding of the adapters in every choice', () => {
    expect(stated('traffic.maximum=20 MB')().devices[0]).toMatchObject({ trafficBits: 1.6e8 });
    const [plain, coded] = [stated()(), stated('exchange.ratio=0.5')()].map(({ devices }) => devices[0]!.choices);
    expect(coded!.adapterBits[0]).toBeCloseTo(plain!.adapterBits[0]! / 2, 3);
  });

  it('refuse what they cannot state by name', () => {
    const { problem } = parseProblemFile(file);
    const odd = { ...problem, phaseOfTheMoon: 1 };
    expect(() => stateProblem(odd)).toThrow('cannot state phaseOfTheMoon of a problem');
    expect(stated('radio.efficiency=qam64')).toThrow('cannot state a custom law of a link');
    const limit = { name: 'carbon', unit: 'g', scope: 'sum' as const, limit: 1, use: () => 0 };
    expect(() => stateProblem({ ...problem, extraLimits: [limit] })).toThrow('cannot state extraLimits of a problem');
  });
});
