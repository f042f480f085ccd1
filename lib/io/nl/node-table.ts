import { Op } from './opcodes.js';

/** Kind of the nodes that hold a number. */
export const constantCode = -1;
/** Kind of the nodes that stand for a variable; node j is variable j. */
export const variableCode = -2;
/** Σ coefficient·operand + constant. */
export const affineCode: number = Op.sum;

/**
 * Simplified expressions: every node is unique (equal expressions are one node), operands stand before their users.
 * Codes are opcodes, or one of the three above.
 */
export class NodeTable {
  readonly codes: number[] = [];
  /** Operands of node i: `operands[k]` for `starts[i] <= k < starts[i + 1]`. */
  readonly starts: number[] = [0];
  readonly operands: number[] = [];
  /** Beside `operands`: factor in an affine node, 1 elsewhere. */
  readonly coefficients: number[] = [];
  /** A constant's value, an affine node's constant, a fixed exponent, the index of a piecewise-linear table. */
  readonly parameters: number[] = [];

  private buckets = new Int32Array(1024).fill(-1);

  constructor(readonly variableCount: number) {
    for (let j = 0; j < variableCount; j++) this.append(variableCode, [], undefined, 0);
  }

  get nodeCount(): number {
    return this.codes.length;
  }

  isConstant(node: number): boolean {
    return this.codes[node] === constantCode;
  }

  constant(value: number): number {
    return this.intern(constantCode, [], undefined, value);
  }

  /** The node of this operator over these operands, made if new. */
  intern(
    code: number,
    operands: readonly number[],
    coefficients: readonly number[] | undefined,
    parameter: number,
  ): number {
    if (this.codes.length * 2 > this.buckets.length) this.growBuckets();
    const mask = this.buckets.length - 1;
    let bucket = hashNode(code, operands, coefficients, parameter) & mask;
    for (;;) {
      const node = this.buckets[bucket]!;
      if (node === -1) {
        this.buckets[bucket] = this.codes.length;
        return this.append(code, operands, coefficients, parameter);
      }
      if (this.equals(node, code, operands, coefficients, parameter)) return node;
      bucket = (bucket + 1) & mask;
    }
  }

  private append(
    code: number,
    operands: readonly number[],
    coefficients: readonly number[] | undefined,
    parameter: number,
  ): number {
    this.codes.push(code);
    for (let k = 0; k < operands.length; k++) {
      this.operands.push(operands[k]!);
      this.coefficients.push(coefficients ? coefficients[k]! : 1);
    }
    this.starts.push(this.operands.length);
    this.parameters.push(parameter);
    return this.codes.length - 1;
  }

  private equals(
    node: number,
    code: number,
    operands: readonly number[],
    coefficients: readonly number[] | undefined,
    parameter: number,
  ): boolean {
    const start = this.starts[node]!;
    if (this.codes[node] !== code || !Object.is(this.parameters[node], parameter)) return false;
    if (this.starts[node + 1]! - start !== operands.length) return false;
    for (let k = 0; k < operands.length; k++) {
      if (this.operands[start + k] !== operands[k]) return false;
      if (coefficients && this.coefficients[start + k] !== coefficients[k]) return false;
    }
    return true;
  }

  private growBuckets(): void {
    const size = this.buckets.length * 4;
    this.buckets = new Int32Array(size).fill(-1);
    for (let node = this.variableCount; node < this.codes.length; node++) {
      const start = this.starts[node]!;
      const end = this.starts[node + 1]!;
      let bucket = hashNode(
        this.codes[node]!,
        this.operands.slice(start, end),
        this.codes[node] === affineCode ? this.coefficients.slice(start, end) : undefined,
        this.parameters[node]!,
      );
      bucket &= size - 1;
      while (this.buckets[bucket] !== -1) bucket = (bucket + 1) & (size - 1);
      this.buckets[bucket] = node;
    }
  }
}

const scratchReal = new Float64Array(1);
const scratchWords = new Uint32Array(scratchReal.buffer);

function mix(hash: number, word: number): number {
  const mixed = Math.imul(hash ^ word, 0x9e3779b1);
  return mixed ^ (mixed >>> 15);
}

function mixReal(hash: number, value: number): number {
  scratchReal[0] = value;
  return mix(mix(hash, scratchWords[0]!), scratchWords[1]!);
}

function hashNode(
  code: number,
  operands: readonly number[],
  coefficients: readonly number[] | undefined,
  parameter: number,
): number {
  let hash = mixReal(code + 7, parameter);
  for (let k = 0; k < operands.length; k++) {
    hash = mix(hash, operands[k]!);
    if (coefficients) hash = mixReal(hash, coefficients[k]!);
  }
  return hash >>> 1;
}
