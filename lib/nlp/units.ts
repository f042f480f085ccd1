import type { NlpMeta, NonlinearProgram } from '../problem/index.js';

/**
 * Factors between a problem's own units and those that it is solved in: powers of two, so that no digit is lost.
 * f̃ = objective·f, c̃ᵢ = rowsᵢ·cᵢ, x = variables·x̃.
 */
export interface Units {
  readonly objective: number;
  readonly rows: Float64Array;
  readonly variables: Float64Array;
  /** How much the objective changes over the size of the variables, own units; 1 where it is not known. */
  readonly objectiveSize: number;
  /** The same of each row. */
  readonly rowSizes: Float64Array;
}

/** Variables with less room than this, or that start beyond that, are measured by it. */
const smallRoom = 1e-3;
const largeStart = 1e5;

/**
 * Functions are scaled by powers of 2⁴⁰ only, so that sizes end between 2⁻¹⁰ and 2³⁰: ordinary problems are left as they are,
 * and one that was multiplied by 2⁴⁰ is solved by the very same steps.
 */
const quantum = 40;
const smallestExponent = -10;
/** Scaled size up to which a row is left at that. */
const largestRow = 2 ** 10;
/** Share of the tolerance by which the slopes of a huge objective may stay above it, relative to its size. */
const stalledDigits = 1e-3;

export function powerOfTwo(size: number): number {
  return 2 ** Math.floor(Math.log2(size));
}

/**
 * Size of each variable: what it is said to be typically, else its room where that is small, else that of a large start. A
 * small start says nothing: it may be near a bound or near 0 by chance.
 */
export function variableSizes(meta: NlpMeta, start: Float64Array): Float64Array {
  return start.map((value, j) => {
    const given = meta.typical?.[j];
    if (given !== undefined) return powerOfTwo(given);
    const width = meta.upper[j]! - meta.lower[j]!;
    if (width > 0 && width < smallRoom) return powerOfTwo(width);
    const size = Math.min(Math.abs(value), width > 0 ? width : Infinity);
    return size > largeStart && size < 1e15 ? powerOfTwo(size) : 1;
  });
}

function scalingOf(size: number): number {
  return 2 ** (-quantum * Math.floor((Math.log2(size) - smallestExponent) / quantum));
}

/** True if the digits of the objective do not let an absolute tolerance of its slopes be met in general. */
export function isHuge({ objectiveSize }: Units): boolean {
  return scalingOf(objectiveSize) < 1;
}

/** Rows are brought to size 1 one by one where theirs is no ordinary one. */
function rowScalingOf(size: number): number {
  const factor = scalingOf(size);
  return factor * size <= largestRow ? factor : factor === 1 ? 1 : 1 / powerOfTwo(size);
}

export function unitsFrom(objectiveSize: number, rowSizes: Float64Array, variables: Float64Array): Units {
  return {
    objective: scalingOf(objectiveSize),
    rows: rowSizes.map(rowScalingOf),
    variables,
    objectiveSize,
    rowSizes,
  };
}

export function ownUnits(meta: NlpMeta): Units {
  return {
    objective: 1,
    rows: new Float64Array(meta.constraintCount).fill(1),
    variables: new Float64Array(meta.variableCount).fill(1),
    objectiveSize: 1,
    rowSizes: new Float64Array(meta.constraintCount).fill(1),
  };
}

/**
 * Tolerances in these units. That of the objective's slopes is absolute for objectives of ordinary size and relative to
 * the size of smaller ones; what larger ones cannot reach for want of digits is relative to theirs where no method makes
 * progress any more (`stalled`).
 */
export function scaledTolerances(
  { objective, objectiveSize }: Units,
  given: { readonly optimalityTolerance: number; readonly feasibilityTolerance: number },
  stalled = false,
): { optimalityTolerance: number; feasibilityTolerance: number } {
  const factor =
    stalled && scalingOf(objectiveSize) < 1 ? Math.max(1, stalledDigits * objectiveSize) : Math.min(1, objectiveSize);
  return {
    optimalityTolerance: given.optimalityTolerance * objective * factor,
    feasibilityTolerance: given.feasibilityTolerance,
  };
}

/**
 * A pseudo-random sign and length in [½, 1] for each component. No low-discrepancy sequence: differences of its terms repeat,
 * and rows of differences would not change at all.
 */
function sampleComponent(j: number, draw: number): number {
  let bits = Math.imul(j + 1, 0x9e3779b1) ^ Math.imul(draw + 1, 0x85ebca6b);
  bits = Math.imul(bits ^ (bits >>> 16), 0x7feb352d);
  bits = Math.imul(bits ^ (bits >>> 15), 0x846ca68b);
  bits ^= bits >>> 16;
  const fraction = (bits >>> 1) / 2 ** 31;
  return (bits & 1) === 0 ? 0.5 + 0.5 * fraction : -0.5 - 0.5 * fraction;
}

/** Changes smaller than this share of the value are rounding. */
const roundOff = 1e-13;
/** Tolerances relative to an objective's size below this share of its value would ask for slopes that its digits do not show. */
const digits = 1e-9;
const reaches = [1, 0.1, 0.01];
/** A function that changes by less than this share of what its steepest slope says is looked at again, so often. */
const chanceShare = 1e-3;
const secondLooks = 2;
/** Sizes over the shortest move below this share of those over the longest come from no low power. */
const polynomialFall = 1e-3;

/** Changes of objective and rows over the sizes of the variables about x, own units. */
export interface Sizes {
  readonly objective: number | undefined;
  readonly rows: Float64Array;
}

