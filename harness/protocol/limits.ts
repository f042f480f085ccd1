import type { AdapterState } from '../model/adapters.js';
import { labelCount, targetCount, tokenCount, type TransformerConfig } from '../model/config.js';
import type { ReceiveLimits } from '../transport/index.js';
import { ProtocolError } from './protocol-error.js';
import { targetBytes, type DeviceMemory } from './tensor-body.js';
import type { DeviceSettings } from './training-settings.js';

/** Bytes of JSON for the report on one local step, at most; and of a tensor's entry in an adapter file. */
const localStepBytes = 256;
const entryBytes = 256;
/** For what else a header holds. */
const restBytes = 2 ** 14;
/** Of a device's task, which may hold the trace of a link. */
const mostTaskBytes = 2 ** 25;

/** The largest messages that one side can have a reason to send the other in this training, and how many at once. */
export function memberLimits(
  config: TransformerConfig,
  { cut, batchSize }: Pick<DeviceSettings, 'cut' | 'batchSize'>,
  adapters: readonly { readonly values: Float32Array }[],
  localSteps: number,
): ReceiveLimits {
  const isWhole = cut === config.blocks;
  const headerBytes = restBytes + (isWhole ? localSteps * localStepBytes : 0);
  // The codec's worst case is a little above float32.
  const activationBytes = isWhole ? 0 : 5 * batchSize * tokenCount(config) * config.width;
  const targetsBytes = targetBytes(labelCount(config)) * batchSize * targetCount(config);
  // Two moments a weight are the most an optimizer remembers, and what coding took away of it comes on top.
  const adapterBytes = adapters.reduce((sum, { values }) => sum + 3 * (4 * values.length + entryBytes), 0);
  return {
    headerBytes,
    frameBytes: headerBytes + Math.max(activationBytes + targetsBytes, adapterBytes) + restBytes,
    waitingMessages: 2,
  };
}

/** What a device takes of a server before it knows its task: the task itself, and what may come right behind it. */
export function hallLimits(adapters: AdapterState): ReceiveLimits {
  const own = [...adapters.values()].reduce((sum, { values }) => sum + 3 * (4 * values.length + entryBytes), 0);
  return { headerBytes: mostTaskBytes, frameBytes: mostTaskBytes + own + restBytes, waitingMessages: 3 };
}

/** What a device may remember of these adapters after so many steps. Throws `ProtocolError`. */
export function checkMemory(
  { optimizer: { steps, moments }, residual }: DeviceMemory,
  adapters: readonly { readonly shape: readonly number[]; readonly values: Float32Array }[],
  mostSteps: number,
): void {
  if (steps > mostSteps) throw new ProtocolError(`an optimizer of ${steps} steps, at most ${mostSteps} were made`);
  const per = adapters.length === 0 ? 0 : moments.length / adapters.length;
  const fits =
    Number.isInteger(per) &&
    per <= 2 &&
    moments.every(({ shape }, k) => shape.join() === adapters[Math.floor(k / per)]!.shape.join());
  if (!fits) throw new ProtocolError('the moments are of other adapters');
  if (!moments.every(({ values }) => values.every(Number.isFinite))) throw new ProtocolError('a moment is not finite');
  const count = adapters.reduce((sum, { values }) => sum + values.length, 0);
  if (residual && (residual.length !== count || !residual.every(Number.isFinite))) {
    throw new ProtocolError('what coding took away is not of these adapters');
  }
}

/** Adapters of exactly these names, in the shapes of `like` and finite. Throws `ProtocolError` naming the first that is not. */
export function checkAdapters(found: AdapterState, names: readonly string[], like: AdapterState): void {
  if (found.size !== names.length)
    throw new ProtocolError(`${found.size} adapters came where ${names.length} were due`);
  for (const name of names) {
    const [own, wanted] = [found.get(name), like.get(name)!.shape.join()];
    if (own?.shape.join() !== wanted) throw new ProtocolError(`adapter ${name} must have shape [${wanted}]`);
    if (!own.values.every(Number.isFinite)) throw new ProtocolError(`adapter ${name} is not finite`);
  }
}
