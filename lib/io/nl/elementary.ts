import { Op } from './opcodes.js';

/**
 * Values and derivatives of the elementary functions. At a kink the derivative is the one-sided one: abs and less from
 * the right; min and max take the first of equal operands; at a jump the function counts as constant. Conditions have
 * no derivative.
 */

/** y = value(x); first(x, y) = y′; second(x, y, y′) = y″, absent where it is 0. */
export interface UnaryRule {
  readonly value: (x: number) => number;
  readonly first?: (x: number, y: number) => number;
  readonly second?: (x: number, y: number, first: number) => number;
}

/** y = value(a, b) with its partial derivatives; an absent one is 0. */
export interface BinaryRule {
  readonly value: (a: number, b: number) => number;
  readonly firstA?: (a: number, b: number, y: number) => number;
  readonly firstB?: (a: number, b: number, y: number) => number;
  readonly secondAA?: (a: number, b: number, y: number) => number;
  readonly secondAB?: (a: number, b: number, y: number) => number;
  readonly secondBB?: (a: number, b: number, y: number) => number;
}

const inverseSineSecond = (x: number, _y: number, first: number): number => x * first * first * first;
const one = (): number => 1;
const two = (): number => 2;

function logistic(x: number): number {
  if (x >= 0) return 1 / (1 + Math.exp(-x));
  const power = Math.exp(x);
  return power / (1 + power);
}

const unaryRules: readonly (readonly [number, UnaryRule])[] = [
  [Op.floor, { value: Math.floor }],
  [Op.ceil, { value: Math.ceil }],
  [Op.abs, { value: Math.abs, first: (x) => (x < 0 ? -1 : 1) }],
  [Op.not, { value: (x) => (x === 0 ? 1 : 0) }],
  [Op.tanh, { value: Math.tanh, first: (_x, y) => 1 - y * y, second: (_x, y, first) => -2 * y * first }],
  [Op.tan, { value: Math.tan, first: (_x, y) => 1 + y * y, second: (_x, y, first) => 2 * y * first }],
  [Op.sqrt, { value: Math.sqrt, first: (_x, y) => 0.5 / y, second: (x, _y, first) => (-0.5 * first) / x }],
  [Op.sinh, { value: Math.sinh, first: (x) => Math.cosh(x), second: (_x, y) => y }],
  [Op.sin, { value: Math.sin, first: (x) => Math.cos(x), second: (_x, y) => -y }],
  [Op.log10, { value: Math.log10, first: (x) => Math.LOG10E / x, second: (x, _y, first) => -first / x }],
  [Op.log, { value: Math.log, first: (x) => 1 / x, second: (x, _y, first) => -first / x }],
  [Op.exp, { value: Math.exp, first: (_x, y) => y, second: (_x, y) => y }],
  [Op.cosh, { value: Math.cosh, first: (x) => Math.sinh(x), second: (_x, y) => y }],
  [Op.cos, { value: Math.cos, first: (x) => -Math.sin(x), second: (_x, y) => -y }],
  [
    Op.atanh,
    {
      value: Math.atanh,
      first: (x) => 1 / ((1 - x) * (1 + x)),
      second: (x, _y, first) => 2 * x * first * first,
    },
  ],
  [Op.atan, { value: Math.atan, first: (x) => 1 / (1 + x * x), second: (x, _y, first) => -2 * x * first * first }],
  [
    Op.asinh,
    {
      value: Math.asinh,
      first: (x) => 1 / Math.sqrt(1 + x * x),
      second: (x, _y, first) => -x * first * first * first,
    },
  ],
  [Op.asin, { value: Math.asin, first: (x) => 1 / Math.sqrt((1 - x) * (1 + x)), second: inverseSineSecond }],
  [
    Op.acosh,
    {
      value: Math.acosh,
      first: (x) => 1 / Math.sqrt((x - 1) * (x + 1)),
      second: (x, _y, first) => -x * first * first * first,
    },
  ],
  [Op.acos, { value: Math.acos, first: (x) => -1 / Math.sqrt((1 - x) * (1 + x)), second: inverseSineSecond }],
  [Op.square, { value: (x) => x * x, first: (x) => 2 * x, second: two }],
  [Op.logistic, { value: logistic, first: (_x, y) => y * (1 - y), second: (_x, y, first) => first * (1 - 2 * y) }],
];

/** 1, 0, or NaN where either operand is NaN. */
function truth(holds: boolean, a: number, b: number): number {
  if (holds) return 1;
  return Number.isNaN(a + b) && (Number.isNaN(a) || Number.isNaN(b)) ? NaN : 0;
}

/** a^b·ln a as b's derivative; 0 at a = 0 with b > 0. */
function powerFirstB(a: number, b: number, y: number): number {
  return a === 0 && b > 0 ? 0 : y * Math.log(a);
}

function powerSecondAA(a: number, b: number): number {
  return b === 0 || b === 1 ? 0 : b * (b - 1) * a ** (b - 2);
}

function signedPower(a: number, b: number): number {
  return Math.sign(a) * Math.abs(a) ** b;
}

