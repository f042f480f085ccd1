import type { FactorableForm } from './factorable.js';

/**
 * The standard form that every nonlinear solver here takes.
 *
 *   minimise f(x)   subject to   constraintLower ≤ c(x) ≤ constraintUpper,   lower ≤ x ≤ upper
 *
 * with ±Infinity for an absent side and equal sides for an equality. Maximisation is the caller's sign.
 *
 * Sign of multipliers, everywhere in this package: the Lagrangian is
 *
 *   L(x, y, z) = f(x) + Σ yᵢ·cᵢ(x) + Σ zⱼ·xⱼ
 *
 * so a solution has ∇f + Jᵀy + z = 0, with yᵢ ≥ 0 where the upper side holds the point and yᵢ ≤ 0 where the lower side
 * does (z likewise for the bounds). −yᵢ is the marginal ∂f* / ∂(side).
 */

/** Positions of the structural non-zeros of a matrix, in the order in which its values are written. */
export interface SparsityPattern {
  /** Row of each entry. */
  readonly rows: Int32Array;
  /** Column of each entry. */
  readonly columns: Int32Array;
}

/** Facts about a problem that do not depend on the point. */
export interface NlpMeta {
  /** For messages and reports. */
  readonly name?: string;
  /** Variables n. */
  readonly variableCount: number;
  /** Rows m. */
  readonly constraintCount: number;
  /** Bounds on the variables, length variableCount. */
  readonly lower: Float64Array;
  /** Upper bounds, length n; Infinity for none. */
  readonly upper: Float64Array;
  /** Sides of the constraints, length constraintCount. */
  readonly constraintLower: Float64Array;
  /** Upper sides of the rows, length m; Infinity for none. */
  readonly constraintUpper: Float64Array;
  /** Where a solver starts when the caller names no other point, length variableCount. */
  readonly start: Float64Array;
  /** Initial guess of y, length constraintCount. */
  readonly startMultipliers?: Float64Array;
  /** Initial guess of z, length variableCount. */
  readonly startBoundMultipliers?: Float64Array;
  /** Size that each variable typically has, positive, length variableCount: what its unit is measured by. */
  readonly typical?: Float64Array;
  /** Length n; numbered when absent. */
  readonly variableNames?: readonly string[];
  /** Length m; numbered when absent. */
  readonly constraintNames?: readonly string[];
  /** 1 where the constraint is affine in x, length constraintCount; absent when unknown. */
  readonly linearConstraints?: Uint8Array;
  /** Shape of f where known. */
  readonly objectiveShape?: 'linear' | 'quadratic' | 'nonlinear';
  /** True only if f and the feasible set are known to be convex. */
  readonly convex?: boolean;
  /** Non-zeros of the constraint Jacobian. Absent: dense, row-major, constraintCount × variableCount. */
  readonly jacobianPattern?: SparsityPattern;
  /** Lower triangle (row ≥ column) of the Lagrangian's Hessian. Absent: dense lower triangle, row by row. */
  readonly hessianPattern?: SparsityPattern;
}

/**
 * A smooth problem. Evaluations write into the caller's arrays and must not keep them. They may throw or return
 * non-finite numbers: a solver treats both as "not defined here" and steps back.
 */
export interface NonlinearProgram {
  /** Sizes, bounds, start and patterns. */
  readonly meta: NlpMeta;
  /** f(x). */
  objective(x: Float64Array): number;
  /** c(x) into `values`, length constraintCount. Required when constraintCount > 0. */
  constraints?(x: Float64Array, values: Float64Array): void;
  /** ∇f(x) into `values`, length variableCount. */
  gradient?(x: Float64Array, values: Float64Array): void;
  /** Jacobian of c in the order of `meta.jacobianPattern`. */
  jacobian?(x: Float64Array, values: Float64Array): void;
  /** Lower triangle of objectiveWeight·∇²f + Σ yᵢ∇²cᵢ in the order of `meta.hessianPattern`. */
  hessian?(x: Float64Array, objectiveWeight: number, multipliers: Float64Array, values: Float64Array): void;
  /** (objectiveWeight·∇²f + Σ yᵢ∇²cᵢ)·direction into `values`, length variableCount. */
  hessianProduct?(
    x: Float64Array,
    objectiveWeight: number,
    multipliers: Float64Array,
    direction: Float64Array,
    values: Float64Array,
  ): void;
}

/** A problem that knows what f and c are made of: the base of bounds that hold over a whole box. */
export interface FactorableProgram extends NonlinearProgram {
  /** Undefined if some operation is none of those that have such bounds. */
  factorable(): FactorableForm | undefined;
}

/**
 * A special ordered set (Beale & Tomlin 1970): of its variables at most one (kind 1), or at most two that stand next to
 * each other (kind 2), may differ from 0.
 */
export interface SpecialOrderedSet {
  /** 1: at most one variable is not zero; 2: at most two, and those neighbours. */
  readonly kind: 1 | 2;
  /** Indices of the variables in the order of the set. */
  readonly variables: Int32Array;
}

/**
 * True if at most `kind` variables of the set, next to each other, are further than `tolerance` from 0.
 *
 * @param set - Kind and variables, in their order.
 * @param x - Point, length variableCount.
 * @param tolerance - Distance from 0 that counts as 0.
 * @example
 * ```ts
 * import { satisfiesSet } from 'sft-opt';
 *
 * const set = { kind: 2, variables: Int32Array.of(0, 1, 2) } as const;
 * console.log(satisfiesSet(set, Float64Array.of(1, 2, 0), 1e-9), satisfiesSet(set, Float64Array.of(1, 0, 2), 1e-9)); // true false
 * ```
 */
export function satisfiesSet({ kind, variables }: SpecialOrderedSet, x: Float64Array, tolerance: number): boolean {
  const used = Array.from(variables.keys()).filter((k) => Math.abs(x[variables[k]!]!) > tolerance);
  return used.length === 0 || used.at(-1)! - used[0]! < kind;
}

/** A nonlinear program some of whose variables must take integer values, or stand in special ordered sets. */
export interface MixedIntegerNonlinearProgram extends NonlinearProgram {
  /** Indices of the integer variables, increasing. */
  readonly integerVariables: Int32Array;
  /** None when absent. */
  readonly specialOrderedSets?: readonly SpecialOrderedSet[];
}

/**
 * True if a problem holds more than its continuous relaxation: integer variables or special ordered sets.
 *
 * @param problem - The program, with or without integer variables.
 * @example
 * ```ts
 * import { isDiscrete } from 'sft-opt';
 * import { NlModelBuilder, compileNl, expressions } from 'sft-opt/io/nl';
 *
 * const builder = new NlModelBuilder('small');
 * const x = builder.variable({ lower: 0, upper: 4, integer: true });
 * const y = builder.variable({ lower: 0, upper: 4 });
 * builder.constraint(expressions.add(x, y), { upper: 5.5 });
 * builder.maximise(expressions.add(expressions.multiply(2, x), y));
 * const model = builder.build();
 * console.log(isDiscrete(compileNl(model))); // true
 * ```
 */
export function isDiscrete(
  problem: NonlinearProgram | MixedIntegerNonlinearProgram,
): problem is MixedIntegerNonlinearProgram {
  if (!('integerVariables' in problem)) return false;
  return problem.integerVariables.length > 0 || (problem.specialOrderedSets?.length ?? 0) > 0;
}
