import type { ProblemFileInput } from '../../lib/io/index.js';
import { randomStream, type RandomStream } from '../../lib/random/index.js';

type Mutable<T> = { -readonly [Key in keyof T]: T[Key] };
/** A problem file as plain values that a test may edit. */
export type EditableFile = Mutable<ProblemFileInput> & {
  radio: Record<string, unknown>;
  accuracy: Record<string, unknown>;
  server: Record<string, unknown>;
  devices: Record<string, unknown>[];
};

/** What a random file has; counted by the tests that need it. */
export type FileTrait =
  | 'linear-up'
  | 'spread-down'
  | 'faded'
  | 'blocks'
  | 'pinned-equal'
  | 'pinned-share'
  | 'share-limits'
  | 'optional'
  | 'server-memory'
  | 'each'
  | 'separate'
  | 'allocated'
  | 'equal'
  | 'batched';

export interface RandomFile {
  readonly file: EditableFile;
  readonly traits: readonly FileTrait[];
}

/** A small random cell: every rate law, sharing, kind of pin and limit; most have a plan. */
export function randomFile(seed: number, mostDevices = 4, leastDevices = 1): RandomFile {
  const random = randomStream(seed, 'problem-file');
  const chance = (share: number) => random.uniform() < share;
  const pick = <T>(...values: readonly T[]) => values[random.integer(values.length)]!;
  const traits: FileTrait[] = [];
  const trait = (name: FileTrait, share: number) => {
    if (!chance(share)) return false;
    traits.push(name);
    return true;
  };
  const sharing = pick('allocated', 'equal', 'batched');
  traits.push(sharing);
  const count = leastDevices + random.integer(mostDevices - leastDevices + 1);
  const bandwidth = pick(5e6, 10e6, 20e6);
  const blocks = trait('blocks', 0.15);
  const shares = (optional: boolean) => ({
    ...(trait('share-limits', 0.25) && chance(0.5)
      ? { maximumBandwidth: bandwidth * (0.3 + random.uniform()) }
      : { minimumBandwidth: (bandwidth / count) * 0.4 * random.uniform() }),
    ...(optional && { optional: true }),
  });
  const file = {
    version: 1,
    seed,
    model: { preset: 'deit-tiny', tokens: 65 + random.integer(133) },
    training: { batchSize: pick(4, 8, 16), stepsPerRound: pick(1, 5, 20) },
    split: { minimum: pick(0, 1), maximum: pick(6, 11, 12) },
    codec: {
      points: [
        { keptFraction: 0.02, bits: 4 },
        { keptFraction: 0.1, bits: 4 },
        { keptFraction: 0.5, bits: pick(4, 6) },
        { keptFraction: 1, bits: 8 },
      ].slice(random.integer(2)),
      ratios: trait('separate', 0.25) ? 'separate' : 'tied',
    },
    accuracy: {
      limit: 0.9,
      up: { family: 'power', scale: 0.003, exponent: pick(0.6, 0.9), cut: chance(0.5) ? 'constant' : { decay: 0.3 } },
      down: { family: 'exponential', scale: 0.02, rate: 30 },
      ...(chance(0.5) ? { maximumLoss: pick(0.01, 0.03, 0.06) } : { minimum: pick(0.84, 0.87, 0.89) }),
      scope: trait('each', 0.2) ? 'each' : 'mean',
    },
    radio: {
      bandwidth,
      shadowing: pick(0, 4),
      rateLaw: trait('linear-up', 0.4) ? 'linear' : 'shannon',
      downlinkPower: trait('spread-down', 0.5) ? 'band' : 'device',
      serverPower: pick('46 dBm', '20 dBm'),
      fading: trait('faded', 0.3) ? { kind: 'rayleigh', treatment: 'samples', samples: 8 } : pick('rayleigh', 'none'),
      ...(blocks && { resourceBlock: bandwidth / pick(25, 40) }),
    },
    server: {
      throughput: pick(0.5e12, 5e12, 20e12),
      sharing,
      ...(trait('server-memory', 0.3) && { memory: 6e7 + count * 2e8 * random.uniform() }),
    },
    ...(trait('pinned-equal', 0.2) && { pinned: { bandwidth: 'equal' } }),
    devices: Array.from({ length: count }, (_, k) => ({
      name: `device${k}`,
      throughput: 1e10 * 10 ** (1.5 * random.uniform()),
      memory: 6e7 + 5e8 * random.uniform(),
      distance: 40 + 400 * random.uniform(),
      ...shares(count > 1 && k === 0 && trait('optional', 0.2)),
      ...(!blocks && trait('pinned-share', 0.1) && { pinned: { bandwidth: bandwidth / (count + 1) } }),
    })),
  };
  return { file: file as unknown as EditableFile, traits: [...new Set(traits)] };
}

/** A copy of a file after an edit. */
export function edited(file: EditableFile, edit: (copy: EditableFile) => void): EditableFile {
  const copy = structuredClone(file);
  edit(copy);
  return copy;
}

/** Draws a seed’s stream for a test’s own choices. */
export function choicesOf(seed: number, purpose: string): RandomStream {
  return randomStream(seed, purpose);
}
