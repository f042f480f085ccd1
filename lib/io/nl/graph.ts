/** Kinds of nodes that are no operators; operators have their opcode, which is not negative. */
export const Leaf = { constant: -1, variable: -2, definedVariable: -3 } as const;

/** Slopes and the breakpoints between them; the function is 0 at 0. `slopes.length === breakpoints.length + 1`. */
export interface PiecewiseLinear {
  /** Slope of each piece, from left to right. */
  readonly slopes: readonly number[];
  /** Increasing. */
  readonly breakpoints: readonly number[];
}

/**
 * Expressions of a model as one acyclic graph, in arrays. Operands stand before the nodes that use them. The operands
 * of node i are `operands[k]` for `operandStarts[i] <= k < operandStarts[i + 1]`.
 */
export interface ExpressionGraph {
  /** Number of nodes. */
  readonly nodeCount: number;
  /** Opcode, or a value of `Leaf`. */
  readonly kinds: Int16Array;
  /** Value of a constant, 0 elsewhere. */
  readonly values: Float64Array;
  /** Index of a variable, of a defined variable, or of a piecewise-linear table; 0 elsewhere. */
  readonly indices: Int32Array;
  /** Where the operands of each node begin in `operands`, length nodeCount + 1. */
  readonly operandStarts: Int32Array;
  /** Nodes that are operands, node by node; each is smaller than the node that uses it. */
  readonly operands: Int32Array;
  /** Tables of the piecewise-linear nodes, by their `indices`. */
  readonly piecewise: readonly PiecewiseLinear[];
}

/** Grows a graph node by node; leaves of one variable are one node. */
export class GraphBuilder {
  private readonly kinds: number[] = [];
  private readonly values: number[] = [];
  private readonly indices: number[] = [];
  private readonly operandStarts: number[] = [0];
  private readonly operands: number[] = [];
  private readonly piecewise: PiecewiseLinear[] = [];
  private readonly variableNodes: number[] = [];

  /** Nodes so far. */
  get nodeCount(): number {
    return this.kinds.length;
  }

  /** Adds a constant; returns its node. */
  constant(value: number): number {
    return this.push(Leaf.constant, value, 0);
  }

  /** The node of variable `index`, added at its first use. */
  variable(index: number): number {
    return (this.variableNodes[index] ??= this.push(Leaf.variable, 0, index));
  }

  /** The value of a defined variable: its expression plus the linear part kept beside the graph. */
  definedVariable(index: number, expression: number): number {
    this.operands.push(expression);
    return this.push(Leaf.definedVariable, 0, index);
  }

  /** An operator over `stack[base…]`. */
  operator(code: number, stack: readonly number[], base = 0): number {
    for (let k = base; k < stack.length; k++) this.operands.push(stack[k]!);
    return this.push(code, 0, 0);
  }

  /** Adds a piecewise-linear function of the node `argument`; returns its node. */
  piecewiseLinear(code: number, table: PiecewiseLinear, argument: number): number {
    this.operands.push(argument);
    this.piecewise.push(table);
    return this.push(code, 0, this.piecewise.length - 1);
  }

  /** The graph in arrays of their final lengths. */
  build(): ExpressionGraph {
    return {
      nodeCount: this.kinds.length,
      kinds: Int16Array.from(this.kinds),
      values: Float64Array.from(this.values),
      indices: Int32Array.from(this.indices),
      operandStarts: Int32Array.from(this.operandStarts),
      operands: Int32Array.from(this.operands),
      piecewise: this.piecewise,
    };
  }

  private push(kind: number, value: number, index: number): number {
    this.kinds.push(kind);
    this.values.push(value);
    this.indices.push(index);
    this.operandStarts.push(this.operands.length);
    return this.kinds.length - 1;
  }
}
