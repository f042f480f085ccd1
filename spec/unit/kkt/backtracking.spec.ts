import { describe, expect, test } from 'vitest';
import { backtrack, correct, type Backtracking, type Correcting, type Iterate } from '../../../lib/kkt/index.js';
import { quickRandom } from '../../support/quick-random.js';

/** All that the search asks of an iterate: whether derivatives are defined at the trial point just judged. */
const iterateThat = (differentiates: () => boolean) => ({ differentiateTrial: differentiates }) as unknown as Iterate;

describe('backtracking', () => {
  test('takes the longest of the fractions that is accepted and has derivatives, over random landscapes', () => {
    const random = quickRandom(3);
    let taken = 0;
    let given = 0;
    for (let k = 0; k < 500; k++) {
      const accepted = (length: number) => Math.sin(1e4 * length + k) > 0.6;
      const defined = (length: number) => Math.cos(1e4 * length + k) > -0.3;
      const firstLength = 0.2 + 0.8 * random();
      const shortest = 1e-4 * random();
      const lengths: number[] = [];
      for (let length = firstLength; length >= shortest && lengths.length < 12; length *= 0.4) lengths.push(length);
      const expected = lengths.find((length) => accepted(length) && defined(length));
      let judged = NaN;
      let found = NaN;
      const search: Backtracking = {
        firstLength,
        shortest,
        maxTrials: 12,
        expired: () => false,
        judge: (length) => {
          judged = length;
          return { verdict: accepted(length) ? 'objective-step' : 'rejected', violation: 0 };
        },
        take: (_verdict, length) => (found = length),
        correct: () => 'failed',
        shorten: (_refused, length) => 0.4 * length,
      };
      const outcome = backtrack(
        iterateThat(() => defined(judged)),
        search,
      );
      expect(outcome).toBe(expected === undefined ? 'failed' : 'accepted');
      expect(found).toBe(expected ?? NaN);
      if (expected === undefined) given++;
      else taken++;
    }
    expect(Math.min(taken, given)).toBeGreaterThan(20);
  });

  test('corrects the first trial alone, stops when told to, and asks for the budget before every trial', () => {
    let trials = 0;
    let corrections = 0;
    const search = (changes: Partial<Backtracking>): Backtracking => ({
      firstLength: 1,
      shortest: 0,
      maxTrials: 5,
      expired: () => false,
      judge: () => (trials++, { verdict: 'rejected', violation: 1 }),
      take: () => undefined,
      correct: () => (corrections++, 'failed'),
      shorten: (_refused, length) => 0.5 * length,
      ...changes,
    });
    const iterate = iterateThat(() => true);
    expect(backtrack(iterate, search({}))).toBe('failed');
    expect([trials, corrections]).toEqual([5, 1]);
    trials = 0;
    expect(backtrack(iterate, search({ shorten: () => undefined }))).toBe('failed');
    expect(trials).toBe(1);
    trials = 0;
    expect(backtrack(iterate, search({ expired: () => trials >= 3 }))).toBe('expired');
    expect(trials).toBe(3);
    expect(backtrack(iterate, search({ correct: () => 'accepted' }))).toBe('accepted');
    expect(backtrack(iterate, search({ correct: () => 'expired' }))).toBe('expired');
  });
});

describe('second-order corrections', () => {
  /** Corrections whose trial points have these violations; the one at `good` is accepted. */
  function run(violations: readonly number[], good = -1, first = 1) {
    let at = -1;
    let takenAt = -1;
    const correcting: Correcting = {
      maxCorrections: violations.length,
      progress: 0.9,
      expired: () => false,
      next: () => ++at < violations.length,
      judge: () => ({ verdict: at === good ? 'violation-step' : 'rejected', violation: violations[at]! }),
      take: () => (takenAt = at),
    };
    const outcome = correct(
      iterateThat(() => true),
      correcting,
      first,
    );
    return { outcome, made: at + 1, takenAt };
  }

  test('go on while each takes its share off the violation', () => {
    expect(run([0.5, 0.2, 0.1], 2)).toEqual({ outcome: 'accepted', made: 3, takenAt: 2 });
    expect(run([0.5, 0.46, 0.1], 2)).toEqual({ outcome: 'failed', made: 2, takenAt: -1 });
    expect(run([0.95, 0.1], 1)).toEqual({ outcome: 'failed', made: 1, takenAt: -1 });
    expect(run([Infinity, 0.1], 1)).toEqual({ outcome: 'failed', made: 1, takenAt: -1 });
    expect(run([0.5, 0.25, 0.125])).toEqual({ outcome: 'failed', made: 3, takenAt: -1 });
  });
});
