import type { Tf } from '../backend/tensorflow.js';
import type { FrozenWeights } from '../model/frozen-weights.js';
import type { PartOptions } from '../model/parts.js';
import { messageSeed, timed } from '../protocol/index.js';
import { batchStep, type BatchMember } from './batch-part.js';
import { isDeviceFault, type DeviceSession } from './device-session.js';
import type { ArrivedActivations, ComputedStep } from './device-work.js';
import type { RunClock } from './run-clock.js';
import type { Turns } from './turns.js';

/** What the steps of a round need of the server. */
export interface StepContext {
  readonly tf: Tf;
  readonly part: PartOptions & { readonly frozen: FrozenWeights };
  readonly localSteps: number;
  readonly seed: number;
  readonly clock: RunClock;
  readonly turns: Turns;
  /** Runs a device's part; one that fails is left behind. Resolves to whether it went well. */
  readonly guarded: (session: DeviceSession, work: () => Promise<void>) => Promise<boolean>;
}

/** All local steps of a round for each device on its own. */
export async function separateSteps(
  context: StepContext,
  round: number,
  sessions: readonly DeviceSession[],
): Promise<void> {
  await Promise.all(sessions.map((session) => context.guarded(session, () => chain(context, round, session))));
}

/** In one turn: of those that take turns only one then holds the activations of a step. */
async function chain(context: StepContext, round: number, session: DeviceSession): Promise<void> {
  const { turns, clock, localSteps } = context;
  await turns.run(async () => {
    if (session.holdsAll) return wholeRound(round, session);
    let arrived = await opened(round, session);
    for (let step = 0; step < localSteps; step++) {
      const computed = session.work.compute(arrived);
      const seconds = await clock.serverWork(session.index, computed.measuredSeconds, arrived.atSeconds);
      await session.sendGradient(arrived, computed, seconds);
      if (step + 1 < localSteps) arrived = await session.receiveActivations(round, step + 1);
    }
    return session.receiveAdapters(round);
  });
}

async function opened(round: number, session: DeviceSession): Promise<ArrivedActivations> {
  await session.begin(round);
  return session.receiveActivations(round, 0);
}

/** A device that holds all blocks trains alone between two averages. */
async function wholeRound(round: number, session: DeviceSession): Promise<void> {
  await session.begin(round);
  await session.receiveAdapters(round);
}

/** All local steps of a round, one batch for all devices a step. */
export async function batchedSteps(
  context: StepContext,
  round: number,
  sessions: readonly DeviceSession[],
): Promise<void> {
  const { turns, localSteps, guarded } = context;
  const alone = sessions.filter((session) => session.holdsAll);
  const arrived = new Map<DeviceSession, ArrivedActivations>();
  const each = async (those: readonly DeviceSession[], work: (session: DeviceSession) => Promise<void>) => {
    const went = await Promise.all(those.map((session) => guarded(session, () => turns.run(() => work(session)))));
    return those.filter((_, k) => went[k]);
  };
  const training = each(alone, (session) => wholeRound(round, session));
  let active = await each(
    sessions.filter((session) => !session.holdsAll),
    async (session) => void arrived.set(session, await opened(round, session)),
  );
  for (let step = 0; step < localSteps && active.length > 0; step++) {
    const batch = active.map((session) => ({ session, arrived: arrived.get(session)! }));
    const done = await computedBatch(context, round, step, batch);
    active = await each(active, async (session) => {
      const own = done.get(session)!;
      if ('refused' in own) throw own.refused;
      await session.sendGradient(arrived.get(session)!, own.computed, own.serverSeconds);
      if (step + 1 < localSteps) arrived.set(session, await session.receiveActivations(round, step + 1));
      else await session.receiveAdapters(round);
    });
  }
  await training;
}

interface BatchedDevice {
  readonly session: DeviceSession;
  readonly arrived: ArrivedActivations;
}

/** What a batch has yielded for a device, or why it takes no part in it. */
type BatchOutcome = { readonly computed: ComputedStep; readonly serverSeconds: number } | { readonly refused: Error };

async function computedBatch(
  context: StepContext,
  round: number,
  step: number,
  batch: readonly BatchedDevice[],
): Promise<Map<DeviceSession, BatchOutcome>> {
  const outcomes = new Map<DeviceSession, BatchOutcome>();
  const decoded = batch.flatMap((device) => {
    try {
      const [values, seconds] = device.session.work.decode(device.arrived);
      return [{ ...device, values, seconds }];
    } catch (error) {
      if (!isDeviceFault(error)) throw error;
      outcomes.set(device.session, { refused: error });
      return [];
    }
  });
  if (decoded.length === 0) return outcomes;
  const results = runBatch(context, round, step, decoded);
  const done = decoded.flatMap(({ session, arrived, seconds: decode }, k) => {
    const { found, compute } = results[k]!;
    try {
      return [{ session, arrived, computed: session.work.complete(arrived, { ...found, decode, compute }) }];
    } catch (error) {
      if (!isDeviceFault(error)) throw error;
      outcomes.set(session, { refused: error });
      return [];
    }
  });
  const total = done.reduce((sum, { computed }) => sum + computed.measuredSeconds, 0);
  const waits = await context.clock.serverBatch(
    done.map(({ session }) => session.index),
    total,
    done.map(({ arrived }) => arrived.atSeconds),
  );
  done.forEach(({ session, computed }, k) => outcomes.set(session, { computed, serverSeconds: waits[k]! }));
  return outcomes;
}

/** Forward, loss and backward of all; each device's part of the time goes by its examples and blocks. */
function runBatch(
  { tf, part, seed, localSteps }: StepContext,
  round: number,
  step: number,
  devices: readonly (BatchedDevice & { readonly values: Float32Array })[],
) {
  const stepSeed = messageSeed(seed, -1, round * localSteps + step, 'dropout');
  const [results, seconds] = timed(() => {
    const entries = devices.map(({ session, arrived, values }) => ({
      member: session.work.part as BatchMember,
      activations: tf.tensor(values, [...session.work.shape]),
      labels: arrived.targets,
    }));
    const found = batchStep(tf, part, entries, stepSeed);
    tf.dispose(entries.map(({ activations }) => activations));
    return found.map(({ loss, gradient, adapterGradients }) => {
      const gradientValues = gradient?.dataSync() as Float32Array | undefined;
      gradient?.dispose();
      return { loss, gradientValues, adapterGradients };
    });
  });
  const work = devices.map(({ session }) => session.work.shape[0]! * (part.config.blocks - session.cut));
  const total = work.reduce((sum, own) => sum + own, 0);
  return results.map((found, k) => ({ found, compute: (seconds * work[k]!) / total }));
}
