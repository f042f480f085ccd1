import { Leaf } from './graph.js';
import type { LinearTerms, NlModel, NlSuffix } from './model.js';
import { Op, operatorOf } from './opcodes.js';
import { suffixKind } from './sol.js';
import { writeOrder, type WriteOrder } from './write-order.js';

/** A written model. The file's order may differ from the model's: `.sol` values come in the file's. */
export interface WrittenNl {
  /** Content of the file. */
  readonly text: string;
  /** Index in the model of each variable of the file. */
  readonly variables: Int32Array;
  /** Index in the model of each constraint of the file. */
  readonly constraints: Int32Array;
}

/**
 * Writes a model in the text form, for any solver that speaks AMPL (IPOPT, Bonmin, SCIP, …). Expressions used more than
 * once are written once, as defined variables. Reading the text back gives a model that evaluates the same.
 *
 * @param model - A model as `readNl` or `NlModelBuilder` gives it.
 * @example
 * ```ts
 * import { NlModelBuilder, expressions, writeNl } from 'sft-opt/io/nl';
 *
 * const builder = new NlModelBuilder('small');
 * const x = builder.variable({ lower: 0, upper: 4, integer: true });
 * const y = builder.variable({ lower: 0, upper: 4 });
 * builder.constraint(expressions.add(x, y), { upper: 5.5 });
 * builder.maximise(expressions.add(expressions.multiply(2, x), y));
 * const model = builder.build();
 * console.log(writeNl(model).text.startsWith('g3')); // true
 * ```
 */
export function writeNl(model: NlModel): WrittenNl {
  const order = writeOrder(model);
  const writer = new NlWriter(model, order);
  return { text: writer.write(), variables: order.variables, constraints: order.constraints };
}

class NlWriter {
  private readonly lines: string[] = [];
  private readonly definedPositions = new Map<number, number>();

  constructor(
    private readonly model: NlModel,
    private readonly order: WriteOrder,
  ) {
    order.definedNodes.forEach((node, k) => this.definedPositions.set(node, model.variableCount + k));
  }

  write(): string {
    const { model, order, lines } = this;
    const rows = Array.from(order.constraints, (i) => this.sparsity(model.constraintLinear[i]!, i));
    const gradients = model.objectives.map((objective, k) =>
      this.sparsity(objective.linear, model.constraintCount + k),
    );
    this.header(rows, gradients);
    for (const suffix of model.suffixes) this.suffix(suffix);
    for (const node of order.definedNodes) this.definedVariable(node);
    order.constraints.forEach((i, position) => {
      lines.push(`C${position}`);
      this.expression(model.constraintExpressions[i]!);
    });
    model.objectives.forEach((objective, k) => {
      lines.push(`O${k} ${objective.sense === 'minimise' ? 0 : 1}`);
      this.expression(objective.expression);
    });
    this.startValues();
    if (model.constraintCount > 0) lines.push('r');
    for (const i of order.constraints) lines.push(sides(model.constraintLower[i]!, model.constraintUpper[i]!));
    lines.push('b');
    for (const j of order.variables) lines.push(sides(model.lower[j]!, model.upper[j]!));
    this.columnCounts(rows);
    rows.forEach((row, position) => this.terms('J', position, row));
    gradients.forEach((row, k) => this.terms('G', k, row));
    return `${lines.join('\n')}\n`;
  }

  private header(rows: readonly SparseRow[], gradients: readonly SparseRow[]): void {
    const { model, order } = this;
    const count = (list: readonly SparseRow[]): number => list.reduce((sum, row) => sum + row.length, 0);
    const { constraintLower: lower, constraintUpper: upper } = model;
    const equations = lower.filter((side, i) => side === upper[i]).length;
    const ranges = lower.filter((side, i) => side > -Infinity && upper[i]! < Infinity && side !== upper[i]).length;
    const { amplOptions, tolerance } = model.header;
    const first = [amplOptions.length, ...amplOptions, ...(tolerance === undefined ? [] : [tolerance])].join(' ');
    const name = model.name?.replace(/\s+/g, '_');
    this.lines.push(
      `g${first}${name === undefined ? '' : `\t# problem ${name}`}`,
      ` ${model.variableCount} ${model.constraintCount} ${model.objectives.length} ${ranges} ${equations}\t# variables, constraints, objectives, ranges, equations`,
      ` ${order.nonlinearConstraintCount} ${order.nonlinearObjectiveCount}\t# nonlinear constraints, objectives`,
      ' 0 0\t# network constraints',
      ` ${order.nonlinearInConstraints} ${order.nonlinearInObjectives} ${order.nonlinearInBoth}\t# nonlinear variables in constraints, objectives, both`,
      ` 0 0 0 ${model.header.wantsSuffixes ? 1 : 0}\t# network variables, functions, arithmetic, flags`,
      ` ${order.integerCounts.join(' ')}\t# integers: linear binary, linear, in both, in constraints, in objectives`,
      ` ${count(rows)} ${count(gradients)}\t# nonzeros in Jacobian, gradients`,
      ' 0 0\t# longest names',
      ` ${order.definedCounts.join(' ')} 0 0\t# defined variables: both, constraints, objectives`,
    );
  }

