import type { TapeState } from './sweeps.js';
import type { Tape, TapeFunction } from './tape.js';

/** What one function's gradient touches. */
export interface GradientPlan {
  /** Operations that the function depends on, in falling order. */
  readonly operations: Int32Array;
  /** Variables of the gradient, increasing: linear and nonlinear ones. */
  readonly variables: Int32Array;
  /** Positions in `variables` of those that enter nonlinearly. */
  readonly nonlinearPositions: Int32Array;
  /** Linear coefficient beside `variables`, 0 where there is none. */
  readonly linear: Float64Array;
}

/** Plans the gradients of all functions of a tape. */
export function planGradients(tape: Tape): GradientPlan[] {
  const marks = new Int32Array(tape.operationBase + tape.operationCount).fill(-1);
  return tape.functions.map((definition, mark) => planGradient(tape, definition, marks, mark));
}

function planGradient(tape: Tape, definition: TapeFunction, marks: Int32Array, mark: number): GradientPlan {
  const { operandStarts, operands, operationBase, variableCount } = tape;
  const nonlinear: number[] = [];
  const operations: number[] = [];
  const pending: number[] = [];
  const visit = (slot: number): void => {
    if (marks[slot] === mark) return;
    marks[slot] = mark;
    if (slot >= operationBase) pending.push(slot - operationBase);
    else if (slot < variableCount) nonlinear.push(slot);
  };
  for (const slot of definition.slots) visit(slot);
  while (pending.length > 0) {
    const operation = pending.pop()!;
    operations.push(operation);
    for (let k = operandStarts[operation]!; k < operandStarts[operation + 1]!; k++) visit(operands[k]!);
  }
  const coefficientOf = new Map<number, number>();
  definition.linearVariables.forEach((variable, k) => coefficientOf.set(variable, definition.linearCoefficients[k]!));
  const isNonlinear = new Set(nonlinear);
  const variables = Int32Array.from(new Set([...nonlinear, ...definition.linearVariables])).sort();
  const positions: number[] = [];
  variables.forEach((variable, position) => {
    if (isNonlinear.has(variable)) positions.push(position);
  });
  return {
    operations: Int32Array.from(operations).sort().reverse(),
    variables,
    nonlinearPositions: Int32Array.from(positions),
    linear: Float64Array.from(variables, (variable) => coefficientOf.get(variable) ?? 0),
  };
}

/** Value of one function from the slots' values. */
export function functionValue(definition: TapeFunction, x: Float64Array, values: Float64Array): number {
  const { linearVariables, linearCoefficients, slots, coefficients } = definition;
  let sum = definition.constant;
  for (let k = 0; k < linearVariables.length; k++) sum += linearCoefficients[k]! * x[linearVariables[k]!]!;
  for (let k = 0; k < slots.length; k++) sum += coefficients[k]! * values[slots[k]!]!;
  return sum;
}

/**
 * Reverse sweep of one function: writes its gradient, in the order of `plan.variables`, to `out` from `offset` on.
 * `adjoints` (one a slot) is all zero before and after.
 */
export function sparseGradient(
  state: TapeState,
  definition: TapeFunction,
  plan: GradientPlan,
  adjoints: Float64Array,
  out: Float64Array,
  offset: number,
): void {
  const { tape, partials } = state;
  const { operandStarts, operands, operationBase } = tape;
  const { operations, variables, nonlinearPositions } = plan;
  out.set(plan.linear, offset);
  if (nonlinearPositions.length === 0) return;
  for (let k = 0; k < definition.slots.length; k++) adjoints[definition.slots[k]!]! += definition.coefficients[k]!;
  for (let k = 0; k < operations.length; k++) {
    const operation = operations[k]!;
    const adjoint = adjoints[operationBase + operation]!;
    if (adjoint === 0) continue;
    adjoints[operationBase + operation] = 0;
    for (let t = operandStarts[operation]!; t < operandStarts[operation + 1]!; t++) {
      adjoints[operands[t]!]! += adjoint * partials[t]!;
    }
  }
  for (let k = 0; k < nonlinearPositions.length; k++) {
    const position = nonlinearPositions[k]!;
    const variable = variables[position]!;
    out[offset + position]! += adjoints[variable]!;
    adjoints[variable] = 0;
  }
}
