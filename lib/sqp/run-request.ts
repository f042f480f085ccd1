import type { NlpMeta } from '../problem/index.js';
import type { DriverRequest, WorkingSet } from '../kkt/index.js';

/** What a run starts from. */
export interface RunRequest extends DriverRequest {
  readonly multipliers: Float64Array | undefined;
  readonly workingSet: WorkingSet | undefined;
  /** δ below which the Hessian's shift never falls. */
  readonly minimumShift: number;
  readonly scaling: boolean;
  readonly globalization: 'filter' | 'merit';
  readonly seed: number;
}

/** True for a quadratic objective over linear constraints. */
export function isQuadraticProgram({ objectiveShape, linearConstraints, constraintCount }: NlpMeta): boolean {
  if (objectiveShape !== 'quadratic' && objectiveShape !== 'linear') return false;
  return constraintCount === 0 || linearConstraints?.every((flag) => flag === 1) === true;
}
