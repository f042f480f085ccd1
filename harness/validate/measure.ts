import { median } from '../../lib/statistics/index.js';
import type { MeasuredMemory, Measurement, Prediction, Stages, ValidationCase } from '../../lib/validation/index.js';
import type { Tf } from '../backend/tensorflow.js';
import {
  codecAt,
  devicePeakBytes,
  serverBytes,
  slowdown,
  stepTotals,
  timedRun,
  type References,
  type ReferenceTimer,
  type TimedRound,
  type TimedRun,
  type TimingWorkload,
} from '../calibrate/index.js';
import type { DevicePlan } from '../run.js';
import type { StepRecord } from '../server/index.js';

/** The plan of a case as the harness runs it. */
export function devicePlans(one: ValidationCase, { resolved, plan }: Prediction): DevicePlan[] {
  return one.devices.map(({ cut, up, down, speedFactor, serverShare }, k) => {
    const { uplink, downlink } = resolved.problem.devices[k]!;
    return {
      cut,
      batchSize: one.batchSize,
      uplinkCodec: codecAt(up),
      downlinkCodec: codecAt(down),
      speedFactor,
      link: { uplink, downlink, bandwidthHz: plan.devices[k]!.bandwidthHz },
      ...(one.sharing === 'allocated' && { serverShare }),
    };
  });
}

/** Trains a case until it is steady. `references`: of the profile; absent: of the run itself. */
export async function measure(
  tf: Tf,
  workload: TimingWorkload,
  timer: ReferenceTimer,
  one: ValidationCase,
  prediction: Prediction,
  references: References | undefined,
  rounds: number,
  seed: number,
): Promise<Measurement> {
  const run = await timedRun(tf, workload, timer, {
    devices: devicePlans(one, prediction),
    sharing: one.sharing,
    memoryMode: one.activations,
    localSteps: one.stepsPerRound,
    rounds,
    serverSpeedFactor: one.serverFactor,
    seed,
  });
  const then = references ?? run.rounds[0]!.references;
  const middle = (pick: (round: TimedRound) => number) => median(run.rounds.map(pick));
  const replayed = (round: TimedRound, hasLinks: boolean) =>
    replayedSeconds(round, one, slowdown(round.references, then), hasLinks);
  return {
    roundSeconds: middle(({ record }) => record.roundSeconds),
    normalisedSeconds: middle((round) => replayed(round, true)),
    computeSeconds: middle((round) => replayed(round, false)),
    firstSeconds: replayed(run.first, true),
    slowdown: middle((round) => slowdown(round.references, then)),
    unsteady: run.unsteady,
    trafficBytes: middle(({ record }) => record.uplinkBytes + record.downlinkBytes),
    stages: one.devices.map((_, device) => deviceStages(run, one, device)),
  };
}

function deviceStages({ rounds }: TimedRun, one: ValidationCase, device: number): Stages {
  const own = rounds.flatMap(({ steps }) => steps.filter((record) => record.device === device));
  const middle = (pick: (seconds: StepRecord['seconds']) => number) => median(own.map(({ seconds }) => pick(seconds)));
  const batch = rounds.flatMap(({ steps }) => [...stepTotals(steps, serverSeconds).values()]);
  return {
    forward: middle(({ deviceForward }) => deviceForward),
    encode: middle(({ deviceEncode }) => deviceEncode),
    uplink: middle(({ uplink }) => uplink),
    server: one.sharing === 'batched' ? median(batch) * one.serverFactor : middle(({ server }) => server),
    downlink: middle(({ downlink }) => downlink),
    decode: middle(({ deviceDecode }) => deviceDecode),
    backward: middle(({ deviceBackward, deviceUpdate }) => deviceBackward + deviceUpdate),
    adapters: median(rounds.map(({ record }) => record.adapterSeconds[device]!)),
  };
}

const serverSeconds = ({ measuredServerSeconds: own }: StepRecord) =>
  own.decode + own.compute + own.update + own.encode;

/**
 * A round put together anew from its records as the event clock does it, on a machine that is `slowdown` times as fast,
 * with the links or without.
 */
export function replayedSeconds(
  { record, steps }: Pick<TimedRound, 'record' | 'steps'>,
  { sharing, serverFactor }: Pick<ValidationCase, 'sharing' | 'serverFactor'>,
  slowdown: number,
  hasLinks: boolean,
): number {
  const link = hasLinks ? 1 : 0;
  const hands = record.adapterSeconds.map((seconds) => (link * seconds) / 2);
  const add = (device: number, work: number, transfer: number) => {
    hands[device]! += work / slowdown + link * transfer;
  };
  const ordered = [...steps].sort((a, b) => a.step - b.step);
  for (const step of new Set(ordered.map((one) => one.step))) {
    const all = ordered.filter((one) => one.step === step);
    for (const { device, seconds } of all) add(device, seconds.deviceForward + seconds.deviceEncode, seconds.uplink);
    if (sharing === 'batched') {
      const total = all.reduce((sum, one) => sum + serverSeconds(one), 0) * serverFactor;
      const end = Math.max(...all.map(({ device }) => hands[device]!)) + total / slowdown;
      for (const { device } of all) hands[device] = end;
    } else for (const { device, seconds } of all) add(device, seconds.server, 0);
    for (const { device, seconds } of all) {
      add(device, seconds.deviceDecode + seconds.deviceBackward + seconds.deviceUpdate, seconds.downlink);
    }
  }
  const last = Math.max(...hands.map((hand, device) => hand + (link * record.adapterSeconds[device]!) / 2));
  return last + record.aggregationSeconds / slowdown;
}

export async function measureMemory(tf: Tf, workload: TimingWorkload, one: ValidationCase): Promise<MeasuredMemory> {
  const { batchSize, activations, sharing, devices } = one;
  const peaks = new Map<number, number>();
  for (const { cut } of devices) {
    if (!peaks.has(cut)) peaks.set(cut, await devicePeakBytes(tf, workload, cut, batchSize, activations));
  }
  const cuts = devices.map(({ cut }) => cut);
  const { peak } = await serverBytes(tf, workload, cuts, batchSize, activations, sharing);
  return { devicePeakBytes: cuts.map((cut) => peaks.get(cut)!), serverPeakBytes: peak };
}
