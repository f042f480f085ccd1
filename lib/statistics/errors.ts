/** A predicted figure beside the measured one. */
export interface Pair {
  readonly predicted: number;
  readonly measured: number;
}

/** predicted / measured − 1. */
export function relativeError({ predicted, measured }: Pair): number {
  return predicted / measured - 1;
}

/** Relative errors of several predictions. */
export interface ErrorSummary {
  readonly count: number;
  /** Mean of the absolute errors. */
  readonly mape: number;
  /** The largest absolute one; 0 of none. */
  readonly worst: number;
  /** Mean with sign: above 0 the prediction is too long. */
  readonly bias: number;
}

/** Mean, largest and signed relative error. */
export function summarise(pairs: readonly Pair[]): ErrorSummary {
  const errors = pairs.map(relativeError);
  const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  return {
    count: errors.length,
    mape: mean(errors.map(Math.abs)),
    worst: errors.reduce((most, error) => Math.max(most, Math.abs(error)), 0),
    bias: mean(errors),
  };
}
