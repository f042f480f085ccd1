import {
  buildChoices,
  decibelFromRatio,
  type Device,
  type DevicePlan,
  type LimitViolation,
  type Plan,
  type PlanningProblem,
} from '../models/index.js';
import { boundPlan } from '../plan/index.js';
import { randomStream } from '../random/index.js';
import { certifiedBound } from './certified-bound.js';
import { judgeAnyPlan, judgeRound, perDevice, roundUse, type JudgedRound } from './judge-round.js';
import type { SimulationOptions } from './options.js';
import { stepsToAccuracy } from './progress.js';
import type { ReplanReason, RoundRecord, SatOut } from './record.js';
import type { SchemeState, SimulationScheme } from './scheme.js';
import { isBuiltIn, shareBySqp } from './schemes/index.js';
import type { Moment } from './world.js';

/** Evaluations of the dual that the trigger by loss spends on a round. */
const triggerEvaluations = 30;

/** What a plan in force makes of a round. */
interface Attempt {
  readonly problem: PlanningProblem;
  readonly judged: JudgedRound;
  readonly steps: number | undefined;
}

/** One scheme over the rounds of one world: the plan in force, and what policies make of it. */
export class SchemeRun {
  /** Decisions by device name; those of devices away for a while stay. */
  private readonly force = new Map<string, DevicePlan>();
  private readonly random;
  private readonly spentJoule = new Map<string, number>();
  private decidedAt = -Infinity;
  private decidedGains = new Map<string, number>();

  constructor(
    readonly scheme: SimulationScheme,
    private readonly options: SimulationOptions,
    private readonly batteries: ReadonlyMap<string, number>,
    private readonly seed: number,
    private readonly details: boolean,
  ) {
    this.random = randomStream(seed, `scheme/${scheme.name}`);
  }

  step(moment: Moment): RoundRecord {
    const without = this.emptied();
    const satOut: SatOut[] = [];
    this.leaveOut(moment, without, satOut, ({ name }) => !this.force.has(name));
    if (!moment.problem(without)) return this.empty(moment, 'nobody', null, satOut);
    let reason = this.dueReason(moment, without);
    const waiting = reason ? [] : this.waiting(moment, without);
    const planned = new Set([...without, ...waiting]);
    let attempt = reason === 'start' ? undefined : this.attempt(moment, planned);
    if (!reason && attempt && fits(attempt) && this.losesTooMuch(moment, attempt)) reason = 'loss';
    if (!reason && (!attempt || !fits(attempt)) && this.options.misfit === 'replan') reason = 'misfit';
    if (reason) {
      // Whoever waits for a decision has its part in this one.
      if (!this.decide(moment, without, reason) && this.leaveOut(moment, without, satOut, () => true)) {
        this.decide(moment, without, reason);
      }
      attempt = this.attempt(moment, without);
    } else {
      for (const device of waiting) {
        without.add(device);
        satOut.push({ device, because: 'waits' });
      }
    }
    if (this.options.misfit !== 'keep') attempt = this.dropMisfits(moment, without, attempt, satOut);
    if (!attempt) return this.empty(moment, 'no-plan', reason, satOut);
    this.takeNote(attempt);
    return this.record(moment, without, attempt, reason, satOut);
  }

  /** Devices whose battery is used up. */
  private emptied(): Set<string> {
    const names = [...this.batteries].filter(([name, capacity]) => (this.spentJoule.get(name) ?? 0) >= capacity);
    return new Set(names.map(([name]) => name));
  }

  private dueReason(moment: Moment, without: ReadonlySet<string>): ReplanReason | undefined {
    if (this.force.size === 0) return 'start';
    const present = moment.problem(without)!.devices;
    const isNew = ({ name }: { readonly name: string }) => !this.force.has(name);
    // Where all are new there is nothing to go on with until the next decision.
    if (this.options.newcomers === 'replan' ? present.some(isNew) : present.every(isNew)) return 'newcomer';
    const { everyRounds = Infinity, gainChangeDecibel = Infinity } = this.options.replan;
    if (!this.mayDecide(moment)) return undefined;
    if (moment.round - this.decidedAt >= everyRounds) return 'interval';
    if (gainChangeDecibel === Infinity) return undefined;
    const moved = moment.devices.some(({ name, gain, isPresent }) => {
      const before = this.decidedGains.get(name);
      return isPresent && before !== undefined && Math.abs(decibelFromRatio(gain / before)) >= gainChangeDecibel;
    });
    return moved ? 'gain' : undefined;
  }

