import type { Tf, Variable } from '../backend/tensorflow.js';
import type { AdapterState } from '../model/adapters.js';
import type { HostTensor } from '../model/weights.js';
import { toHost } from './optimizer.js';

/** One device's share in an average. */
export interface Contribution {
  readonly state: AdapterState;
  /** Relative weight, e.g. the images behind it; above 0. */
  readonly weight: number;
}

/** Adapter sets that cannot be averaged or assigned: other names or shapes. */
export class AdapterMismatchError extends Error {
  override readonly name = 'AdapterMismatchError';
  readonly code = 'adapter-mismatch';
}

/**
 * Weighted mean of whole adapter sets (FedAvg, McMahan et al. 2017), summed in double precision. A is averaged apart
 * from B, as is usual; the mean of the products B·A is another thing.
 */
export function averageAdapters(contributions: readonly Contribution[]): AdapterState {
  const [first] = contributions;
  if (!first) throw new AdapterMismatchError('there is nothing to average');
  const total = contributions.reduce((sum, { weight }) => sum + weight, 0);
  if (!contributions.every(({ weight }) => weight > 0 && Number.isFinite(weight))) {
    throw new AdapterMismatchError('weights of an average must be finite and above 0');
  }
  const average = new Map<string, HostTensor>();
  for (const [name, { shape, values }] of first.state) {
    const sum = new Float64Array(values.length);
    for (const { state, weight } of contributions) {
      const other = state.get(name);
      if (other?.shape.join() !== shape.join())
        throw new AdapterMismatchError(`${name} differs in shape or is missing`);
      for (let k = 0; k < sum.length; k++) sum[k]! += (weight / total) * other.values[k]!;
    }
    average.set(name, { shape, values: Float32Array.from(sum) });
  }
  if (contributions.some(({ state }) => state.size !== average.size)) {
    throw new AdapterMismatchError('adapter sets differ in what they hold');
  }
  return average;
}

/** Adapters of a part on the host, by name. */
export function readAdapters(names: readonly string[], variables: readonly Variable[]): AdapterState {
  return new Map(names.map((name, k) => [name, toHost(variables[k]!)]));
}

/** Sets a part's adapters from `state`, which may hold more than them. Throws `AdapterMismatchError`. */
export function assignAdapters(
  tf: Tf,
  names: readonly string[],
  variables: readonly Variable[],
  state: AdapterState,
): void {
  for (const [k, name] of names.entries()) {
    const host = state.get(name);
    if (host?.shape.join() !== variables[k]!.shape.join()) {
      throw new AdapterMismatchError(`${name} differs in shape or is missing`);
    }
  }
  for (const [k, name] of names.entries()) {
    const { shape, values } = state.get(name)!;
    tf.tidy(() => variables[k]!.assign(tf.tensor(values.slice(), [...shape])));
  }
}
