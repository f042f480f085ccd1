import { describe, expect, it } from 'vitest';
import {
  checkLimitRemedies,
  checkPrice,
  checkRemedies,
  checkWhatIf,
  checkWhatIfSearch,
  Tally,
} from '../support/explanation-checks.js';
import { randomFile, type RandomFile } from '../support/problem-files.js';

/** Runs a check over seeds. The full counts are those of `bench/explanations.ts`. */
function over(
  check: (seed: number, random: RandomFile, tally: Tally) => void,
  [first, last]: readonly [number, number],
  mostDevices: number,
): Tally {
  const tally = new Tally();
  for (let seed = first; seed <= last; seed++) check(seed, randomFile(seed, mostDevices), tally);
  expect(tally.faults).toEqual([]);
  return tally;
}

describe('what is printed around a plan', () => {
  it('has what-if answers that are those of the changed file', { timeout: 120_000 }, () => {
    const { counts } = over(checkWhatIf, [1, 6], 3);
    expect(counts['rows']).toBeGreaterThan(15);
    expect(counts['linear-up']).toBeGreaterThan(0);
    expect(counts['spread-down']).toBeGreaterThan(0);
  });

  it(
    'has what-if answers of the search with bounds, never slower where a change only relaxes',
    { timeout: 120_000 },
    () => {
      const few = over(checkWhatIfSearch, [101, 104], 3).counts;
      expect(few['optima']).toBeGreaterThan(7);
      const { counts } = over(checkWhatIfSearch, [201, 203], 16);
      expect(counts['changes that only relax']).toBeGreaterThan(5);
      expect(counts['bounds']).toBeGreaterThan(8);
    },
  );

  it('has prices that re-solved bandwidths confirm, on both sides of kinks', { timeout: 120_000 }, () => {
    const { counts } = over(checkPrice, [1, 30], 4);
    for (const name of [
      'linear-up',
      'spread-down',
      'faded',
      'pinned-equal',
      'allocated',
      'equal',
      'batched',
      'kinks',
    ]) {
      expect(counts[name], name).toBeGreaterThan(0);
    }
    expect(counts['block']).toBeGreaterThan(0);
    expect(counts['sides']).toBeGreaterThan(35);
  });

  it('has remedies that suffice, are least, and miss no single limit', { timeout: 120_000 }, () => {
    const { counts } = over(checkRemedies, [21, 30], 3);
    for (const name of ['deadline', 'accuracy', 'bandwidth', 'device-memory', 'groups']) {
      expect(counts[name], name).toBeGreaterThan(0);
    }
    expect(counts['tighter ones refuted']).toBeGreaterThan(7);
  });

  it(
    'has remedies for limits of energy and traffic that suffice, are least, and miss none',
    { timeout: 120_000 },
    () => {
      const { counts } = over(checkLimitRemedies, [1, 12], 3);
      for (const name of ['traffic', 'device-traffic', 'device-energy', 'accuracy'])
        expect(counts[name], name).toBeGreaterThan(0);
      expect(counts['tighter ones refuted']).toBeGreaterThan(6);
    },
  );
});