  private mayDecide({ round }: Moment): boolean {
    return round - this.decidedAt >= this.options.replan.leastRounds;
  }

  /** Devices without a decision, which stay out until the next one. */
  private waiting(moment: Moment, without: ReadonlySet<string>): string[] {
    if (this.options.newcomers !== 'wait') return [];
    const present = moment.problem(without)!.devices;
    return present.flatMap(({ name }) => (this.force.has(name) ? [] : [name]));
  }

  /** The plan in force with this round's shares; undefined where somebody has no decision, or nobody is left. */
  private attempt(moment: Moment, without: ReadonlySet<string>): Attempt | undefined {
    const plain = moment.problem(without);
    if (!plain) return undefined;
    const problem = this.scheme.cell?.(plain) ?? plain;
    const plan = this.planInForce(problem);
    if (!plan) return undefined;
    const share = this.scheme.share ?? shareBySqp;
    // Without shares that keep all limits, those of the last round show which are broken.
    const found = share({ ...this.state(moment, problem), plan }) ?? { plan };
    const judge = isBuiltIn(this.scheme) ? judgeRound : judgeAnyPlan;
    return { problem, judged: judge(problem, found.plan, this.scheme.order ?? 'parallel'), steps: found.steps };
  }

  private planInForce({ devices }: PlanningProblem): Plan | undefined {
    const decisions = devices.map(({ name }) => this.force.get(name));
    return decisions.every((decision) => decision !== undefined) ? { devices: decisions } : undefined;
  }

  private state(moment: Moment, problem: PlanningProblem): SchemeState {
    const { round, seconds } = moment;
    const { serverShares, points } = this.options;
    return { round, seconds, problem, serverShares, points, random: this.random, seed: this.seed };
  }

  /** A plan that fits no more is replaced by one for the round as it is; otherwise the outlook is decided for. */
  private decide(moment: Moment, without: ReadonlySet<string>, reason: ReplanReason): boolean {
    const plain = reason === 'misfit' ? moment.problem(without) : moment.outlook(without);
    if (!plain) return false;
    const problem = this.scheme.cell?.(plain) ?? plain;
    const plan = this.scheme.decide({ ...this.state(moment, problem), plan: this.planInForce(problem) });
    this.decidedAt = moment.round;
    this.decidedGains = new Map(moment.devices.map(({ name, gain }) => [name, gain]));
    if (plan) problem.devices.forEach(({ name }, n) => this.force.set(name, plan.devices[n]!));
    return plan !== undefined;
  }

  /**
   * Devices that none of the scheme's choices fits sit out, so that the others are decided for; what they had of a decision is
   * gone. True where that is somebody.
   */
  private leaveOut(
    moment: Moment,
    without: Set<string>,
    satOut: SatOut[],
    isAsked: (device: Device) => boolean,
  ): boolean {
    const plain = moment.problem(without);
    if (!plain) return false;
    const problem = this.scheme.cell?.(plain) ?? plain;
    const found = problem.devices.filter((device) => isAsked(device) && buildChoices(problem, device).count === 0);
    for (const { name } of found) {
      without.add(name);
      satOut.push({ device: name, because: 'no-choice' });
      this.force.delete(name);
    }
    return found.length > 0;
  }

  private losesTooMuch(moment: Moment, { problem, judged }: Attempt): boolean {
    const { loss } = this.options.replan;
    if (loss === undefined || !this.mayDecide(moment)) return false;
    const { boundSeconds } = boundPlan(
      problem,
      { maxEvaluations: triggerEvaluations },
      { incumbentSeconds: judged.delaySeconds },
    );
    return judged.delaySeconds > boundSeconds * (1 + loss);
  }

  /** Without the devices that break limits of their own, or that have no decision, as long as that changes anything. */
  private dropMisfits(
    moment: Moment,
    without: Set<string>,
    first: Attempt | undefined,
    satOut: SatOut[],
  ): Attempt | undefined {
    let attempt = first;
    for (;;) {
      if (attempt && fits(attempt)) return attempt;
      const misfits = this.misfits(moment, without, attempt);
      if (misfits.length === 0) return attempt;
      for (const misfit of misfits) {
        without.add(misfit.device);
        satOut.push(misfit);
      }
      const next = this.attempt(moment, without);
      if (!next && !moment.problem(without)) return undefined;
      attempt = next;
    }
  }

