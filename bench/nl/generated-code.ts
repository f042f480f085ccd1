import { binaryRule, unaryRule } from '../../lib/io/nl/elementary.js';
import type { HessianPlan } from '../../lib/io/nl/hessian.js';
import type { GradientPlan } from '../../lib/io/nl/jacobian.js';
import { affineCode } from '../../lib/io/nl/node-table.js';
import { Op } from '../../lib/io/nl/opcodes.js';
import type { Tape } from '../../lib/io/nl/tape.js';

/**
 * The sweeps of a tape as straight-line JavaScript. The text is made of operator codes, slot numbers and numerals alone;
 * the elementary functions come in as the rules that the tape itself calls, so that both give the same numbers bit for
 * bit.
 */
export interface GeneratedCode {
  /** Values of all operations from those of variables and constants. */
  readonly evaluate: (values: Float64Array) => void;
  /** First partial derivatives of all operations. */
  readonly differentiate: (values: Float64Array, partials: Float64Array) => void;
  /** Second ones. */
  readonly differentiateTwice: (values: Float64Array, partials: Float64Array, second: Float64Array) => void;
  /** Adds the nonlinear part of the gradient of function i to `out` from `offset` on. */
  readonly gradients: readonly (GeneratedGradient | null)[];
  /** Reverse sweep: `adjoints` holds the weights of the roots before and the adjoints of all slots afterwards. */
  readonly spreadAdjoints: (partials: Float64Array, adjoints: Float64Array) => void;
  /** Weights of all edges, from zeros. */
  readonly pushEdges: (
    partials: Float64Array,
    second: Float64Array,
    adjoints: Float64Array,
    weights: Float64Array,
  ) => void;
}

/** Gradient of one function; null where it is linear. `adjoints` is zero before and after. */
export type GeneratedGradient = (
  partials: Float64Array,
  adjoints: Float64Array,
  out: Float64Array,
  offset: number,
) => void;

/** Statements in one function: more and the optimising compiler gives up on it. */
const statementsPerFunction = 250;

/** Number of statements that the code of this tape takes. */
export function generatedSize(
  tape: Tape,
  plans: readonly GradientPlan[],
  hessianPlan: HessianPlan | undefined,
): number {
  let size = 2 * tape.operationCount + 2 * tape.operands.length;
  for (const plan of plans) for (const operation of plan.operations) size += operandCount(tape, operation) + 2;
  if (hessianPlan) size += hessianPlan.targets.length + hessianPlan.runFirst.length + hessianPlan.createdEdges.length;
  return size;
}

function operandCount(tape: Tape, operation: number): number {
  return tape.operandStarts[operation + 1]! - tape.operandStarts[operation]!;
}

/** Generates the code; throws where the platform refuses code made at run time, as a content-security policy does. */
export function generateCode(
  tape: Tape,
  plans: readonly GradientPlan[],
  hessianPlan: HessianPlan | undefined,
): GeneratedCode {
  const rules = new RuleTable(tape);
  const sections = {
    evaluate: split('v', valueStatements(tape, rules)),
    differentiate: split('v,p', partialStatements(tape, rules)),
    differentiateTwice: split('v,p,s', secondStatements(tape, rules)),
    spreadAdjoints: split('p,a', spreadStatements(tape)),
    pushEdges: split('p,s,a,w', hessianPlan ? edgeStatements(tape, hessianPlan) : []),
  };
  const gradients = plans.map((plan, i) => gradientFunction(tape, plan, i));
  const body = `'use strict';return{${Object.entries(sections)
    .map(([name, code]) => `${name}:${code}`)
    .join(',')},gradients:[${gradients.join(',')}]}`;
  // eslint-disable-next-line @typescript-eslint/no-implied-eval -- codes and numerals alone
  const make = new Function(...rules.names, body) as (...values: readonly unknown[]) => GeneratedCode;
  return make(...rules.values);
}

/** Elementary functions by names made of their codes. */
class RuleTable {
  readonly names: string[] = [];
  readonly values: unknown[] = [];

  constructor(readonly tape: Tape) {}

  /** The name of a function, known by a letter and a number. */
  name(letter: string, number: number, value: unknown): string {
    const name = `${letter}${number}`;
    if (!this.names.includes(name)) {
      this.names.push(name);
      this.values.push(value);
    }
    return name;
  }
}

/** One function of these statements, which calls parts of itself if there are many. */
function split(parameters: string, statements: readonly string[]): string {
  if (statements.length <= statementsPerFunction) return `function(${parameters}){${statements.join('')}}`;
  const parts: string[] = [];
  for (let from = 0; from < statements.length; from += statementsPerFunction) {
    parts.push(`function(${parameters}){${statements.slice(from, from + statementsPerFunction).join('')}}`);
  }
  return `(function(){const f=[${parts.join(',')}];return function(${parameters}){for(let i=0;i<f.length;i++)f[i](${parameters})}})()`;
}

