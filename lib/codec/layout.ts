import { CodecError } from './errors.js';
import type { CodecSettings } from './settings.js';

/** Elements of one tensor at most; positions are 31-bit integers throughout. */
export const MAX_ELEMENTS = 2 ** 31 - 1;

/** Number of elements of a shape; throws on extents that are not whole numbers and on tensors that are too large. */
export function shapeSize(shape: readonly number[]): number {
  let size = 1;
  for (const extent of shape) {
    if (!Number.isInteger(extent) || extent < 0 || extent > MAX_ELEMENTS) {
      throw new CodecError(
        'bad-argument',
        `shape [${shape.join(', ')}] has an extent that is no whole number in range`,
      );
    }
    size *= extent;
  }
  if (size > MAX_ELEMENTS) throw new CodecError('bad-argument', `shape [${shape.join(', ')}] has too many elements`);
  return size;
}

/** Consecutive groups: `count` groups of `size` elements, the last possibly shorter. */
export interface Groups {
  readonly size: number;
  readonly count: number;
}

/** Length of a token: the last axis, or everything when there is but one axis or none. */
export function tokenWidth(shape: readonly number[]): number {
  return shape.length === 0 ? 1 : shape[shape.length - 1]!;
}

/** The groups of consecutive elements that a scope makes of a shape. */
export function contiguousGroups(
  shape: readonly number[],
  scope: 'tensor' | 'sample' | 'token' | 'group',
  groupSize = 1,
): Groups {
  const total = shapeSize(shape);
  if (total === 0) return { size: 1, count: 0 };
  let size = total;
  if (scope === 'token') size = tokenWidth(shape);
  if (scope === 'sample' && shape.length > 1) size = total / shape[0]!;
  if (scope === 'group') size = groupSize;
  return { size, count: Math.ceil(total / size) };
}

/**
 * The groups that share a scale.
 *
 * @param shape - Sizes, slowest index first; their product is the number of elements.
 * @param settings - Settings of the codec, complete.
 * @example
 * ```ts
 * import { resolveCodecSettings, scaleGroups } from 'sft-opt/codec';
 *
 * console.log(scaleGroups([2, 3], resolveCodecSettings({ scaleScope: 'tensor' }))); // { size: 6, count: 1 }
 * ```
 */
export function scaleGroups(shape: readonly number[], settings: CodecSettings): Groups {
  return contiguousGroups(shape, settings.scaleScope, settings.groupSize);
}

/**
 * How many of `size` elements Top-K keeps.
 *
 * @param size - Elements to choose from.
 * @param keptFraction - κ, 0 … 1.
 * @example
 * ```ts
 * import { keptCount } from 'sft-opt/codec';
 *
 * console.log(keptCount(10, 0.25), keptCount(10, 0)); // 3 1
 * ```
 */
export function keptCount(size: number, keptFraction: number): number {
  return Math.min(size, Math.max(1, Math.round(size * keptFraction)));
}
