import { binaryRule, unaryRule } from './elementary.js';
import type { PiecewiseLinear } from './graph.js';
import { affineCode, constantCode, variableCode, type NodeTable } from './node-table.js';
import { Op } from './opcodes.js';

/** A run of operations of one code, which do not depend on each other. */
export interface OperationGroup {
  readonly code: number;
  readonly start: number;
  readonly end: number;
}

/** linear terms + Σ coefficients[k]·slot[nodes[k]] + constant: one objective or constraint. */
export interface TapeFunction {
  readonly constant: number;
  readonly linearVariables: Int32Array;
  readonly linearCoefficients: Float64Array;
  /** Slots of the nonlinear terms. */
  readonly slots: Int32Array;
  readonly coefficients: Float64Array;
}

/**
 * Elementary operations in an order in which they can be carried out. Slots hold numbers: first the variables, then the
 * constants, then the result of each operation (operation i in slot `operationBase + i`). Operations are grouped by
 * depth and code, so that a sweep runs in tight loops.
 */
export interface Tape {
  readonly variableCount: number;
  readonly operationBase: number;
  readonly operationCount: number;
  /** Values of slots variableCount … operationBase − 1. */
  readonly constants: Float64Array;
  readonly codes: Int16Array;
  readonly groups: readonly OperationGroup[];
  /** Operand slots of operation i: `operands[k]` for `operandStarts[i] <= k < operandStarts[i + 1]`. */
  readonly operandStarts: Int32Array;
  readonly operands: Int32Array;
  /** Beside `operands`: factors of affine operations. */
  readonly coefficients: Float64Array;
  /** Constant of an affine operation, fixed exponent, index of a piecewise-linear table. */
  readonly parameters: Float64Array;
  readonly piecewise: readonly PiecewiseLinear[];
  readonly functions: readonly TapeFunction[];
}

/** A function before its nodes have slots: `node` of the table plus linear terms. */
export interface FunctionRoot {
  readonly node: number;
  readonly variables: Int32Array;
  readonly coefficients: Float64Array;
  /** Factor of everything. */
  readonly factor: number;
}

interface SplitFunction {
  constant: number;
  /** Linear terms in any order; a variable may come twice. */
  readonly variables: number[];
  readonly linearCoefficients: number[];
  readonly nodes: number[];
  readonly coefficients: number[];
}

/** Lays the needed nodes of a table out as a tape. */
export function buildTape(
  table: NodeTable,
  roots: readonly FunctionRoot[],
  piecewise: readonly PiecewiseLinear[],
): Tape {
  const split = roots.map((root) => splitFunction(table, root));
  const needed = neededNodes(table, split);
  const order = operationOrder(table, needed);
  const { slotOf, constants } = assignSlots(table, needed, order);
  const operandStarts = new Int32Array(order.length + 1);
  order.forEach((node, i) => {
    operandStarts[i + 1] = operandStarts[i]! + table.starts[node + 1]! - table.starts[node]!;
  });
  const operandCount = operandStarts[order.length]!;
  const operands = new Int32Array(operandCount);
  const coefficients = new Float64Array(operandCount);
  order.forEach((node, i) => {
    const from = table.starts[node]!;
    for (let k = operandStarts[i]!; k < operandStarts[i + 1]!; k++) {
      const source = from + k - operandStarts[i]!;
      operands[k] = slotOf[table.operands[source]!]!;
      coefficients[k] = table.coefficients[source]!;
    }
  });
  const codes = Int16Array.from(order, (node) => table.codes[node]!);
  return {
    variableCount: table.variableCount,
    operationBase: table.variableCount + constants.length,
    operationCount: order.length,
    constants: Float64Array.from(constants),
    codes,
    groups: groupOperations(codes, table, order),
    operandStarts,
    operands,
    coefficients,
    parameters: Float64Array.from(order, (node) => table.parameters[node]!),
    piecewise,
    functions: split.map((part) => finishFunction(part, slotOf)),
  };
}

/** Takes the linear terms out of the root, so that only nonlinear nodes stay on the tape. */
function splitFunction(table: NodeTable, root: FunctionRoot): SplitFunction {
  const { factor } = root;
  const part: SplitFunction = {
    constant: 0,
    variables: Array.from(root.variables),
    linearCoefficients: Array.from(root.coefficients, (coefficient) => factor * coefficient),
    nodes: [],
    coefficients: [],
  };
  const addNode = (node: number, coefficient: number): void => {
    if (table.codes[node] === variableCode) {
      part.variables.push(node);
      part.linearCoefficients.push(factor * coefficient);
    } else if (table.codes[node] === constantCode) part.constant += factor * coefficient * table.parameters[node]!;
    else {
      part.nodes.push(node);
      part.coefficients.push(factor * coefficient);
    }
  };
  if (table.codes[root.node] === affineCode) {
    part.constant += factor * table.parameters[root.node]!;
    for (let k = table.starts[root.node]!; k < table.starts[root.node + 1]!; k++) {
      addNode(table.operands[k]!, table.coefficients[k]!);
    }
  } else addNode(root.node, 1);
  return part;
}