function numeral(value: number): string {
  if (Object.is(value, -0)) return '(-0)';
  return value < 0 ? `(${value})` : String(value);
}

function valueStatements(tape: Tape, rules: RuleTable): string[] {
  const { operandStarts, operands, coefficients, parameters, operationBase, codes } = tape;
  return Array.from(codes, (code, i) => {
    const k = operandStarts[i]!;
    const first = `v[${operands[k]}]`;
    const second = `v[${operands[k + 1]}]`;
    const target = `v[${operationBase + i}]=`;
    switch (code) {
      case affineCode: {
        let sum = numeral(parameters[i]!);
        for (let t = k; t < operandStarts[i + 1]!; t++) sum += `+${numeral(coefficients[t]!)}*v[${operands[t]}]`;
        return `${target}${sum};`;
      }
      case Op.multiply:
        return `${target}${first}*${second};`;
      case Op.square:
        return `${target}${first}*${first};`;
      case Op.powerConstantExponent:
        return `${target}${power(first, parameters[i]!, rules)};`;
      case Op.ifThenElse:
        return `${target}${first}!==${first}?NaN:${first}!==0?${second}:v[${operands[k + 2]}];`;
      case Op.piecewiseLinear:
        throw new Error('piecewise-linear terms are not generated');
      default: {
        const unary = unaryRule(code);
        if (unary) return `${target}${rules.name('u', code, unary.value)}(${first});`;
        if (code === Op.divide) return `${target}${first}/${second};`;
        return `${target}${rules.name('b', code, binaryRule(code)!.value)}(${first},${second});`;
      }
    }
  });
}

/** As `fixedPower` does it. */
function power(base: string, exponent: number, rules: RuleTable): string {
  switch (exponent) {
    case 0:
      return '1';
    case 1:
      return base;
    case 2:
      return `${base}*${base}`;
    case 3:
      return `${base}*${base}*${base}`;
    case 4:
      return `(${base}*${base})*(${base}*${base})`;
    case -1:
      return `1/${base}`;
    case -2:
      return `1/(${base}*${base})`;
    default:
      return `${rules.name('b', Op.power, binaryRule(Op.power)!.value)}(${base},${numeral(exponent)})`;
  }
}

function partialStatements(tape: Tape, rules: RuleTable): string[] {
  const { operandStarts, operands, parameters, operationBase, codes } = tape;
  const statements: string[] = [];
  codes.forEach((code, i) => {
    const k = operandStarts[i]!;
    const first = `v[${operands[k]}]`;
    const second = `v[${operands[k + 1]}]`;
    const value = `v[${operationBase + i}]`;
    switch (code) {
      case affineCode:
        return;
      case Op.multiply:
        statements.push(`p[${k}]=${second};`, `p[${k + 1}]=${first};`);
        return;
      case Op.square:
        statements.push(`p[${k}]=2*${first};`);
        return;
      case Op.powerConstantExponent:
        statements.push(`p[${k}]=${numeral(parameters[i]!)}*(${power(first, parameters[i]! - 1, rules)});`);
        return;
      case Op.ifThenElse:
        statements.push(`p[${k}]=0;p[${k + 1}]=${first}!==0?1:0;p[${k + 2}]=${first}!==0?0:1;`);
        return;
      default: {
        const unary = unaryRule(code);
        if (unary) {
          statements.push(`p[${k}]=${unary.first ? `${rules.name('c', code, unary.first)}(${first},${value})` : '0'};`);
          return;
        }
        const { firstA, firstB } = binaryRule(code)!;
        const both = `(${first},${second},${value})`;
        statements.push(`p[${k}]=${firstA ? rules.name('d', code, firstA) + both : '0'};`);
        statements.push(`p[${k + 1}]=${firstB ? rules.name('e', code, firstB) + both : '0'};`);
      }
    }
  });
  return statements;
}

function secondStatements(tape: Tape, rules: RuleTable): string[] {
  const { operandStarts, operands, parameters, operationBase, codes } = tape;
  const statements: string[] = [];
  codes.forEach((code, i) => {
    if (code === affineCode || code === Op.ifThenElse || code === Op.piecewiseLinear) return;
    const k = operandStarts[i]!;
    const first = `v[${operands[k]}]`;
    const value = `v[${operationBase + i}]`;
    const target = `s[${3 * i}]=`;
    if (code === Op.multiply) {
      statements.push(`s[${3 * i + 1}]=1;`);
      return;
    }
    if (code === Op.powerConstantExponent) {
      const exponent = parameters[i]!;
      statements.push(`${target}${numeral(exponent * (exponent - 1))}*(${power(first, exponent - 2, rules)});`);
      return;
    }
    const unary = unaryRule(code);
    if (unary) {
      if (unary.second) statements.push(`${target}${rules.name('f', code, unary.second)}(${first},${value},p[${k}]);`);
      return;
    }
    const { secondAA, secondAB, secondBB } = binaryRule(code)!;
    const all = `(${first},v[${operands[k + 1]}],${value});`;
    if (secondAA) statements.push(`${target}${rules.name('g', code, secondAA)}${all}`);
    if (secondAB) statements.push(`s[${3 * i + 1}]=${rules.name('h', code, secondAB)}${all}`);
    if (secondBB) statements.push(`s[${3 * i + 2}]=${rules.name('i', code, secondBB)}${all}`);
  });
  return statements;
}

