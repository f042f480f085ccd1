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
  readonly kind: OperationKind;
  /** Slots of the operands, all before the operation's own. */
  readonly operands: readonly number[];
  /** Factors of the operands of an `affine` operation, 1 elsewhere. */
  readonly coefficients: readonly number[];
  readonly parameter: number;
}

/** constant + Σ coefficients[k]·slot[slots[k]]. */
export interface LinearForm {
  readonly constant: number;
  readonly slots: readonly number[];
  readonly coefficients: readonly number[];
}

/** Objective and constraints as compositions of elementary operations (McCormick 1976). */
export interface FactorableForm {
  readonly variableCount: number;
  readonly operations: readonly FactorableOperation[];
  readonly objective: LinearForm;
  readonly constraints: readonly LinearForm[];
}
