import type { RelaxationSolver } from '../../lib/integer/index.js';
import type { MixedIntegerNonlinearProgram } from '../../lib/problem/index.js';
import type { RandomStream } from '../../lib/random/index.js';

/** f = Σ ½h(x − t)² + g·exp(w·x) over a box of integers, rows Σ c·x ≤ d and one ball Σ (x − m)² ≤ r². All integer. */
export function convexIntegerProgram(random: RandomStream): MixedIntegerNonlinearProgram {
  const n = 1 + Math.min(random.integer(12), random.integer(12));
  const width = n > 8 ? 1 : n > 5 ? 2 : 4;
  const rows = random.integer(3);
  const draw = (scale: number) => Float64Array.from({ length: n }, () => scale * random.normal());
  const curvature = draw(1).map((value) => 0.2 + Math.abs(value));
  const target = draw(1).map((value) => width / 2 + value);
  const weights = draw(0.3);
  const factor = random.uniform() < 0.5 ? random.uniform() : 0;
  const matrix = Array.from({ length: rows }, () => draw(1));
  const sides = matrix.map((row) => row.reduce((sum, value) => sum + (value * width) / 2, 0) - 0.5 + random.normal());
  const middle = draw(0.5).map((value) => width / 2 + value);
  const radius = 0.5 + 0.45 * width * Math.sqrt(n) * random.uniform();
  const exponent = (x: Float64Array) => x.reduce((sum, value, k) => sum + weights[k]! * value, 0);
  return {
    integerVariables: Int32Array.from({ length: n }, (_, k) => k),
    meta: {
      variableCount: n,
      constraintCount: rows + 1,
      lower: new Float64Array(n),
      upper: new Float64Array(n).fill(width),
      constraintLower: new Float64Array(rows + 1).fill(-Infinity),
      constraintUpper: Float64Array.from([...sides, radius ** 2]),
      linearConstraints: Uint8Array.from([...sides.map(() => 1), 0]),
      start: new Float64Array(n).fill(width / 2),
      convex: true,
    },
    objective: (x) =>
      x.reduce((sum, value, k) => sum + 0.5 * curvature[k]! * (value - target[k]!) ** 2, 0) +
      factor * Math.exp(exponent(x)),
    gradient: (x, values) => {
      const slope = factor * Math.exp(exponent(x));
      for (let k = 0; k < n; k++) values[k] = curvature[k]! * (x[k]! - target[k]!) + slope * weights[k]!;
    },
    constraints: (x, values) => {
      matrix.forEach((row, r) => (values[r] = row.reduce((sum, value, k) => sum + value * x[k]!, 0)));
      values[rows] = x.reduce((sum, value, k) => sum + (value - middle[k]!) ** 2, 0);
    },
    jacobian: (x, values) => {
      matrix.forEach((row, r) => values.set(row, r * n));
      for (let k = 0; k < n; k++) values[rows * n + k] = 2 * (x[k]! - middle[k]!);
    },
    hessian: (x, weight, multipliers, values) => {
      const bend = weight * factor * Math.exp(exponent(x));
      let at = 0;
      for (let i = 0; i < n; i++) {
        for (let j = 0; j <= i; j++) values[at++] = bend * weights[i]! * weights[j]!;
        values[at - 1]! += weight * curvature[i]! + 2 * multipliers[rows]!;
      }
    },
  };
}

/** Least objective over all integer points of the box that satisfy the constraints; Infinity if none does. */
export function enumerateIntegers(problem: MixedIntegerNonlinearProgram): number {
  const { lower, upper, constraintCount, constraintUpper, variableCount } = problem.meta;
  const x = Float64Array.from(lower);
  const values = new Float64Array(constraintCount);
  let best = Infinity;
  for (;;) {
    problem.constraints!(x, values);
    if (values.every((value, row) => value <= constraintUpper[row]!)) best = Math.min(best, problem.objective(x));
    let k = 0;
    while (k < variableCount && x[k] === upper[k]) x[k] = lower[k++]!;
    if (k === variableCount) return best;
    x[k]!++;
  }
}

export interface ConstructedMinlp {
  readonly problem: MixedIntegerNonlinearProgram;
  /** Closed form of its relaxations. */
  readonly relax: RelaxationSolver;
  /** The optimum by construction; undefined where the problem was made infeasible. */
  readonly optimum: number | undefined;
}

/**
 * A mixed program whose optimum is known beforehand. Separable convex terms in the integers, whose best integers follow one
 * by one, and continuous y with y ≥ (x − shift)² at a price: at the optimum the constraint holds with equality. One in
 * five is infeasible: twice a sum of integers shall be odd.
 */
