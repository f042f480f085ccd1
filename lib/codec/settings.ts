import * as z from '../schema/index.js';
import { CodecError } from './errors.js';

/** Which elements are kept. */
export const selections = ['all', 'top-k', 'random-top-k', 'threshold'] as const;
/** Over what Top-K counts. A token is a row of the last axis, a channel a position on it, a sample one entry of the first axis. */
export const selectionScopes = ['tensor', 'sample', 'token', 'channel'] as const;
/** What kept values become. */
export const valueKinds = ['levels', 'float16', 'float32'] as const;
export const roundings = ['stochastic', 'nearest'] as const;
export const scalings = ['max', 'norm'] as const;
/** What shares a scale. */
export const scaleScopes = ['token', 'sample', 'group', 'tensor'] as const;
export const losslessModes = ['fast', 'small'] as const;

/** The one source of the settings' types, defaults, checks and documentation. */
export const codecSettingsSchema = z.strictObject({
  selection: z
    .enum(selections)
    .default('top-k')
    .describe('Which elements are kept; the others decode to zero. `random-top-k` is RandTopk of Zheng et al. 2023.'),
  keptFraction: z
    .number()
    .gt(0)
    .max(1)
    .transform((value) => Math.fround(value))
    .default(Math.fround(0.2))
    .describe(
      'κ: share of the elements of each selection scope that Top-K keeps, rounded to whole elements, at least one.',
    ),
  threshold: z
    .number()
    .min(0)
    .transform((value) => Math.fround(value))
    .default(0)
    .describe('Smallest magnitude kept by the selection `threshold`.'),
  randomFraction: z
    .number()
    .min(0)
    .max(1)
    .transform((value) => Math.fround(value))
    .default(Math.fround(0.1))
    .describe('α of random Top-K: probability that a kept place goes to an element outside the Top-K.'),
  selectionScope: z.enum(selectionScopes).default('token').describe('Over what Top-K counts.'),
  values: z
    .enum(valueKinds)
    .default('levels')
    .describe('What kept values become: quantization levels, float16 (nearest even) or float32 unchanged.'),
  bits: z
    .int()
    .min(1)
    .max(8)
    .default(4)
    .describe(
      'q: bits of a kept value, sign included: 2^(q−1) − 1 levels a side, or for q = 1 the two levels ± scale.',
    ),
  rounding: z
    .enum(roundings)
    .default('stochastic')
    .describe('`stochastic` is unbiased; `nearest` has the smaller error of a single value.'),
  scaling: z
    .enum(scalings)
    .default('max')
    .describe('Scale of a group: largest kept magnitude, or Euclidean norm of the kept values (as QSGD has it).'),
  scaleScope: z
    .enum(scaleScopes)
    .default('token')
    .describe('What shares a scale. One scale for a whole transformer tensor loses most of the small values.'),
  groupSize: z
    .int()
    .min(1)
    .max(0x7fffffff)
    .default(64)
    .describe('Values that share a scale when the scope is `group`.'),
  outlierThreshold: z
    .number()
    .min(0)
    .max(1e6)
    .transform((value) => Math.fround(value))
    .default(0)
    .describe(
      'Channels whose median magnitude is above so many times that of the median channel travel apart, 16 bits a value, at most one of 16; 0 keeps none apart. Bears on `levels` alone.',
    ),
  lossless: z
    .enum(losslessModes)
    .default('fast')
    .describe('`fast`: static tables. `small`: contexts from neighbouring tokens and channels; slower, smaller.'),
  seed: z.int().min(0).default(0).describe('Seed of every random choice; same seed, same bytes.'),
});

/** What a caller may give. */
export type CodecSettingsInput = z.input<typeof codecSettingsSchema>;
/** Complete, checked settings. */
export type CodecSettings = Readonly<z.output<typeof codecSettingsSchema>>;

/** The settings of `encode` where nothing is said. */
export const defaultCodecSettings: CodecSettings = Object.freeze(codecSettingsSchema.parse({}));

/** Settings that keep every value: adapters and anything else that must arrive unchanged. */
export const losslessSettings: CodecSettings = Object.freeze({
  ...defaultCodecSettings,
  selection: 'all' as const,
  values: 'float32' as const,
});

const resolved = new WeakSet().add(defaultCodecSettings).add(losslessSettings);

/**
 * Complete settings from partial ones. Throws `CodecError` naming every problem.
 *
 * @param given - Those that differ from the defaults.
 * @throws CodecError that names every setting that does not fit.
 * @example
 * ```ts
 * import { resolveCodecSettings } from 'sft-opt/codec';
 *
 * console.log(resolveCodecSettings({ bits: 4 }).bits, resolveCodecSettings().keptFraction); // 4 0.2
 * ```
 */
export function resolveCodecSettings(given: CodecSettingsInput = {}): CodecSettings {
  if (resolved.has(given)) return given as CodecSettings;
  const outcome = codecSettingsSchema.safeParse(given);
  if (!outcome.success) {
    const problems = outcome.error.issues.map((issue) => `${issue.path.join('.') || 'settings'}: ${issue.message}`);
    throw new CodecError('bad-argument', problems.join('; '));
  }
  const settings = Object.freeze(outcome.data);
  resolved.add(settings);
  return settings;
}

/**
 * Largest level of q bits: 2^(q−1) − 1, and 1 for q = 1.
 *
 * @param bits - q, bits of a value, 1 … 8.
 * @example
 * ```ts
 * import { levelsPerSide } from 'sft-opt/codec';
 *
 * console.log(levelsPerSide(4), levelsPerSide(1)); // 7 1
 * ```
 */
export function levelsPerSide(bits: number): number {
  return bits === 1 ? 1 : 2 ** (bits - 1) - 1;
}
