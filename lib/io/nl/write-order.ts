import { Leaf } from './graph.js';
import type { NlModel } from './model.js';
import { operatorOf } from './opcodes.js';

/**
 * Where everything stands in a written file. The format states by the order of variables which are nonlinear where and
 * which are integer, and puts nonlinear constraints first.
 */
export interface WriteOrder {
  /** Index in the model of each variable of the file. */
  readonly variables: Int32Array;
  /** Index in the file of each variable of the model. */
  readonly variablePositions: Int32Array;
  /** Index in the model of each constraint of the file. */
  readonly constraints: Int32Array;
  readonly nonlinearConstraintCount: number;
  readonly nonlinearObjectiveCount: number;
  /** Variables nonlinear in both, in constraints (with those in both), and the format's count for objectives. */
  readonly nonlinearInBoth: number;
  readonly nonlinearInConstraints: number;
  readonly nonlinearInObjectives: number;
  /** Integers: linear binary, linear other, nonlinear in both, in constraints only, in objectives only. */
  readonly integerCounts: readonly [number, number, number, number, number];
  /** Nodes that are written as defined variables, in the order of the file. */
  readonly definedNodes: readonly number[];
  /** How many of them are used in constraints and objectives, only in constraints, only in objectives. */
  readonly definedCounts: readonly [number, number, number];
  /** Variables that occur in the expression of each constraint, then of each objective; increasing. */
  readonly expressionVariables: readonly Int32Array[];
}

const inConstraints = 1;
const inObjectives = 2;

export function writeOrder(model: NlModel): WriteOrder {
  const { graph, constraintCount, variableCount, objectives } = model;
  const roots = [...model.constraintExpressions, ...objectives.map((objective) => objective.expression)];
  const search = new VariableSearch(model);
  const expressionVariables = roots.map((root) => search.variablesOf(root));
  const places = new Uint8Array(variableCount);
  expressionVariables.forEach((variables, root) => {
    for (const variable of variables) places[variable]! |= root < constraintCount ? inConstraints : inObjectives;
  });
  const classOf = (variable: number): number => variableClass(model, places, variable);
  const variables = Int32Array.from({ length: variableCount }, (_, j) => j).sort(
    (a, b) => classOf(a) - classOf(b) || a - b,
  );
  const variablePositions = new Int32Array(variableCount);
  variables.forEach((variable, position) => (variablePositions[variable] = position));
  const sizes = new Array<number>(classCount).fill(0);
  for (let j = 0; j < variableCount; j++) sizes[classOf(j)]!++;
  const both = sizes[0]! + sizes[1]!;
  const constraintsOnly = sizes[2]! + sizes[3]!;
  const objectivesOnly = sizes[4]! + sizes[5]!;
  const isNonlinear = (root: number): boolean => graph.kinds[roots[root]!] !== Leaf.constant;
  const indices = Int32Array.from({ length: constraintCount }, (_, i) => i);
  const nonlinear = indices.filter(isNonlinear);
  return {
    variables,
    variablePositions,
    constraints: Int32Array.from([...nonlinear, ...indices.filter((i) => !isNonlinear(i))]),
    nonlinearConstraintCount: nonlinear.length,
    nonlinearObjectiveCount: objectives.filter((_, k) => isNonlinear(constraintCount + k)).length,
    nonlinearInBoth: both,
    nonlinearInConstraints: both + constraintsOnly,
    nonlinearInObjectives: objectivesOnly > 0 ? both + constraintsOnly + objectivesOnly : both,
    integerCounts: [sizes[7]!, sizes[8]!, sizes[1]!, sizes[3]!, sizes[5]!],
    ...definedNodes(model, roots),
    expressionVariables,
  };
}

const classCount = 9;

/** The format's classes in order: nonlinear (both, constraints, objectives; integers last in each), linear ones. */
function variableClass(model: NlModel, places: Uint8Array, variable: number): number {
  const integer = model.integer[variable] === 1;
  const nonlinearClass = [undefined, 2, 4, 0][places[variable]!];
  if (nonlinearClass !== undefined) return nonlinearClass + (integer ? 1 : 0);
  if (!integer) return 6;
  return model.lower[variable] === 0 && model.upper[variable] === 1 ? 7 : 8;
}

/** Finds the variables that an expression depends on. */
class VariableSearch {
  private readonly marks: Int32Array;
  private mark = 0;

  constructor(private readonly model: NlModel) {
    this.marks = new Int32Array(model.graph.nodeCount);
  }

  variablesOf(root: number): Int32Array {
    const { graph, definedVariables } = this.model;
    const mark = ++this.mark;
    const found = new Set<number>();
    const pending = [root];
    while (pending.length > 0) {
      const node = pending.pop()!;
      if (this.marks[node] === mark) continue;
      this.marks[node] = mark;
      const kind = graph.kinds[node]!;
      if (kind === Leaf.variable) found.add(graph.indices[node]!);
      if (kind === Leaf.definedVariable) {
        for (const variable of definedVariables[graph.indices[node]!]!.linear.variables) found.add(variable);
      }
      for (let k = graph.operandStarts[node]!; k < graph.operandStarts[node + 1]!; k++)
        pending.push(graph.operands[k]!);
    }
    return Int32Array.from(found).sort();
  }
}

/** Defined variables of the model, and operators used more than once, which would otherwise be written again and again. */
function definedNodes(model: NlModel, roots: readonly number[]): Pick<WriteOrder, 'definedNodes' | 'definedCounts'> {
  const { graph, constraintCount } = model;
  const places = new Uint8Array(graph.nodeCount);
  const uses = new Int32Array(graph.nodeCount);
  roots.forEach((root, k) => {
    places[root]! |= k < constraintCount ? inConstraints : inObjectives;
    uses[root]!++;
  });
  for (let node = graph.nodeCount - 1; node >= 0; node--) {
    if (places[node] === 0) continue;
    for (let k = graph.operandStarts[node]!; k < graph.operandStarts[node + 1]!; k++) {
      places[graph.operands[k]!]! |= places[node]!;
      uses[graph.operands[k]!]!++;
    }
  }
  const groups: [number[], number[], number[]] = [[], [], []];
  for (let node = 0; node < graph.nodeCount; node++) {
    const kind = graph.kinds[node]!;
    const shared = kind >= 0 && uses[node]! > 1 && operatorOf(kind)!.result === 'number';
    if (places[node] === 0 || !(shared || kind === Leaf.definedVariable)) continue;
    groups[places[node] === (inConstraints | inObjectives) ? 0 : places[node] === inConstraints ? 1 : 2].push(node);
  }
  return { definedNodes: groups.flat(), definedCounts: [groups[0].length, groups[1].length, groups[2].length] };
}
