import type { MeasuredProfile } from '../io/index.js';
import type { ValidationCase } from './cases.js';
import type { Prediction } from './predict.js';

/**
 * The first round of a process, where the profile foresees it. The first device is the first to work, and what it has loaded
 * the others find: on its own it may still be done before them, for a batch all wait.
 */
export function coldRound(
  one: Pick<ValidationCase, 'devices' | 'sharing' | 'serverFactor' | 'batchSize' | 'activations'>,
  { delay, plan }: Pick<Prediction, 'delay' | 'plan'>,
  { entries, coldSeconds }: Pick<MeasuredProfile, 'entries' | 'coldSeconds'>,
): number | undefined {
  const { devices, sharing, serverFactor } = one;
  const entry = entries.find(
    ({ batchSize, activations }) => batchSize === one.batchSize && activations === one.activations,
  );
  const cold = entry?.coldSeconds ?? coldSeconds;
  if (!cold) return undefined;
  const { totalSeconds, chainSeconds, aggregationSeconds } = delay;
  const share = sharing === 'batched' ? 1 : plan.devices[0]!.serverShare;
  const extra = devices[0]!.speedFactor * cold.device + (serverFactor / share) * cold.server;
  if (sharing === 'batched') return totalSeconds + extra;
  return Math.max(totalSeconds, chainSeconds[0]! + extra + aggregationSeconds);
}
