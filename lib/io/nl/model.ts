import type { ExpressionGraph } from './graph.js';

/** Linear terms Σ coefficients[k]·x[variables[k]]. */
export interface LinearTerms {
  /** Indices of the variables. */
  readonly variables: Int32Array;
  /** Coefficient of each, in the same order. */
  readonly coefficients: Float64Array;
}

/** One objective: linear terms plus the node `expression` of the graph. */
export interface NlObjective {
  /** As the file states it. */
  readonly sense: 'minimise' | 'maximise';
  /** Node of the nonlinear part; a constant where there is none. */
  readonly expression: number;
  /** Linear terms beside it. */
  readonly linear: LinearTerms;
}

/** A variable that stands for linear terms plus an expression. */
export interface NlDefinedVariable {
  /** Node of the expression without the linear terms. */
  readonly expression: number;
  /** Node of the whole. */
  readonly node: number;
  /** Linear terms beside the expression. */
  readonly linear: LinearTerms;
  /** As in the file: 0 used in several places, c + 1 only in constraint c, more only in one objective. */
  readonly usage: number;
}

/** What a suffix hangs on. */
export type SuffixTarget = 'variable' | 'constraint' | 'objective' | 'problem';

/** Values beside the model; entries not listed are 0. */
export interface NlSuffix {
  /** As in `priority` or `sos1`. */
  readonly name: string;
  /** What the values belong to. */
  readonly target: SuffixTarget;
  /** Whether the values are real numbers; whole numbers otherwise. */
  readonly real: boolean;
  /** Indices of the variables, constraints or objectives that have a value. */
  readonly indices: Int32Array;
  /** Value of each, in the same order. */
  readonly values: Float64Array;
}

/** An operator that has kinks or jumps, where it first occurs. */
export interface NonsmoothOperator {
  /** As people write it. */
  readonly name: string;
  /** `kink`: its slope jumps somewhere; `jump`: its value does. */
  readonly kind: 'kink' | 'jump';
  /** How often the model uses it. */
  readonly occurrences: number;
  /** Line of a text file, absent for a binary one. */
  readonly firstLine?: number;
}

/** The ten header lines as far as they matter after reading. */
export interface NlHeader {
  /** How the file is written. */
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
  /** What the head of the file says besides sizes. */
  readonly header: NlHeader;
  /** Name of the problem, where the file has one. */
  readonly name?: string;
  /** Number of variables. */
  readonly variableCount: number;
  /** Number of constraints. */
  readonly constraintCount: number;
  /** All nonlinear expressions, as one graph. */
  readonly graph: ExpressionGraph;
  /** Variables that stand for expressions, in the order of their indices. */
  readonly definedVariables: readonly NlDefinedVariable[];
  /** Node of each constraint's nonlinear part, length constraintCount. */
  readonly constraintExpressions: Int32Array;
  /** Linear terms of each constraint. */
  readonly constraintLinear: readonly LinearTerms[];
  /** All objectives of the file; the first one is solved unless another is asked for. */
  readonly objectives: readonly NlObjective[];
  /** Lower bounds, length variableCount. */
  readonly lower: Float64Array;
  /** Upper bounds, length variableCount. */
  readonly upper: Float64Array;
  /** Lower sides, length constraintCount. */
  readonly constraintLower: Float64Array;
  /** Upper sides, length constraintCount. */
  readonly constraintUpper: Float64Array;
  /** 1 where the variable must be an integer. */
  readonly integer: Uint8Array;
  /** Initial values, 0 where the file gives none. */
  readonly start: Float64Array;
  /** 1 where the file gives an initial value. */
  readonly startGiven: Uint8Array;
  /** Initial marginals ∂f/∂(side) of the objective as written, if the file gives any. */
  readonly startMarginals?: Float64Array;
  /** Values that the modeller attached to variables, constraints, objectives or the problem. */
  readonly suffixes: readonly NlSuffix[];
  /** Operators with kinks or jumps, each once. */
  readonly nonsmooth: readonly NonsmoothOperator[];
}
