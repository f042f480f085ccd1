import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Tensor, Tf } from '../../harness/backend/tensorflow.js';
import { initialAdapters, type AdapterSettings, type AdapterState } from '../../harness/model/adapters.js';
import { FrozenWeights } from '../../harness/model/frozen-weights.js';
import { DevicePart, ServerPart, type MemoryMode } from '../../harness/model/parts.js';
import { loadDecoder } from '../../harness/model/stored-decoder.js';
import type { StoredModel } from '../../harness/model/weights.js';

/** `npm run setup:smollm2` puts it there. */
export const smollm2File = fileURLToPath(
  new URL('../../.cache/smollm2/SmolLM2-135M-Instruct.Q4_1.gguf', import.meta.url),
);
export const hasSmollm2 = existsSync(smollm2File);

/** How far a computation in float32 is from the reference. */
export interface Float32Errors {
  /** Of the range of the logits. */
  readonly logits: number;
  /** Relative. */
  readonly loss: number;
  /** Gradients: largest difference over the largest entry of all matrices. */
  readonly ofAll: number;
  /** By matrix: largest difference over its largest entry, and norm of the difference over its norm. */
  readonly ofOwn: readonly number[];
  readonly norms: readonly number[];
}

/** Written by `bench/peers/smollm2_reference.py`: PyTorch in float64 on the same file. */
export interface Smollm2Reference {
  /** SHA-256 of the model's file. */
  readonly file: string;
  readonly text: string;
  readonly ids: readonly number[];
  /** Tokens that are not judged. */
  readonly prompt: number;
  /** Of logits and gradients the first and every so manieth after it is kept. */
  readonly step: number;
  /** Between the largest and the smallest logit. */
  readonly range: number;
  /** Likeliest next word after each token. */
  readonly greedy: readonly number[];
  readonly logits: readonly number[];
  readonly loss: number;
  /** How far PyTorch in float32 is from it. */
  readonly float32: Float32Errors;
  readonly gradients: Readonly<Record<string, { readonly largest: number; readonly values: readonly number[] }>>;
}

export const smollm2Reference = (): Smollm2Reference =>
  JSON.parse(readFileSync(new URL('../fixtures/smollm2-reference.json', import.meta.url), 'utf8')) as Smollm2Reference;

const settings: AdapterSettings = { rank: 4, alpha: 8, targets: ['query', 'value', 'down'], dropout: 0 };
const none: AdapterSettings = { rank: 1, alpha: 1, targets: [], dropout: 0 };
const modules: Readonly<Record<string, string>> = {
  query: 'self_attn.q_proj',
  value: 'self_attn.v_proj',
  down: 'mlp.down_proj',
};

/** PEFT's name of an adapter's matrix. */
function peftName(name: string): string {
  const [block, target, part] = name.split('.') as [string, string, string];
  return `${block}.${modules[target]!}.lora_${part === 'down' ? 'A' : 'B'}.weight`;
}

/** The script's adapters, by its formula over PEFT's layout, which is the other way round. */
function adaptersOf({ config }: StoredModel): AdapterState {
  return new Map(
    [...initialAdapters(config, settings, 1)].map(([name, { shape }]) => {
      const shift = Buffer.from(peftName(name)).reduce((sum, byte) => sum + byte, 0);
      const [rows, columns] = shape as [number, number];
      const values = Float32Array.from({ length: rows * columns }, (_, k) => 0.02 * Math.sin(0.7 * k + shift));
      return [name, { shape, values: transposed(values, columns, rows) }];
    }),
  );
}

function transposed(values: Float32Array, rows: number, columns: number): Float32Array {
  return Float32Array.from(values, (_, k) => values[(k % rows) * columns + Math.floor(k / rows)]!);
}

export interface Smollm2Step {
  readonly loss: number;
  /** By PEFT's names and in its layout. */
  readonly gradients: ReadonlyMap<string, Float32Array>;
}

/** SmolLM2 on the reference's text. */
export class Smollm2 {
  private readonly frozen: FrozenWeights;
  private readonly input: Tensor;
  private readonly labels: Int32Array;
  private readonly adapters: AdapterState;

  private constructor(
    private readonly tf: Tf,
    private readonly model: StoredModel,
    { ids, prompt }: Smollm2Reference,
  ) {
    this.frozen = new FrozenWeights(tf, model.config, model.weights);
    this.input = tf.tensor2d([...ids], [1, ids.length], 'int32');
    // The next token; of the prompt none is judged, nor what follows the end.
    this.labels = Int32Array.from(ids, (_, k) => (k + 1 < prompt ? -1 : (ids[k + 1] ?? -1)));
    this.adapters = adaptersOf(model);
  }

  static async load(tf: Tf, reference: Smollm2Reference): Promise<Smollm2> {
    return new Smollm2(tf, await loadDecoder(smollm2File, reference.ids.length), reference);
  }

  private parts(cut: number, own: AdapterSettings, memoryMode: MemoryMode) {
    const adapters = own === none ? new Map() : this.adapters;
    const part = { ...this.model, settings: own, adapters, memoryMode, frozen: this.frozen };
    return { device: new DevicePart(this.tf, part, cut), server: new ServerPart(this.tf, part, cut) };
  }

  /** Tokens × words, without adapters. */
  logits(cut: number): Float32Array {
    const { device, server } = this.parts(cut, none, 'keep');
    const logits = this.tf.tidy(() => Float32Array.from(server.infer(device.infer(this.input)).dataSync()));
    device.dispose();
    server.dispose();
    return logits;
  }

  /** One step with adapters; after the last block the device has the whole model. */
  step(cut: number, memoryMode: MemoryMode): Smollm2Step {
    const { device, server } = this.parts(cut, settings, memoryMode);
    let found: { loss: number; gradients: readonly Tensor[] };
    if (cut === this.model.config.blocks) {
      const pending = device.startWhole(this.input, this.labels, 1);
      found = { loss: pending.loss, gradients: pending.backward() };
    } else {
      const pending = device.start(this.input, 1);
      const { loss, gradient, adapterGradients } = server.step(pending.activations, this.labels, 1);
      const below = gradient ? pending.backward(gradient) : [];
      gradient?.dispose();
      if (cut === 0) pending.release();
      found = { loss, gradients: [...below, ...adapterGradients] };
    }
    const names = [...device.names, ...server.names];
    const gradients = new Map(
      found.gradients.map((tensor, k) => {
        const [rows, columns] = tensor.shape as [number, number];
        return [peftName(names[k]!), transposed(tensor.dataSync() as Float32Array, rows, columns)];
      }),
    );
    this.tf.dispose([...found.gradients]);
    device.dispose();
    server.dispose();
    return { loss: found.loss, gradients };
  }

  dispose(): void {
    this.input.dispose();
    this.frozen.dispose();
  }
}
