import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BatchOrder, DatasetError, splitOverDevices } from '../../../../harness/data/index.js';
import { randomStream } from '../../../../lib/random/index.js';

const labels = (length: number, classes: number) => {
  const random = randomStream(3, 'labels');
  return Int32Array.from({ length }, () => random.integer(classes));
};

describe('splitOverDevices', () => {
  it('gives every image to exactly one device and each device at least one', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 12 }),
        fc.integer({ min: 12, max: 200 }),
        fc.oneof(fc.constant(undefined), fc.double({ min: 1e-3, max: 100, noNaN: true })),
        fc.integer({ min: 0, max: 1000 }),
        (devices, length, alpha, seed) => {
          const split = alpha === undefined ? ({ kind: 'iid' } as const) : ({ kind: 'dirichlet', alpha } as const);
          const shares = splitOverDevices(labels(length, 5), devices, split, seed);
          expect(shares.length).toBe(devices);
          expect(Math.min(...shares.map((share) => share.length))).toBeGreaterThan(0);
          const all = shares.flatMap((share) => [...share]).sort((a, b) => a - b);
          expect(all).toEqual(Array.from({ length }, (_, k) => k));
          expect(splitOverDevices(labels(length, 5), devices, split, seed)).toEqual(shares);
        },
      ),
      { numRuns: 60 },
    );
  });

  it('is more uneven by class the smaller α is, with the variance of the Dirichlet law', () => {
    const devices = 10;
    const all = labels(6000, 20);
    const perClass = Array.from({ length: 20 }, (_, c) => all.filter((label) => label === c).length);
    for (const alpha of [0.1, 1, 10]) {
      let sum = 0;
      let count = 0;
      for (let seed = 0; seed < 10; seed++) {
        for (const share of splitOverDevices(all, devices, { kind: 'dirichlet', alpha }, seed)) {
          const counts = new Int32Array(20);
          for (const index of share) counts[all[index]!]! += 1;
          for (let c = 0; c < 20; c++) {
            const proportion = counts[c]! / perClass[c]!;
            sum += (proportion - 1 / devices) ** 2;
            count++;
          }
        }
      }
      const mean = 1 / devices;
      const variance = (mean * (1 - mean)) / (devices * alpha + 1);
      expect(sum / count / variance).toBeGreaterThan(0.85);
      expect(sum / count / variance).toBeLessThan(1.15);
    }
  });

  it('deals out classes of any size', () => {
    const many = new Int32Array(400_000);
    const shares = splitOverDevices(many, 2, { kind: 'dirichlet', alpha: 100 }, 1);
    expect(shares.reduce((sum, { length }) => sum + length, 0)).toBe(many.length);
  });

  it('refuses what cannot be', () => {
    expect(() => splitOverDevices(labels(3, 2), 4, { kind: 'iid' }, 0)).toThrow(DatasetError);
    expect(() => splitOverDevices(labels(30, 2), 4, { kind: 'dirichlet', alpha: 0 }, 0)).toThrow('alpha');
  });
});

describe('BatchOrder', () => {
  const indices = Int32Array.of(4, 8, 15, 16, 23, 42, 50);

  it('goes through all images once an epoch, in another order each time', () => {
    const order = new BatchOrder(indices, 3, 1, 'device-0');
    const seen = Array.from({ length: 7 }, () => [...order.next()]).flat();
    const epochs = [0, 1, 2].map((epoch) => seen.slice(7 * epoch, 7 * epoch + 7));
    for (const epoch of epochs) expect([...epoch].sort((a, b) => a - b)).toEqual([...indices]);
    expect(new Set(epochs.map(String)).size).toBe(3);
    expect(order.state).toEqual({ epoch: 2, position: 7 });
  });

  it('goes on from any state as if it had not stopped', () => {
    for (let stop = 0; stop < 9; stop++) {
      const whole = new BatchOrder(indices, 2, 5, 'a');
      for (let k = 0; k < stop; k++) whole.next();
      const resumed = new BatchOrder(indices, 2, 5, 'a');
      resumed.restore(JSON.parse(JSON.stringify(whole.state)) as { epoch: number; position: number });
      for (let k = 0; k < 6; k++) expect(resumed.next()).toEqual(whole.next());
    }
    expect(() => new BatchOrder(indices, 2, 5, 'a').restore({ epoch: 0, position: 8 })).toThrow(DatasetError);
  });
});
