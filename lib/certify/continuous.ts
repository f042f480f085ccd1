import type { QpResult } from '../qp/sparse/index.js';
import { Dyadic } from '../verify/programs/index.js';
import type { ConvexityEvidence } from './convexity.js';
import {
  clearedMultipliers,
  dualLeaf,
  leaning,
  pointClaim,
  snapped,
  stationaryAt,
  vertexAt,
  type PointClaim,
  type ProgramClaims,
  type ProvenLeaf,
} from './evidence.js';
import { solveExactly, type Equation } from './exact-solve.js';
import { boxOf, type Stated } from './numeric.js';
import { exactly, written, type Rationals } from './rational.js';
import type { Relaxed } from './relaxation.js';
import { NotCertifiable } from './state-program.js';
import { provenLeaf } from './tree.js';

export interface ContinuousRequest {
  readonly stated: Stated;
  readonly convexity: ConvexityEvidence;
  readonly result: QpResult;
  readonly pointTolerance: number;
}

/** A gap, relative to max(1, |value|), that is not worth an exact solve. */
const closeEnough = 1e-13;
/** Distances at which a point is taken to be on a bound or a row. */
const nearness = [1e-9, 1e-7, 1e-5];

/** Point and bound of a program without integers, or that there is no point. */
export function continuousClaims({ stated, convexity, result, pointTolerance }: ContinuousRequest): ProgramClaims {
  const isInfeasible = result.termination === 'infeasible';
  if (hasCrossedSides(stated)) return { bound: { value: null, nodes: [{}] } };
  const y = isInfeasible ? (result.certificate?.multipliers ?? result.multipliers) : result.multipliers;
  const relaxed: Relaxed = {
    end: isInfeasible ? 'infeasible' : 'optimal',
    x: result.x,
    y,
    objective: result.objective,
  };
  const best = isInfeasible ? { points: [], leaves: [] } : solutions(stated, convexity, relaxed, pointTolerance);
  const point = best.points.reduce<PointClaim | undefined>(better, undefined);
  const proven = provenLeaf(stated, convexity.shift, stated.lower, stated.upper, relaxed, () => false);
  const leaf = [...best.leaves, proven].reduce((a, b) => (b && (!a || b.value > a.value) ? b : a), undefined);
  if (!leaf && isInfeasible) throw new NotCertifiable('the multipliers do not refute the program exactly');
  if (!leaf && !point) throw new NotCertifiable('neither a point nor a bound could be proven');
  const bound = leaf && {
    value: leaf.value === Infinity ? null : leaf.value,
    ...(leaf.value < Infinity && convexity.json),
    nodes: [leaf.leaf],
  };
  return { ...(point && { point }), ...(bound && { bound }) };
}

function hasCrossedSides({ lower, upper, rowLower, rowUpper }: Stated): boolean {
  return lower.some((value, j) => value > upper[j]!) || rowLower.some((value, i) => value > rowUpper[i]!);
}

/** The point that passes sides least, of those the one with the least objective. */
export function better(a: PointClaim | undefined, b: PointClaim | undefined): PointClaim | undefined {
  if (!a || !b) return a ?? b;
  if (a.tolerance !== b.tolerance) return a.tolerance < b.tolerance ? a : b;
  return b.value < a.value ? b : a;
}

