import type { Condition, Expression, VariableExpression } from './expression.js';
import { GraphBuilder } from './graph.js';
import type { LinearTerms, NlModel, NlObjective, NonsmoothOperator } from './model.js';
import { Op, operatorOf } from './opcodes.js';

/** What is known of a variable besides its place. */
export interface VariableFacts {
  /** Lower bound; −Infinity when absent. */
  readonly lower?: number;
  /** Upper bound; Infinity when absent. */
  readonly upper?: number;
  /** Initial value; when absent the file gives none and solvers take 0. */
  readonly start?: number;
  /** Whether only whole values are allowed; false when absent. */
  readonly integer?: boolean;
}

/** Sides of a constraint; absent ones are ±Infinity. `equal` sets both. */
export type ConstraintSides =
  | {
      /** Least value of the body; −Infinity when absent. */
      readonly lower?: number;
      /** Largest value of the body; Infinity when absent. */
      readonly upper?: number;
    }
  | {
      /** The one value that the body may have. */
      readonly equal: number;
    };

/** Builds a model from expressions, to be compiled or written as `.nl`. */
export class NlModelBuilder {
  private readonly variables: VariableFacts[] = [];
  private readonly constraints: { body: Expression; lower: number; upper: number }[] = [];
  private objective: { sense: NlObjective['sense']; body: Expression } | undefined;

  constructor(private readonly name?: string) {}

  /** Adds a variable; its index is the number of variables before it. */
  variable(facts: VariableFacts = {}): VariableExpression {
    this.variables.push(facts);
    return { kind: 'variable', index: this.variables.length - 1 };
  }

  /** Adds a constraint on the value of `body`; returns its index. */
  constraint(body: Expression, sides: ConstraintSides): number {
    const { lower = -Infinity, upper = Infinity } =
      'equal' in sides ? { lower: sides.equal, upper: sides.equal } : sides;
    this.constraints.push({ body, lower, upper });
    return this.constraints.length - 1;
  }

  /** Sets the objective, to be minimised; replaces an earlier one. */
  minimise(body: Expression): void {
    this.objective = { sense: 'minimise', body };
  }

  /** Sets the objective, to be maximised; replaces an earlier one. */
  maximise(body: Expression): void {
    this.objective = { sense: 'maximise', body };
  }

  /** The model of what was added so far. */
  build(): NlModel {
    const { variables, constraints, objective } = this;
    const translator = new Translator();
    const parts = constraints.map(({ body }) => translator.split(body));
    const objectivePart = objective && translator.split(objective.body);
    return {
      header: {
        format: 'text',
        amplOptions: [1, 1, 0],
        littleEndian: true,
        wantsSuffixes: false,
        hasRowNames: false,
        hasColumnNames: false,
      },
      ...(this.name !== undefined && { name: this.name }),
      variableCount: variables.length,
      constraintCount: constraints.length,
      definedVariables: [],
      constraintExpressions: Int32Array.from(parts, (part) => part.expression),
      constraintLinear: parts.map((part) => part.linear),
      objectives: objective && objectivePart ? [{ sense: objective.sense, ...objectivePart }] : [],
      graph: translator.builder.build(),
      lower: Float64Array.from(variables, ({ lower }) => lower ?? -Infinity),
      upper: Float64Array.from(variables, ({ upper }) => upper ?? Infinity),
      constraintLower: Float64Array.from(constraints, ({ lower }) => lower),
      constraintUpper: Float64Array.from(constraints, ({ upper }) => upper),
      integer: Uint8Array.from(variables, ({ integer }) => (integer ? 1 : 0)),
      start: Float64Array.from(variables, ({ start }) => start ?? 0),
      startGiven: Uint8Array.from(variables, ({ start }) => (start === undefined ? 0 : 1)),
      suffixes: [],
      nonsmooth: [...translator.nonsmooth.values()],
    };
  }
}

interface SplitBody {
  readonly expression: number;
  readonly linear: LinearTerms;
}

