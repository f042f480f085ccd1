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
    [['exchange.ratio=0.5'], 'exchange of a cost table'],
    [['traffic.maximumTotal=20 MB'], 'trafficLimitBits of a problem'],
    [['accuracy.leftOut=80 %'], 'leftOutAccuracy of a limit of accuracy'],
    [['radio.efficiency=qam64'], 'a custom law of a link'],
    [['traffic.maximum=20 MB'], 'trafficLimitBits of a device'],
  ])('refuse %s by name', (settings, named) => {
    expect(stated(...settings)).toThrow(`cannot state ${named}`);
    expect(stated()).not.toThrow();
  });
});