/** A first partial derivative: factors of affine operations are known beforehand. */
function partial(tape: Tape, operation: number, k: number): string {
  return tape.codes[operation] === affineCode ? numeral(tape.coefficients[k]!) : `p[${k}]`;
}

function gradientFunction(tape: Tape, plan: GradientPlan, index: number): string {
  const { operandStarts, operands, operationBase, variableCount, functions } = tape;
  const { slots, coefficients } = functions[index]!;
  if (slots.length === 0) return 'null';
  // Adjoints in variables of the function, or in the array where there are too many for one function.
  const inVariables = plan.operations.length <= statementsPerFunction;
  const names = new Set<string>();
  const adjoint = (slot: number): string => {
    if (!inVariables) return `a[${slot}]`;
    names.add(`a${slot}`);
    return `a${slot}`;
  };
  const statements: string[] = [];
  slots.forEach((slot, k) => statements.push(`${adjoint(slot)}+=${numeral(coefficients[k]!)};`));
  for (const operation of plan.operations) {
    const own = adjoint(operationBase + operation);
    let spread = '';
    for (let k = operandStarts[operation]!; k < operandStarts[operation + 1]!; k++) {
      const operand = operands[k]!;
      if (operand >= variableCount && operand < operationBase) continue;
      spread += `${adjoint(operand)}+=${own}*${partial(tape, operation, k)};`;
    }
    statements.push(`if(${own}!==0){${spread}${inVariables ? '' : `${own}=0;`}}`);
  }
  for (const position of plan.nonlinearPositions) {
    const own = adjoint(plan.variables[position]!);
    statements.push(`o[q+${position}]+=${own};${inVariables ? '' : `${own}=0;`}`);
  }
  if (!inVariables) return split('p,a,o,q', statements);
  return `function(p,a,o,q){let ${[...names].map((name) => `${name}=0`).join(',')};${statements.join('')}}`;
}

function spreadStatements(tape: Tape): string[] {
  const { operandStarts, operands, operationBase, operationCount } = tape;
  const statements: string[] = [];
  for (let operation = operationCount - 1; operation >= 0; operation--) {
    let spread = '';
    for (let k = operandStarts[operation]!; k < operandStarts[operation + 1]!; k++) {
      // The Hessian asks for adjoints of operations alone.
      if (operands[k]! < operationBase) continue;
      spread += `a[${operands[k]}]+=t*${partial(tape, operation, k)};`;
    }
    if (spread !== '') statements.push(`{const t=a[${operationBase + operation}];if(t!==0){${spread}}}`);
  }
  return statements;
}

function edgeStatements(tape: Tape, plan: HessianPlan): string[] {
  const { createdEdges, createdPartials, runStarts, runFirst, runSecond, runScales, targets, sources } = plan;
  const owner = new Int32Array(tape.operands.length);
  for (let i = 0; i < tape.operationCount; i++) owner.fill(i, tape.operandStarts[i], tape.operandStarts[i + 1]);
  const statements: string[] = [];
  createdEdges.forEach((edge, k) => {
    const second = createdPartials[k]!;
    const operation = Math.trunc(second / 3);
    const factor = tape.codes[operation] === Op.multiply ? '' : `*s[${second}]`;
    statements.push(`{const t=a[${tape.operationBase + operation}];if(t!==0)w[${edge}]+=t${factor};}`);
  });
  runFirst.forEach((first, run) => {
    const scale = runScales[run] === 1 ? '' : `${numeral(runScales[run]!)}*`;
    const second = runSecond[run]!;
    const factor = `${scale}${partial(tape, owner[first]!, first)}${second === -1 ? '' : `*${partial(tape, owner[second]!, second)}`}`;
    let moves = '';
    for (let k = runStarts[run]!; k < runStarts[run + 1]!; k++) {
      moves += `t=w[${sources[k]}];if(t!==0)w[${targets[k]}]+=f*t;`;
    }
    if (moves !== '') statements.push(`{const f=${factor};let t;${moves}}`);
  });
  return statements;
}
