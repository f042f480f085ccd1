import { binaryRule, unaryRule } from './elementary.js';
import { Leaf, type ExpressionGraph } from './graph.js';
import type { NlDefinedVariable } from './model.js';
import { affineCode, constantCode, NodeTable } from './node-table.js';
import { Op } from './opcodes.js';

/**
 * Turns the graph of a file into unique elementary nodes: nested sums and products with constants become single affine
 * nodes, constants are folded, equal expressions are shared, powers with fixed exponents get their own node.
 */
export class Simplifier {
  readonly table: NodeTable;
  /** Node of the table for each node of the graph that has one; −1 elsewhere. */
  private readonly image: Int32Array;
  private readonly needed: Uint8Array;
  private readonly foldable: Uint8Array;
  private readonly sumLike: Uint8Array;
  private readonly absorbed: Uint8Array;

  constructor(
    private readonly graph: ExpressionGraph,
    private readonly definedVariables: readonly NlDefinedVariable[],
    variableCount: number,
  ) {
    this.table = new NodeTable(variableCount);
    this.image = new Int32Array(graph.nodeCount).fill(-1);
    this.needed = new Uint8Array(graph.nodeCount);
    this.foldable = new Uint8Array(graph.nodeCount);
    this.sumLike = new Uint8Array(graph.nodeCount);
    this.absorbed = new Uint8Array(graph.nodeCount);
  }

  /** Nodes of the table for these nodes of the graph. Call once. */
  simplify(roots: Int32Array): Int32Array {
    const { graph, image, needed, absorbed } = this;
    this.markNeeded(roots);
    this.classify();
    this.markAbsorbed(roots);
    for (let node = 0; node < graph.nodeCount; node++) {
      if (needed[node] && !absorbed[node]) image[node] = this.simplifyNode(node);
    }
    return roots.map((root) => image[root]!);
  }

  private markNeeded(roots: Int32Array): void {
    const { graph, needed } = this;
    for (const root of roots) needed[root] = 1;
    for (let node = graph.nodeCount - 1; node >= 0; node--) {
      if (!needed[node]) continue;
      for (let k = graph.operandStarts[node]!; k < graph.operandStarts[node + 1]!; k++) needed[graph.operands[k]!] = 1;
    }
  }

  /** Which nodes are constant, and which only add and scale. */
  private classify(): void {
    const { graph, foldable, sumLike, definedVariables } = this;
    for (let node = 0; node < graph.nodeCount; node++) {
      const kind = graph.kinds[node]!;
      const start = graph.operandStarts[node]!;
      const end = graph.operandStarts[node + 1]!;
      let constant = kind !== Leaf.variable;
      for (let k = start; k < end && constant; k++) constant = foldable[graph.operands[k]!] === 1;
      if (kind === Leaf.definedVariable) {
        constant &&= definedVariables[graph.indices[node]!]!.linear.variables.length === 0;
      }
      foldable[node] = constant ? 1 : 0;
      sumLike[node] = !constant && this.onlyAddsAndScales(kind, start) ? 1 : 0;
    }
  }

  private onlyAddsAndScales(kind: number, start: number): boolean {
    const { graph, foldable } = this;
    switch (kind) {
      case Op.add:
      case Op.subtract:
      case Op.negate:
      case Op.sum:
      case Leaf.definedVariable:
        return true;
      case Op.multiply:
        return foldable[graph.operands[start]!] === 1 || foldable[graph.operands[start + 1]!] === 1;
      case Op.divide:
        return foldable[graph.operands[start + 1]!] === 1;
      default:
        return false;
    }
  }

  /** A sum used once, by another sum, becomes part of that. */
  private markAbsorbed(roots: Int32Array): void {
    const { graph, needed, sumLike, absorbed } = this;
    const uses = new Int32Array(graph.nodeCount);
    for (const root of roots) uses[root]! += 2;
    for (let node = 0; node < graph.nodeCount; node++) {
      if (!needed[node]) continue;
      for (let k = graph.operandStarts[node]!; k < graph.operandStarts[node + 1]!; k++) uses[graph.operands[k]!]!++;
    }
    for (let node = 0; node < graph.nodeCount; node++) {
      if (!needed[node] || !sumLike[node]) continue;
      for (let k = graph.operandStarts[node]!; k < graph.operandStarts[node + 1]!; k++) {
        const operand = graph.operands[k]!;
        if (sumLike[operand] && uses[operand] === 1) absorbed[operand] = 1;
      }
    }
  }

