import type { ExpressionGraph } from './graph.js';

/** Linear terms Σ coefficients[k]·x[variables[k]]. */
export interface LinearTerms {
  readonly variables: Int32Array;
  readonly coefficients: Float64Array;
}

/** One objective: linear terms plus the node `expression` of the graph. */
export interface NlObjective {
  readonly sense: 'minimise' | 'maximise';
  readonly expression: number;
  readonly linear: LinearTerms;
}

/** A variable that stands for linear terms plus an expression. */
export interface NlDefinedVariable {
  /** Node of the expression without the linear terms. */
  readonly expression: number;
  /** Node of the whole. */
  readonly node: number;
  readonly linear: LinearTerms;
  /** As in the file: 0 used in several places, c + 1 only in constraint c, more only in one objective. */
  readonly usage: number;
}

/** What a suffix hangs on. */
export type SuffixTarget = 'variable' | 'constraint' | 'objective' | 'problem';

/** Values beside the model; entries not listed are 0. */
export interface NlSuffix {
  readonly name: string;
  readonly target: SuffixTarget;
  readonly real: boolean;
  readonly indices: Int32Array;
  readonly values: Float64Array;
}

/** An operator that has kinks or jumps, where it first occurs. */
export interface NonsmoothOperator {
  readonly name: string;
  readonly kind: 'kink' | 'jump';
  readonly occurrences: number;
  /** Line of a text file, absent for a binary one. */
  readonly firstLine?: number;
}

/** The ten header lines as far as they matter after reading. */
export interface NlHeader {
  readonly format: 'text' | 'binary';
  /** Numbers of the first line, to be echoed in the `.sol` file. */
  readonly amplOptions: readonly number[];
  /** Present if the second option is 3. */
  readonly tolerance?: number;
  /** Byte order of a binary file. */
  readonly littleEndian: boolean;
  /** True if the caller wants suffixes and the solve code in the `.sol` file. */
  readonly wantsSuffixes: boolean;
  /** True if a file `<stub>.row` holds the names of the constraints, then of the objectives, one a line. */
  readonly hasRowNames: boolean;
  /** True if a file `<stub>.col` holds the names of the variables. */
  readonly hasColumnNames: boolean;
}

/**
 * A model as its file states it. The body of constraint i is `constraintLinear[i]` plus the node
 * `constraintExpressions[i]` of `graph`; sides are ±Infinity where absent.
 */
export interface NlModel {
  readonly header: NlHeader;
  readonly name?: string;
  readonly variableCount: number;
  readonly constraintCount: number;
  readonly graph: ExpressionGraph;
  readonly definedVariables: readonly NlDefinedVariable[];
  readonly constraintExpressions: Int32Array;
  readonly constraintLinear: readonly LinearTerms[];
  readonly objectives: readonly NlObjective[];
  readonly lower: Float64Array;
  readonly upper: Float64Array;
  readonly constraintLower: Float64Array;
  readonly constraintUpper: Float64Array;
  /** 1 where the variable must be an integer. */
  readonly integer: Uint8Array;
  /** Initial values, 0 where the file gives none. */
  readonly start: Float64Array;
  /** 1 where the file gives an initial value. */
  readonly startGiven: Uint8Array;
  /** Initial marginals ∂f/∂(side) of the objective as written, if the file gives any. */
  readonly startMarginals?: Float64Array;
  readonly suffixes: readonly NlSuffix[];
  readonly nonsmooth: readonly NonsmoothOperator[];
}
