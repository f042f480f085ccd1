import type { ResolvedFile } from '../../lib/io/index.js';
import { roundDelay, roundTraffic, type Plan } from '../../lib/models/index.js';
import type { Tf } from '../../harness/backend/tensorflow.js';
import { median } from '../../lib/statistics/index.js';
import {
  codecAt,
  slowdown,
  timedRun,
  type References,
  type ReferenceTimer,
  type TimingWorkload,
} from '../../harness/calibrate/index.js';
import type { DevicePlan } from '../../harness/run.js';

/** A plan of a problem file as predicted and as measured. */
interface PlanRun {
  readonly predictedSeconds: number;
  readonly measuredSeconds: number;
  /** References around the run over the given ones. */
  readonly slowdown: number;
  readonly unsteady: readonly string[];
  readonly predictedBytes: number;
  readonly measuredBytes: number;
}

/** Any plan of a problem file that names a profile, as the harness runs it. */
function plannedDevices({ problem, file, summaries }: ResolvedFile, plan: Plan): DevicePlan[] {
  return problem.devices.flatMap((device, n) => {
    const decision = plan.devices[n]!;
    if (!decision.participates) return [];
    const entry = file.devices[summaries[n]!.entry]!;
    const up = problem.upPoints[decision.upPoint]!;
    const down = problem.downPoints[decision.downPoint]!;
    const codec = (point: typeof up) =>
      codecAt({ keptFraction: point.keptFraction ?? 1, bits: point.bitsPerKeptValue ?? 32 });
    return [
      {
        name: device.name,
        cut: decision.blocks,
        batchSize: entry.batchSize ?? file.training.batchSize,
        uplinkCodec: codec(up),
        downlinkCodec: codec(down),
        speedFactor: entry.profileFactor,
        link: { uplink: device.uplink, downlink: device.downlink, bandwidthHz: decision.bandwidthHz },
        ...(problem.sharing === 'allocated' && { serverShare: decision.serverShare }),
      },
    ];
  });
}

/** Runs a plan until some rounds are steady; medians over these. */
export async function runPlan(
  tf: Tf,
  workload: TimingWorkload,
  timer: ReferenceTimer,
  references: References,
  resolved: ResolvedFile,
  plan: Plan,
  rounds: number,
  seed: number,
): Promise<PlanRun> {
  const { problem, file } = resolved;
  const run = await timedRun(tf, workload, timer, {
    devices: plannedDevices(resolved, plan),
    sharing: problem.sharing,
    memoryMode: file.training.activations,
    localSteps: problem.stepsPerRound,
    rounds,
    serverSpeedFactor: file.server.profileFactor,
    seed,
  });
  const bits = problem.devices.map((device, n) => roundTraffic(problem, device, plan.devices[n]!));
  return {
    predictedSeconds: roundDelay(problem, plan).totalSeconds,
    measuredSeconds: median(run.rounds.map(({ record }) => record.roundSeconds)),
    slowdown: median(run.rounds.map((round) => slowdown(round.references, references))),
    unsteady: run.unsteady,
    predictedBytes: bits.reduce((sum, { uplinkBits, downlinkBits }) => sum + uplinkBits + downlinkBits, 0) / 8,
    measuredBytes: median(run.rounds.map(({ record }) => record.uplinkBytes + record.downlinkBytes)),
  };
}
