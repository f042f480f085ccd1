import { Op } from './opcodes.js';

/** A number, a variable of a builder, or an operator over expressions. Shared objects are shared when written. */
export type Expression = number | VariableExpression | OperatorExpression;

/** A variable of an expression, by its index. */
export interface VariableExpression {
  readonly kind: 'variable';
  /** Index of the variable, from 0. */
  readonly index: number;
}

export interface OperatorExpression {
  readonly kind: 'operator';
  readonly code: number;
  /** Conditions occur only as the first operand of `ifThenElse`. */
  readonly operands: readonly (Expression | Condition)[];
}

/** A truth value, made by the comparing functions; only `ifThenElse` and the functions of logic take it. */
export interface Condition {
  readonly kind: 'condition';
  /** Opcode of the comparison or of the function of logic. */
  readonly code: number;
  /** What is compared or combined, in order. */
  readonly operands: readonly (Expression | Condition)[];
}

function operator(code: number, ...operands: Expression[]): OperatorExpression {
  return { kind: 'operator', code, operands };
}

function condition(code: number, ...operands: (Expression | Condition)[]): Condition {
  return { kind: 'condition', code, operands };
}

/** Sum of any number of terms; 0 without any. */
export function add(...terms: Expression[]): Expression {
  if (terms.length === 0) return 0;
  if (terms.length === 1) return terms[0]!;
  return operator(terms.length === 2 ? Op.add : Op.sum, ...terms);
}

export const subtract = (a: Expression, b: Expression): Expression => operator(Op.subtract, a, b);

/** Product of any number of factors; 1 without any. */
export function multiply(...factors: Expression[]): Expression {
  if (factors.length === 0) return 1;
  return factors.slice(1).reduce((product, factor) => operator(Op.multiply, product, factor), factors[0]!);
}

export const divide = (a: Expression, b: Expression): Expression => operator(Op.divide, a, b);
export const power = (base: Expression, exponent: Expression): Expression => operator(Op.power, base, exponent);
export const square = (a: Expression): Expression => operator(Op.power, a, 2);
export const negate = (a: Expression): Expression => operator(Op.negate, a);
export const sqrt = (a: Expression): Expression => operator(Op.sqrt, a);
export const exp = (a: Expression): Expression => operator(Op.exp, a);
/** Natural logarithm. */
export const log = (a: Expression): Expression => operator(Op.log, a);
export const log10 = (a: Expression): Expression => operator(Op.log10, a);
/** Binary logarithm, written as ln a / ln 2. */
export const log2 = (a: Expression): Expression => operator(Op.multiply, Math.LOG2E, operator(Op.log, a));
export const sin = (a: Expression): Expression => operator(Op.sin, a);
export const cos = (a: Expression): Expression => operator(Op.cos, a);
export const tan = (a: Expression): Expression => operator(Op.tan, a);
export const tanh = (a: Expression): Expression => operator(Op.tanh, a);
export const asin = (a: Expression): Expression => operator(Op.asin, a);
export const acos = (a: Expression): Expression => operator(Op.acos, a);
export const atan = (a: Expression): Expression => operator(Op.atan, a);
export const abs = (a: Expression): Expression => operator(Op.abs, a);
/** Smallest of one or more expressions. */
export const min = (...operands: [Expression, ...Expression[]]): Expression => operator(Op.minimum, ...operands);
/** Largest of one or more expressions. */
export const max = (...operands: [Expression, ...Expression[]]): Expression => operator(Op.maximum, ...operands);

export const lessThan = (a: Expression, b: Expression): Condition => condition(Op.lessThan, a, b);
export const lessOrEqual = (a: Expression, b: Expression): Condition => condition(Op.lessOrEqual, a, b);
export const and = (a: Condition, b: Condition): Condition => condition(Op.and, a, b);
export const or = (a: Condition, b: Condition): Condition => condition(Op.or, a, b);
export const not = (a: Condition): Condition => condition(Op.not, a);

/** `then` where the condition holds, `otherwise` elsewhere. */
export function ifThenElse(test: Condition, then: Expression, otherwise: Expression): Expression {
  return { kind: 'operator', code: Op.ifThenElse, operands: [test, then, otherwise] };
}
