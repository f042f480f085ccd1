import { fromHalfBits, toHalfBits } from '../../codec/index.js';

/** Element types that both file formats know, by their safetensors names, and their size in bytes. */
export const dtypeBytes = {
  BOOL: 1,
  U8: 1,
  I8: 1,
  U16: 2,
  I16: 2,
  F16: 2,
  BF16: 2,
  U32: 4,
  I32: 4,
  F32: 4,
  U64: 8,
  I64: 8,
  F64: 8,
} as const;

/** Type of the numbers of a stored tensor. */
export type TensorDtype = keyof typeof dtypeBytes;

/** A tensor as it lies in a file: row-major (C order), little-endian bytes. */
export interface StoredTensor {
  /** Name within the file; empty where the format has none (`.npy`). */
  readonly name: string;
  /** Type of the values. */
  readonly dtype: TensorDtype;
  /** Sizes, slowest index first. */
  readonly shape: readonly number[];
  /** Little-endian values, row by row. */
  readonly bytes: Uint8Array;
}

/** What is wrong with a tensor file; `offset` is the byte at which it shows, where there is one. */
export class TensorFileError extends Error {
  /** Stays; docs/errors.md says what to do. */
  readonly code = 'tensor-file';
  constructor(
    message: string,
    readonly offset?: number,
  ) {
    super(offset === undefined ? message : `${message} (byte ${offset})`);
    this.name = 'TensorFileError';
  }
}

/**
 * Number of elements of a shape; throws `TensorFileError` when it is not a safe integer.
 *
 * @param shape - Sizes, slowest index first.
 * @throws TensorFileError where an extent is no whole number or the product no safe integer.
 * @example
 * ```ts
 * import { elementCount } from 'sft-opt/io/tensors';
 *
 * console.log(elementCount([4, 16, 8]), elementCount([])); // 512 1
 * ```
 */
export function elementCount(shape: readonly number[]): number {
  let count = 1;
  for (const extent of shape) {
    if (!Number.isSafeInteger(extent) || extent < 0)
      throw new TensorFileError(`extent ${extent} is not a whole number`);
    count *= extent;
  }
  if (!Number.isSafeInteger(count)) throw new TensorFileError('the shape has too many elements');
  return count;
}

/**
 * Values as float32. F16 and BF16 are exact, F64 is rounded to nearest; integer types are refused, they carry no
 * activations or gradients.
 *
 * @param tensor - Type, shape and bytes.
 * @throws TensorFileError for integer types.
 * @example
 * ```ts
 * import { fromFloat32, toFloat32 } from 'sft-opt/io/tensors';
 *
 * console.log(toFloat32(fromFloat32('x', [2], Float32Array.of(1, 0.1), 'F16'))); // Float32Array(2) [ 1, 0.0999756 ]
 * ```
 */
export function toFloat32(tensor: StoredTensor): Float32Array {
  const view = new DataView(tensor.bytes.buffer, tensor.bytes.byteOffset, tensor.bytes.byteLength);
  const count = elementCount(tensor.shape);
  const values = new Float32Array(count);
  switch (tensor.dtype) {
    case 'F32':
      for (let k = 0; k < count; k++) values[k] = view.getFloat32(4 * k, true);
      return values;
    case 'F64':
      for (let k = 0; k < count; k++) values[k] = view.getFloat64(8 * k, true);
      return values;
    case 'F16':
      for (let k = 0; k < count; k++) values[k] = fromHalfBits(view.getUint16(2 * k, true));
      return values;
    case 'BF16': {
      const words = new Uint32Array(values.buffer);
      for (let k = 0; k < count; k++) words[k] = view.getUint16(2 * k, true) << 16;
      return values;
    }
    default:
      throw new TensorFileError(
        `tensor ${tensor.name || '(unnamed)'} holds ${tensor.dtype}, not floating-point values, which are all that can be compressed`,
      );
  }
}

/**
 * A tensor to store, from float32 values; F16 rounds to nearest even.
 *
 * @param name - Name of the tensor.
 * @param shape - Sizes, slowest index first; their product is the number of elements.
 * @param values - Elements, last index fastest.
 * @param dtype - Type to store.
 * @throws TensorFileError where shape and length disagree.
 * @example
 * ```ts
 * import { fromFloat32 } from 'sft-opt/io/tensors';
 *
 * console.log(fromFloat32('x', [2], Float32Array.of(1, 2), 'F16').bytes.length); // 4
 * ```
 */
export function fromFloat32(
  name: string,
  shape: readonly number[],
  values: Float32Array,
  dtype: 'F32' | 'F16' = 'F32',
): StoredTensor {
  if (elementCount(shape) !== values.length) {
    throw new TensorFileError(`shape [${shape.join(', ')}] does not hold ${values.length} values`);
  }
  const bytes = new Uint8Array(values.length * dtypeBytes[dtype]);
  const view = new DataView(bytes.buffer);
  for (let k = 0; k < values.length; k++) {
    if (dtype === 'F32') view.setFloat32(4 * k, values[k]!, true);
    else view.setUint16(2 * k, toHalfBits(values[k]!), true);
  }
  return { name, dtype, shape: [...shape], bytes };
}
