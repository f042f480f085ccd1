import type { RandomStream } from '../../../lib/random/index.js';
import {
  chain,
  convexProfiles,
  quadraticForm,
  separable,
  termSum,
  type SmoothFunction,
  type Term,
} from './functions.js';

/** What is known of a problem by its construction. */
export type Truth =
  | { readonly kind: 'optimum'; readonly value: number; readonly everyMinimumIsGlobal: boolean }
  /** Along `ray` the objective falls and everything holds; curved terms are level there up to rounding. */
  | { readonly kind: 'unbounded'; readonly ray: readonly number[] }
  | { readonly kind: 'infeasible' };

/** A problem in units of size 1 whose answer is known. */
export interface KnownProblem {
  readonly family: Family;
  readonly objective: SmoothFunction;
  readonly rows: readonly SmoothFunction[];
  readonly sides: readonly (readonly [number, number])[];
  readonly bounds: readonly (readonly [number, number])[];
  readonly start: readonly number[];
  readonly convex: boolean;
  readonly shape: 'linear' | 'quadratic' | 'nonlinear';
  readonly linearRows: boolean;
  readonly truth: Truth;
}

export const families = [
  'linear',
  'convex quadratic',
  'convex',
  'degenerate',
  'unqualified',
  'curved valley',
  'double wells',
  'concave',
  'sphere, linear',
  'sphere, quadratic',
  'unbounded linear',
  'unbounded',
  'unbounded below along curves',
  'infeasible linear',
  'infeasible convex',
  'barely feasible',
] as const;
export type Family = (typeof families)[number];

export function knownProblem(family: Family, stream: RandomStream): KnownProblem {
  const of = new Maker(family, stream);
  switch (family) {
    case 'linear':
      return of.fromConditions(0, 'linear');
    case 'convex quadratic':
      return of.fromConditions(1, 'quadratic');
    case 'convex':
      return of.fromConditions(1, 'nonlinear');
    case 'degenerate':
      return of.degenerate();
    case 'unqualified':
      return of.unqualified();
    case 'curved valley':
      return of.valley();
    case 'double wells':
      return of.wells();
    case 'concave':
      return of.concave();
    case 'sphere, linear':
      return of.sphere(false);
    case 'sphere, quadratic':
      return of.sphere(true);
    case 'unbounded linear':
      return of.unbounded('linear');
    case 'unbounded':
      return of.unbounded('convex');
    case 'unbounded below along curves':
      return of.unbounded('concave');
    case 'infeasible linear':
      return of.infeasible(false);
    case 'infeasible convex':
      return of.infeasible(true);
    case 'barely feasible':
      return of.barelyFeasible();
  }
}

const none = Infinity;
/** So far rows fall along a ray that they are to leave open: rounding alone might turn them against it, far out. */
const rowMargin = 2 ** -40;
const dot = (a: readonly number[], b: readonly number[]): number => a.reduce((sum, v, j) => sum + v * b[j]!, 0);

class Maker {
  constructor(
    private readonly family: Family,
    private readonly stream: RandomStream,
  ) {}

  private whole(from: number, to: number): number {
    return from + Math.floor((to - from + 1) * this.stream.uniform());
  }

  private vector(n: number): number[] {
    return Array.from({ length: n }, () => this.stream.normal());
  }

  private unit(n: number): number[] {
    const vector = this.vector(n);
    const length = Math.hypot(...vector);
    return vector.map((v) => v / length);
  }

  private chance(share: number): boolean {
    return this.stream.uniform() < share;
  }

  private terms(n: number, count: number, profiles: readonly (keyof typeof convexProfiles)[]): Term[] {
    return Array.from({ length: count }, () => ({
      weight: 0.3 + this.stream.uniform(),
      profile: convexProfiles[profiles[this.whole(0, profiles.length - 1)]!],
      along: this.vector(n),
      offset: this.stream.normal(),
    }));
  }

  private common(n: number): Pick<KnownProblem, 'family' | 'start'> {
    return { family: this.family, start: this.vector(n) };
  }