export function constructedMinlp(random: RandomStream): ConstructedMinlp {
  const integers = 1 + random.integer(3);
  const n = integers + 1;
  const infeasible = random.uniform() < 0.2;
  const values = (scale: number) => Float64Array.from({ length: integers }, () => scale * random.normal());
  const curvature = values(1).map((value) => 0.3 + Math.abs(value));
  const target = values(2);
  const shift = values(1);
  const price = 0.2 + random.uniform();
  const bound = infeasible ? 2 : 4;
  // y ≥ Σ (x_k − shift_k)², objective Σ ½h(x − t)² + price·y: separable once y is eliminated.
  const term = (k: number, x: number) => 0.5 * curvature[k]! * (x - target[k]!) ** 2 + price * (x - shift[k]!) ** 2;
  let optimum = 0;
  for (let k = 0; k < integers; k++) {
    let least = Infinity;
    for (let x = -bound; x <= bound; x++) least = Math.min(least, term(k, x));
    optimum += least;
  }
  const rows = infeasible ? 2 : 1;
  const odd = 1 + 2 * random.integer(3);
  const lower = new Float64Array(n).fill(-bound);
  const upper = new Float64Array(n).fill(bound);
  lower[integers] = -10;
  upper[integers] = 500;
  const relax: RelaxationSolver = ({ meta: { lower: least, upper: most } }) => {
    // Stationary x_k of the separable terms at multiplier v of Σ 2x = odd; falling in v.
    const at = (v: number) =>
      Float64Array.from({ length: n }, (_, k) => {
        if (k === integers) return 0;
        const free = (curvature[k]! * target[k]! + 2 * price * shift[k]! - 2 * v) / (curvature[k]! + 2 * price);
        return Math.min(Math.max(free, least[k]!), most[k]!);
      });
    const twice = (x: Float64Array) => 2 * x.subarray(0, integers).reduce((sum, value) => sum + value, 0);
    let [low, high] = [-1e3, 1e3];
    for (let step = 0; infeasible && step < 100; step++) {
      const middle = (low + high) / 2;
      if (twice(at(middle)) > odd) low = middle;
      else high = middle;
    }
    const x = at(infeasible ? (low + high) / 2 : 0);
    const reachable = !infeasible || Math.abs(twice(x) - odd) < 1e-9;
    for (let k = 0; k < integers; k++) x[integers]! += (x[k]! - shift[k]!) ** 2;
    let objective = price * x[integers]!;
    for (let k = 0; k < integers; k++) objective += 0.5 * curvature[k]! * (x[k]! - target[k]!) ** 2;
    return reachable
      ? { termination: 'optimal', primalStatus: 'feasible', x, objective }
      : { termination: 'infeasible', primalStatus: 'infeasible', x, objective };
  };
  return {
    optimum: infeasible ? undefined : optimum,
    relax,
    problem: {
      integerVariables: Int32Array.from({ length: integers }, (_, k) => k),
      meta: {
        variableCount: n,
        constraintCount: rows,
        lower,
        upper,
        constraintLower: Float64Array.from([-Infinity, odd].slice(0, rows)),
        constraintUpper: Float64Array.from([0, odd].slice(0, rows)),
        linearConstraints: Uint8Array.from([0, 1].slice(0, rows)),
        start: new Float64Array(n),
        convex: true,
      },
      objective: (x) => {
        let sum = price * x[integers]!;
        for (let k = 0; k < integers; k++) sum += 0.5 * curvature[k]! * (x[k]! - target[k]!) ** 2;
        return sum;
      },
      gradient: (x, out) => {
        for (let k = 0; k < integers; k++) out[k] = curvature[k]! * (x[k]! - target[k]!);
        out[integers] = price;
      },
      constraints: (x, out) => {
        out[0] = -x[integers]!;
        if (infeasible) out[1] = 0;
        for (let k = 0; k < integers; k++) {
          out[0] += (x[k]! - shift[k]!) ** 2;
          if (infeasible) out[1]! += 2 * x[k]!;
        }
      },
      jacobian: (x, out) => {
        out.fill(0);
        for (let k = 0; k < integers; k++) {
          out[k] = 2 * (x[k]! - shift[k]!);
          if (infeasible) out[n + k] = 2;
        }
        out[integers] = -1;
      },
      hessian: (_x, weight, multipliers, out) => {
        out.fill(0);
        for (let k = 0; k < integers; k++) {
          out[(k * (k + 1)) / 2 + k] = weight * curvature[k]! + 2 * multipliers[0]!;
        }
      },
    },
  };
}
