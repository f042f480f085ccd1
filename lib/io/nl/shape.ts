import { affineCode } from './node-table.js';
import { Op } from './opcodes.js';
import type { Tape } from './tape.js';

/** Degree above 2, or no polynomial at all. */
export const beyondQuadratic = 3;

/** Polynomial degree of each of the tape's functions: 0, 1, 2, or `beyondQuadratic`. */
export function functionDegrees(tape: Tape): Uint8Array {
  const slotDegrees = operationDegrees(tape);
  return Uint8Array.from(tape.functions, ({ linearVariables, slots }) => {
    let degree = linearVariables.length > 0 ? 1 : 0;
    for (const slot of slots) degree = Math.max(degree, slotDegrees[slot]!);
    return degree;
  });
}

function operationDegrees(tape: Tape): Uint8Array {
  const { variableCount, operationBase, operationCount, operandStarts, operands, codes, parameters } = tape;
  const degrees = new Uint8Array(operationBase + operationCount);
  degrees.fill(1, 0, variableCount);
  for (let i = 0; i < operationCount; i++) {
    const start = operandStarts[i]!;
    const a = degrees[operands[start]!]!;
    degrees[operationBase + i] = Math.min(beyondQuadratic, degree(i, a));
  }
  return degrees;

  function degree(operation: number, a: number): number {
    const start = operandStarts[operation]!;
    const end = operandStarts[operation + 1]!;
    switch (codes[operation]) {
      case affineCode: {
        let highest = 0;
        for (let k = start; k < end; k++) highest = Math.max(highest, degrees[operands[k]!]!);
        return highest;
      }
      case Op.multiply:
        return a + degrees[operands[start + 1]!]!;
      case Op.square:
        return 2 * a;
      case Op.powerConstantExponent: {
        const exponent = parameters[operation]!;
        return Number.isInteger(exponent) && exponent > 0 ? a * exponent : beyondQuadratic;
      }
      default:
        return beyondQuadratic;
    }
  }
}
