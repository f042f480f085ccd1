import { solveQp } from '../qp/sparse/index.js';
import type { BudgetEnd } from '../solver/index.js';
import { better, unboundedClaims } from './continuous.js';
import type { ConvexityEvidence } from './convexity.js';
import { pointClaim, vertexAt, type PointClaim, type ProgramClaims } from './evidence.js';
import { Stated } from './numeric.js';
import { exactly } from './rational.js';
import { sharp } from './relaxation.js';
import { NotCertifiable } from './state-program.js';
import { proveTree, type ProvenTree } from './tree.js';

export interface IntegerRequest {
  readonly stated: Stated;
  readonly convexity: ConvexityEvidence;
  readonly x: Float64Array | undefined;
  readonly relativeGap: number;
  readonly maxNodes: number;
  readonly pointTolerance: number;
  readonly isOver: () => BudgetEnd | undefined;
}

/** Point and bound of a program with integers, that there is no point, or that the objective falls without end. */
export function integerClaims(request: IntegerRequest): ProgramClaims {
  const { stated, convexity, pointTolerance } = request;
  const relaxation = solveQp(stated.within(stated.lower, stated.upper), sharp, undefined, { convex: true });
  if (relaxation.termination === 'unbounded') {
    return unboundedClaims(stated, relaxation, somePoint(request), pointTolerance);
  }
  const { tree, point } = search(request);
  const bound = {
    value: tree.value ?? null,
    ...(tree.step !== undefined && { step: tree.step }),
    ...(tree.value !== undefined && convexity.json),
    nodes: tree.nodes,
  };
  return { ...(point && { point }), bound };
}

function search({ stated, convexity, x, relativeGap, maxNodes, pointTolerance, isOver }: IntegerRequest): {
  tree: ProvenTree;
  point: PointClaim | undefined;
  found: Float64Array | undefined;
} {
  const best: { point?: PointClaim; found?: Float64Array } = {};
  const onIntegral = (at: Float64Array): number | undefined => {
    const whole = at.map((value, j) => (stated.exact.isInteger[j] === 1 ? Math.round(value) : value));
    const claim = completed(stated, whole, pointTolerance);
    if (claim && claim.value < (best.point?.value ?? Infinity)) Object.assign(best, { point: claim, found: whole });
    return claim?.value;
  };
  if (x?.length === stated.variableCount && x.every(Number.isFinite)) onIntegral(x);
  const incumbent = best.point?.value ?? Infinity;
  const { shift } = convexity;
  const tree = proveTree({ stated, shift, incumbent, relativeGap, maxNodes, isOver, onIntegral });
  return { tree, point: best.point, found: best.found };
}

/** The best point with these integers: the others solved anew, on exactly the rows and bounds that they meet. */
function completed(stated: Stated, whole: Float64Array, tolerance: number): PointClaim | undefined {
  const { isInteger } = stated.exact;
  const asItIs = pointClaim(stated, exactly(whole), tolerance);
  if (isInteger.every((flag) => flag === 1)) return asItIs;
  const lower = stated.lower.map((value, j) => (isInteger[j] === 1 ? whole[j]! : value));
  const upper = stated.upper.map((value, j) => (isInteger[j] === 1 ? whole[j]! : value));
  if (lower.some((value, j) => isInteger[j] === 1 && (value < stated.lower[j]! || value > stated.upper[j]!)))
    return asItIs;
  const { x, termination } = solveQp(stated.within(lower, upper), sharp, undefined, { convex: true });
  if (termination !== 'optimal') return asItIs;
  let best = pointClaim(
    stated,
    exactly(x.map((value, j) => Math.min(Math.max(value, lower[j]!), upper[j]!))),
    tolerance,
  );
  for (const near of [1e-9, 1e-7]) {
    if (best?.tolerance === 0) break;
    const at = vertexAt(stated, lower, upper, x, near);
    if (at) best = better(best, pointClaim(stated, at, tolerance));
  }
  // As it is it may be exact where the other is not; the less it costs, the better.
  if (asItIs && best && asItIs.tolerance <= best.tolerance && asItIs.value < best.value) return asItIs;
  return best ?? asItIs;
}

/** Some point with whole integers, of the program without its objective. */
function somePoint(request: IntegerRequest): Float64Array {
  const { statement } = request.stated;
  const stated = new Stated({
    ...statement,
    hessian: statement.linear.map(() => ({ columns: [], values: [] })),
    linear: statement.linear.map(() => 0),
    constant: 0,
  });
  const { found } = search({ ...request, stated, convexity: { json: {}, shift: undefined } });
  if (!found) throw new NotCertifiable('the relaxation falls without end, and no point with whole integers was found');
  return found;
}
