import type { Tf } from './tensorflow.js';

/**
 * Bytes of tensors that are alive, each buffer counted once however many tensors show it (`tf.memory().numBytes` counts
 * every alias). Buffers made before the meter are not known to it. Operations' own scratch memory is not seen.
 */
export interface LiveBytes {
  readonly live: number;
  /** Largest `live` since the start or the last `resetPeak`. */
  readonly peak: number;
  resetPeak(): void;
  /** Takes the meter off. */
  stop(): void;
}

interface Buffers {
  set: (dataId: object, value: unknown) => void;
  delete: (dataId: object) => boolean;
}

interface StoredBuffer {
  readonly shape?: readonly number[];
  readonly dtype?: string | number;
  readonly values?: { readonly byteLength?: number } | null;
}

/** A buffer and how many tensors show it. */
interface CountedBuffer {
  readonly bytes: number;
  shownBy: number;
}

/** The native backend's way to run an operation of one output. */
type SingleOutput = (name: string, attributes: unknown, inputs: readonly { readonly dataId?: object }[]) => unknown;

/** Operations of the native backend whose output shares its input's buffer under an identity of its own. */
const sharing = new Set(['Reshape', 'ExpandDims', 'Squeeze']);

/** Puts a meter between the backend and its table of buffers. Throws where the backend keeps no table that is known. */
export function meterLiveBytes(tf: Tf): LiveBytes {
  const backend = tf.backend() as unknown as Record<string, unknown>;
  const table = (backend['tensorMap'] ?? backend['dataIdMap'] ?? backend['data']) as Buffers | undefined;
  if (!table || typeof table.set !== 'function') throw new Error('this backend has no table of buffers to meter');
  const buffers = new WeakMap<object, CountedBuffer>();
  let shared: CountedBuffer | undefined;
  let live = 0;
  let peak = 0;
  const release = (dataId: object) => {
    const buffer = buffers.get(dataId);
    if (!buffer) return;
    buffers.delete(dataId);
    buffer.shownBy--;
    if (buffer.shownBy === 0) live -= buffer.bytes;
  };
  const original = { set: table.set, delete: table.delete };
  table.set = (dataId, value) => {
    original.set.call(table, dataId, value);
    const buffer = shared ?? { bytes: bufferBytes(value as StoredBuffer), shownBy: 0 };
    const isNew = buffer.shownBy === 0;
    buffer.shownBy++;
    release(dataId);
    buffers.set(dataId, buffer);
    if (isNew) live += buffer.bytes;
    peak = Math.max(peak, live);
  };
  table.delete = (dataId) => {
    release(dataId);
    return original.delete.call(table, dataId);
  };
  const unhook = hookSharing(backend, (input) => {
    shared = input && buffers.get(input);
  });
  return {
    get live() {
      return live;
    },
    get peak() {
      return peak;
    },
    resetPeak: () => {
      peak = live;
    },
    stop: () => {
      Object.assign(table, original);
      unhook();
    },
  };
}

/** Tells whose buffer the output of a sharing operation shows while that operation runs; undefined afterwards. */
function hookSharing(backend: Record<string, unknown>, tell: (input: object | undefined) => void): () => void {
  const run = backend['executeSingleOutput'] as SingleOutput | undefined;
  if (!run) return () => undefined;
  backend['executeSingleOutput'] = ((name, attributes, inputs) => {
    if (!sharing.has(name)) return run.call(backend, name, attributes, inputs);
    tell(inputs[0]?.dataId);
    try {
      return run.call(backend, name, attributes, inputs);
    } finally {
      tell(undefined);
    }
  }) satisfies SingleOutput;
  return () => {
    backend['executeSingleOutput'] = run;
  };
}

/** Float32 and int32 alike take four bytes a value; where there is no shape the values themselves tell. */
function bufferBytes({ shape, values }: StoredBuffer): number {
  if (shape) return 4 * shape.reduce((product, extent) => product * extent, 1);
  return values?.byteLength ?? 0;
}