/** Turns expressions into nodes of a graph; one object becomes one node, however often it is used. */
class Translator {
  readonly builder = new GraphBuilder();
  readonly nonsmooth = new Map<number, NonsmoothOperator>();
  private readonly nodes = new Map<object, number>();
  private readonly constants = new Map<number, number>();

  /** Linear terms taken out of the outermost sums; the rest as one node. */
  split(body: Expression): SplitBody {
    const linear = new Map<number, number>();
    const rest: number[] = [];
    let constant = 0;
    const pending: [Expression, number][] = [[body, 1]];
    while (pending.length > 0) {
      const [term, factor] = pending.pop()!;
      if (typeof term === 'number') constant += factor * term;
      else if (term.kind === 'variable') linear.set(term.index, (linear.get(term.index) ?? 0) + factor);
      else if (!expandSum(term.code, term.operands as readonly Expression[], factor, pending)) {
        rest.push(this.scaled(this.node(term), factor));
      }
    }
    if (constant !== 0 || rest.length === 0) rest.push(this.constant(constant));
    const sum = rest.length === 1 ? rest[0]! : this.builder.operator(rest.length === 2 ? Op.add : Op.sum, rest);
    const terms = [...linear].filter(([, coefficient]) => coefficient !== 0).sort(([a], [b]) => a - b);
    return {
      expression: sum,
      linear: {
        variables: Int32Array.from(terms, ([variable]) => variable),
        coefficients: Float64Array.from(terms, ([, coefficient]) => coefficient),
      },
    };
  }

  private scaled(node: number, factor: number): number {
    if (factor === 1) return node;
    return this.builder.operator(Op.multiply, [this.constant(factor), node]);
  }

  /** The node of an expression, by an explicit stack so that depth does not matter. */
  private node(root: Expression | Condition): number {
    const pending: (Expression | Condition)[] = [root];
    while (pending.length > 0) {
      const expression = pending[pending.length - 1]!;
      if (this.known(expression) !== undefined) {
        pending.pop();
        continue;
      }
      if (typeof expression === 'number' || expression.kind === 'variable') break;
      const missing = expression.operands.filter((operand) => this.known(operand) === undefined);
      // One by one: a sum may have more operands than a call takes arguments.
      for (const operand of missing.reverse()) pending.push(operand);
      if (missing.length === 0) {
        pending.pop();
        const operands = expression.operands.map((operand) => this.known(operand)!);
        this.nodes.set(expression, this.builder.operator(expression.code, operands));
        this.noteKink(expression.code);
      }
    }
    return this.known(root)!;
  }

  private known(expression: Expression | Condition): number | undefined {
    if (typeof expression === 'number') return this.constant(expression);
    if (expression.kind === 'variable') return this.builder.variable(expression.index);
    return this.nodes.get(expression);
  }

  private constant(value: number): number {
    const known = this.constants.get(value);
    if (known !== undefined) return known;
    const node = this.builder.constant(value);
    this.constants.set(value, node);
    return node;
  }

  private noteKink(code: number): void {
    const { name, kink } = operatorOf(code)!;
    if (!kink) return;
    const occurrences = (this.nonsmooth.get(code)?.occurrences ?? 0) + 1;
    this.nonsmooth.set(code, { name, kind: kink, occurrences });
  }
}

/** Puts the terms of a sum, difference, negation or constant multiple on the list; false if it is none of these. */
function expandSum(
  code: number,
  operands: readonly Expression[],
  factor: number,
  pending: [Expression, number][],
): boolean {
  switch (code) {
    case Op.add:
    case Op.sum:
      for (let k = operands.length - 1; k >= 0; k--) pending.push([operands[k]!, factor]);
      return true;
    case Op.subtract:
      pending.push([operands[1]!, -factor], [operands[0]!, factor]);
      return true;
    case Op.negate:
      pending.push([operands[0]!, -factor]);
      return true;
    case Op.multiply: {
      const [left, right] = operands as [Expression, Expression];
      if (typeof left === 'number') pending.push([right, factor * left]);
      else if (typeof right === 'number') pending.push([left, factor * right]);
      return typeof left === 'number' || typeof right === 'number';
    }
    default:
      return false;
  }
}
