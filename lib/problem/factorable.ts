/**
 * Elementary operations. `affine`: Σ coefficients[k]·operand + parameter; `power`: operand^parameter; `constant`: the
 * parameter; the others take one or two operands.
 */
export type OperationKind =
  | 'constant'
  | 'affine'
  | 'multiply'
  | 'divide'
  | 'square'
  | 'power'
  | 'exp'
  | 'log'
  | 'sqrt'
  | 'abs'
  | 'sin'
  | 'cos'
  | 'tan'
  | 'asin'
  | 'acos'
  | 'atan'
  | 'sinh'
  | 'cosh'
  | 'tanh'
  | 'minimum'
  | 'maximum';

/** One operation over slots: slot j is variable j, slot variableCount + i the result of operation i. */
export interface FactorableOperation {
  /** What is computed. */
  readonly kind: OperationKind;
  /** Slots of the operands, all before the operation's own. */
  readonly operands: readonly number[];
  /** Factors of the operands of an `affine` operation, 1 elsewhere. */
  readonly coefficients: readonly number[];
  /** The constant of operations that have one, as an exponent. */
  readonly parameter: number;
}

/** constant + Σ coefficients[k]·slot[slots[k]]. */
export interface LinearForm {
  /** Added to the sum. */
  readonly constant: number;
  /** Indices of the variables and results that are summed. */
  readonly slots: readonly number[];
  /** Factor of each slot. */
  readonly coefficients: readonly number[];
}

/** Objective and constraints as compositions of elementary operations (McCormick 1976). */
export interface FactorableForm {
  /** Variables; results of operations have the slots after them. */
  readonly variableCount: number;
  /** In an order in which each uses only slots before its own. */
  readonly operations: readonly FactorableOperation[];
  /** The objective over variables and results. */
  readonly objective: LinearForm;
  /** One for each row. */
  readonly constraints: readonly LinearForm[];
}
