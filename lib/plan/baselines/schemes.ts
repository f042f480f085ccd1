import {
  choiceCosts,
  deviceStages,
  exceeds,
  planViolations,
  roundDelay,
  type Device,
  type DevicePlan,
  type LimitViolation,
  type OperatingPoint,
  type Plan,
  type PlanningProblem,
} from '../../models/index.js';

/** What a conventional scheme reaches, or why it does not apply. */
export interface SchemeOutcome {
  readonly totalSeconds?: number;
  readonly plan?: Plan;
  /** The problem the plan belongs to: the scheme's own operating points, no pins. */
  readonly problem?: PlanningProblem;
  readonly note?: string;
}

const uncompressed: OperatingPoint = {
  name: 'uncompressed',
  ratio: 1,
  encodeSecondsPerValue: 0,
  decodeSecondsPerValue: 0,
  serverEncodeSecondsPerValue: 0,
  serverDecodeSecondsPerValue: 0,
  workspaceBytesPerValue: 0,
};

/** The same cell without compression, pins, deadline and resource blocks; every device takes part. */
export function withoutCompression(problem: PlanningProblem): PlanningProblem {
  return { ...asConventional(problem), upPoints: [uncompressed], downPoints: [uncompressed], tiedRatios: true };
}

/** A baseline fixes its own decisions: pins, deadline, resource blocks and leave to stay out do not bind it. */
export function asConventional(problem: PlanningProblem): PlanningProblem {
  const { deadlineSeconds: _deadline, resourceBlockHz: _blocks, ...rest } = problem;
  return { ...rest, devices: problem.devices.map((device) => ({ ...device, optional: false, pinned: {} })) };
}

/** Federated LoRA (McMahan et al. 2017 with adapters): the whole model on every device, only adapters cross the air. */
export function federatedLora(problem: PlanningProblem): SchemeOutcome {
  return sameCut(withoutCompression(problem), problem.blockCount);
}

/** Split federated learning (Thapa et al. 2022): one cut for all, in parallel, uncompressed, equal shares. */
export function splitFederated(problem: PlanningProblem): SchemeOutcome {
  const conventional = withoutCompression(problem);
  const outcomes = commonCuts(problem).map((cut) => sameCut(conventional, cut));
  const [first] = outcomes.sort((a, b) => (a.totalSeconds ?? Infinity) - (b.totalSeconds ?? Infinity));
  return first ?? { note: noCommonCut };
}

/** Why a scheme with one cut for all may not apply. */
export const noCommonCut = 'no common cut fits the memory of every device';

/** The cut that serves uncompressed parallel training best among those that every device can hold. */
export function bestCommonCut(problem: PlanningProblem): number | undefined {
  const conventional = withoutCompression(problem);
  const delay = (cut: number) => roundDelay(conventional, equalPlan(conventional, cut)).totalSeconds;
  const delays = commonCuts(problem).map((cut) => ({ cut, seconds: delay(cut) }));
  return delays.sort((a, b) => a.seconds - b.seconds)[0]?.cut;
}

/** Cuts with blocks on both sides that every device's memory holds. */
function commonCuts(problem: PlanningProblem): number[] {
  const conventional = withoutCompression(problem);
  const cuts = Array.from({ length: problem.blockCount - 1 }, (_, k) => k + 1);
  return cuts.filter((cut) =>
    conventional.devices.every(
      (device) => !exceeds(choiceCosts(conventional, device, cut, 0, 0).deviceMemoryBytes, device.memoryBytes),
    ),
  );
}

/** Vanilla split learning (Vepakomma et al. 2018): devices one after another, each with the whole band and server. */
export function vanillaSplit(problem: PlanningProblem): SchemeOutcome {
  const conventional = withoutCompression(problem);
  let best: SchemeOutcome = { note: noCommonCut };
  for (const cut of commonCuts(problem)) {
    const plan: Plan = {
      devices: conventional.devices.map((device) => decision(cut, clampShare(device, conventional.bandwidthHz), 1)),
    };
    const totalSeconds = plan.devices.reduce((sum, share, n) => sum + chainSeconds(conventional, n, share), 0);
    if (totalSeconds < (best.totalSeconds ?? Infinity)) best = { totalSeconds, plan, problem: conventional };
  }
  return best;
}

/** Equal share of the band within the device's own limits. */
export function equalShare(problem: PlanningProblem, device: Device): number {
  return clampShare(device, problem.bandwidthHz / problem.devices.length);
}

/** A plan with equal shares of band and server, judged against the limits of its problem. */
export function judge(problem: PlanningProblem, plan: Plan): SchemeOutcome {
  const { totalSeconds } = roundDelay(problem, plan);
  const violations = planViolations(problem, plan, totalSeconds);
  if (violations.length > 0) return { note: breaks(violations) };
  return { totalSeconds, plan, problem };
}

/** Decision with an equal share of the server. */
export function equalDecision(
  problem: PlanningProblem,
  device: Device,
  blocks: number,
  upPoint: number,
  downPoint: number,
): DevicePlan {
  const serverShare = problem.sharing === 'batched' ? 1 : 1 / problem.devices.length;
  return { ...decision(blocks, equalShare(problem, device), serverShare), upPoint, downPoint };
}

function sameCut(problem: PlanningProblem, cut: number): SchemeOutcome {
  return judge(problem, equalPlan(problem, cut));
}

function equalPlan(problem: PlanningProblem, cut: number): Plan {
  return { devices: problem.devices.map((device) => equalDecision(problem, device, cut, 0, 0)) };
}

function decision(blocks: number, bandwidthHz: number, serverShare: number): DevicePlan {
  return { participates: true, blocks, upPoint: 0, downPoint: 0, bandwidthHz, serverShare };
}

function clampShare(device: Device, bandwidthHz: number): number {
  return Math.min(Math.max(bandwidthHz, device.minimumBandwidthHz), device.maximumBandwidthHz);
}

function chainSeconds(problem: PlanningProblem, deviceIndex: number, share: DevicePlan): number {
  const stages = deviceStages(problem, deviceIndex, share);
  const step =
    stages.forward + stages.encode + stages.uplink + stages.server + stages.downlink + stages.decode + stages.backward;
  return problem.stepsPerRound * step + stages.adapterUplink + stages.adapterDownlink;
}

/** "breaks device-memory (3 devices), accuracy". */
function breaks(violations: readonly LimitViolation[]): string {
  const counts = new Map<string, number>();
  for (const { limit } of violations) counts.set(limit, (counts.get(limit) ?? 0) + 1);
  const parts = [...counts].map(([limit, count]) => (count > 1 ? `${limit} (${count} devices)` : limit));
  return `breaks ${parts.join(', ')}`;
}
