import type { FactorableForm, FactorableOperation, LinearForm } from '../../problem/index.js';
import { smoothFunction, type SmoothFunction } from './intervals.js';

/** A form with what its sweeps need, and the values of its slots at a point. */
export class Expressions {
  readonly variableCount: number;
  readonly slotCount: number;
  readonly operations: readonly FactorableOperation[];
  /** Objective, then constraints. */
  readonly functions: readonly LinearForm[];
  /** Beside `operations`: undefined for those of two operands and those with kinks. */
  readonly smooth: readonly (SmoothFunction | undefined)[];
  private readonly adjoints: Float64Array;

  constructor({ variableCount, operations, objective, constraints }: FactorableForm) {
    this.variableCount = variableCount;
    this.slotCount = variableCount + operations.length;
    this.operations = operations;
    this.functions = [objective, ...constraints];
    this.smooth = operations.map(({ kind, parameter }) => smoothFunction(kind, parameter));
    this.adjoints = new Float64Array(this.slotCount);
  }

  /** Fills the slots of the operations from those of the variables. */
  evaluate(values: Float64Array): void {
    this.operations.forEach((operation, i) => {
      values[this.variableCount + i] = operationValue(operation, this.smooth[i], values);
    });
  }

  valueOf({ constant, slots, coefficients }: LinearForm, values: Float64Array): number {
    let sum = constant;
    for (let k = 0; k < slots.length; k++) sum += coefficients[k]! * values[slots[k]!]!;
    return sum;
  }

  /** Gradient by the variables of a function whose slots have been evaluated. */
  gradient({ slots, coefficients }: LinearForm, values: Float64Array, gradient: Float64Array): void {
    const { adjoints, variableCount } = this;
    adjoints.fill(0);
    for (let k = 0; k < slots.length; k++) adjoints[slots[k]!]! += coefficients[k]!;
    for (let i = this.operations.length - 1; i >= 0; i--) {
      const adjoint = adjoints[variableCount + i]!;
      if (adjoint !== 0) this.pushBack(i, adjoint, values);
    }
    gradient.set(adjoints.subarray(0, variableCount));
  }

  private pushBack(i: number, adjoint: number, values: Float64Array): void {
    const { adjoints } = this;
    const { kind, operands, coefficients } = this.operations[i]!;
    const [a, b] = [operands[0]!, operands[1]!];
    switch (kind) {
      case 'constant':
        return;
      case 'affine':
        operands.forEach((slot, k) => (adjoints[slot]! += adjoint * coefficients[k]!));
        return;
      case 'multiply':
        adjoints[a]! += adjoint * values[b]!;
        adjoints[b]! += adjoint * values[a]!;
        return;
      case 'divide':
        adjoints[a]! += adjoint / values[b]!;
        adjoints[b]! -= (adjoint * values[a]!) / values[b]! ** 2;
        return;
      case 'abs':
        adjoints[a]! += values[a]! < 0 ? -adjoint : adjoint;
        return;
      case 'minimum':
        adjoints[values[a]! <= values[b]! ? a : b]! += adjoint;
        return;
      case 'maximum':
        adjoints[values[a]! >= values[b]! ? a : b]! += adjoint;
        return;
      default:
        adjoints[a]! += adjoint * this.smooth[i]!.first(values[a]!);
    }
  }
}

/** The result of an operation from the values of its operands. */
export function operationValue(
  { kind, operands, coefficients, parameter }: FactorableOperation,
  smooth: SmoothFunction | undefined,
  values: Float64Array,
): number {
  const a = values[operands[0]!]!;
  const b = values[operands[1]!]!;
  switch (kind) {
    case 'constant':
      return parameter;
    case 'affine':
      return operands.reduce((total, slot, k) => total + coefficients[k]! * values[slot]!, parameter);
    case 'multiply':
      return a * b;
    case 'divide':
      return a / b;
    case 'abs':
      return Math.abs(a);
    case 'minimum':
      return Math.min(a, b);
    case 'maximum':
      return Math.max(a, b);
    default:
      return smooth!.value(a);
  }
}
