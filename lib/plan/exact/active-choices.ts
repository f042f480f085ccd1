import type { ChoiceColumns } from '../bound/columns.js';

/** The choices each device may still take: entries start[n] … start[n+1] − 1 of `active` are indices into the columns. */
export interface ActiveChoices {
  readonly start: Int32Array;
  readonly active: Int32Array;
}

export function allChoices(columns: ChoiceColumns): ActiveChoices {
  return { start: columns.start, active: Int32Array.from({ length: columns.blocks.length }, (_, j) => j) };
}

/** Those choices of `choices` for which `keep` holds. */
export function filterChoices(choices: ActiveChoices, keep: (n: number, j: number) => boolean): ActiveChoices {
  const kept: number[] = [];
  const start = new Int32Array(choices.start.length);
  for (let n = 0; n + 1 < choices.start.length; n++) {
    for (let at = choices.start[n]!; at < choices.start[n + 1]!; at++) {
      const j = choices.active[at]!;
      if (keep(n, j)) kept.push(j);
    }
    start[n + 1] = kept.length;
  }
  return { start, active: Int32Array.from(kept) };
}

export function hasEmptyDevice({ start }: ActiveChoices): boolean {
  for (let n = 0; n + 1 < start.length; n++) if (start[n] === start[n + 1]) return true;
  return false;
}

/** The only combination that is left, if there is just one. */
export function singleCombination({ start, active }: ActiveChoices): Int32Array | undefined {
  return active.length === start.length - 1 && start.every((value, n) => value === n) ? active : undefined;
}