  /** A convex problem whose first-order conditions hold at a chosen point, which is its minimum therefore. */
  fromConditions(curved: 0 | 1, shape: KnownProblem['shape'], forced = true): KnownProblem {
    const n = this.whole(1, 6);
    const solution = this.vector(n);
    const curvedRows = shape === 'nonlinear';
    const profiles = curvedRows
      ? (Object.keys(convexProfiles) as (keyof typeof convexProfiles)[])
      : (['square'] as const);
    const terms = curved ? this.terms(n, this.whole(1, n + 1), profiles) : [];
    const gradient = termSum(terms, new Array<number>(n).fill(0)).gradient(solution);
    const cost = gradient.map((g) => -g);
    const bounds = solution.map((x, j): readonly [number, number] => {
      const kind = this.stream.uniform();
      const force = forced || this.chance(0.5) ? this.stream.uniform() : 0;
      const room = 0.5 + 2 * this.stream.uniform();
      if (kind < 0.25) return ((cost[j]! += force), [x, this.chance(0.5) ? none : x + room]);
      if (kind < 0.5) return ((cost[j]! -= force), [this.chance(0.5) ? -none : x - room, x]);
      if (kind < 0.55) return ((cost[j]! += this.stream.normal()), [x, x]);
      return shape === 'linear' || this.chance(0.5) ? [x - room, x + 2 * room] : [-none, none];
    });
    const rows: SmoothFunction[] = [];
    const sides: [number, number][] = [];
    for (let i = this.whole(0, n); i > 0; i--) {
      const curvedRow = curvedRows && this.chance(0.5);
      const row = termSum(curvedRow ? this.terms(n, this.whole(1, 3), profiles) : [], this.vector(n));
      const value = row.value(solution);
      const slope = row.gradient(solution);
      const kind = this.stream.uniform();
      const force = forced || this.chance(0.5) ? this.stream.uniform() : 0;
      rows.push(row);
      if (kind < 0.4 || (curvedRow && kind < 0.7)) {
        sides.push([-none, value]);
        slope.forEach((s, j) => (cost[j]! -= force * s));
      } else if (curvedRow) {
        sides.push([-none, value + 0.3 + this.stream.uniform()]);
      } else if (kind < 0.7) {
        const price = this.stream.normal();
        sides.push([value, value]);
        slope.forEach((s, j) => (cost[j]! -= price * s));
      } else {
        sides.push([value, value + 1]);
        slope.forEach((s, j) => (cost[j]! += force * s));
      }
    }
    const objective = termSum(terms, cost);
    return {
      ...this.common(n),
      objective,
      rows,
      sides,
      bounds,
      convex: true,
      shape,
      linearRows: !curvedRows,
      truth: { kind: 'optimum', value: objective.value(solution), everyMinimumIsGlobal: true },
    };
  }

  /** Rows more than once, also as sums of others, and sides that hold without force. */
  degenerate(): KnownProblem {
    const shape = (['linear', 'quadratic', 'nonlinear'] as const)[this.whole(0, 2)]!;
    const plain = this.fromConditions(shape === 'linear' ? 0 : 1, shape, false);
    const rows = [...plain.rows];
    const sides = [...plain.sides];
    plain.rows.forEach((row, i) => {
      if (!this.chance(0.6)) return;
      const factor = 0.5 + this.stream.uniform();
      rows.push({
        value: (x) => factor * row.value(x),
        gradient: (x) => row.gradient(x).map((v) => factor * v),
        hessian: (x) => row.hessian(x).map((line) => line.map((v) => factor * v)),
      });
      sides.push([factor * sides[i]![0], factor * sides[i]![1]]);
    });
    return { ...plain, rows, sides };
  }

  /** Minimum of a convex function on a hyperplane that is written as (aᵀ(x − x*))² ≤ 0: no multipliers exist. */
  unqualified(): KnownProblem {
    const n = this.whole(2, 4);
    const solution = this.vector(n);
    const along = this.unit(n);
    const terms = this.terms(n, n, ['square', 'quartic']).map((term) => ({
      ...term,
      offset: dot(term.along, solution),
    }));
    const slope = this.stream.normal();
    const objective = termSum(
      terms,
      along.map((a) => slope * a),
    );
    const row = termSum(
      [{ weight: 2, profile: convexProfiles.square, along, offset: dot(along, solution) }],
      new Array<number>(n).fill(0),
    );
    return {
      ...this.common(n),
      objective,
      rows: [row],
      sides: [[-none, 0]],
      bounds: solution.map(() => [-none, none]),
      convex: true,
      shape: 'nonlinear',
      linearRows: false,
      truth: { kind: 'optimum', value: objective.value(solution), everyMinimumIsGlobal: true },
    };
  }

  valley(): KnownProblem {
    const n = this.whole(2, 5);
    const steepness = Array.from({ length: n - 1 }, () => 1 + 9 * this.stream.uniform());
    return {
      ...this.common(n),
      objective: chain(2 * this.stream.uniform() - 1, steepness),
      rows: [],
      sides: [],
      bounds: steepness.concat(0).map(() => [-none, none]),
      convex: false,
      shape: 'nonlinear',
      linearRows: true,
      truth: { kind: 'optimum', value: 0, everyMinimumIsGlobal: true },
    };
  }

