import { ArgumentError } from '../../errors/index.js';
import {
  planViolations,
  roundDelay,
  scaledLaw,
  type DevicePlan,
  type LimitViolation,
  type Plan,
  type PlanningProblem,
} from '../../models/index.js';
import type { StopSignal } from '../../solver/index.js';
import { loadsOfDecisions, ShareSearch } from '../bandwidth/index.js';
import { boundPlan, confirmBound } from '../bound/index.js';
import { atFullPower } from '../spare-power.js';
import { planTwoTimescale } from '../two-timescale/index.js';
import { ScaledRows } from './scaled-rows.js';
import { relativeGapOf } from '../judge.js';

/** 300 dB below and above the problem's own gain. */
const leastGain = 1e-30;
const mostGain = 1e30;

/** How long, and until when, a slower answer may take. */
export interface ReplanBudget {
  /** Seconds; no limit when absent. */
  readonly timeLimitSeconds?: number;
  /** Ends the work with what it has once aborted. */
  readonly signal?: StopSignal;
}

/** A bound at the present gains. */
export interface ReplanBound {
  /** No plan at all is faster, seconds; 0 where nothing was shown within the budget. */
  readonly boundSeconds: number;
  /** Its certificate was confirmed by a recomputation of its own. */
  readonly verified: boolean;
  /** (T − bound) / T of the present plan. */
  readonly relativeGap: number;
}

/**
 * The small time scale of a live cell: choices and server shares stay, the channel's gains change, and every `step` finds the best
 * bandwidths for them, from the shares it had before. A step allocates nothing: its answer is in `bandwidthHz` and `totalSeconds`, and
 * `plan()` writes it down. When the channel has changed for good, `replan` makes the choices anew from what there is, and `bound` says
 * how much that could gain; both may be given a budget.
 *
 * Devices send with all the power they have: a lower one of the plan (`transmitPowerWatt`) was right for its shares and gains, and is let go.
 *
 * For `allocated` and `equal` sharing, divisible bandwidth, links of the built-in laws, devices without an energy limit; RangeError
 * names what does not fit.
 *
 * @example
 * ```ts
 * import { parseProblemFile, planTwoTimescale, Replanner } from 'sft-opt';
 *
 * const { problem } = parseProblemFile('{ version: 1, model: deit-tiny, devices: [{ name: a, count: 2, distance: 60 m }] }');
 * const replanner = new Replanner(problem, planTwoTimescale(problem).plan!);
 * replanner.step([1.1, 0.9]); // every 100 ms: power gains relative to those of the problem
 * if (replanner.bound({ timeLimitSeconds: 5 }).relativeGap > 0.05) replanner.replan({ timeLimitSeconds: 1 });
 * ```
 */
export class Replanner {
  /** Round of the present plan at the present gains, seconds, aggregation included; Infinity before the first `step`. */
  totalSeconds = Infinity;
  /** Present share of each device, Hz; 0 for one left out. Written anew by every step. */
  readonly bandwidthHz: Float64Array;
  /** Price of the band: what the round loses by a further Hz, seconds; 0 where bandwidth does not bind. */
  secondsPerHz = 0;
  private decisions: readonly DevicePlan[] = [];
  private rows!: ScaledRows;
  private search!: ShareSearch;
  private warm = false;
  private readonly uplinkGain: Float64Array;
  private readonly downlinkGain: Float64Array;

  /** `plan` must keep the problem's limits but for those that the shares decide. */
  constructor(
    private readonly problem: PlanningProblem,
    plan: Plan,
  ) {
    refuse(problem);
    const count = problem.devices.length;
    if (plan.devices.length !== count) {
      throw new ArgumentError(`the plan has ${plan.devices.length} devices, the problem ${count}`);
    }
    this.bandwidthHz = new Float64Array(count);
    this.uplinkGain = new Float64Array(count).fill(1);
    this.downlinkGain = new Float64Array(count).fill(1);
    this.adopt(plan);
  }

  /**
   * The best bandwidths at these power gains, one a device, relative to the gains of the problem; those of the downlink are the
   * uplink's when absent. Returns the round, seconds; whether it keeps a deadline is for `violations` to say. RangeError for a gain
   * below 1e-30 or above 1e30.
   */
  step(uplinkGain: ArrayLike<number>, downlinkGain: ArrayLike<number> = uplinkGain): number {
    const { device } = this.rows.compiled;
    this.takeGains(uplinkGain, downlinkGain);
    for (let k = 0; k < device.length; k++) {
      const n = device[k]!;
      this.rows.setGains(k, this.uplinkGain[n]!, this.downlinkGain[n]!);
    }
    return this.solve();
  }

  /** The present plan as an object. */
  plan(): Plan {
    return {
      devices: this.decisions.map((decision, n) => ({ ...decision, bandwidthHz: this.bandwidthHz[n]! })),
    };
  }

  /** The problem at the present gains. */
  presentProblem(): PlanningProblem {
    return {
      ...this.problem,
      devices: this.problem.devices.map((device, n) => ({
        ...device,
        uplink: scaledLaw(device.uplink, this.uplinkGain[n]!),
        downlink: scaledLaw(device.downlink, this.downlinkGain[n]!),
      })),
    };
  }

