import {
  choiceCosts,
  knowsPower,
  plannedUplink,
  roundDelay,
  secondsPerBit,
  uplinkLaw,
  type Device,
  type DevicePlan,
  type Plan,
  type PlanningProblem,
  type StageSeconds,
} from '../models/index.js';
import { judgePlan } from './judge.js';

/** A round that is this much shorter, relative, leaves room for the rounding of its sum. */
const room = 1e-14;
/** Savings below this part of the power come from the precision of shares, not from a device that waits. */
const leastSaving = 1e-6;
/** Halvings of the interval of powers, on a scale of logarithms. */
const halvings = 60;

/**
 * The same splits, points and shares with each device at the least power that leaves the round as long as it is: between plans that
 * are equal but for their powers the one with the least. Nothing else changes, so no limit is broken that the plan keeps, and no device
 * takes more energy: a law of a channel has R(b; f·P) = f·R(b/f; P), so f·P / R falls with f. Laws that do not know their
 * power (linear, measured, custom without `atGain`) stay at full power, as does
 * whoever the round waits for, but for the power above a limit of its efficiency, which carries nothing.
 */
export function sparePower(problem: PlanningProblem, plan: Plan): Plan {
  const full = atFullPower(plan);
  const { stages, totalSeconds } = roundDelay(problem, full);
  if (!Number.isFinite(totalSeconds)) return full;
  const stretch = mostStretch(problem, stages);
  const devices = full.devices.map((decision, n) => {
    const device = problem.devices[n]!;
    const stage = stages[n];
    const part = stage && knowsPower(device.uplink) ? leastPower(problem, device, decision, stretch(stage)) : 1;
    return part > 1 - leastSaving ? decision : { ...decision, transmitPowerWatt: part * device.transmitPowerWatt };
  });
  const spared = judgePlan(problem, { devices });
  const before = judgePlan(problem, full);
  return spared.totalSeconds <= totalSeconds && spared.isFeasible === before.isFeasible ? spared.plan : full;
}

/** A plan whose devices send with all the power they have, as searches take it. */
export function atFullPower(plan: Plan): Plan {
  if (plan.devices.every(({ transmitPowerWatt }) => transmitPowerWatt === undefined)) return plan;
  return { devices: plan.devices.map(({ transmitPowerWatt: _, ...decision }) => decision) };
}

/** By what factor a device's uplink may take longer in a round that stays as it is. */
function mostStretch(
  { sharing, stepsPerRound: steps }: PlanningProblem,
  stages: readonly (StageSeconds | undefined)[],
): (stage: StageSeconds) => number {
  const limits = sharing === 'batched' ? batchedTerms(steps) : [chainTerm(steps)];
  const longest = limits.map(({ seconds }) =>
    stages.reduce((most, stage) => Math.max(most, stage ? seconds(stage) : 0), 0),
  );
  return (stage) =>
    limits.reduce((least, { seconds, sending }, k) => {
      const share = sending(stage);
      const slack = longest[k]! * (1 - room) - seconds(stage);
      return share > 0 ? Math.min(least, 1 + Math.max(0, slack) / share) : least;
    }, Infinity);
}

/** A sum of stages whose largest value over the devices is part of the round, and what of it is sent up. */
interface RoundTerm {
  readonly seconds: (stage: StageSeconds) => number;
  readonly sending: (stage: StageSeconds) => number;
}

const pre = ({ forward, encode, uplink }: StageSeconds) => forward + encode + uplink;
const post = ({ downlink, decode, backward }: StageSeconds) => downlink + decode + backward;
const adapters = ({ adapterUplink, adapterDownlink, adapterCodec }: StageSeconds) =>
  adapterUplink + adapterDownlink + adapterCodec;

function chainTerm(steps: number): RoundTerm {
  return {
    seconds: (stage) => steps * (pre(stage) + stage.server + post(stage)) + adapters(stage),
    sending: ({ uplink, adapterUplink }) => steps * uplink + adapterUplink,
  };
}

function batchedTerms(steps: number): RoundTerm[] {
  return [
    { seconds: pre, sending: ({ uplink }) => uplink },
    ...(steps > 1 ? [{ seconds: (s: StageSeconds) => pre(s) + post(s), sending: (s: StageSeconds) => s.uplink }] : []),
    { seconds: (stage) => post(stage) + adapters(stage), sending: ({ adapterUplink }) => adapterUplink },
  ];
}

/** Part of a device's power with which its uplink takes at most `stretch` times as long; 1 where it sends nothing. */
function leastPower(problem: PlanningProblem, device: Device, decision: DevicePlan, stretch: number): number {
  if (stretch === Infinity) return 1;
  const costs = choiceCosts(problem, device, decision.blocks, decision.upPoint, decision.downPoint);
  const seconds = (part: number) => {
    const transmitPowerWatt = part * device.transmitPowerWatt;
    return secondsPerBit(plannedUplink(device, costs, { transmitPowerWatt }), decision.bandwidthHz);
  };
  const most = stretch * secondsPerBit(uplinkLaw(device, costs), decision.bandwidthHz);
  let high = 0;
  while (high > -1000 && seconds(2 ** (high - 1)) <= most) high--;
  let low = high - 1;
  for (let k = 0; k < halvings; k++) {
    const middle = (low + high) / 2;
    if (seconds(2 ** middle) <= most) high = middle;
    else low = middle;
  }
  return 2 ** high;
}
