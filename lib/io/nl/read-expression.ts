import type { NlCursor } from './cursor.js';
import { NlError } from './error.js';
import type { GraphBuilder } from './graph.js';
import { Op, operatorOf, refusedOperators, type ExpressionRole, type OperatorDefinition } from './opcodes.js';
import type { NonsmoothOperator } from './model.js';

const letters = { f: 102, h: 104, l: 108, n: 110, o: 111, s: 115, v: 118 } as const;

/** What the reader of expressions needs from the rest of the file. */
export interface ExpressionContext {
  readonly cursor: NlCursor;
  readonly builder: GraphBuilder;
  readonly variableCount: number;
  /** Node of each defined variable read so far, by position; undefined where it has not come yet. */
  readonly definedNodes: readonly (number | undefined)[];
  readonly functionNames: ReadonlyMap<number, string>;
  readonly maxDepth: number;
  readonly maxNodes: number;
  readonly nonsmooth: Map<number, NonsmoothOperator>;
}

/** An operator whose operands are being read. */
interface Frame {
  readonly operator: OperatorDefinition;
  readonly operandCount: number;
  /** Height of the operand stack when the operator was met. */
  readonly base: number;
}

/** Reads one expression in Polish prefix form with an explicit stack; returns its node. */
export function readExpression(context: ExpressionContext, role: ExpressionRole = 'number'): number {
  const { cursor, builder } = context;
  const frames: Frame[] = [];
  const operands: number[] = [];
  for (;;) {
    const top = frames[frames.length - 1];
    const wanted = top ? roleOfOperand(top, operands.length - top.base) : role;
    const letter = cursor.letter('an expression');
    if (letter === letters.o) {
      const frame = openOperator(context, wanted, operands.length);
      if (frame) {
        if (frames.length >= context.maxDepth) {
          cursor.fail(`expected an expression nested at most ${context.maxDepth} deep`);
        }
        frames.push(frame);
        continue;
      }
      operands.push(readPiecewiseLinear(context));
    } else operands.push(readLeaf(context, letter));
    closeOperators(builder, frames, operands);
    if (frames.length === 0) return operands[0]!;
    if (builder.nodeCount > context.maxNodes) cursor.fail(`expected at most ${context.maxNodes} expression nodes`);
  }
}

function roleOfOperand(frame: Frame, position: number): ExpressionRole {
  const { operands } = frame.operator;
  return operands[Math.min(position, operands.length - 1)]!;
}

/** Makes nodes of all operators whose operands are complete. */
function closeOperators(builder: GraphBuilder, frames: Frame[], operands: number[]): void {
  for (;;) {
    const top = frames[frames.length - 1];
    if (!top || operands.length - top.base < top.operandCount) return;
    frames.pop();
    const node = builder.operator(top.operator.code, operands, top.base);
    operands.length = top.base;
    operands.push(node);
  }
}

/** Reads an operator's code and operand count; undefined for the piecewise-linear one, which has its own form. */
function openOperator(context: ExpressionContext, wanted: ExpressionRole, base: number): Frame | undefined {
  const { cursor } = context;
  const code = cursor.opcode();
  const operator = operatorOf(code);
  if (!operator) return refuseOperator(cursor, code);
  if (operator.result !== wanted) {
    cursor.fail(
      `expected ${wanted === 'number' ? 'a number' : 'a condition'}, found operator o${code} (${operator.name}), which yields ${operator.result === 'number' ? 'a number' : 'a condition'}`,
    );
  }
  noteKink(context, operator);
  cursor.endLine();
  if (code === Op.piecewiseLinear) return undefined;
  let operandCount = operator.operands.length;
  if (operator.least !== undefined) {
    operandCount = cursor.integer('the number of operands');
    if (operandCount < operator.least || operandCount > cursor.remainingBytes()) {
      cursor.fail(`expected at least ${operator.least} operands of o${code} (${operator.name}), found ${operandCount}`);
    }
    cursor.endLine();
  }
  return { operator, operandCount, base };
}