  private simplifyNode(node: number): number {
    const { graph, image, table, foldable, sumLike } = this;
    const kind = graph.kinds[node]!;
    if (kind === Leaf.variable) return graph.indices[node]!;
    if (kind === Leaf.constant) return table.constant(graph.values[node]!);
    if (sumLike[node]) return this.gatherSum(node);
    const operands: number[] = [];
    for (let k = graph.operandStarts[node]!; k < graph.operandStarts[node + 1]!; k++) {
      operands.push(image[graph.operands[k]!]!);
    }
    if (foldable[node] && (kind === Op.add || kind === Op.subtract || kind === Op.sum || kind === Op.negate)) {
      const sign = kind === Op.subtract || kind === Op.negate ? -1 : 1;
      const values = operands.map((operand) => table.parameters[operand]!);
      if (kind === Op.negate) return table.constant(-values[0]!);
      return table.constant(values.slice(1).reduce((sum, value) => sum + sign * value, values[0]!));
    }
    return this.makeOperator(kind, operands, graph.indices[node]!);
  }

  /** All terms of a sum and of the sums it has absorbed, as one affine node. */
  private gatherSum(root: number): number {
    const { graph, image, table, absorbed, foldable } = this;
    const terms = new TermCollector(table);
    const nodes: number[] = [root];
    const factors: number[] = [1];
    while (nodes.length > 0) {
      const node = nodes.pop()!;
      const factor = factors.pop()!;
      if (foldable[node] || (node !== root && !absorbed[node])) {
        terms.add(image[node]!, factor);
        continue;
      }
      const start = graph.operandStarts[node]!;
      const end = graph.operandStarts[node + 1]!;
      const first = graph.operands[start]!;
      const second = graph.operands[start + 1]!;
      switch (graph.kinds[node]) {
        case Op.multiply: {
          const constantFirst = foldable[first] === 1;
          nodes.push(constantFirst ? second : first);
          factors.push(factor * table.parameters[image[constantFirst ? first : second]!]!);
          break;
        }
        case Op.divide:
          nodes.push(first);
          factors.push(factor / table.parameters[image[second]!]!);
          break;
        case Op.subtract:
          nodes.push(second, first);
          factors.push(-factor, factor);
          break;
        case Op.negate:
          nodes.push(first);
          factors.push(-factor);
          break;
        case Leaf.definedVariable: {
          const { variables, coefficients } = this.definedVariables[graph.indices[node]!]!.linear;
          for (let k = 0; k < variables.length; k++) terms.add(variables[k]!, factor * coefficients[k]!);
          nodes.push(first);
          factors.push(factor);
          break;
        }
        default:
          for (let k = end - 1; k >= start; k--) {
            nodes.push(graph.operands[k]!);
            factors.push(factor);
          }
      }
    }
    return terms.finish();
  }

  private makeOperator(kind: number, operands: readonly number[], index: number): number {
    const { table } = this;
    switch (kind) {
      case Leaf.definedVariable:
        return operands[0]!;
      case Op.multiply:
        return this.product(operands[0]!, operands[1]!);
      case Op.divide:
        return this.quotient(operands[0]!, operands[1]!);
      case Op.power:
      case Op.powerConstantExponent:
      case Op.powerConstantBase:
        return this.power(operands[0]!, operands[1]!);
      case Op.minimum:
      case Op.maximum:
        return operands.reduce((left, right) => (left === right ? left : this.binary(kind, left, right)));
      case Op.forAll:
        return operands.reduce((left, right) => this.binary(Op.and, left, right));
      case Op.exists:
        return operands.reduce((left, right) => this.binary(Op.or, left, right));
      case Op.ifThenElse:
      case Op.implies: {
        const [condition, then, otherwise] = operands as [number, number, number];
        if (table.isConstant(condition)) return table.parameters[condition] === 0 ? otherwise : then;
        return then === otherwise ? then : table.intern(Op.ifThenElse, operands, undefined, 0);
      }
      case Op.piecewiseLinear:
        return table.intern(kind, operands, undefined, index);
      default:
        return operands.length === 1 ? this.unary(kind, operands[0]!) : this.binary(kind, operands[0]!, operands[1]!);
    }
  }

