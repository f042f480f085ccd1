import { CodecError } from './errors.js';
import { type QuantizedTensor, dequantize, quantize } from './quantize.js';
import type { CodecSettingsInput } from './settings.js';

/**
 * Error feedback (Seide et al. 2014; Stich et al., "Sparsified SGD with Memory", 2018): what compression took away is
 * added to the next tensor of the same name, so that a biased compressor such as Top-K still transmits everything in the
 * long run. For gradients and adapters; activations belong to other samples each time and must not be fed back.
 */
export class ErrorFeedback {
  private readonly memories = new Map<string, Float32Array>();

  /** Adds the memory of `name` to the values, quantizes, and keeps what was lost. Throws `CodecError`. */
  quantize(
    name: string,
    values: Float32Array,
    shape: readonly number[],
    settings?: CodecSettingsInput,
  ): QuantizedTensor {
    const memory = this.memories.get(name);
    if (memory !== undefined && memory.length !== values.length) {
      throw new CodecError('bad-argument', `tensor ${name} had ${memory.length} values before, now ${values.length}`);
    }
    const corrected = values.slice();
    if (memory !== undefined) for (let i = 0; i < corrected.length; i++) corrected[i] = corrected[i]! + memory[i]!;
    const tensor = quantize(corrected, shape, settings);
    const sent = dequantize(tensor);
    for (let i = 0; i < corrected.length; i++) corrected[i] = corrected[i]! - sent[i]!;
    this.memories.set(name, corrected);
    return tensor;
  }

  /** What is still owed for `name`, as a copy; undefined when nothing was sent yet. */
  memory(name: string): Float32Array | undefined {
    return this.memories.get(name)?.slice();
  }

  /** Goes on from a memory of earlier. */
  restore(name: string, memory: Float32Array): void {
    this.memories.set(name, memory.slice());
  }

  /** Forgets one memory, or all of them. */
  reset(name?: string): void {
    if (name === undefined) this.memories.clear();
    else this.memories.delete(name);
  }
}
