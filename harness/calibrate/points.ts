import type { CodecPoint } from '../../lib/validation/index.js';
import type { StepCodec } from '../protocol/index.js';
import type { DevicePlan } from '../run.js';
import type { TimingWorkload } from './workload.js';

export const plainPoint: CodecPoint = { keptFraction: 1, bits: 32 };

export const isCompressed = ({ keptFraction, bits }: CodecPoint) => keptFraction < 1 || bits < 32;

/**
 * Operating points that are measured unless others are asked for, in the order in which a time limit keeps them: those that
 * validation runs, then those where plans of little loss live (study/embedded.csv, `npm run study -- points`), then coarse ones.
 */
export const defaultPoints: readonly CodecPoint[] = [
  plainPoint,
  { keptFraction: 0.1, bits: 4 },
  { keptFraction: 0.3, bits: 6 },
  { keptFraction: 0.05, bits: 4 },
  { keptFraction: 1, bits: 8 },
  { keptFraction: 0.5, bits: 4 },
  { keptFraction: 1, bits: 4 },
  { keptFraction: 0.2, bits: 4 },
  { keptFraction: 0.02, bits: 4 },
];

/** The codec's settings at a point. */
export function codecAt({ keptFraction, bits }: CodecPoint): StepCodec {
  const selection = keptFraction === 1 ? 'all' : 'top-k';
  if (bits === 32) return selection === 'all' ? 'identity' : { selection, keptFraction, values: 'float32' };
  if (bits === 16) return { selection, keptFraction, values: 'float16' };
  return { selection, keptFraction, bits };
}

export function deviceAt(
  { config }: TimingWorkload,
  cut: number,
  batchSize: number,
  point: CodecPoint = plainPoint,
): DevicePlan {
  const codec = codecAt(point);
  return { cut: Math.min(cut, config.blocks - 1), batchSize, uplinkCodec: codec, downlinkCodec: codec };
}
