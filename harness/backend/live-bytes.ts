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

/** Puts a meter between the backend and its table of buffers. Throws where the backend keeps no table that is known. */
export function meterLiveBytes(tf: Tf): LiveBytes {
  const backend = tf.backend() as unknown as Record<string, Buffers | undefined>;
  const table = backend['tensorMap'] ?? backend['dataIdMap'] ?? backend['data'];
  if (!table || typeof table.set !== 'function') throw new Error('this backend has no table of buffers to meter');
  const original = { set: table.set, delete: table.delete };
  const sizes = new WeakMap<object, number>();
  let live = 0;
  let peak = 0;
  const change = (dataId: object, size: number) => {
    live += size - (sizes.get(dataId) ?? 0);
    sizes.set(dataId, size);
    peak = Math.max(peak, live);
  };
  table.set = (dataId, value) => {
    original.set.call(table, dataId, value);
    change(dataId, bufferBytes(value as StoredBuffer));
  };
  table.delete = (dataId) => {
    change(dataId, 0);
    return original.delete.call(table, dataId);
  };
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
    stop: () => Object.assign(table, original),
  };
}

/** Float32 and int32 alike take four bytes a value; where there is no shape the values themselves tell. */
function bufferBytes({ shape, values }: StoredBuffer): number {
  if (shape) return 4 * shape.reduce((product, extent) => product * extent, 1);
  return values?.byteLength ?? 0;
}