function neededNodes(table: NodeTable, parts: readonly SplitFunction[]): Uint8Array {
  const needed = new Uint8Array(table.nodeCount);
  for (const part of parts) for (const node of part.nodes) needed[node] = 1;
  for (let node = table.nodeCount - 1; node >= table.variableCount; node--) {
    if (!needed[node]) continue;
    for (let k = table.starts[node]!; k < table.starts[node + 1]!; k++) needed[table.operands[k]!] = 1;
  }
  return needed;
}

/** Operation nodes sorted by depth, then code. */
function operationOrder(table: NodeTable, needed: Uint8Array): Int32Array {
  const depth = nodeDepths(table);
  const operations: number[] = [];
  for (let node = table.variableCount; node < table.nodeCount; node++) {
    if (needed[node] && table.codes[node] !== constantCode) operations.push(node);
  }
  operations.sort((a, b) => depth[a]! - depth[b]! || table.codes[a]! - table.codes[b]! || a - b);
  return Int32Array.from(operations);
}

function nodeDepths(table: NodeTable): Int32Array {
  const depth = new Int32Array(table.nodeCount);
  for (let node = table.variableCount; node < table.nodeCount; node++) {
    let deepest = -1;
    for (let k = table.starts[node]!; k < table.starts[node + 1]!; k++) {
      deepest = Math.max(deepest, depth[table.operands[k]!]!);
    }
    depth[node] = deepest + 1;
  }
  return depth;
}

function assignSlots(
  table: NodeTable,
  needed: Uint8Array,
  order: Int32Array,
): { slotOf: Int32Array; constants: number[] } {
  const slotOf = new Int32Array(table.nodeCount).fill(-1);
  const constants: number[] = [];
  for (let node = 0; node < table.nodeCount; node++) {
    if (node < table.variableCount) slotOf[node] = node;
    else if (needed[node] && table.codes[node] === constantCode) {
      slotOf[node] = table.variableCount + constants.length;
      constants.push(table.parameters[node]!);
    }
  }
  const base = table.variableCount + constants.length;
  order.forEach((node, i) => {
    slotOf[node] = base + i;
  });
  return { slotOf, constants };
}

function groupOperations(codes: Int16Array, table: NodeTable, order: Int32Array): OperationGroup[] {
  const depth = nodeDepths(table);
  const groups: OperationGroup[] = [];
  let start = 0;
  for (let i = 1; i <= codes.length; i++) {
    if (i < codes.length && codes[i] === codes[start] && depth[order[i]!] === depth[order[start]!]) continue;
    groups.push({ code: codes[start]!, start, end: i });
    start = i;
  }
  return groups;
}

function finishFunction(part: SplitFunction, slotOf: Int32Array): TapeFunction {
  return {
    constant: part.constant,
    ...sumByVariable(part.variables, part.linearCoefficients),
    slots: Int32Array.from(part.nodes, (node) => slotOf[node]!),
    coefficients: Float64Array.from(part.coefficients),
  };
}

/** Linear terms with each variable once, increasing, without those that are 0. */
function sumByVariable(
  variables: readonly number[],
  coefficients: readonly number[],
): Pick<TapeFunction, 'linearVariables' | 'linearCoefficients'> {
  let increasing = true;
  for (let k = 1; k < variables.length && increasing; k++) increasing = variables[k - 1]! < variables[k]!;
  if (increasing && !coefficients.includes(0)) {
    return { linearVariables: Int32Array.from(variables), linearCoefficients: Float64Array.from(coefficients) };
  }
  const sums = new Map<number, number>();
  variables.forEach((variable, k) => sums.set(variable, (sums.get(variable) ?? 0) + coefficients[k]!));
  const kept = [...sums].filter(([, coefficient]) => coefficient !== 0).sort(([a], [b]) => a - b);
  return {
    linearVariables: Int32Array.from(kept, ([variable]) => variable),
    linearCoefficients: Float64Array.from(kept, ([, coefficient]) => coefficient),
  };
}

/** Which second derivatives of an operation can differ from 0: in its first operand, in both, in its second. */
export interface Curvature {
  readonly aa: boolean;
  readonly ab: boolean;
  readonly bb: boolean;
}

const flat: Curvature = { aa: false, ab: false, bb: false };

export function curvatureOf(code: number): Curvature {
  if (code === affineCode || code === Op.ifThenElse || code === Op.piecewiseLinear) return flat;
  const unary = unaryRule(code);
  if (unary) return { aa: unary.second !== undefined, ab: false, bb: false };
  const rule = binaryRule(code);
  if (!rule) return flat;
  return { aa: rule.secondAA !== undefined, ab: rule.secondAB !== undefined, bb: rule.secondBB !== undefined };
}
