import type { Tf } from '../backend/tensorflow.js';
import { codecAt, devicePeakBytes, median, serverBytes, timedRun, type TimingWorkload } from '../calibrate/index.js';
import type { DevicePlan } from '../run.js';
import type { StepRecord } from '../server/index.js';
import type { ValidationCase } from './cases.js';
import type { Prediction } from './predict.js';

/** Stages of a device's round, s. Those of a step are for one step. */
export interface Stages {
  readonly forward: number;
  readonly encode: number;
  readonly uplink: number;
  /** With `batched` the whole batch, without the wait for it. */
  readonly server: number;
  readonly downlink: number;
  readonly decode: number;
  /** Update included. */
  readonly backward: number;
  readonly adapters: number;
}

export const stageNames = [
  'forward',
  'encode',
  'uplink',
  'server',
  'downlink',
  'decode',
  'backward',
  'adapters',
] as const satisfies readonly (keyof Stages)[];

/** What was measured of a case; medians over steps and rounds. */
export interface Measurement {
  readonly roundSeconds: number;
  readonly aggregationSeconds: number;
  readonly stages: readonly Stages[];
  readonly trafficBytes: number;
}

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

/** Trains a case for some rounds after one that is not looked at. */
export async function measure(
  tf: Tf,
  workload: TimingWorkload,
  one: ValidationCase,
  prediction: Prediction,
  rounds: number,
  seed: number,
): Promise<Measurement> {
  const run = await timedRun(tf, workload, {
    devices: devicePlans(one, prediction),
    sharing: one.sharing,
    memoryMode: one.activations,
    localSteps: one.stepsPerRound,
    rounds,
    warmUpRounds: 1,
    warmUpSteps: 0,
    serverSpeedFactor: one.serverFactor,
    seed,
  });
  const middle = (records: readonly StepRecord[], pick: (record: StepRecord) => number) => median(records.map(pick));
  const batch = one.sharing === 'batched' ? batchSeconds(run.steps) * one.serverFactor : undefined;
  return {
    roundSeconds: median(run.rounds.map(({ roundSeconds }) => roundSeconds)),
    aggregationSeconds: median(run.rounds.map(({ aggregationSeconds }) => aggregationSeconds)),
    trafficBytes: median(run.rounds.map(({ uplinkBytes, downlinkBytes }) => uplinkBytes + downlinkBytes)),
    stages: one.devices.map((_, device): Stages => {
      const own = run.steps.filter((record) => record.device === device);
      return {
        forward: middle(own, ({ seconds }) => seconds.deviceForward),
        encode: middle(own, ({ seconds }) => seconds.deviceEncode),
        uplink: middle(own, ({ seconds }) => seconds.uplink),
        server: batch ?? middle(own, ({ seconds }) => seconds.server),
        downlink: middle(own, ({ seconds }) => seconds.downlink),
        decode: middle(own, ({ seconds }) => seconds.deviceDecode),
        backward: middle(own, ({ seconds }) => seconds.deviceBackward + seconds.deviceUpdate),
        adapters: median(run.rounds.map(({ adapterSeconds }) => adapterSeconds[device]!)),
      };
    }),
  };
}

/** Server seconds of a step for all devices together, codec included. */
function batchSeconds(steps: readonly StepRecord[]): number {
  const totals = new Map<string, number>();
  for (const { round, step, measuredServerSeconds: own } of steps) {
    const key = `${round}.${step}`;
    totals.set(key, (totals.get(key) ?? 0) + own.decode + own.compute + own.update + own.encode);
  }
  return median([...totals.values()]);
}

/** Peaks of live tensors; the same for the same case, however busy the machine. */
export interface MeasuredMemory {
  readonly devicePeakBytes: readonly number[];
  readonly serverPeakBytes: number;
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
