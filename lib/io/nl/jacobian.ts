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

const none = new Int32Array(0);

/** Plans the gradients of all functions of a tape. */
export function planGradients(tape: Tape): GradientPlan[] {
  const marks = new Int32Array(tape.operationBase + tape.operationCount).fill(-1);
  return tape.functions.map((definition, mark) => planGradient(tape, definition, marks, mark));
}

function planGradient(tape: Tape, definition: TapeFunction, marks: Int32Array, mark: number): GradientPlan {
  const { operandStarts, operands, operationBase, variableCount } = tape;
  const { linearVariables, linearCoefficients } = definition;
  if (definition.slots.length === 0) {
    return { operations: none, variables: linearVariables, nonlinearPositions: none, linear: linearCoefficients };
  }
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
  return {
    operations: Int32Array.from(operations).sort().reverse(),
    ...mergeVariables(linearVariables, linearCoefficients, Int32Array.from(nonlinear).sort()),
  };
}

/** Both kinds of variables, each list increasing, as one increasing list. */
function mergeVariables(
  linearVariables: Int32Array,
  linearCoefficients: Float64Array,
  nonlinear: Int32Array,
): Pick<GradientPlan, 'variables' | 'nonlinearPositions' | 'linear'> {
  const variables: number[] = [];
  const linear: number[] = [];
  const nonlinearPositions = new Int32Array(nonlinear.length);
  let k = 0;
  for (let t = 0; t < nonlinear.length; t++) {
    const variable = nonlinear[t]!;
    for (; k < linearVariables.length && linearVariables[k]! < variable; k++) {
      variables.push(linearVariables[k]!);
      linear.push(linearCoefficients[k]!);
    }
    nonlinearPositions[t] = variables.length;
    variables.push(variable);
    linear.push(linearVariables[k] === variable ? linearCoefficients[k++]! : 0);
  }
  for (; k < linearVariables.length; k++) {
    variables.push(linearVariables[k]!);
    linear.push(linearCoefficients[k]!);
  }
  return { variables: Int32Array.from(variables), nonlinearPositions, linear: Float64Array.from(linear) };
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
 * Reverse sweep of one function: adds the nonlinear part of its gradient, in the order of `plan.variables`, to `out`
 * from `offset` on. `adjoints` (one a slot) is zero before and after wherever the function reaches.
 */
export function addNonlinearGradient(
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
