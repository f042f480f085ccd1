import type * as TensorFlow from '@tensorflow/tfjs';
import { optionalPackage } from '../optional-package.js';

/** The TensorFlow.js API, whichever backend runs below it. */
export type Tf = typeof TensorFlow;
export type { Tensor, Tensor2D, Tensor3D, Variable } from '@tensorflow/tfjs';

/** From fastest to slowest; each is tried where the one before cannot be loaded. */
export const backendNames = ['native', 'wasm', 'cpu'] as const;
export type BackendName = (typeof backendNames)[number];

export interface LoadedBackend {
  readonly tf: Tf;
  readonly name: BackendName;
  /** One line for people: what runs, and what that costs. */
  readonly description: string;
}

/** No backend could be loaded. */
export class BackendError extends Error {
  override readonly name = 'BackendError';
  readonly code = 'backend';
}

const descriptions: Record<BackendName, string> = {
  native: 'native TensorFlow',
  wasm: 'WebAssembly; about 6 × slower forward and 16 × slower backward than native (npm run setup:tensorflow)',
  cpu: 'plain JavaScript; 100 × and more slower than native (npm run setup:tensorflow)',
};

/**
 * Loads TensorFlow.js with the fastest backend there is, or with the one asked for. Gradients need the union package,
 * which the native package brings with it.
 */
export async function loadBackend(wanted: BackendName | 'auto' = 'auto'): Promise<LoadedBackend> {
  const failures: string[] = [];
  for (const name of wanted === 'auto' ? backendNames : [wanted]) {
    try {
      const tf = await loaders[name]();
      return { tf, name, description: descriptions[name] };
    } catch (error) {
      failures.push(`${name}: ${firstLine(error)}`);
    }
  }
  throw new BackendError(`no TensorFlow.js backend could be loaded (${failures.join('; ')})`);
}

const loaders: Record<BackendName, () => Promise<Tf>> = {
  native: async () => {
    // The native package greets on standard error; its constants are read when it is first loaded.
    process.env['TF_CPP_MIN_LOG_LEVEL'] ??= '2';
    const native = await importPackage('@tensorflow/tfjs-node');
    await native.ready();
    return native;
  },
  wasm: async () => {
    const packages = '@tensorflow/tfjs @tensorflow/tfjs-backend-wasm';
    const tf = await importPackage('@tensorflow/tfjs', packages);
    await importPackage('@tensorflow/tfjs-backend-wasm', packages);
    if (!(await tf.setBackend('wasm'))) throw new Error('the WebAssembly backend did not start');
    return tf;
  },
  cpu: async () => {
    const tf = await importPackage('@tensorflow/tfjs');
    await tf.setBackend('cpu');
    return tf;
  },
};

/** CommonJS packages arrive under `default`. */
async function importPackage(name: string, install = name): Promise<Tf> {
  const module = await optionalPackage(name, async () => (await import(name)) as { default?: Tf } & Tf, install);
  return module.default ?? module;
}

function firstLine(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).split('\n', 1)[0]!;
}
