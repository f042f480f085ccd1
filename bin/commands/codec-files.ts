import { readFile } from 'node:fs/promises';
import { extname } from 'node:path';
import { CodecError, type DecodedTensor, type TensorInput } from '../../lib/codec/index.js';
import {
  type StoredTensor,
  TensorFileError,
  fromFloat32,
  readNpy,
  readSafetensors,
  toFloat32,
  writeNpy,
  writeSafetensors,
} from '../../lib/io/tensors/index.js';
import { CommandError, exitCodes } from '../exit-codes.js';
import { explained, writeWhole } from '../files.js';

/** Runs `work`; what is wrong with a file or a setting becomes an error for people. */
export async function explainCodecErrors<Result>(subject: string, work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof CodecError || error instanceof TensorFileError) {
      throw new CommandError(exitCodes.badInput, `${subject}: ${error.message}`);
    }
    throw explained(error, `cannot read ${subject}`);
  }
}

/** Floating-point tensors of a .npy or .safetensors file; `names` picks some of the latter. */
export async function readTensors(path: string, names: readonly string[]): Promise<Omit<TensorInput, 'settings'>[]> {
  const bytes = await readFile(path);
  const stored = chosen(path, names, isNpy(path) ? [readNpy(bytes)] : [...readSafetensors(bytes).tensors]);
  return stored.map((tensor) => ({ name: tensor.name, shape: tensor.shape, values: toFloat32(tensor) }));
}

function chosen(path: string, names: readonly string[], stored: readonly StoredTensor[]): StoredTensor[] {
  if (names.length === 0) return [...stored];
  return names.map((name) => {
    const found = stored.find((tensor) => tensor.name === name);
    if (found === undefined) throw new TensorFileError(`${path} has no tensor named ${name}`);
    return found;
  });
}

/** Writes decoded tensors as float32, those without a name as `tensor0`, … as far as that is free. A .npy file holds just one. */
export async function writeTensors(path: string, tensors: readonly DecodedTensor[]): Promise<void> {
  const taken = new Set(tensors.map(({ name }) => name));
  const stored = tensors.map(({ name, shape, values }, k) => {
    let own = name;
    for (let n = k; own === ''; n++) if (!taken.has(`tensor${n}`)) own = `tensor${n}`;
    taken.add(own);
    return fromFloat32(own, shape, values);
  });
  if (isNpy(path)) {
    if (stored.length !== 1)
      throw new TensorFileError(`a .npy file holds one tensor, the message has ${stored.length}`);
    await writeBytes(path, writeNpy(stored[0]!));
  } else {
    await writeBytes(path, writeSafetensors({ tensors: stored, metadata: {} }));
  }
}

/** Writes a file whole or not at all; see `writeWhole`. */
export function writeBytes(path: string, bytes: Uint8Array): Promise<void> {
  return writeWhole(path, bytes, { replace: true });
}

function isNpy(path: string): boolean {
  const extension = extname(path).toLowerCase();
  if (extension === '.npy') return true;
  if (extension === '.safetensors') return false;
  throw new TensorFileError(`${path} is neither .npy nor .safetensors`);
}
