import type { NonlinearProgram } from '../../lib/problem/index.js';
import { medianSeconds, type RawAnswer } from './outcome.js';
import { requirePeer } from './peers.js';

type Callback = (x: ArrayLike<number>, gradient: number[] | null) => number;

interface Optimizer {
  setMinObjective(callback: Callback, tolerance: number): void;
  setLowerBounds(values: number[]): void;
  setUpperBounds(values: number[]): void;
  addInequalityConstraint(callback: Callback, tolerance: number): void;
  addEqualityConstraint(callback: Callback, tolerance: number): void;
  setMaxeval(count: number): void;
  optimize(start: number[]): { success: boolean; x: number[] };
}

interface NloptModule {
  readonly ready: Promise<void>;
  readonly Optimize: new (algorithm: unknown, variableCount: number) => Optimizer;
  readonly Algorithm: Readonly<Record<string, unknown>>;
  readonly GC: { flush(): void };
}

const mostEvaluations = 3000;
const tolerance = 1e-8;

/** NLopt's SLSQP compiled to WebAssembly; undefined where it is not installed. */
export async function loadNlopt(): Promise<
  ((problem: NonlinearProgram, repetitions: number) => RawAnswer) | undefined
> {
  const nlopt = requirePeer('nlopt-js') as NloptModule | undefined;
  if (!nlopt) return undefined;
  await nlopt.ready;
  return (problem, repetitions) => {
    let answer = solveOnce(nlopt, problem);
    const seconds = medianSeconds(() => (answer = solveOnce(nlopt, problem)), repetitions);
    return { ...answer, seconds };
  };
}

function solveOnce(nlopt: NloptModule, problem: NonlinearProgram): Omit<RawAnswer, 'seconds'> {
  const { variableCount: n, constraintCount: m, constraintLower, constraintUpper, lower, upper, start } = problem.meta;
  const optimizer = new nlopt.Optimize(nlopt.Algorithm['LD_SLSQP'], n);
  const rows = new RowCache(problem);
  const gradientValues = new Float64Array(n);
  let evaluations = 0;
  optimizer.setMinObjective((x, gradient) => {
    const at = Float64Array.from(x);
    evaluations++;
    if (gradient) {
      problem.gradient!(at, gradientValues);
      gradientValues.forEach((value, j) => (gradient[j] = value));
    }
    return problem.objective(at);
  }, tolerance);
  optimizer.setLowerBounds([...lower]);
  optimizer.setUpperBounds([...upper]);
  for (let i = 0; i < m; i++) {
    const low = constraintLower[i]!;
    const high = constraintUpper[i]!;
    if (low === high) optimizer.addEqualityConstraint(rows.callback(i, 1, high), tolerance);
    else {
      if (Number.isFinite(high)) optimizer.addInequalityConstraint(rows.callback(i, 1, high), tolerance);
      if (Number.isFinite(low)) optimizer.addInequalityConstraint(rows.callback(i, -1, low), tolerance);
    }
  }
  optimizer.setMaxeval(mostEvaluations);
  try {
    const { success, x } = optimizer.optimize([...start]);
    return { x, claimed: success, evaluations };
  } catch {
    return { x: [...start], claimed: false, evaluations };
  } finally {
    nlopt.GC.flush();
  }
}

/** Values and Jacobian of all constraints at the last point, so that asking row by row costs one evaluation. */
class RowCache {
  private readonly at: Float64Array;
  private readonly values: Float64Array;
  private readonly jacobian: Float64Array;

  constructor(private readonly problem: NonlinearProgram) {
    this.at = new Float64Array(problem.meta.variableCount).fill(NaN);
    this.values = new Float64Array(problem.meta.constraintCount);
    this.jacobian = new Float64Array(problem.meta.jacobianPattern?.rows.length ?? 0);
  }

  /** sign·(cᵢ(x) − side) with its gradient. */
  callback(row: number, sign: 1 | -1, side: number): Callback {
    const { rows, columns } = this.problem.meta.jacobianPattern!;
    const positions = Array.from(rows.keys()).filter((k) => rows[k] === row);
    return (x, gradient) => {
      this.evaluate(x);
      if (gradient) {
        for (let j = 0; j < this.at.length; j++) gradient[j] = 0;
        for (const k of positions) gradient[columns[k]!] = sign * this.jacobian[k]!;
      }
      return sign * (this.values[row]! - side);
    };
  }

  private evaluate(x: ArrayLike<number>): void {
    if (this.at.every((value, j) => value === x[j])) return;
    this.at.set(x);
    this.problem.constraints!(this.at, this.values);
    this.problem.jacobian!(this.at, this.jacobian);
  }
}