  /** Separable quartics; some of them start where they are stationary but highest. */
  wells(): KnownProblem {
    const n = this.whole(1, 4);
    const polynomials = Array.from({ length: n }, () => {
      const w = 0.3 + this.stream.uniform();
      return [w, this.chance(0.3) ? 0 : 0.3 * this.stream.normal(), -2 * w, 0, w];
    });
    const objective = separable(polynomials);
    const bounds = polynomials.map((): readonly [number, number] => (this.chance(0.5) ? [-2, 2] : [-none, none]));
    const value = polynomials.reduce((sum, polynomial) => sum + leastOnLine(separable([polynomial])), 0);
    return {
      family: this.family,
      start: this.chance(0.5) ? new Array<number>(n).fill(0) : this.vector(n),
      objective,
      rows: [],
      sides: [],
      bounds,
      convex: false,
      shape: 'nonlinear',
      linearRows: true,
      truth: { kind: 'optimum', value, everyMinimumIsGlobal: false },
    };
  }

  /** A concave quadratic in a box: the least of its corners. */
  concave(): KnownProblem {
    const n = this.whole(1, 5);
    const factors = Array.from({ length: n }, () => this.vector(n));
    const matrix = factors.map((_, i) => factors.map((__, j) => -factors.reduce((sum, f) => sum + f[i]! * f[j]!, 0)));
    const linear = this.chance(0.3) ? new Array<number>(n).fill(0) : this.vector(n);
    const objective = quadraticForm(matrix, linear);
    let value = Infinity;
    for (let corner = 0; corner < 2 ** n; corner++) {
      value = Math.min(value, objective.value(linear.map((_, j) => ((corner >> j) & 1 ? 1 : -1))));
    }
    return {
      family: this.family,
      start: this.chance(0.5) ? new Array<number>(n).fill(0) : this.vector(n).map((v) => Math.max(-1, Math.min(1, v))),
      objective,
      rows: [],
      sides: [],
      bounds: linear.map(() => [-1, 1]),
      convex: false,
      shape: 'quadratic',
      linearRows: true,
      truth: { kind: 'optimum', value, everyMinimumIsGlobal: false },
    };
  }

  /** On the unit sphere; starts may be its maximum or one of its saddles. */
  sphere(quadratic: boolean): KnownProblem {
    const n = this.whole(2, 5);
    const row = quadraticForm(
      Array.from({ length: n }, (_, i) => Array.from({ length: n }, (__, j) => (i === j ? 2 : 0))),
      new Array<number>(n).fill(0),
    );
    const axes = orthonormal(Array.from({ length: n }, () => this.vector(n)));
    const values = Array.from({ length: n }, (_, k) => k + this.stream.uniform() - 2);
    const matrix = axes.map((_, i) =>
      axes.map((__, j) => axes.reduce((sum, a, k) => sum + values[k]! * a[i]! * a[j]!, 0)),
    );
    const objective = quadratic
      ? quadraticForm(matrix, new Array<number>(n).fill(0))
      : termSum(
          [],
          axes[0]!.map((a) => 2 * a),
        );
    const special = quadratic ? axes[this.whole(1, n - 1)]! : axes[0]!;
    return {
      family: this.family,
      start: this.chance(0.5) ? special : this.vector(n),
      objective,
      rows: [row],
      sides: [[1, 1]],
      bounds: axes.map(() => [-none, none]),
      convex: false,
      shape: quadratic ? 'quadratic' : 'linear',
      linearRows: false,
      truth: { kind: 'optimum', value: quadratic ? 0.5 * values[0]! : -2, everyMinimumIsGlobal: true },
    };
  }

  unbounded(kind: 'linear' | 'convex' | 'concave'): KnownProblem {
    const n = this.whole(2, 5);
    const ray = this.unit(n).map((v) => (this.chance(0.3) ? 0 : v));
    if (Math.hypot(...ray) < 0.1) ray[0] = 1;
    const square = dot(ray, ray);
    const across = (vector: number[]): number[] => vector.map((v, j) => v - (dot(vector, ray) / square) * ray[j]!);
    const terms =
      kind === 'linear'
        ? []
        : this.terms(n, n, ['square', 'softplus']).map((term) => ({ ...term, along: across([...term.along]) }));
    if (kind === 'concave') terms.push({ weight: -1, profile: convexProfiles.square, along: ray, offset: 0 });
    const linear = across(this.vector(n)).map(
      (v, j) => (terms.length > 0 ? 0 : 0.1 * v) - (0.5 + this.stream.uniform()) * ray[j]!,
    );
    const start = this.vector(n);
    const rows: SmoothFunction[] = [];
    const sides: [number, number][] = [];
    for (let i = this.whole(0, 3); i > 0; i--) {
      const vector = across(this.vector(n)).map((v, j) => v - (this.chance(0.5) ? 0.3 : rowMargin) * ray[j]!);
      rows.push(termSum([], vector));
      sides.push([-none, dot(vector, start) + this.stream.uniform()]);
    }
    return {
      family: this.family,
      start,
      objective: termSum(terms, linear),
      rows,
      sides,
      bounds: ray.map((r, j): readonly [number, number] =>
        this.chance(0.5)
          ? [-none, none]
          : r > 0
            ? [start[j]! - 1, none]
            : r < 0
              ? [-none, start[j]! + 1]
              : [start[j]! - 1, start[j]! + 1],
      ),
      convex: kind !== 'concave',
      shape: kind === 'linear' ? 'linear' : 'nonlinear',
      linearRows: true,
      truth: { kind: 'unbounded', ray },
    };
  }

