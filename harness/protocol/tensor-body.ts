import { CodecError, decode, encode, type CodecSettingsInput } from '../../lib/codec/index.js';
import { fromFloat32, readSafetensors, toFloat32, writeSafetensors } from '../../lib/io/tensors/index.js';
import type { AdapterState } from '../model/adapters.js';
import type { OptimizerState } from '../training/index.js';
import { ProtocolError } from './protocol-error.js';

/** What becomes of activations or gradients on their way: nothing (float32), or the codec at an operating point. */
export type StepCodec = 'identity' | CodecSettingsInput;

/** A tensor as the body of a message. `seed` replaces the settings' own, so that no two messages round alike. */
export function encodeTensor(
  values: Float32Array,
  shape: readonly number[],
  codec: StepCodec,
  seed: number,
): Uint8Array {
  if (codec !== 'identity') return encode(values, shape, { ...codec, seed });
  return fromFloat32('', shape, values).bytes;
}

/** Values of a tensor of the agreed shape. Throws `ProtocolError` where the body holds anything else. */
export function decodeTensor(body: Uint8Array, shape: readonly number[], codec: StepCodec): Float32Array {
  const count = shape.reduce((product, extent) => product * extent, 1);
  if (codec === 'identity') {
    if (body.length !== 4 * count) {
      throw new ProtocolError(`a tensor of shape [${shape.join(', ')}] takes ${4 * count} bytes, found ${body.length}`);
    }
    const values = toFloat32({ name: '', dtype: 'F32', shape, bytes: body });
    if (!values.every(Number.isFinite)) throw new ProtocolError('a tensor is not finite');
    return values;
  }
  try {
    const decoded = decode(body, { maxBytes: 64 * count + 2 ** 20 });
    if (decoded.shape.join() !== shape.join()) {
      throw new ProtocolError(`expected shape [${shape.join(', ')}], found [${decoded.shape.join(', ')}]`);
    }
    return decoded.values;
  } catch (cause) {
    if (cause instanceof CodecError) throw new ProtocolError(cause.message, { cause });
    throw cause;
  }
}

/** Bytes of a target: the narrowest of 1, 2 and 4 that hold all labels and, as all ones, −1. */
export function targetBytes(labelCount: number): 1 | 2 | 4 {
  return labelCount < 2 ** 8 ? 1 : labelCount < 2 ** 16 ? 2 : 4;
}

/** Targets as unsigned little-endian integers, −1 as all ones, before the tensor they belong to. */
export function joinTargets(targets: Int32Array, labelCount: number, tensor: Uint8Array): Uint8Array {
  const width = targetBytes(labelCount);
  const body = new Uint8Array(width * targets.length + tensor.length);
  targets.forEach((target, k) => {
    for (let byte = 0; byte < width; byte++) body[width * k + byte] = target >>> (8 * byte);
  });
  body.set(tensor, width * targets.length);
  return body;
}

/** The other way round. Throws `ProtocolError` unless every one of `count` targets is a label or −1, and one a label. */
export function splitTargets(
  body: Uint8Array,
  count: number,
  labelCount: number,
): { readonly targets: Int32Array; readonly tensor: Uint8Array } {
  const width = targetBytes(labelCount);
  if (body.length < width * count) throw new ProtocolError(`${count} targets are due, ${body.length} bytes came`);
  const none = 2 ** (8 * width) - 1;
  const targets = Int32Array.from({ length: count }, (_, k) => {
    let target = 0;
    for (let byte = 0; byte < width; byte++) target += body[width * k + byte]! * 2 ** (8 * byte);
    if (target !== none && target >= labelCount)
      throw new ProtocolError(`target ${target} where ${labelCount} are known`);
    return target === none ? -1 : target;
  });
  if (targets.every((target) => target < 0)) throw new ProtocolError('a batch without any target');
  return { targets, tensor: body.subarray(width * count) };
}

const purposes = { up: 1, down: 2, dropout: 3, exchangeUp: 4, exchangeDown: 5 } as const;

/** Seed of one message's random choices, or of a step's dropout: distinct by device, step and purpose. */
export function messageSeed(seed: number, device: number, step: number, purpose: keyof typeof purposes): number {
  let hash = 0x811c9dc5;
  for (const word of [seed, device, step, purposes[purpose]]) {
    for (let shift = 0; shift < 32; shift += 8) hash = Math.imul(hash ^ ((word >>> shift) & 255), 0x01000193);
  }
  return hash >>> 0;
}

/** Adapters as the body of a message. */
export function encodeAdapters(state: AdapterState): Uint8Array {
  const tensors = [...state].map(([name, { shape, values }]) => fromFloat32(name, shape, values));
  return writeSafetensors({ tensors, metadata: {} });
}

/** Throws `TensorFileError` on a damaged body. */
export function decodeAdapters(body: Uint8Array): AdapterState {
  return new Map(
    readSafetensors(body).tensors.map((tensor) => [tensor.name, { shape: tensor.shape, values: toFloat32(tensor) }]),
  );
}

/** What a device remembers between rounds. */
export interface DeviceMemory {
  readonly optimizer: OptimizerState;
  /** What coding has taken away from its adapters on their way up. */
  readonly residual?: Float32Array | undefined;
}

const residualName = 'residual';

/** As the body of a message; the optimizer's count of steps goes into the header. */
export function encodeMemory({ optimizer: { moments }, residual }: DeviceMemory): Uint8Array {
  const tensors = moments.map(({ shape, values }, k) => fromFloat32(String(k), shape, values));
  if (residual) tensors.push(fromFloat32(residualName, [residual.length], residual));
  return writeSafetensors({ tensors, metadata: {} });
}

/** Throws `TensorFileError` on a damaged body. */
export function decodeMemory(steps: number, body: Uint8Array): DeviceMemory {
  const byName = new Map(readSafetensors(body).tensors.map((tensor) => [tensor.name, tensor]));
  const residual = byName.get(residualName);
  byName.delete(residualName);
  const moments = Array.from({ length: byName.size }, (_, k) => {
    const tensor = byName.get(String(k));
    if (!tensor) throw new ProtocolError(`moment ${k} of ${byName.size} is missing`);
    return { shape: tensor.shape, values: toFloat32(tensor) };
  });
  return { optimizer: { steps, moments }, ...(residual && { residual: toFloat32(residual) }) };
}