function roundDecimals(x: number, decimals: number, toInteger: (x: number) => number): number {
  const scale = 10 ** Math.trunc(decimals);
  return (Math.sign(x) * toInteger(Math.abs(x) * scale)) / scale;
}

function toPrecision(x: number, digits: number): number {
  const places = Math.min(17, Math.max(1, Math.trunc(digits)));
  return Number.isFinite(x) ? Number(x.toPrecision(places)) : x;
}

const binaryRules: readonly (readonly [number, BinaryRule])[] = [
  [Op.modulo, { value: (a, b) => a % b, firstA: one, firstB: (a, b) => -Math.trunc(a / b) }],
  [
    Op.power,
    {
      value: (a, b) => a ** b,
      firstA: (a, b) => (b === 0 ? 0 : b * a ** (b - 1)),
      firstB: powerFirstB,
      secondAA: powerSecondAA,
      secondAB: (a, b) => (a === 0 && b > 1 ? 0 : a ** (b - 1) * (1 + b * Math.log(a))),
      secondBB: (a, b, y) => powerFirstB(a, b, powerFirstB(a, b, y)),
    },
  ],
  [Op.multiply, { value: (a, b) => a * b, firstA: (_a, b) => b, firstB: (a) => a, secondAB: one }],
  [
    Op.divide,
    {
      value: (a, b) => a / b,
      firstA: (_a, b) => 1 / b,
      firstB: (_a, b, y) => -y / b,
      secondAB: (_a, b) => -1 / (b * b),
      secondBB: (_a, b, y) => (2 * y) / (b * b),
    },
  ],
  [
    Op.powerConstantExponent,
    {
      value: (a, b) => a ** b,
      firstA: (a, b) => (b === 0 ? 0 : b * a ** (b - 1)),
      secondAA: powerSecondAA,
    },
  ],
  [
    Op.less,
    { value: (a, b) => Math.max(a - b, 0), firstA: (a, b) => (a < b ? 0 : 1), firstB: (a, b) => (a < b ? 0 : -1) },
  ],
  [
    Op.minimum,
    { value: (a, b) => Math.min(a, b), firstA: (a, b) => (a <= b ? 1 : 0), firstB: (a, b) => (a <= b ? 0 : 1) },
  ],
  [
    Op.maximum,
    { value: (a, b) => Math.max(a, b), firstA: (a, b) => (a >= b ? 1 : 0), firstB: (a, b) => (a >= b ? 0 : 1) },
  ],
  [Op.or, { value: (a, b) => (a !== 0 || b !== 0 ? 1 : 0) }],
  [Op.and, { value: (a, b) => (a !== 0 && b !== 0 ? 1 : 0) }],
  [Op.ifAndOnlyIf, { value: (a, b) => ((a !== 0) === (b !== 0) ? 1 : 0) }],
  [Op.lessThan, { value: (a, b) => truth(a < b, a, b) }],
  [Op.lessOrEqual, { value: (a, b) => truth(a <= b, a, b) }],
  [Op.equal, { value: (a, b) => truth(a === b, a, b) }],
  [Op.greaterOrEqual, { value: (a, b) => truth(a >= b, a, b) }],
  [Op.greaterThan, { value: (a, b) => truth(a > b, a, b) }],
  [Op.notEqual, { value: (a, b) => truth(a < b || a > b, a, b) }],
  [
    Op.atan2,
    {
      value: Math.atan2,
      firstA: (a, b) => b / (a * a + b * b),
      firstB: (a, b) => -a / (a * a + b * b),
      secondAA: (a, b) => (-2 * a * b) / (a * a + b * b) ** 2,
      secondAB: (a, b) => ((a - b) * (a + b)) / (a * a + b * b) ** 2,
      secondBB: (a, b) => (2 * a * b) / (a * a + b * b) ** 2,
    },
  ],
  [Op.integerDivide, { value: (a, b) => Math.trunc(a / b) }],
  [Op.precision, { value: toPrecision }],
  [Op.round, { value: (a, b) => roundDecimals(a, b, Math.round) }],
  [Op.truncate, { value: (a, b) => roundDecimals(a, b, Math.floor) }],
  [
    Op.signedPower,
    {
      value: signedPower,
      firstA: (a, b) => (b === 0 ? 0 : b * Math.abs(a) ** (b - 1)),
      firstB: (a, b, y) => powerFirstB(Math.abs(a), b, y),
      secondAA: (a, b) => Math.sign(a) * powerSecondAA(Math.abs(a), b),
      secondAB: (a, b) => (a === 0 && b > 1 ? 0 : Math.abs(a) ** (b - 1) * (1 + b * Math.log(Math.abs(a)))),
      secondBB: (a, b, y) => powerFirstB(Math.abs(a), b, powerFirstB(Math.abs(a), b, y)),
    },
  ],
];

const unaryByCode: (UnaryRule | undefined)[] = [];
for (const [code, rule] of unaryRules) unaryByCode[code] = rule;
const binaryByCode: (BinaryRule | undefined)[] = [];
for (const [code, rule] of binaryRules) binaryByCode[code] = rule;

export function unaryRule(code: number): UnaryRule | undefined {
  return unaryByCode[code];
}

export function binaryRule(code: number): BinaryRule | undefined {
  return binaryByCode[code];
}
