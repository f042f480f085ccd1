/**
 * Where a device stands in a round: `idle` before its first; `opened` once it has its adapters; `arrived` when the
 * activations of a step are here, `answered` when their gradient is on its way; `uploaded` with the round closed; `left`
 * when it was given up.
 */
export type RoundPhase = 'idle' | 'opened' | 'arrived' | 'answered' | 'uploaded' | 'left';

const following: Readonly<Record<RoundPhase, readonly RoundPhase[]>> = {
  idle: ['opened', 'left'],
  opened: ['arrived', 'uploaded', 'left'],
  arrived: ['answered', 'left'],
  answered: ['arrived', 'uploaded', 'left'],
  uploaded: ['opened', 'left'],
  left: ['opened', 'left'],
};

/** The phase after a change. Throws where the caller has mixed up the order of a round. */
export function nextPhase(from: RoundPhase, to: RoundPhase): RoundPhase {
  if (!following[from].includes(to)) throw new Error(`a round cannot go from ${from} to ${to}`);
  return to;
}