  private suffix(suffix: NlSuffix): void {
    const { lines, order } = this;
    const constraintPositions = new Map(Array.from(order.constraints, (i, position) => [i, position]));
    lines.push(`S${suffixKind(suffix)} ${suffix.indices.length} ${suffix.name}`);
    suffix.indices.forEach((index, k) => {
      const position =
        suffix.target === 'variable'
          ? order.variablePositions[index]!
          : suffix.target === 'constraint'
            ? constraintPositions.get(index)!
            : index;
      lines.push(`${position} ${suffix.values[k]!}`);
    });
  }

  private definedVariable(node: number): void {
    const { graph, definedVariables } = this.model;
    const { lines, order } = this;
    const linear =
      graph.kinds[node] === Leaf.definedVariable ? definedVariables[graph.indices[node]!]!.linear : undefined;
    lines.push(`V${this.definedPositions.get(node)!} ${linear?.variables.length ?? 0} 0`);
    linear?.variables.forEach((variable, k) => {
      lines.push(`${order.variablePositions[variable]!} ${linear.coefficients[k]!}`);
    });
    if (linear) this.expression(graph.operands[graph.operandStarts[node]!]!);
    else this.expression(node, node);
  }

  /** Prefix form by an explicit stack; `defining` is the node whose own definition is being written. */
  private expression(root: number, defining?: number): void {
    const { graph } = this.model;
    const { lines } = this;
    const pending = [root];
    while (pending.length > 0) {
      const node = pending.pop()!;
      const kind = graph.kinds[node]!;
      const position = this.definedPositions.get(node);
      if (position !== undefined && node !== defining) lines.push(`v${position}`);
      else if (kind === Leaf.constant) lines.push(`n${graph.values[node]!}`);
      else if (kind === Leaf.variable) lines.push(`v${this.order.variablePositions[graph.indices[node]!]!}`);
      else {
        this.operatorLines(node);
        for (let k = graph.operandStarts[node + 1]! - 1; k >= graph.operandStarts[node]!; k--) {
          pending.push(graph.operands[k]!);
        }
      }
    }
  }

  /** The operator itself with what stands between it and its operands. */
  private operatorLines(node: number): void {
    const { graph } = this.model;
    const { lines } = this;
    const code = graph.kinds[node]!;
    const operandCount = graph.operandStarts[node + 1]! - graph.operandStarts[node]!;
    if (code === Op.piecewiseLinear) {
      const { slopes, breakpoints } = graph.piecewise[graph.indices[node]!]!;
      lines.push(`o${code}`, String(slopes.length));
      slopes.forEach((slope, k) => lines.push(`n${slope}`, ...(k < breakpoints.length ? [`n${breakpoints[k]!}`] : [])));
      return;
    }
    const pairwise = pairOperators.get(code);
    if (pairwise !== undefined && operandCount < 3) {
      // The format wants at least three operands of these.
      if (operandCount === 2) lines.push(`o${pairwise}`);
      return;
    }
    lines.push(`o${code}`);
    if (operatorOf(code)!.least !== undefined) lines.push(String(operandCount));
  }

  private startValues(): void {
    const { model, order, lines } = this;
    if (model.startMarginals) {
      lines.push(`d${model.constraintCount}`);
      order.constraints.forEach((i, position) => lines.push(`${position} ${model.startMarginals![i]!}`));
    }
    const given = order.variables.filter((j) => model.startGiven[j] === 1);
    if (given.length === 0) return;
    lines.push(`x${given.length}`);
    for (const j of given) lines.push(`${order.variablePositions[j]!} ${model.start[j]!}`);
  }

  /** Coefficients by position in the file, with zeros for variables that occur only in the expression. */
  private sparsity(linear: LinearTerms, root: number): SparseRow {
    const { variablePositions, expressionVariables } = this.order;
    const row = new Map<number, number>();
    for (const variable of expressionVariables[root]!) row.set(variablePositions[variable]!, 0);
    linear.variables.forEach((variable, k) => row.set(variablePositions[variable]!, linear.coefficients[k]!));
    return [...row].sort(([a], [b]) => a - b);
  }

  private columnCounts(rows: readonly SparseRow[]): void {
    const { variableCount } = this.model;
    const counts = new Int32Array(variableCount);
    for (const row of rows) for (const [position] of row) counts[position]!++;
    this.lines.push(`k${variableCount - 1}`);
    let sum = 0;
    for (let j = 0; j < variableCount - 1; j++) {
      sum += counts[j]!;
      this.lines.push(String(sum));
    }
  }

  private terms(letter: 'J' | 'G', index: number, row: SparseRow): void {
    if (row.length === 0) return;
    this.lines.push(`${letter}${index} ${row.length}`);
    for (const [position, coefficient] of row) this.lines.push(`${position} ${coefficient}`);
  }
}

/** [position in the file, coefficient], increasing. */
type SparseRow = readonly (readonly [number, number])[];

/** What to write for two operands instead of an operator that takes three or more. */
const pairOperators: ReadonlyMap<number, number> = new Map([
  [Op.sum, Op.add],
  [Op.forAll, Op.and],
  [Op.exists, Op.or],
]);

function sides(lower: number, upper: number): string {
  if (lower === upper) return `4 ${lower}`;
  if (lower === -Infinity) return upper === Infinity ? '3' : `1 ${upper}`;
  return upper === Infinity ? `2 ${lower}` : `0 ${lower} ${upper}`;
}