  /** Limits that the present plan breaks at the present gains; none, as a rule, but a deadline. */
  violations(): LimitViolation[] {
    const present = this.presentProblem();
    const plan = this.plan();
    return planViolations(present, plan, roundDelay(present, plan).totalSeconds);
  }

  /** How far the present plan is from the best of all, choices and server shares included. */
  bound({ timeLimitSeconds, signal }: ReplanBudget = {}): ReplanBound {
    const present = this.presentProblem();
    const { certificate } = boundPlan(
      present,
      { ...(timeLimitSeconds !== undefined && { timeLimitSeconds }) },
      { signal, incumbentSeconds: this.totalSeconds },
    );
    const { verification } = confirmBound(present, certificate, signal);
    const boundSeconds = verification.boundSeconds;
    return {
      boundSeconds,
      verified: verification.valid,
      relativeGap: relativeGapOf(this.totalSeconds, boundSeconds),
    };
  }

  /** Choices and server shares anew at the present gains, from the present plan; it stays where nothing faster is found. Returns the round. */
  replan({ timeLimitSeconds, signal }: ReplanBudget = {}): number {
    const present = this.presentProblem();
    const found = planTwoTimescale(
      present,
      { ...(timeLimitSeconds !== undefined && { timeLimitSeconds }) },
      { signal, starts: [this.plan()] },
    );
    if (found.plan && found.totalSeconds < this.totalSeconds) {
      this.adopt(found.plan);
      this.step(this.uplinkGain, this.downlinkGain);
    }
    return this.totalSeconds;
  }

  private adopt(plan: Plan): void {
    const loads = loadsOfDecisions(this.problem, plan.devices);
    const shares = Float64Array.from(loads.device, (n) => plan.devices[n]!.serverShare);
    const { sharing } = this.problem;
    const used = shares.reduce((sum, share, k) => sum + (loads.serverSeconds[k]! > 0 ? share : 0), 0);
    const idle = shares.findIndex((share, k) => loads.serverSeconds[k]! > 0 && !(share > 0));
    if (sharing === 'allocated' && (idle >= 0 || used > 1 + 1e-9)) {
      throw new ArgumentError(`the plan's shares of the server do not cover its work: they add up to ${used}`);
    }
    this.decisions = atFullPower(plan).devices;
    this.rows = new ScaledRows(this.problem, loads, shares);
    this.search = new ShareSearch(this.rows.compiled);
    this.warm = false;
    this.bandwidthHz.fill(0);
  }

  private takeGains(uplink: ArrayLike<number>, downlink: ArrayLike<number>): void {
    const count = this.uplinkGain.length;
    if (uplink.length !== count || downlink.length !== count) {
      throw new ArgumentError(`expected ${count} gains, found ${uplink.length} up and ${downlink.length} down`);
    }
    for (let n = 0; n < count; n++) {
      const up = uplink[n]!;
      const down = downlink[n]!;
      if (![up, down].every((gain) => gain >= leastGain && gain <= mostGain)) {
        throw new ArgumentError(
          `the gains of ${this.problem.devices[n]!.name} are ${up} up and ${down} down, not within ${leastGain} … ${mostGain}`,
        );
      }
    }
    this.uplinkGain.set(uplink);
    this.downlinkGain.set(downlink);
  }

  private solve(): number {
    const { search, rows } = this;
    const { compiled } = rows;
    search.refresh();
    const excess = search.excess(this.warm ? search.reciprocal : undefined);
    this.warm = true;
    this.secondsPerHz = excess > 0 && search.slope < 0 ? -1 / (search.slope * compiled.bandwidthHz) : 0;
    let use = 0;
    for (let k = 0; k < compiled.count; k++) use += 1 / search.reciprocal[k]!;
    // Beyond the band by rounding only.
    const scale = use > 1 ? 1 / use : 1;
    for (let k = 0; k < compiled.count; k++) {
      this.bandwidthHz[compiled.device[k]!] = (compiled.bandwidthHz / search.reciprocal[k]!) * scale;
    }
    this.totalSeconds = search.floorSeconds + excess + compiled.constantSeconds;
    return this.totalSeconds;
  }
}

function refuse({ sharing, resourceBlockHz, devices }: PlanningProblem): void {
  if (sharing === 'batched')
    throw new ArgumentError('a replanner is for `allocated` and `equal` sharing, not for `batched`', 'unsuitable');
  if (resourceBlockHz !== undefined)
    throw new ArgumentError('a replanner is for divisible bandwidth, not for resource blocks', 'unsuitable');
  for (const { name, uplink, downlink, energyLimitJoule } of devices) {
    if (uplink.kind === 'custom' || downlink.kind === 'custom') {
      throw new ArgumentError(`a replanner does not know the gain of a custom law: ${name} has one`, 'unsuitable');
    }
    if (energyLimitJoule !== undefined && energyLimitJoule < Infinity) {
      throw new ArgumentError(`a replanner does not follow limits of energy: ${name} has one`, 'unsuitable');
    }
  }
}