  /** Linear rows with a positive combination that cannot hold; a ball and a half-space apart. */
  infeasible(curved: boolean): KnownProblem {
    const n = this.whole(1, 5);
    const margin = 0.05 + this.stream.uniform();
    const rows: SmoothFunction[] = [];
    const sides: [number, number][] = [];
    if (curved) {
      const centre = this.vector(n);
      const normal = this.unit(n);
      const axes = centre.map((c, j) => ({
        weight: 2,
        profile: convexProfiles.square,
        along: centre.map((_, k) => (j === k ? 1 : 0)),
        offset: c,
      }));
      rows.push(termSum(axes, new Array<number>(n).fill(0)), termSum([], normal));
      sides.push([-none, 1], [dot(normal, centre) + 1 + margin, none]);
    } else {
      const count = this.whole(1, 4);
      const vectors = Array.from({ length: count }, () => this.vector(n));
      const weights = vectors.map(() => 0.3 + this.stream.uniform());
      const limits = this.vector(count);
      const last = vectors[0]!.map((_, j) => -vectors.reduce((sum, v, i) => sum + weights[i]! * v[j]!, 0));
      vectors.forEach((v, i) => (rows.push(termSum([], v)), sides.push([-none, limits[i]!])));
      rows.push(termSum([], last));
      sides.push([-none, -dot(weights, limits) - margin]);
    }
    const objective = termSum(this.terms(n, n, ['square', 'softplus']), this.vector(n));
    return {
      ...this.common(n),
      objective,
      rows,
      sides,
      bounds: Array.from({ length: n }, () => (this.chance(0.5) ? [-none, none] : [-4, 4])),
      convex: true,
      shape: 'nonlinear',
      linearRows: !curved,
      truth: { kind: 'infeasible' },
    };
  }

  /** A slab of width 1e-3 and a ball that touches it from within: feasible, but only just. */
  barelyFeasible(): KnownProblem {
    const n = this.whole(2, 5);
    const centre = this.vector(n);
    const normal = this.unit(n);
    const far = centre.map((c, j) => c + normal[j]!);
    const axes = centre.map((c, j) => ({
      weight: 2,
      profile: convexProfiles.square,
      along: centre.map((_, k) => (j === k ? 1 : 0)),
      offset: c,
    }));
    const level = dot(normal, far);
    // Of the points of the ball with normalᵀx ≥ level − width, the least of −normalᵀx is the furthest one.
    return {
      ...this.common(n),
      objective: termSum(
        [],
        normal.map((v) => -v),
      ),
      rows: [termSum(axes, new Array<number>(n).fill(0)), termSum([], normal)],
      sides: [
        [-none, 1],
        [level - 1e-3, none],
      ],
      bounds: centre.map(() => [-none, none]),
      convex: true,
      shape: 'linear',
      linearRows: false,
      truth: { kind: 'optimum', value: -level, everyMinimumIsGlobal: true },
    };
  }
}

function orthonormal(vectors: number[][]): number[][] {
  const basis: number[][] = [];
  for (const vector of vectors) {
    let rest = vector;
    for (let pass = 0; pass < 2; pass++) {
      for (const b of basis) {
        const along = dot(rest, b);
        rest = rest.map((v, j) => v - along * b[j]!);
      }
    }
    const length = Math.hypot(...rest);
    basis.push(rest.map((v) => v / length));
  }
  return basis;
}

/** Least value of a function of one variable on [−2, 2], where its minima lie, by a grid and Newton's steps. */
function leastOnLine(f: SmoothFunction): number {
  let best = Infinity;
  for (let k = 0; k <= 400; k++) {
    let x = -2 + k / 100;
    if (f.value([x]) > best + 0.05) continue;
    for (let step = 0; step < 20; step++) {
      const curvature = f.hessian([x])[0]![0]!;
      if (curvature > 0) x = Math.min(2, Math.max(-2, x - f.gradient([x])[0]! / curvature));
    }
    best = Math.min(best, f.value([x]));
  }
  return best;
}