  private misfits(moment: Moment, without: ReadonlySet<string>, attempt: Attempt | undefined): SatOut[] {
    if (!attempt) {
      const present = moment.problem(without)?.devices ?? [];
      return present.flatMap(({ name }) =>
        this.force.has(name) ? [] : [{ device: name, because: 'no-plan' as const }],
      );
    }
    const found = new Map<string, LimitViolation['limit']>();
    for (const { device, limit } of attempt.judged.violations) {
      if (device !== undefined && !found.has(device)) found.set(device, limit);
    }
    return [...found].map(([device, because]) => ({ device, because }));
  }

  /** This round's shares are where the next one starts. */
  private takeNote({ problem, judged }: Attempt): void {
    problem.devices.forEach(({ name }, n) => this.force.set(name, judged.plan.devices[n]!));
  }

  private record(
    moment: Moment,
    without: ReadonlySet<string>,
    { problem, judged, steps }: Attempt,
    reason: ReplanReason | undefined,
    satOut: readonly SatOut[],
  ): RoundRecord {
    const use = roundUse(problem, judged);
    problem.devices.forEach(({ name }, n) => {
      if (this.batteries.has(name)) this.spentJoule.set(name, (this.spentJoule.get(name) ?? 0) + use.energyJoule[n]!);
    });
    const slowest = judged.chainSeconds.reduce((at, each, n) => (each > judged.chainSeconds[at]! ? n : at), 0);
    const plain = moment.problem(without)!;
    const isClass = this.scheme.order !== 'in-turn' && isWithin(problem, plain);
    const asked = moment.isBounded;
    const boundSeconds = asked ? certifiedBound(plain, isClass ? judged.delaySeconds : undefined) : null;
    const delaySeconds = Number.isFinite(judged.delaySeconds) ? judged.delaySeconds : null;
    const isRun = judged.violations.length === 0 && delaySeconds !== null;
    return {
      ...this.head(moment),
      outcome: isRun ? 'run' : 'broken',
      devices: judged.plan.devices.filter(({ participates }) => participates).length,
      delaySeconds,
      bottleneck: problem.devices[slowest]!.name,
      stages: judged.stages[slowest] ?? null,
      uplinkBits: use.uplinkBits,
      downlinkBits: use.downlinkBits,
      energyJoule: use.energyJoule.reduce((sum, each) => sum + each, 0),
      memoryUse: use.memoryUse,
      serverMemoryBytes: use.serverMemoryBytes,
      accuracy: use.accuracy,
      progress: isRun ? this.progress(problem, judged, use.accuracy) : null,
      replanned: reason ?? null,
      steps: steps ?? null,
      satOut,
      violations: judged.violations,
      boundSeconds,
      regret: boundSeconds && isRun && isClass ? delaySeconds / boundSeconds - 1 : null,
      ...(this.details && { perDevice: perDevice(problem, judged, momentsByName(moment), use.energyJoule) }),
    };
  }

  /** Devices one after another hand the model on: their steps add up. */
  private progress({ stepsPerRound }: PlanningProblem, { plan }: JudgedRound, accuracy: number | null): number | null {
    const { progress } = this.options;
    if (!progress || accuracy === null) return null;
    const turns = this.scheme.order === 'in-turn' ? plan.devices.filter(({ participates }) => participates).length : 1;
    return (stepsPerRound * turns) / stepsToAccuracy(progress, accuracy, progress.target);
  }

  private head({ round, seconds }: Moment) {
    return { scheme: this.scheme.name, seed: this.seed, round, seconds };
  }

  private empty(
    moment: Moment,
    outcome: 'no-plan' | 'nobody',
    reason: ReplanReason | null | undefined,
    satOut: readonly SatOut[],
  ): RoundRecord {
    return {
      ...this.head(moment),
      outcome,
      devices: 0,
      delaySeconds: null,
      bottleneck: null,
      stages: null,
      uplinkBits: 0,
      downlinkBits: 0,
      energyJoule: 0,
      memoryUse: null,
      serverMemoryBytes: 0,
      accuracy: null,
      progress: null,
      replanned: reason ?? null,
      steps: null,
      satOut,
      violations: [],
      boundSeconds: null,
      regret: null,
    };
  }
}

/** Whether a plan with the points of one problem is a plan of the other. */
function isWithin({ upPoints, downPoints }: PlanningProblem, cell: PlanningProblem): boolean {
  return (
    upPoints.every((point) => cell.upPoints.includes(point)) &&
    downPoints.every((point) => cell.downPoints.includes(point))
  );
}

function fits({ judged }: Attempt): boolean {
  return judged.violations.length === 0 && Number.isFinite(judged.delaySeconds);
}

function momentsByName({ devices }: Moment) {
  return new Map(devices.map((device) => [device.name, device]));
}
