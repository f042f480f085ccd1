import { secondsPerBit } from '../link/index.js';
import { choiceCosts, plannedUplink } from './choices.js';
import type { DevicePlan, Plan, PlanningProblem } from './problem.js';

/** Where one device's time goes. Seconds a step, but for the adapters: once a round. */
export interface StageSeconds {
  /** Forward pass on the device, seconds a local step. */
  readonly forward: number;
  /** Encoding on the device, seconds a local step. */
  readonly encode: number;
  /** Activations up, seconds a local step. */
  readonly uplink: number;
  /** Server time of one step as this device sees it, its share considered. */
  readonly server: number;
  /** Gradients down, seconds a local step. */
  readonly downlink: number;
  /** Decoding on the device, seconds a local step. */
  readonly decode: number;
  /** Backward pass on the device, seconds a local step. */
  readonly backward: number;
  /** Adapters up, seconds a round. */
  readonly adapterUplink: number;
  /** Adapters down, seconds a round. */
  readonly adapterDownlink: number;
  /** Coding of the adapters on the device. */
  readonly adapterCodec: number;
}

/** What a round takes, and where each device spends it. */
export interface RoundDelay {
  /** The round [T], seconds. */
  readonly totalSeconds: number;
  /** Aggregation of the adapters at the server, seconds. */
  readonly aggregationSeconds: number;
  /** Each device's stages; undefined for a device left out. */
  readonly stages: readonly (StageSeconds | undefined)[];
  /**
   * Each device's own chain, K·(stages of a step) + adapters, seconds; 0 for a device left out. The round is the
   * longest of them plus aggregation with `allocated` and `equal`; with `batched` devices also wait for each other.
   */
  readonly chainSeconds: Float64Array;
}

/**
 * Delay of a round under a plan (docs/model.md, section Delay).
 *
 * @param problem - Cell, devices, model and limits, in SI units.
 * @param plan - One decision for each device, in the order of the problem's devices.
 * @example
 * ```ts
 * import { parseProblemFile, planTwoTimescale, roundDelay } from 'sft-opt';
 *
 * const { problem } = parseProblemFile('{ version: 1, model: deit-tiny, devices: [{ name: a, count: 2, distance: 60 m }] }');
 * const { plan } = planTwoTimescale(problem);
 * if (plan) console.log(roundDelay(problem, plan).totalSeconds); // 2.62818
 * ```
 */
export function roundDelay(problem: PlanningProblem, plan: Plan): RoundDelay {
  const stages = problem.devices.map((device, n) => {
    const decision = plan.devices[n]!;
    return decision.participates ? deviceStages(problem, n, decision) : undefined;
  });
  return problem.sharing === 'batched' ? batchedRound(problem, stages) : separateRound(problem, stages);
}

/**
 * Stages of one device; `server` is its work over its share (with `batched` its own work at full throughput).
 *
 * @param problem - Cell, devices, model and limits, in SI units.
 * @param deviceIndex - Which device, from 0.
 * @param decision - Cut, points and shares of this device.
 * @example
 * ```ts
 * import { parseProblemFile, planTwoTimescale } from 'sft-opt';
 * import { deviceStages } from 'sft-opt/models';
 *
 * const { problem } = parseProblemFile('{ version: 1, model: deit-tiny, devices: [{ name: a, count: 2, distance: 60 m }] }');
 * const { plan } = planTwoTimescale(problem);
 * if (plan) console.log(deviceStages(problem, 0, plan.devices[0]!).uplink > 0); // true
 * ```
 */
export function deviceStages(problem: PlanningProblem, deviceIndex: number, decision: DevicePlan): StageSeconds {
  const device = problem.devices[deviceIndex]!;
  const costs = choiceCosts(problem, device, decision.blocks, decision.upPoint, decision.downPoint);
  const upSecondsPerBit = secondsPerBit(plannedUplink(device, costs, decision), decision.bandwidthHz);
  const downSecondsPerBit = secondsPerBit(device.downlink, decision.bandwidthHz);
  return {
    forward: costs.forwardSeconds,
    encode: costs.encodeSeconds,
    uplink: transmission(costs.uplinkBits, upSecondsPerBit),
    server: costs.serverSeconds > 0 ? costs.serverSeconds / decision.serverShare : 0,
    downlink: transmission(costs.downlinkBits, downSecondsPerBit),
    decode: costs.decodeSeconds,
    backward: costs.backwardSeconds,
    adapterUplink: transmission(costs.adapterBits, upSecondsPerBit),
    adapterDownlink: transmission(costs.adapterBits, downSecondsPerBit),
    adapterCodec: costs.exchangeSeconds,
  };
}

/** No bits take no time, even at no bandwidth. */
function transmission(bits: number, secondsPerBit: number): number {
  return bits > 0 ? bits * secondsPerBit : 0;
}

function preSeconds(stage: StageSeconds): number {
  return stage.forward + stage.encode + stage.uplink;
}

function postSeconds(stage: StageSeconds): number {
  return stage.downlink + stage.decode + stage.backward;
}

function adapterSeconds(stage: StageSeconds): number {
  return stage.adapterUplink + stage.adapterDownlink + stage.adapterCodec;
}

/** T = max over devices of K·(pre + server + post) + adapters, plus aggregation. */
function separateRound(problem: PlanningProblem, stages: readonly (StageSeconds | undefined)[]): RoundDelay {
  const steps = problem.stepsPerRound;
  const chainSeconds = Float64Array.from(stages, (stage) =>
    stage ? steps * (preSeconds(stage) + stage.server + postSeconds(stage)) + adapterSeconds(stage) : 0,
  );
  return {
    totalSeconds: largest(chainSeconds) + problem.aggregationSeconds,
    aggregationSeconds: problem.aggregationSeconds,
    stages,
    chainSeconds,
  };
}

/** T = max pre + K·Σ + (K − 1)·max(pre + post) + max(post + adapters), Σ the server's time for all devices' batch. */
function batchedRound(problem: PlanningProblem, stages: readonly (StageSeconds | undefined)[]): RoundDelay {
  const steps = problem.stepsPerRound;
  let batchSeconds = 0;
  let longestPre = 0;
  let longestStep = 0;
  let longestEnd = 0;
  for (const stage of stages) {
    if (!stage) continue;
    batchSeconds += stage.server;
    longestPre = Math.max(longestPre, preSeconds(stage));
    longestStep = Math.max(longestStep, preSeconds(stage) + postSeconds(stage));
    longestEnd = Math.max(longestEnd, postSeconds(stage) + adapterSeconds(stage));
  }
  const shared = stages.map((stage) => stage && { ...stage, server: batchSeconds });
  const chainSeconds = Float64Array.from(shared, (stage) =>
    stage ? steps * (preSeconds(stage) + batchSeconds + postSeconds(stage)) + adapterSeconds(stage) : 0,
  );
  return {
    totalSeconds:
      longestPre +
      steps * batchSeconds +
      (steps > 1 ? (steps - 1) * longestStep : 0) +
      longestEnd +
      problem.aggregationSeconds,
    aggregationSeconds: problem.aggregationSeconds,
    stages: shared,
    chainSeconds,
  };
}

function largest(values: Float64Array): number {
  let most = 0;
  for (let k = 0; k < values.length; k++) most = Math.max(most, values[k]!);
  return most;
}
