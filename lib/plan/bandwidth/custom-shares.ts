import { convexMinimumBelow, leastMeeting } from '../bound/verify-arithmetic.js';
import type { CompiledAllocation } from './compile.js';
import { evaluateRow, rowValue, steepestSlope } from './delay-rows.js';

/** What a search over shares found, for custom laws to be judged by. */
export interface JudgedAnswer {
  readonly delaySeconds: number;
  readonly bandwidthPrice: number;
  readonly serverPrice?: number;
  readonly rowMultipliers?: Float64Array;
}

/** A round this much shorter, relative, has to be out of reach before shares are called best. */
const proofTolerance = 1e-9;

/**
 * Whether no shares are faster than those found, by more than `proofTolerance`. Of a custom law nothing is known but that it is
 * concave: it may have kinks and flat stretches, where the searches' Newton steps and logarithmic shares do not lead to the best. So
 * the least of the Lagrangian at the answer's prices, by sections of a convex function without slopes, must reach the answer.
 */
export function isProvenBest(compiled: CompiledAllocation, answer: JudgedAnswer): boolean {
  if (compiled.count === 0) return true;
  const round = answer.delaySeconds + compiled.constantSeconds;
  const below = answer.delaySeconds - proofTolerance * round;
  if (compiled.rowWeights.length > 1) return thresholdsBound(compiled, answer) >= below;
  if (compiled.serverSeconds.some((work) => work > 0)) return isOutOfReach(compiled, answer, below);
  let use = 0;
  for (let n = 0; n < compiled.count; n++) {
    const [least, most] = shareLimits(compiled, n);
    use += leastMeeting((share) => seconds(compiled, n, share) <= below, least, most) ?? Infinity;
  }
  return use > 1;
}

/** The only device's best shares: all that it may have. */
export function loneAnswer(compiled: CompiledAllocation) {
  const { rows, rowWeights, serverSeconds, leastReciprocal, greatestReciprocal } = compiled;
  const w = Math.min(Math.max(1, leastReciprocal[0]!), greatestReciprocal[0]!);
  const out = new Float64Array(3);
  let slope = 0;
  const thresholds = Float64Array.from(rowWeights, (weight, r) => {
    if (steepestSlope(rows, r) === 0) return rows.floor[r]!;
    evaluateRow(rows, r, w, out);
    slope += weight * out[1]!;
    return rows.floor[r]! + out[0]!;
  });
  const work = serverSeconds[0]!;
  return {
    delaySeconds: rowWeights.reduce((sum, weight, r) => sum + weight * thresholds[r]!, work),
    thresholds,
    reciprocal: Float64Array.of(w),
    serverShare: Float64Array.of(work > 0 ? 1 : 0),
    serverUse: work > 0 ? 1 : 0,
    bandwidthUse: 1 / w,
    bandwidthPrice: w === 1 ? -slope : 0,
    serverPrice: -work,
    passes: 1,
  };
}

/** Shares of the band that a device may have. */
function shareLimits({ leastReciprocal, greatestReciprocal }: CompiledAllocation, n: number): [number, number] {
  const least = 1 / greatestReciprocal[n]!;
  return [least, Math.max(least, 1 / Math.max(1, leastReciprocal[n]!))];
}

function seconds({ rows }: CompiledAllocation, row: number, share: number): number {
  return rows.floor[row]! + (steepestSlope(rows, row) > 0 ? rowValue(rows, row, 1 / share) : 0);
}

/** Dual of Σ_r c_r·max_n f_{n,r}(b_n) with Σ b ≤ 1, at the multipliers found. */
function thresholdsBound(compiled: CompiledAllocation, answer: JudgedAnswer): number {
  const { count, rowWeights } = compiled;
  const price = Math.max(0, -answer.bandwidthPrice);
  const multipliers = balanced(compiled, answer.rowMultipliers ?? new Float64Array(count * rowWeights.length));
  let sum = -price;
  for (let n = 0; n < count; n++) {
    const [least, most] = shareLimits(compiled, n);
    const value = (share: number) => {
      let total = price * share;
      for (let r = 0; r < rowWeights.length; r++) {
        const row = n * rowWeights.length + r;
        if (multipliers[row]! > 0) total += multipliers[row]! * seconds(compiled, row, share);
      }
      return total;
    };
    sum += least < most ? convexMinimumBelow(value, least, most, Infinity) : value(least);
  }
  return sum;
}

/** Multipliers ≥ 0 of every kind of row that add up to its weight. */
function balanced({ count, rowWeights }: CompiledAllocation, found: Float64Array): Float64Array {
  const kinds = rowWeights.length;
  const result = found.map((value) => (value > 0 && value < Infinity ? value : 0));
  for (let r = 0; r < kinds; r++) {
    let sum = 0;
    for (let n = 0; n < count; n++) sum += result[n * kinds + r]!;
    for (let n = 0; n < count; n++) {
      const at = n * kinds + r;
      result[at] = sum > 0 ? (result[at]! * rowWeights[r]!) / sum : rowWeights[r]! / count;
    }
  }
  return result;
}

/** Whether a delay needs more than all of band and server together, at the answer's ratio of prices. */
function isOutOfReach(compiled: CompiledAllocation, answer: JudgedAnswer, delay: number): boolean {
  const { serverSeconds } = compiled;
  const total = Math.max(Number.MIN_VALUE, -answer.bandwidthPrice - (answer.serverPrice ?? 0));
  const band = Math.max(0, -answer.bandwidthPrice / total);
  const server = Math.max(0, -(answer.serverPrice ?? 0) / total);
  let use = 0;
  for (let n = 0; n < compiled.count; n++) {
    const [least, most] = shareLimits(compiled, n);
    const work = serverSeconds[n]!;
    const left = (share: number) => delay - seconds(compiled, n, share);
    const low = leastMeeting((share) => left(share) >= work, least, most);
    if (low === undefined) return true;
    // At `low` itself the time left may be short by rounding: the price stays convex and finite.
    const price = (share: number) =>
      band * share + (work > 0 ? server * Math.min(2, work / Math.max(left(share), 0)) : 0);
    use += low < most && work > 0 && server > 0 ? convexMinimumBelow(price, low, most, Infinity) : price(low);
  }
  return use > (band + server) * (1 + 1e-13);
}