/**
 * How much the functions change when every variable moves by about its size, within the bounds; signs are mixed, so
 * that the objective would change √n times as much if all went downhill. Rows that do not change count as 1. Two
 * evaluations, two more where one function hardly changes though its slopes are no small ones, three more where the objective is
 * huge; undefined where it is not defined nearby or `expired`.
 */
export function measureSizes(
  problem: NonlinearProgram,
  x: Float64Array,
  variables: Float64Array,
  expired: () => boolean,
): Sizes | undefined {
  const { meta } = problem;
  const n = meta.variableCount;
  if (expired() || n === 0) return undefined;
  const middle = evaluateAll(problem, x);
  if (!Number.isFinite(middle.objective)) return undefined;
  for (const reach of reaches) {
    if (expired()) return undefined;
    const moved = (draw: number): Values =>
      changes(evaluateAll(problem, sampled(meta, x, variables, reach, draw)), middle);
    const change = moved(0);
    if (!Number.isFinite(change.objective)) continue;
    const slopes = steepest(problem, x, variables);
    for (let draw = 1; draw <= secondLooks && !expired() && cancels(change, slopes, reach); draw++) {
      takeLarger(change, moved(draw));
    }
    const rows = change.constraints.map((value, i) => (isSeen(value, middle.constraints[i]!) ? value / reach : 1));
    if (!isSeen(change.objective, middle.objective)) return { objective: undefined, rows };
    const size = Math.max((change.objective * Math.sqrt(n)) / reach, digits * Math.abs(middle.objective));
    const isLarge = scalingOf(size) < 1;
    return { objective: isLarge ? nearbySize(problem, x, variables, middle.objective, size, expired) : size, rows };
  }
  return undefined;
}

/** Whether a change is one, and no rounding of a value. */
function isSeen(change: number, value: number): boolean {
  return change > roundOff * Math.abs(value) && Number.isFinite(change);
}

function changes(there: Values, middle: Values): Values {
  return {
    objective: Math.abs(there.objective - middle.objective),
    constraints: there.constraints.map((value, i) => Math.abs(value - middle.constraints[i]!)),
  };
}

function takeLarger(change: Values, other: Values): void {
  if (other.objective > change.objective && Number.isFinite(other.objective)) change.objective = other.objective;
  for (let i = 0; i < change.constraints.length; i++) {
    const value = other.constraints[i]!;
    if (value > change.constraints[i]! && Number.isFinite(value)) change.constraints[i] = value;
  }
}

/** True if some function changed by far less than its steepest slope says: what moved may have cancelled by chance. */
function cancels(change: Values, slopes: Values, reach: number): boolean {
  const isFar = (moved: number, slope: number): boolean =>
    moved < chanceShare * reach * slope && Number.isFinite(slope);
  return (
    isFar(change.objective, slopes.objective) ||
    change.constraints.some((value, i) => isFar(value, slopes.constraints[i]!))
  );
}

/** Largest given slope of each function times the size of its variable; 0 where none is given. */
function steepest(problem: NonlinearProgram, x: Float64Array, variables: Float64Array): Values {
  const { meta } = problem;
  const { variableCount: n, constraintCount: m, jacobianPattern, lower, upper } = meta;
  const constraints = new Float64Array(m);
  const room = (j: number): number => Math.min(variables[j]!, upper[j]! - lower[j]!);
  let objective = 0;
  if (problem.gradient) {
    const slopes = new Float64Array(n);
    problem.gradient(x, slopes);
    slopes.forEach((slope, j) => (objective = Math.max(objective, Math.abs(slope) * room(j))));
  }
  if (problem.jacobian && m > 0) {
    const entries = new Float64Array(jacobianPattern?.rows.length ?? m * n);
    problem.jacobian(x, entries);
    entries.forEach((slope, k) => {
      const i = jacobianPattern ? jacobianPattern.rows[k]! : Math.floor(k / n);
      const j = jacobianPattern ? jacobianPattern.columns[k]! : k % n;
      constraints[i] = Math.max(constraints[i]!, Math.abs(slope) * room(j));
    });
  }
  return { objective, constraints };
}

/**
 * The size of the objective over shorter moves where that is far less: what grows like an exponential is astronomically large further out, and
 * that says nothing about the digits here.
 */
function nearbySize(
  problem: NonlinearProgram,
  x: Float64Array,
  variables: Float64Array,
  middle: number,
  size: number,
  expired: () => boolean,
): number {
  let least = size;
  for (const reach of reaches) {
    if (expired()) break;
    const change = Math.abs(problem.objective(sampled(problem.meta, x, variables, reach, 0)) - middle);
    if (change > roundOff * Math.abs(middle)) least = Math.min(least, (change * Math.sqrt(x.length)) / reach);
  }
  return least < polynomialFall * size ? least : size;
}

/** x moved by `reach` sizes in the direction of one `draw`; a component that a bound stops goes the other way, as far as there is room. */
function sampled(meta: NlpMeta, x: Float64Array, variables: Float64Array, reach: number, draw: number): Float64Array {
  return x.map((value, j) => {
    const low = meta.lower[j]!;
    const high = meta.upper[j]!;
    const step = reach * sampleComponent(j, draw) * variables[j]!;
    if (value + step >= low && value + step <= high) return value + step;
    if (value - step >= low && value - step <= high) return value - step;
    return high - value > value - low ? high : low;
  });
}

/** One number of the objective and one of each row. */
interface Values {
  objective: number;
  readonly constraints: Float64Array;
}

function evaluateAll(problem: NonlinearProgram, x: Float64Array): Values {
  const constraints = new Float64Array(problem.meta.constraintCount);
  if (constraints.length > 0) problem.constraints!(x, constraints);
  return { objective: problem.objective(x), constraints };
}
