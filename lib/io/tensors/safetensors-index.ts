import { readSafetensors } from './safetensors.js';
import { TensorFileError, type StoredTensor } from './stored-tensor.js';

/** Which file holds which tensor, as `model.safetensors.index.json` says. */
export type ShardIndex = ReadonlyMap<string, readonly string[]>;

/**
 * Reads the index of a model in several safetensors files: tensors by file. File names must be plain, of the index's own
 * folder. Throws `TensorFileError`.
 *
 * @param text - Content of the file.
 * @throws TensorFileError where the text is no index or names files elsewhere.
 * @example
 * ```ts
 * import { readShardIndex } from 'sft-opt/io/tensors';
 *
 * const index = readShardIndex('{ "weight_map": { "w": "model-1.safetensors", "b": "model-1.safetensors" } }');
 * console.log(index); // Map(1) { 'model-1.safetensors' => [ 'w', 'b' ] }
 * ```
 */
export function readShardIndex(text: string): ShardIndex {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw new TensorFileError(`the index is not JSON: ${cause instanceof Error ? cause.message : String(cause)}`);
  }
  const map = isRecord(json) ? json['weight_map'] : undefined;
  if (!isRecord(map) || Object.keys(map).length === 0) throw new TensorFileError('the index has no weight_map');
  const files = new Map<string, string[]>();
  for (const [name, file] of Object.entries(map)) {
    if (typeof file !== 'string' || !/^[\w-][\w.-]*\.safetensors$/u.test(file)) {
      throw new TensorFileError(
        `the index places ${name} in ${JSON.stringify(file)}, no plain name of a safetensors file`,
      );
    }
    const names = files.get(file);
    if (names) names.push(name);
    else files.set(file, [name]);
  }
  return files;
}

/**
 * Tensors of all files of an index; each file must hold what the index says, no less and no more.
 *
 * @param index - What `readShardIndex` gives.
 * @param files - Content of each file by its name.
 * @throws TensorFileError that names every tensor that is missing or too many.
 * @example
 * ```ts
 * import { fromFloat32, readShardIndex, readShards, writeSafetensors } from 'sft-opt/io/tensors';
 *
 * const file = writeSafetensors({ tensors: [fromFloat32('w', [2], Float32Array.of(1, 2))], metadata: {} });
 * const index = readShardIndex('{ "weight_map": { "w": "model-1.safetensors" } }');
 * console.log(readShards(index, new Map([['model-1.safetensors', file]]))[0]!.name); // w
 * ```
 */
export function readShards(index: ShardIndex, files: ReadonlyMap<string, Uint8Array>): StoredTensor[] {
  const problems: string[] = [];
  const all: StoredTensor[] = [];
  for (const [file, names] of index) {
    const { tensors } = readSafetensors(files.get(file)!);
    const found = new Set(tensors.map(({ name }) => name));
    const listed = new Set(names);
    for (const name of listed)
      if (!found.has(name)) problems.push(`${file} lacks ${name}, which the index places there`);
    for (const name of found)
      if (!listed.has(name)) problems.push(`${file} holds ${name}, which the index does not place there`);
    all.push(...tensors);
  }
  if (problems.length > 0) throw new TensorFileError(problems.join('\n'));
  return all;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
