import type { PrimalStatus, Termination } from '../../lib/solver/index.js';

/** Codes of the first digit: 0 solved, 2 infeasible, 3 unbounded, 4 a limit, 5 failure. */
interface CodePair {
  readonly feasible: number;
  readonly otherwise: number;
}

const codes: Readonly<Record<Termination, CodePair>> = {
  optimal: { feasible: 0, otherwise: 550 },
  'locally-optimal': { feasible: 0, otherwise: 550 },
  infeasible: { feasible: 200, otherwise: 200 },
  'locally-infeasible': { feasible: 200, otherwise: 200 },
  unbounded: { feasible: 300, otherwise: 350 },
  interrupted: { feasible: 401, otherwise: 471 },
  'time-limit': { feasible: 402, otherwise: 472 },
  'iteration-limit': { feasible: 403, otherwise: 473 },
  'evaluation-limit': { feasible: 403, otherwise: 473 },
  'node-limit': { feasible: 404, otherwise: 474 },
  stalled: { feasible: 500, otherwise: 500 },
  'not-finite': { feasible: 550, otherwise: 550 },
};

/** AMPL's solve_result_num for a termination. */
export function solveResultCode(termination: Termination, primalStatus: PrimalStatus): number {
  const pair = codes[termination];
  return primalStatus === 'feasible' ? pair.feasible : pair.otherwise;
}

/** The words by which callers that read only the message tell limits apart. */
export function limitPhrase(code: number): string | undefined {
  switch (code) {
    case 402:
      return 'time limit, feasible solution';
    case 472:
      return 'time limit, no feasible solution';
    case 403:
      return 'iteration limit, feasible solution';
    case 473:
      return 'iteration limit, no feasible solution';
    case 404:
      return 'node limit, feasible solution';
    case 474:
      return 'node limit, no feasible solution';
    default:
      return undefined;
  }
}
