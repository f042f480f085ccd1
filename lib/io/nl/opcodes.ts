/** What an operator yields and takes: a number or a truth value. */
export type ExpressionRole = 'number' | 'truth';

/** One operator of the format. */
export interface OperatorDefinition {
  /** Number of the operator in the file. */
  readonly code: number;
  /** As people write it. */
  readonly name: string;
  /** Whether its value is a number or a truth value. */
  readonly result: ExpressionRole;
  /** Roles of the operands; with `least` set the single role repeats and the file states how many there are. */
  readonly operands: readonly ExpressionRole[];
  /** Smallest number of operands of an operator that takes any number. */
  readonly least?: number;
  /** What is not differentiable, or not continuous, about it. */
  readonly kink?: 'kink' | 'jump';
}

/** Operators by code. Those absent from it are refused by the reader. */
export const Op = {
  add: 0,
  subtract: 1,
  multiply: 2,
  divide: 3,
  modulo: 4,
  power: 5,
  less: 6,
  minimum: 11,
  maximum: 12,
  floor: 13,
  ceil: 14,
  abs: 15,
  negate: 16,
  or: 20,
  and: 21,
  lessThan: 22,
  lessOrEqual: 23,
  equal: 24,
  greaterOrEqual: 28,
  greaterThan: 29,
  notEqual: 30,
  not: 34,
  ifThenElse: 35,
  tanh: 37,
  tan: 38,
  sqrt: 39,
  sinh: 40,
  sin: 41,
  log10: 42,
  log: 43,
  exp: 44,
  cosh: 45,
  cos: 46,
  atanh: 47,
  atan2: 48,
  atan: 49,
  asinh: 50,
  asin: 51,
  acosh: 52,
  acos: 53,
  sum: 54,
  integerDivide: 55,
  precision: 56,
  round: 57,
  truncate: 58,
  piecewiseLinear: 64,
  forAll: 70,
  exists: 71,
  implies: 72,
  ifAndOnlyIf: 73,
  powerConstantExponent: 76,
  square: 77,
  powerConstantBase: 78,
  logistic: 79,
  signedPower: 80,
} as const;

const numbers = (count: number): ExpressionRole[] => Array.from({ length: count }, () => 'number' as const);
const truths = (count: number): ExpressionRole[] => Array.from({ length: count }, () => 'truth' as const);

function numeric(code: number, name: string, operandCount: number, kink?: 'kink' | 'jump'): OperatorDefinition {
  return { code, name, result: 'number', operands: numbers(operandCount), ...(kink && { kink }) };
}

function relation(code: number, name: string): OperatorDefinition {
  return { code, name, result: 'truth', operands: numbers(2) };
}

const definitions: readonly OperatorDefinition[] = [
  numeric(Op.add, '+', 2),
  numeric(Op.subtract, '-', 2),
  numeric(Op.multiply, '*', 2),
  numeric(Op.divide, '/', 2),
  numeric(Op.modulo, 'mod', 2, 'jump'),
  numeric(Op.power, '^', 2),
  numeric(Op.less, 'less', 2, 'kink'),
  { ...numeric(Op.minimum, 'min', 1, 'kink'), least: 1 },
  { ...numeric(Op.maximum, 'max', 1, 'kink'), least: 1 },
  numeric(Op.floor, 'floor', 1, 'jump'),
  numeric(Op.ceil, 'ceil', 1, 'jump'),
  numeric(Op.abs, 'abs', 1, 'kink'),
  numeric(Op.negate, 'unary -', 1),
  { code: Op.or, name: 'or', result: 'truth', operands: truths(2) },
  { code: Op.and, name: 'and', result: 'truth', operands: truths(2) },
  relation(Op.lessThan, '<'),
  relation(Op.lessOrEqual, '<='),
  relation(Op.equal, '='),
  relation(Op.greaterOrEqual, '>='),
  relation(Op.greaterThan, '>'),
  relation(Op.notEqual, '!='),
  { code: Op.not, name: 'not', result: 'truth', operands: truths(1) },
  { code: Op.ifThenElse, name: 'if', result: 'number', operands: ['truth', 'number', 'number'], kink: 'jump' },
  numeric(Op.tanh, 'tanh', 1),
  numeric(Op.tan, 'tan', 1),
  numeric(Op.sqrt, 'sqrt', 1),
  numeric(Op.sinh, 'sinh', 1),
  numeric(Op.sin, 'sin', 1),
  numeric(Op.log10, 'log10', 1),
  numeric(Op.log, 'log', 1),
  numeric(Op.exp, 'exp', 1),
  numeric(Op.cosh, 'cosh', 1),
  numeric(Op.cos, 'cos', 1),
  numeric(Op.atanh, 'atanh', 1),
  numeric(Op.atan2, 'atan2', 2),
  numeric(Op.atan, 'atan', 1),
  numeric(Op.asinh, 'asinh', 1),
  numeric(Op.asin, 'asin', 1),
  numeric(Op.acosh, 'acosh', 1),
  numeric(Op.acos, 'acos', 1),
  { ...numeric(Op.sum, 'sum', 1), least: 1 },
  numeric(Op.integerDivide, 'div', 2, 'jump'),
  numeric(Op.precision, 'precision', 2, 'jump'),
  numeric(Op.round, 'round', 2, 'jump'),
  numeric(Op.truncate, 'trunc', 2, 'jump'),
  { ...numeric(Op.piecewiseLinear, 'piecewise-linear', 1, 'kink') },
  { code: Op.forAll, name: 'forall', result: 'truth', operands: truths(1), least: 1 },
  { code: Op.exists, name: 'exists', result: 'truth', operands: truths(1), least: 1 },
  { code: Op.implies, name: '==>', result: 'truth', operands: truths(3) },
  { code: Op.ifAndOnlyIf, name: '<==>', result: 'truth', operands: truths(2) },
  numeric(Op.powerConstantExponent, '^', 2),
  numeric(Op.square, '^2', 1),
  numeric(Op.powerConstantBase, '^', 2),
  numeric(Op.logistic, 'logistic', 1),
  numeric(Op.signedPower, 'signpow', 2),
];

/** Operators that exist in the format but that no solver here takes, with the reason. */
export const refusedOperators: ReadonlyMap<number, string> = new Map([
  [59, 'count'],
  [60, 'numberof'],
  [61, 'symbolic numberof'],
  [62, 'atleast'],
  [63, 'atmost'],
  [65, 'symbolic if'],
  [66, 'exactly'],
  [67, 'not atleast'],
  [68, 'not atmost'],
  [69, 'not exactly'],
  [74, 'alldiff'],
  [75, 'not alldiff'],
]);

const byCode: (OperatorDefinition | undefined)[] = [];
for (const definition of definitions) byCode[definition.code] = definition;

/**
 * The operator of this code, undefined if there is none that can be evaluated here.
 *
 * @param code - Number of the operator in the file.
 * @example
 * ```ts
 * import { operatorOf } from 'sft-opt/io/nl';
 *
 * console.log(operatorOf(0)?.name, operatorOf(9999)); // + undefined
 * ```
 */
export function operatorOf(code: number): OperatorDefinition | undefined {
  return byCode[code];
}