function refuseOperator(cursor: NlCursor, code: number): never {
  const name = refusedOperators.get(code);
  throw new NlError(
    cursor.position(),
    name === undefined
      ? `expected an operator, found unknown code o${code}`
      : `operator o${code} (${name}) belongs to constraint programming and is not supported`,
    name !== undefined,
  );
}

function noteKink(context: ExpressionContext, operator: OperatorDefinition): void {
  if (!operator.kink) return;
  const before = context.nonsmooth.get(operator.code);
  if (before) {
    context.nonsmooth.set(operator.code, { ...before, occurrences: before.occurrences + 1 });
    return;
  }
  const { line } = context.cursor.position();
  context.nonsmooth.set(operator.code, {
    name: operator.name,
    kind: operator.kink,
    occurrences: 1,
    ...(line !== undefined && { firstLine: line }),
  });
}

function readLeaf(context: ExpressionContext, letter: number): number {
  const { cursor, builder } = context;
  switch (letter) {
    case letters.n:
    case letters.s:
    case letters.l: {
      const value = readConstant(cursor, letter);
      return builder.constant(value);
    }
    case letters.v:
      return readVariable(context);
    case letters.f: {
      const index = cursor.integer('a function index');
      const name = context.functionNames.get(index);
      throw new NlError(
        cursor.position(),
        `imported function f${index}${name === undefined ? '' : ` (${name})`} is not supported`,
        true,
      );
    }
    case letters.h:
      throw new NlError(cursor.position(), 'string h… is not supported as an operand', true);
    default:
      return cursor.fail(`expected one of n, s, l, v, o, f, h to begin an expression, found ${showLetter(letter)}`);
  }
}

/** The number after one of the letters n, s, l. */
function readConstant(cursor: NlCursor, letter: number): number {
  const value =
    letter === letters.n
      ? cursor.real('a number')
      : letter === letters.s
        ? cursor.shortInteger('an integer')
        : cursor.integer('an integer');
  cursor.endLine();
  return value;
}

function readVariable(context: ExpressionContext): number {
  const { cursor, builder, variableCount, definedNodes } = context;
  const index = cursor.integer('a variable index');
  if (index < 0 || index >= variableCount + definedNodes.length) {
    cursor.fail(`expected a variable index below ${variableCount + definedNodes.length}, found v${index}`);
  }
  const node = index < variableCount ? builder.variable(index) : definedNodes[index - variableCount];
  if (node === undefined) {
    return cursor.fail(`expected the definition of v${index} (segment V${index}) before its use`);
  }
  cursor.endLine();
  return node;
}

/** `o64`, the number of slopes, slope, breakpoint, slope, …, and the variable. */
function readPiecewiseLinear(context: ExpressionContext): number {
  const { cursor, builder } = context;
  const slopeCount = cursor.integer('the number of slopes');
  if (slopeCount < 2 || slopeCount > cursor.remainingBytes()) {
    cursor.fail(`expected at least 2 slopes, found ${slopeCount}`);
  }
  cursor.endLine();
  const slopes: number[] = [];
  const breakpoints: number[] = [];
  for (let k = 0; k < 2 * slopeCount - 1; k++) {
    const letter = cursor.letter('a constant');
    if (letter !== letters.n && letter !== letters.s && letter !== letters.l) {
      cursor.fail(`expected a constant (n, s or l), found ${showLetter(letter)}`);
    }
    const value = readConstant(cursor, letter);
    if (k % 2 === 0) slopes.push(value);
    else {
      const last = breakpoints[breakpoints.length - 1];
      if (last !== undefined && value < last) cursor.fail(`expected a breakpoint of at least ${last}, found ${value}`);
      breakpoints.push(value);
    }
  }
  const letter = cursor.letter('a variable');
  if (letter !== letters.v) cursor.fail(`expected a variable (v) after the slopes, found ${showLetter(letter)}`);
  return builder.piecewiseLinear(Op.piecewiseLinear, { slopes, breakpoints }, readVariable(context));
}

/** A letter as it can be shown in a message. */
export function showLetter(code: number): string {
  return code > 32 && code < 127 ? `"${String.fromCharCode(code)}"` : `byte ${code}`;
}
