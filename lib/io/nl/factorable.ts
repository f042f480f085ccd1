import type { FactorableForm, FactorableOperation, LinearForm, OperationKind } from '../../problem/index.js';
import { affineCode } from './node-table.js';
import { Op } from './opcodes.js';
import type { Tape, TapeFunction } from './tape.js';

const kinds: ReadonlyMap<number, OperationKind> = new Map([
  [affineCode, 'affine'],
  [Op.multiply, 'multiply'],
  [Op.divide, 'divide'],
  [Op.square, 'square'],
  [Op.powerConstantExponent, 'power'],
  [Op.exp, 'exp'],
  [Op.log, 'log'],
  [Op.sqrt, 'sqrt'],
  [Op.abs, 'abs'],
  [Op.sin, 'sin'],
  [Op.cos, 'cos'],
  [Op.tan, 'tan'],
  [Op.asin, 'asin'],
  [Op.acos, 'acos'],
  [Op.atan, 'atan'],
  [Op.sinh, 'sinh'],
  [Op.cosh, 'cosh'],
  [Op.tanh, 'tanh'],
  [Op.minimum, 'minimum'],
  [Op.maximum, 'maximum'],
]);

/** The functions of a tape as elementary operations; undefined where an operation has no bounds over a box here. */
export function factorableForm(tape: Tape): FactorableForm | undefined {
  const { variableCount, operationBase, operationCount, constants } = tape;
  const operations: FactorableOperation[] = [];
  /** Slots of the form for those of the tape. */
  const slots = Array.from({ length: operationBase + operationCount }, (_, slot) => slot);
  const append = (operation: FactorableOperation): number => {
    operations.push(operation);
    return variableCount + operations.length - 1;
  };
  constants.forEach((parameter, k) => {
    slots[variableCount + k] = append({ kind: 'constant', operands: [], coefficients: [], parameter });
  });
  for (let i = 0; i < operationCount; i++) {
    const slot = appendOperation(tape, i, slots, append);
    if (slot === undefined) return undefined;
    slots[operationBase + i] = slot;
  }
  const linearForm = ({
    constant,
    linearVariables,
    linearCoefficients,
    slots: own,
    coefficients,
  }: TapeFunction): LinearForm => ({
    constant,
    slots: [...linearVariables, ...Array.from(own, (slot) => slots[slot]!)],
    coefficients: [...linearCoefficients, ...coefficients],
  });
  const [objective, ...constraints] = tape.functions.map(linearForm);
  return { variableCount, operations, objective: objective!, constraints };
}

function appendOperation(
  tape: Tape,
  i: number,
  slots: readonly number[],
  append: (operation: FactorableOperation) => number,
): number | undefined {
  const { codes, operandStarts, operands, coefficients, parameters, constants, variableCount, operationBase } = tape;
  const [start, end] = [operandStarts[i]!, operandStarts[i + 1]!];
  const own = Array.from(operands.subarray(start, end));
  const mapped = own.map((slot) => slots[slot]!);
  const code = codes[i]!;
  const kind = kinds.get(code);
  const simple = (name: OperationKind, of: readonly number[], factors: readonly number[] = [1, 1], parameter = 0) =>
    append({ kind: name, operands: of, coefficients: factors.slice(0, of.length), parameter });
  if (kind !== undefined) {
    const factors = code === affineCode ? Array.from(coefficients.subarray(start, end)) : undefined;
    return simple(kind, mapped, factors, code === affineCode || kind === 'power' ? parameters[i] : 0);
  }
  const constantOf = (slot: number): number | undefined =>
    slot >= variableCount && slot < operationBase ? constants[slot - variableCount] : undefined;
  switch (code) {
    case Op.negate:
      return simple('affine', mapped, [-1]);
    case Op.log10:
      return simple('affine', [simple('log', mapped)], [Math.LOG10E]);
    case Op.power:
    case Op.powerConstantBase: {
      // c^b = e^(b·ln c); with a base that varies it is defined for negative ones where the exponent is whole.
      const base = constantOf(own[0]!);
      if (base === undefined || !(base > 0)) return undefined;
      return simple('exp', [simple('affine', [mapped[1]!], [Math.log(base)])]);
    }
    default:
      return undefined;
  }
}
