import { randomStream, type RandomStream } from '../../../random/index.js';
import type { Sampled } from '../schema/index.js';

/** Position of a device around the base station. */
export type SampledDistance = Sampled | { readonly disc: { readonly radius: number; readonly minimum: number } };

/**
 * Draws the quantities of one entry of the device list. Each quantity has a stream of its own, named after the entry,
 * and the members of a group are drawn in order: another entry, another quantity or a larger group changes no value.
 */
export class EntryDraws {
  private readonly streams = new Map<string, RandomStream>();

  constructor(
    private readonly seed: number,
    private readonly entryName: string,
  ) {}

  /** The stream of one quantity. */
  stream(quantity: string): RandomStream {
    let stream = this.streams.get(quantity);
    if (!stream) {
      stream = randomStream(this.seed, `device/${this.entryName}/${quantity}`);
      this.streams.set(quantity, stream);
    }
    return stream;
  }

  /** The value for the next member. */
  next(quantity: string, from: SampledDistance): number {
    return typeof from === 'number' ? from : drawFrom(from, this.stream(quantity));
  }
}

function drawFrom(from: Exclude<SampledDistance, number>, stream: RandomStream): number {
  if ('uniform' in from) {
    const [least, largest] = from.uniform;
    return least + (largest - least) * stream.uniform();
  }
  if ('logNormal' in from) return from.logNormal.median * Math.exp(from.logNormal.sigma * stream.normal());
  if ('choice' in from) return choose(from.choice, from.weights, stream);
  // Even over the area: the square of the distance is uniform.
  const inner = from.disc.minimum ** 2;
  return Math.sqrt(inner + (from.disc.radius ** 2 - inner) * stream.uniform());
}

function choose(values: readonly number[], weights: readonly number[] | undefined, stream: RandomStream): number {
  if (!weights) return values[stream.integer(values.length)]!;
  let rest = stream.uniform() * weights.reduce((sum, weight) => sum + weight, 0);
  for (const [index, weight] of weights.entries()) {
    rest -= weight;
    if (rest < 0) return values[index]!;
  }
  return values.at(-1)!;
}