  private unary(code: number, operand: number): number {
    const { table } = this;
    if (table.isConstant(operand)) return table.constant(unaryRule(code)!.value(table.parameters[operand]!));
    return table.intern(code, [operand], undefined, 0);
  }

  private binary(code: number, left: number, right: number): number {
    const { table } = this;
    if (table.isConstant(left) && table.isConstant(right)) {
      return table.constant(binaryRule(code)!.value(table.parameters[left]!, table.parameters[right]!));
    }
    return table.intern(code, [left, right], undefined, 0);
  }

  private product(left: number, right: number): number {
    const { table } = this;
    if (table.isConstant(left) && table.isConstant(right)) return this.binary(Op.multiply, left, right);
    const a = unscaled(table, left);
    const b = unscaled(table, right);
    const factor = a.factor * b.factor;
    if (a.node === b.node) return scaled(table, table.intern(Op.square, [a.node], undefined, 0), factor);
    const operands = a.node < b.node ? [a.node, b.node] : [b.node, a.node];
    return scaled(table, table.intern(Op.multiply, operands, undefined, 0), factor);
  }

  private quotient(numerator: number, denominator: number): number {
    const { table } = this;
    if (table.isConstant(numerator)) return this.binary(Op.divide, numerator, denominator);
    const { node, factor } = unscaled(table, numerator);
    return scaled(table, table.intern(Op.divide, [node, denominator], undefined, 0), factor);
  }

  private power(base: number, exponent: number): number {
    const { table } = this;
    if (table.isConstant(base) || !table.isConstant(exponent)) return this.binary(Op.power, base, exponent);
    const fixed = table.parameters[exponent]!;
    if (fixed === 0) return table.constant(1);
    if (fixed === 1) return base;
    if (fixed === 0.5) return this.unary(Op.sqrt, base);
    if (fixed === 2) {
      const { node, factor } = unscaled(table, base);
      return scaled(table, table.intern(Op.square, [node], undefined, 0), factor * factor);
    }
    return table.intern(Op.powerConstantExponent, [base], undefined, fixed);
  }
}

/** Splits c·node off a one-term affine node. */
function unscaled(table: NodeTable, node: number): { node: number; factor: number } {
  const start = table.starts[node]!;
  if (table.codes[node] !== affineCode || table.starts[node + 1]! - start !== 1 || table.parameters[node] !== 0) {
    return { node, factor: 1 };
  }
  return { node: table.operands[start]!, factor: table.coefficients[start]! };
}

function scaled(table: NodeTable, node: number, factor: number): number {
  return factor === 1 ? node : table.intern(affineCode, [node], [factor], 0);
}

const linearSearchLimit = 8;

/** Adds up terms coefficient·node and a constant. */
class TermCollector {
  private readonly nodes: number[] = [];
  private readonly coefficients: number[] = [];
  private constant = 0;
  private positions: Map<number, number> | undefined;

  constructor(private readonly table: NodeTable) {}

  add(given: number, coefficient: number): void {
    const { table } = this;
    if (table.codes[given] === constantCode) {
      this.constant += coefficient * table.parameters[given]!;
      return;
    }
    const { node, factor } = unscaled(table, given);
    const position = this.find(node);
    if (position !== undefined) {
      this.coefficients[position]! += coefficient * factor;
      return;
    }
    this.positions?.set(node, this.nodes.length);
    this.nodes.push(node);
    this.coefficients.push(coefficient * factor);
  }

  finish(): number {
    const { table, constant } = this;
    const kept = this.nodes.map((_, k) => k).filter((k) => this.coefficients[k] !== 0);
    const nodes = kept.map((k) => this.nodes[k]!);
    const coefficients = kept.map((k) => this.coefficients[k]!);
    if (nodes.length === 0) return table.constant(constant);
    if (nodes.length === 1 && constant === 0) return scaled(table, nodes[0]!, coefficients[0]!);
    return table.intern(affineCode, nodes, coefficients, constant);
  }

  private find(node: number): number | undefined {
    if (this.nodes.length < linearSearchLimit) {
      const position = this.nodes.indexOf(node);
      return position === -1 ? undefined : position;
    }
    this.positions ??= new Map(this.nodes.map((known, k) => [known, k]));
    return this.positions.get(node);
  }
}
