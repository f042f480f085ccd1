/**
 * Block-separable choice problems with a few coupling rows:
 *
 *   minimise Σ_k cost_k(j_k)   subject to   Σ_k usage_k(j_k) ≤ available   (rowCount rows),   j_k ∈ choices of block k
 *
 * A choice may hide an inner continuous minimum; the oracle alone knows. With multipliers λ ≥ 0 the Lagrangian splits,
 *
 *   D(λ) = Σ_k min_j [cost_k(j) + λᵀ usage_k(j)] − λᵀ available,
 *
 * and D(λ) is a lower bound on the problem's optimum for every λ ≥ 0 (weak duality; Everett 1963, Geoffrion 1974).
 */
export interface ChoiceOracle {
  /** Blocks, each of which takes one choice. */
  readonly blockCount: number;
  /** Coupling rows. */
  readonly rowCount: number;
  /** Right-hand sides, length rowCount. */
  readonly available: Float64Array;
  /** Fills `response` for these multipliers (length rowCount, ≥ 0). Must not keep the arrays. */
  evaluate(multipliers: Float64Array, response: OracleResponse): void;
}

/** What an oracle says about all blocks at once. Arrays belong to the caller and are overwritten. */
export interface OracleResponse {
  /** Least Lagrangian value of each block; Infinity for a block without any choice. Length blockCount. */
  readonly values: Float64Array;
  /** The choice of each block that attains it, −1 if there is none. Length blockCount. */
  readonly choices: Int32Array;
  /** Σ over blocks of what these choices use, length rowCount. */
  readonly usage: Float64Array;
  /** Σ over blocks of what these choices cost, plus any constant of the problem. */
  cost: number;
  /** A constant that is part of D but of no block. */
  constant: number;
  /** dD/dt at fixed multipliers for a family with threshold t, ≤ 0; 0 otherwise. */
  slope: number;
}

/**
 * An empty response of the right size.
 *
 * @param oracle - Its sizes alone matter.
 * @example
 * ```ts
 * import { createResponse } from 'sft-opt/lagrangian';
 *
 * console.log(createResponse({ blockCount: 2, rowCount: 1 }).usage.length); // 1
 * ```
 */
export function createResponse(oracle: { readonly blockCount: number; readonly rowCount: number }): OracleResponse {
  return {
    values: new Float64Array(oracle.blockCount),
    choices: new Int32Array(oracle.blockCount),
    usage: new Float64Array(oracle.rowCount),
    cost: 0,
    constant: 0,
    slope: 0,
  };
}

/**
 * D(λ) from a response, with compensated summation (Neumaier 1974).
 *
 * @param oracle - Prices the choices of all blocks at given multipliers.
 * @param multipliers - λ ≥ 0, one for each row.
 * @param response - What the oracle answered at these multipliers.
 * @example
 * ```ts
 * import { type OracleResponse, createResponse, dualValue } from 'sft-opt/lagrangian';
 *
 * // Two blocks of two choices each: cost and use of one shared row, of which 3 is there.
 * const costs = [[4, 1], [6, 2]];
 * const uses = [[1, 3], [1, 2]];
 * const oracle = {
 *   blockCount: 2,
 *   rowCount: 1,
 *   available: Float64Array.of(3),
 *   evaluate(multipliers: Float64Array, response: OracleResponse) {
 *     response.cost = response.usage[0] = 0;
 *     costs.forEach((of, block) => {
 *       const priced = of.map((cost, choice) => cost + multipliers[0]! * uses[block]![choice]!);
 *       const choice = priced[0]! <= priced[1]! ? 0 : 1;
 *       response.values[block] = priced[choice]!;
 *       response.choices[block] = choice;
 *       response.usage[0]! += uses[block]![choice]!;
 *       response.cost += of[choice]!;
 *     });
 *   },
 * };
 * const response = createResponse(oracle);
 * const multipliers = Float64Array.of(2);
 * oracle.evaluate(multipliers, response);
 * console.log(dualValue(oracle, multipliers, response)); // 6
 * ```
 */
export function dualValue(oracle: ChoiceOracle, multipliers: Float64Array, response: OracleResponse): number {
  return summedDual(oracle, multipliers, response).value;
}

/** Rounding of a compensated sum of n terms, with room to spare, relative to the sum of their sizes. */
const summationMargin = 1e-13;

/**
 * D(λ) recomputed by one fresh oracle call, less a margin for rounding: a valid bound as far as the oracle's own
 * minima are. −Infinity for a multiplier that is negative or not finite.
 *
 * @param oracle - Prices the choices of all blocks at given multipliers.
 * @param multipliers - λ, one for each row.
 * @example
 * ```ts
 * import { type OracleResponse, recomputeBound } from 'sft-opt/lagrangian';
 *
 * // Two blocks of two choices each: cost and use of one shared row, of which 3 is there.
 * const costs = [[4, 1], [6, 2]];
 * const uses = [[1, 3], [1, 2]];
 * const oracle = {
 *   blockCount: 2,
 *   rowCount: 1,
 *   available: Float64Array.of(3),
 *   evaluate(multipliers: Float64Array, response: OracleResponse) {
 *     response.cost = response.usage[0] = 0;
 *     costs.forEach((of, block) => {
 *       const priced = of.map((cost, choice) => cost + multipliers[0]! * uses[block]![choice]!);
 *       const choice = priced[0]! <= priced[1]! ? 0 : 1;
 *       response.values[block] = priced[choice]!;
 *       response.choices[block] = choice;
 *       response.usage[0]! += uses[block]![choice]!;
 *       response.cost += of[choice]!;
 *     });
 *   },
 * };
 * console.log(recomputeBound(oracle, Float64Array.of(2))); // 6
 * ```
 */
export function recomputeBound(oracle: ChoiceOracle, multipliers: Float64Array): number {
  for (const multiplier of multipliers) if (!(multiplier >= 0 && multiplier < Infinity)) return -Infinity;
  const response = createResponse(oracle);
  oracle.evaluate(multipliers, response);
  const { value, size } = summedDual(oracle, multipliers, response);
  return value === Infinity ? Infinity : value - summationMargin * size;
}

function summedDual(oracle: ChoiceOracle, multipliers: Float64Array, response: OracleResponse) {
  let sum = response.constant;
  let compensation = 0;
  let size = Math.abs(sum);
  const add = (term: number) => {
    const next = sum + term;
    compensation += Math.abs(sum) >= Math.abs(term) ? sum - next + term : term - next + sum;
    sum = next;
    size += Math.abs(term);
  };
  for (let block = 0; block < oracle.blockCount; block++) {
    const value = response.values[block]!;
    if (value === Infinity) return { value: Infinity, size: Infinity };
    add(value);
  }
  for (let row = 0; row < oracle.rowCount; row++) add(-multipliers[row]! * oracle.available[row]!);
  return { value: sum + compensation, size };
}
