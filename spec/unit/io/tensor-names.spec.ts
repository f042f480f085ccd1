import { describe, expect, it } from 'vitest';
import { decodeMessage, encodeMessage, encodeQuantizedMessage, quantize } from '../../../lib/codec/index.js';
import { fromFloat32, readSafetensors, TensorFileError, writeSafetensors } from '../../../lib/io/tensors/index.js';

function fileOf(header: string, dataBytes: number): Uint8Array {
  const json = new TextEncoder().encode(header);
  const file = new Uint8Array(8 + json.length + dataBytes);
  new DataView(file.buffer).setBigUint64(0, BigInt(json.length), true);
  file.set(json, 8);
  return file;
}

const entry = (begin: number) => `{"dtype":"F32","shape":[1],"data_offsets":[${begin},${begin + 4}]}`;
const tensor = (name: string) => fromFloat32(name, [2], Float32Array.of(1, -2));

describe('names of tensors', () => {
  it('may be those of an object’s own members', () => {
    const names = ['__proto__', 'constructor', 'toString', 'a"\\b', '🙂'];
    const back = readSafetensors(
      writeSafetensors({ tensors: names.map(tensor), metadata: { ['__proto__']: 'kept', plain: 'too' } }),
    );
    expect(back.tensors.map(({ name }) => name)).toEqual(names);
    expect(back.tensors.every(({ bytes }) => bytes.length === 8)).toBe(true);
    expect(Object.entries(back.metadata).sort()).toEqual([['plain', 'too']].concat([['__proto__', 'kept']]).sort());
    const message = encodeMessage(names.map((name) => ({ name, values: Float32Array.of(1, 2), shape: [2] })));
    expect(decodeMessage(message).map(({ name }) => name)).toEqual(names);
  });

  it('are refused where two are alike, reserved or no text', () => {
    expect(() => readSafetensors(fileOf(`{"w":${entry(0)},"w":${entry(4)}}`, 8))).toThrow(/key w twice/u);
    expect(() => readSafetensors(fileOf(`{"w":${entry(0)},"\\u0077" :${entry(4)}}`, 8))).toThrow(/key w twice/u);
    expect(() => readSafetensors(fileOf(`{"w":{"dtype":"F32","dtype":"F64"}}`, 0))).toThrow(/key dtype twice/u);
    expect(() => readSafetensors(fileOf(`{"\\ud800":${entry(0)}}`, 4))).toThrow(/no valid Unicode/u);
    for (const name of ['__metadata__', 'x\ud800']) {
      expect(() => writeSafetensors({ tensors: [tensor(name)], metadata: {} })).toThrow(TensorFileError);
    }
    expect(() => writeSafetensors({ tensors: [tensor('__metadata__')], metadata: {} })).toThrow(
      /keep for their metadata/u,
    );
    // Texts that only look like keys are none.
    expect(
      readSafetensors(fileOf(`{"__metadata__":{"a":"\\"a\\":","b":"a"},"a:":${entry(0)}}`, 4)).tensors,
    ).toHaveLength(1);
  });
});

describe('values that are no numbers', () => {
  it('are refused with the tensor’s name, on the way in and on the way out', () => {
    const bad = { name: 'head', values: Float32Array.of(1, NaN), shape: [2] };
    expect(() => encodeMessage([bad])).toThrow('tensor head: value 1 is NaN');
    const settings = { selection: 'all', values: 'float32' } as const;
    const sent = quantize(Float32Array.of(1, 2), [2], settings);
    if (sent.kind !== 'float32') expect.unreachable();
    else sent.words[1] = 0x7f800000;
    const message = encodeQuantizedMessage([{ name: 'head', tensor: sent }]);
    expect(() => decodeMessage(message)).toThrow('tensor head: value 1 is Infinity');
  });
});
