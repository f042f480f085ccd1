import { checkLength } from './safetensors.js';
import { type StoredTensor, type TensorDtype, TensorFileError, dtypeBytes, elementCount } from './stored-tensor.js';

const MAGIC = [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59];

const descrToDtype: Readonly<Record<string, TensorDtype>> = {
  b1: 'BOOL',
  u1: 'U8',
  i1: 'I8',
  u2: 'U16',
  i2: 'I16',
  f2: 'F16',
  u4: 'U32',
  i4: 'I32',
  f4: 'F32',
  u8: 'U64',
  i8: 'I64',
  f8: 'F64',
};

/**
 * Reads a NumPy `.npy` file, versions 1 to 3 of the format. Big-endian and Fortran-order arrays are brought to
 * little-endian row-major order; structured and object arrays are refused.
 *
 * @param file - Content of the file.
 * @throws TensorFileError for what is no such file, and for types that are not taken.
 * @example
 * ```ts
 * import { fromFloat32, readNpy, toFloat32, writeNpy } from 'sft-opt/io/tensors';
 *
 * const tensor = fromFloat32('x', [2], Float32Array.of(1, 2));
 * console.log(toFloat32(readNpy(writeNpy(tensor)))); // Float32Array(2) [ 1, 2 ]
 * ```
 */
export function readNpy(file: Uint8Array): StoredTensor {
  for (let k = 0; k < MAGIC.length; k++) {
    if (file[k] !== MAGIC[k]) throw new TensorFileError('not a .npy file: wrong magic', k);
  }
  const version = file[6] ?? 0;
  if (version < 1 || version > 3 || file.length < 12)
    throw new TensorFileError(`.npy version ${version} is unknown`, 6);
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  const lengthBytes = version === 1 ? 2 : 4;
  const headerBytes = version === 1 ? view.getUint16(8, true) : view.getUint32(8, true);
  const start = 8 + lengthBytes;
  if (headerBytes > file.length - start) throw new TensorFileError('the header is longer than the file', 8);
  const header = new TextDecoder().decode(file.subarray(start, start + headerBytes));
  const { descr, fortranOrder, shape } = parseHeader(header);
  const dtype = descrToDtype[descr.slice(1)];
  if (dtype === undefined) throw new TensorFileError(`.npy arrays of type ${descr} are not supported`);
  const size = elementCount(shape) * dtypeBytes[dtype];
  let bytes = file.subarray(start + headerBytes);
  if (bytes.length !== size) throw new TensorFileError(`the array needs ${size} bytes, the file has ${bytes.length}`);
  if (descr.startsWith('>')) bytes = swapBytes(bytes, dtypeBytes[dtype]);
  if (fortranOrder && shape.length > 1) bytes = toRowMajor(bytes, shape, dtypeBytes[dtype]);
  return { name: '', dtype, shape, bytes };
}

/**
 * Writes a `.npy` file of version 1, data aligned to 64 bytes. BF16 has no NumPy type and is refused.
 *
 * @param tensor - Type, shape and bytes.
 * @throws TensorFileError for BF16 and for shapes too long for the header.
 * @example
 * ```ts
 * import { fromFloat32, writeNpy } from 'sft-opt/io/tensors';
 *
 * console.log(writeNpy(fromFloat32('x', [2], Float32Array.of(1, 2))).length); // 136
 * ```
 */
export function writeNpy(tensor: StoredTensor): Uint8Array<ArrayBuffer> {
  checkLength(tensor);
  const kind = Object.entries(descrToDtype).find(([, dtype]) => dtype === tensor.dtype)?.[0];
  if (kind === undefined) throw new TensorFileError(`${tensor.dtype} cannot be stored in a .npy file`);
  const descr = `${dtypeBytes[tensor.dtype] === 1 ? '|' : '<'}${kind}`;
  const extents = tensor.shape.length === 1 ? `${tensor.shape[0]!},` : tensor.shape.join(', ');
  const text = `{'descr': '${descr}', 'fortran_order': False, 'shape': (${extents}), }`;
  const headerBytes = Math.ceil((10 + text.length + 1) / 64) * 64 - 10;
  if (headerBytes > 0xffff) throw new TensorFileError('the shape is too long for a .npy header');
  const out = new Uint8Array(10 + headerBytes + tensor.bytes.length);
  out.set(MAGIC, 0);
  out[6] = 1;
  new DataView(out.buffer).setUint16(8, headerBytes, true);
  out.set(new TextEncoder().encode(`${text.padEnd(headerBytes - 1)}\n`), 10);
  out.set(tensor.bytes, 10 + headerBytes);
  return out;
}

/** The header is a Python dictionary literal with three known keys; anything else is refused. */
function parseHeader(header: string): { descr: string; fortranOrder: boolean; shape: number[] } {
  const descr = /'descr'\s*:\s*'([<>|=][a-zA-Z]\d+)'/.exec(header)?.[1];
  const order = /'fortran_order'\s*:\s*(True|False)/.exec(header)?.[1];
  const extents = /'shape'\s*:\s*\(([\d,\sL]*)\)/.exec(header)?.[1];
  if (descr === undefined || order === undefined || extents === undefined) {
    throw new TensorFileError(`the header is not understood: ${header.trim().slice(0, 120)}`, 10);
  }
  const shape = extents
    .split(',')
    .map((part) => part.replace('L', '').trim())
    .filter((part) => part !== '')
    .map(Number);
  return { descr, fortranOrder: order === 'True', shape };
}

function swapBytes(bytes: Uint8Array, size: number): Uint8Array {
  const out = new Uint8Array(bytes.length);
  for (let k = 0; k < bytes.length; k += size) {
    for (let b = 0; b < size; b++) out[k + b] = bytes[k + size - 1 - b]!;
  }
  return out;
}

function toRowMajor(bytes: Uint8Array, shape: readonly number[], size: number): Uint8Array {
  const out = new Uint8Array(bytes.length);
  const index = new Array<number>(shape.length).fill(0);
  const strides: number[] = [];
  shape.reduce((stride, extent) => (strides.push(stride), stride * extent), 1);
  for (let target = 0; target < bytes.length; target += size) {
    const source = index.reduce((sum, position, axis) => sum + position * strides[axis]!, 0) * size;
    for (let b = 0; b < size; b++) out[target + b] = bytes[source + b]!;
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      index[axis] = index[axis]! + 1;
      if (index[axis]! < shape[axis]!) break;
      index[axis] = 0;
    }
  }
  return out;
}
