import type { Verdict } from '../globalization/index.js';
import type { Iterate } from './iterate.js';

/** How a search ended: a point was taken, none was found, or the budget ran out on the way. */
export type SearchOutcome = 'accepted' | 'failed' | 'expired';

/** A trial point as judged; a violation of Infinity where something is not defined or out of all bounds. */
export interface TrialVerdict {
  readonly verdict: Verdict;
  readonly violation: number;
}

/** A step along which a method looks for a point to move to. */
export interface Backtracking {
  /** Longest and shortest fraction of the step, and trials in all. */
  readonly firstLength: number;
  readonly shortest: number;
  readonly maxTrials: number;
  expired(): boolean;
  /** Sets the iterate's trial point to `length` along the step and judges it. */
  judge(length: number): TrialVerdict;
  /** Told of the point that is taken; its derivatives are known. */
  take(verdict: Verdict, length: number): void;
  /** Corrects the first trial, which was refused. */
  correct(refused: TrialVerdict, length: number): SearchOutcome;
  /** Fraction of the step to be tried after a refused one; undefined ends the search. */
  shorten(refused: TrialVerdict, length: number): number | undefined;
}

/** Backtracking line search: the longest of falling fractions of a step that is accepted and has derivatives. */
export function backtrack(iterate: Iterate, search: Backtracking): SearchOutcome {
  let length = search.firstLength;
  for (let trial = 0; trial < search.maxTrials && length >= search.shortest; trial++) {
    if (search.expired()) return 'expired';
    const judged = search.judge(length);
    if (judged.verdict !== 'rejected' && iterate.differentiateTrial()) {
      search.take(judged.verdict, length);
      return 'accepted';
    }
    if (trial === 0) {
      const corrected = search.correct(judged, length);
      if (corrected !== 'failed') return corrected;
    }
    const next = search.shorten(judged, length);
    if (next === undefined) return 'failed';
    length = next;
  }
  return 'failed';
}

/** Corrections of a step whose trial point was refused, each made from the trial before. */
export interface Correcting {
  readonly maxCorrections: number;
  /** Share of the violation that may remain after a correction if another is to follow. */
  readonly progress: number;
  expired(): boolean;
  /** Makes the next corrected step; false if it cannot be had. */
  next(): boolean;
  /** Sets the trial point to the corrected step and judges it. */
  judge(): TrialVerdict;
  take(verdict: Verdict): void;
}

/** Second-order corrections (Wächter & Biegler 2006, §2.4), as long as they take enough off the violation. */
export function correct(iterate: Iterate, correcting: Correcting, firstViolation: number): SearchOutcome {
  let previous = firstViolation;
  for (let attempt = 0; attempt < correcting.maxCorrections; attempt++) {
    if (correcting.expired()) return 'expired';
    if (!correcting.next()) return 'failed';
    const { verdict, violation } = correcting.judge();
    if (verdict !== 'rejected' && iterate.differentiateTrial()) {
      correcting.take(verdict);
      return 'accepted';
    }
    if (!(violation <= correcting.progress * previous)) return 'failed';
    previous = violation;
  }
  return 'failed';
}
