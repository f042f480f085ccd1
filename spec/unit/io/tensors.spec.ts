import { describe, expect, it } from 'vitest';
import {
  TensorFileError,
  fromFloat32,
  readNpy,
  readSafetensors,
  toFloat32,
  writeNpy,
  writeSafetensors,
} from '../../../lib/io/tensors/index.js';

const values = Float32Array.of(1, -2.5, 3e-8, 65504, 0, -0);

function bytesOf(text: string): number[] {
  return [...new TextEncoder().encode(text)];
}

describe('.npy files', () => {
  it('reads what NumPy writes: header padded to 64 bytes, version 1', () => {
    // numpy.save of array([[1., 2.], [3., 4.]], dtype='<f4')
    const header = "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 2), }".padEnd(117) + '\n';
    const data = [...new Uint8Array(Float32Array.of(1, 2, 3, 4).buffer)];
    const file = Uint8Array.from([0x93, ...bytesOf('NUMPY'), 1, 0, 118, 0, ...bytesOf(header), ...data]);
    expect(toFloat32(readNpy(file))).toEqual(Float32Array.of(1, 2, 3, 4));
    expect(writeNpy(fromFloat32('', [2, 2], Float32Array.of(1, 2, 3, 4)))).toEqual(file);
  });

  it('brings Fortran order and big-endian bytes to row-major little-endian', () => {
    const header = "{'descr': '>f8', 'fortran_order': True, 'shape': (2, 3), }\n";
    const data = new DataView(new ArrayBuffer(48));
    [11, 21, 12, 22, 13, 23].forEach((value, k) => data.setFloat64(8 * k, value, false));
    const bytes = [...new Uint8Array(data.buffer)];
    const length = [header.length, 0, 0, 0];
    const file = Uint8Array.from([0x93, ...bytesOf('NUMPY'), 2, 0, ...length, ...bytesOf(header), ...bytes]);
    const tensor = readNpy(file);
    expect(tensor.shape).toEqual([2, 3]);
    expect([...toFloat32(tensor)]).toEqual([11, 12, 13, 21, 22, 23]);
  });

  it('round-trips scalars, vectors and float16', () => {
    for (const shape of [[6], [2, 3], [1, 6, 1]]) {
      expect(toFloat32(readNpy(writeNpy(fromFloat32('', shape, values))))).toEqual(values);
    }
    expect(readNpy(writeNpy(fromFloat32('', [], Float32Array.of(7)))).shape).toEqual([]);
    const half = toFloat32(readNpy(writeNpy(fromFloat32('', [6], values, 'F16'))));
    expect([...half]).toEqual([1, -2.5, 2 ** -24 * Math.round(3e-8 * 2 ** 24), 65504, 0, -0]);
  });

  it('refuses what is broken', () => {
    const file = writeNpy(fromFloat32('', [6], values));
    expect(() => readNpy(file.subarray(0, 40))).toThrow(TensorFileError);
    expect(() => readNpy(file.subarray(0, file.length - 1))).toThrow(/needs 24 bytes/);
    expect(() => readNpy(Uint8Array.of(1, 2, 3))).toThrow(/magic/);
    const object = file.slice();
    object.set(bytesOf("'|O'}"), 20);
    expect(() => readNpy(object)).toThrow(TensorFileError);
  });
});

describe('.safetensors files', () => {
  const file = {
    tensors: [
      fromFloat32('a', [2, 3], values),
      fromFloat32('b.half', [6], values, 'F16'),
      fromFloat32('c', [0], new Float32Array(0)),
    ],
    metadata: { format: 'pt' },
  };

  it('round-trips tensors, order and metadata', () => {
    const read = readSafetensors(writeSafetensors(file));
    expect(read.metadata).toEqual({ format: 'pt' });
    expect(read.tensors.map(({ name, dtype, shape }) => [name, dtype, shape])).toEqual([
      ['a', 'F32', [2, 3]],
      ['b.half', 'F16', [6]],
      ['c', 'F32', [0]],
    ]);
    expect(toFloat32(read.tensors[0]!)).toEqual(values);
  });

  it('reads tensors wherever the bytes lie', () => {
    const written = writeSafetensors(file);
    const shifted = new Uint8Array(written.length + 3);
    shifted.set(written, 3);
    expect(toFloat32(readSafetensors(shifted.subarray(3)).tensors[0]!)).toEqual(values);
  });

  it('refuses holes, overlaps, wrong lengths and broken headers', () => {
    const make = (header: unknown, bytes: number): Uint8Array => {
      const json = bytesOf(typeof header === 'string' ? header : JSON.stringify(header));
      return Uint8Array.from([json.length, 0, 0, 0, 0, 0, 0, 0, ...json, ...new Uint8Array(bytes)]);
    };
    const entry = (shape: number[], begin: number, end: number): object => ({
      dtype: 'F32',
      shape,
      data_offsets: [begin, end],
    });
    expect(() => readSafetensors(make({ a: entry([1], 4, 8) }, 8))).toThrow(/hole/);
    expect(() => readSafetensors(make({ a: entry([1], 0, 4), b: entry([1], 2, 6) }, 6))).toThrow(/overlaps/);
    expect(() => readSafetensors(make({ a: entry([2], 0, 4) }, 4))).toThrow(/needs 8 bytes/);
    expect(() => readSafetensors(make({ a: entry([1], 0, 4) }, 5))).toThrow(/after the last/);
    expect(() => readSafetensors(make({ a: entry([1], 0, 40) }, 4))).toThrow(/outside/);
    expect(() => readSafetensors(make('{', 0))).toThrow(/JSON/);
    expect(() => readSafetensors(Uint8Array.of(255, 255, 255, 255, 255, 255, 255, 255))).toThrow(/claims/);
    expect(() => toFloat32({ name: 'i', dtype: 'I32', shape: [1], bytes: new Uint8Array(4) })).toThrow(/I32/);
  });
});