/** Points and leaves from a solution in doubles, exact ones where these leave a gap. */
function solutions(
  stated: Stated,
  { shift }: ConvexityEvidence,
  relaxed: Relaxed,
  tolerance: number,
): { points: (PointClaim | undefined)[]; leaves: (ProvenLeaf | undefined)[] } {
  const { lower, upper } = stated;
  const box = boxOf(lower, upper);
  const x = relaxed.x.map((value, j) => Math.min(Math.max(Number.isFinite(value) ? value : 0, lower[j]!), upper[j]!));
  const y = leaning(stated, relaxed.y);
  const points = [
    pointClaim(stated, exactly(x), tolerance),
    pointClaim(stated, exactly(snapped(x, lower, upper, 1e-9)), tolerance),
  ];
  const leaves = [dualLeaf(stated, box, exactly(y), exactly(x).entries, shift)];
  const isClosed = (): boolean => {
    const point = points.reduce(better, undefined);
    const bound = Math.max(...leaves.map((leaf) => leaf?.value ?? -Infinity));
    return point?.tolerance === 0 && point.value - bound <= closeEnough * Math.max(1, Math.abs(point.value));
  };
  for (const near of nearness) {
    if (isClosed()) break;
    if (stated.exact.isLinear) {
      const at = vertexAt(stated, lower, upper, x, near);
      if (at) points.push(pointClaim(stated, at, tolerance));
      for (const moved of clearedMultipliers(stated, y, lower, upper, { hasCost: true, x, near })) {
        leaves.push(dualLeaf(stated, box, moved, undefined, shift));
      }
      continue;
    }
    const at = stationaryAt(stated, lower, upper, x, y, near);
    if (at) {
      points.push(pointClaim(stated, at.x, tolerance));
      leaves.push(dualLeaf(stated, box, at.y, at.x.entries, shift));
    }
    if (points.reduce(better, undefined)?.tolerance !== 0) {
      const vertex = vertexAt(stated, lower, upper, x, near);
      if (vertex) points.push(pointClaim(stated, vertex, tolerance));
    }
  }
  return { points, leaves };
}

/** That the objective falls without end from a point near x along the ray of a result. */
export function unboundedClaims(stated: Stated, { ray }: QpResult, x: Float64Array, tolerance: number): ProgramClaims {
  if (!ray) throw new NotCertifiable('there is no ray');
  const { lower, upper } = stated;
  const starts = [pointClaim(stated, exactly(snapped(x, lower, upper, 1e-9)), tolerance)];
  for (const near of nearness) {
    if (starts.reduce(better, undefined)?.tolerance === 0) break;
    const at = vertexAt(stated, lower, upper, x, near);
    if (at) starts.push(pointClaim(stated, at, tolerance));
  }
  const start = starts.reduce(better, undefined);
  if (!start) throw new NotCertifiable('the point is too far outside its sides');
  // A positive factor changes nothing.
  const { lists } = written(Dyadic.one, exactRay(stated, ray.direction).entries);
  return { point: start, ray: lists[0]! };
}

/** A ray near `direction` along which what all but does not change does not change at all. */
function exactRay(stated: Stated, direction: Float64Array): Rationals {
  const equations: Equation[] = [];
  stated.rows.forEach(({ columns, values }, i) => {
    const change = stated.rowValue(i, direction);
    const size = columns.reduce((sum, j, k) => sum + Math.abs(values[k]! * direction[j]!), 0);
    const isBlocked = change > 0 ? stated.rowUpper[i]! < Infinity : stated.rowLower[i]! > -Infinity;
    const isEqual = stated.rowLower[i] === stated.rowUpper[i];
    if (isEqual || Math.abs(change) <= 1e-7 * size || isBlocked) {
      if (stated.rowLower[i] === -Infinity && stated.rowUpper[i] === Infinity) return;
      equations.push({ unknowns: columns, values: stated.exact.rows[i]!.values, right: Dyadic.zero });
    }
  });
  stated.hessianRows.forEach(({ columns, values }) =>
    equations.push({ unknowns: columns, values, right: Dyadic.zero }),
  );
  const movable = [...direction.keys()]
    .filter((j) => direction[j] !== 0 || (stated.lower[j] === -Infinity && stated.upper[j] === Infinity))
    .sort((a, b) => Math.abs(direction[b]!) - Math.abs(direction[a]!) || a - b);
  // One entry stays as it is: a ray has no length.
  const found = solveExactly(equations, movable.slice(1), exactly(direction).entries);
  if (!found) throw new NotCertifiable('the ray could not be made exact');
  return found;
}
