import { summarise, type ErrorSummary, type Pair } from '../statistics/index.js';
import type { ValidationCase } from './cases.js';
import { stageNames, type MeasuredMemory, type Measurement, type Stages } from './measurement.js';
import type { Prediction } from './predict.js';

/** A stage of one device of a case; at the speed of the machine at calibration. */
export interface StagePair extends Pair {
  readonly stage: keyof Stages;
  readonly device: number;
  /** Of the measured round that this stage takes on this device, 0 … 1. */
  readonly shareOfRound: number;
}

/** A case with all its figures. */
export interface ComparedCase {
  readonly name: string;
  readonly scenario: string;
  readonly devices: number;
  readonly sharing: ValidationCase['sharing'];
  readonly activations: ValidationCase['activations'];
  readonly cuts: readonly number[];
  readonly round: Pair;
  /** At the speed of the machine at calibration; see `Measurement`. */
  readonly normalised: Pair;
  /** The same without links, which are the same formula on both sides. */
  readonly compute: Pair;
  readonly slowdown: number;
  readonly stages: readonly StagePair[];
  readonly traffic: Pair;
  readonly deviceMemory: readonly Pair[];
  readonly serverMemory: Pair;
  /** Of the measured round that the slowest device's links take. */
  readonly linkShare: number;
  /** Runs thrown away because a stage was not steady. */
  readonly repeats: number;
  /** Of the run that counts; see `Measurement`. */
  readonly unsteady: readonly string[];
}

/** Where a comparison is put together from. */
export interface CaseRun {
  readonly one: ValidationCase;
  readonly prediction: Prediction;
  readonly measurement: Measurement;
  readonly memory: MeasuredMemory;
  readonly repeats: number;
}

export function compareCase(run: CaseRun): ComparedCase {
  const { one, prediction, measurement, memory } = run;
  const { roundSeconds, normalisedSeconds, computeSeconds, slowdown, unsteady } = measurement;
  const stages = one.devices.flatMap((_, device) => {
    const predicted = prediction.delay.stages[device]!;
    const measured = measurement.stages[device]!;
    return stageNames.map((stage): StagePair => {
      const times = stage === 'adapters' ? 1 : one.stepsPerRound;
      const foreseen =
        stage === 'adapters'
          ? predicted.adapterUplink + predicted.adapterDownlink + predicted.adapterCodec
          : predicted[stage];
      const shareOfRound = (times * measured[stage]) / roundSeconds;
      const isLink = stage === 'uplink' || stage === 'downlink' || stage === 'adapters';
      const atSpeed = isLink ? measured[stage] : measured[stage] / slowdown;
      return { stage, device, predicted: foreseen, measured: atSpeed, shareOfRound };
    });
  });
  const links = one.devices.map((_, device) => {
    const of = (wanted: keyof Stages) =>
      stages.find(({ stage, device: own }) => stage === wanted && own === device)!.shareOfRound;
    return of('uplink') + of('downlink') + of('adapters');
  });
  return {
    name: one.name,
    scenario: one.scenario,
    devices: one.devices.length,
    sharing: one.sharing,
    activations: one.activations,
    cuts: one.devices.map(({ cut }) => cut),
    round: { predicted: prediction.delay.totalSeconds, measured: roundSeconds },
    normalised: { predicted: prediction.delay.totalSeconds, measured: normalisedSeconds },
    compute: { predicted: prediction.computeSeconds, measured: computeSeconds },
    slowdown,
    stages,
    traffic: { predicted: prediction.trafficBytes, measured: measurement.trafficBytes },
    deviceMemory: memory.devicePeakBytes.map((measured, k) => ({
      predicted: prediction.devicePeakBytes[k]!,
      measured,
    })),
    serverMemory: { predicted: prediction.serverPeakBytes, measured: memory.serverPeakBytes },
    linkShare: Math.max(...links),
    repeats: run.repeats,
    unsteady,
  };
}

/** All that a validation is judged by. */
export interface ValidationSummary {
  /** As measured. */
  readonly round: ErrorSummary;
  readonly normalised: ErrorSummary;
  readonly compute: ErrorSummary;
  /** Stages that take at least 5 % of their round. */
  readonly stages: Readonly<Partial<Record<keyof Stages, ErrorSummary>>>;
  readonly traffic: ErrorSummary;
  readonly deviceMemory: ErrorSummary;
  readonly serverMemory: ErrorSummary;
  /** Share of the cases whose links take at most half of the round. */
  readonly computeBound: number;
  /** Over scenarios of several plans: measured delay of the plan predicted best over the least measured one; absent without any. */
  readonly bestPlanRatio?: number;
  readonly repeats: number;
  readonly unsteady: number;
}

export function summariseCases(cases: readonly ComparedCase[]): ValidationSummary {
  const choice = planChoice(cases);
  const stagePairs = cases.flatMap(({ stages }) => stages.filter(({ shareOfRound }) => shareOfRound >= 0.05));
  const stages = stageNames.flatMap((stage) => {
    const own = stagePairs.filter((pair) => pair.stage === stage);
    return own.length > 0 ? [[stage, summarise(own)] as const] : [];
  });
  return {
    round: summarise(cases.map(({ round }) => round)),
    normalised: summarise(cases.map(({ normalised }) => normalised)),
    compute: summarise(cases.map(({ compute }) => compute)),
    stages: Object.fromEntries(stages),
    traffic: summarise(cases.map(({ traffic }) => traffic)),
    deviceMemory: summarise(cases.flatMap(({ deviceMemory }) => deviceMemory)),
    serverMemory: summarise(cases.map(({ serverMemory }) => serverMemory)),
    computeBound: cases.filter(({ linkShare }) => linkShare <= 0.5).length / cases.length,
    ...(choice && { bestPlanRatio: choice.ratio }),
    repeats: cases.reduce((sum, { repeats }) => sum + repeats, 0),
    unsteady: cases.filter(({ unsteady }) => unsteady.length > 0).length,
  };
}

/** What it costs to choose the plan that is predicted best, where there is a choice. */
export interface PlanChoice {
  /** Scenarios of several plans. */
  readonly scenarios: number;
  /** The largest over them: measured delay of the plan predicted best over the least measured one. */
  readonly ratio: number;
}

/** Undefined where no scenario has several plans: there is nothing to choose then. */
export function planChoice(cases: readonly Pick<ComparedCase, 'scenario' | 'round'>[]): PlanChoice | undefined {
  const scenarios = new Map<string, Pick<ComparedCase, 'round'>[]>();
  for (const one of cases) scenarios.set(one.scenario, [...(scenarios.get(one.scenario) ?? []), one]);
  const ratios = [...scenarios.values()]
    .filter((plans) => plans.length > 1)
    .map((plans) => {
      const foreseen = plans.reduce((best, plan) => (plan.round.predicted < best.round.predicted ? plan : best));
      return foreseen.round.measured / Math.min(...plans.map(({ round }) => round.measured));
    });
  return ratios.length === 0 ? undefined : { scenarios: ratios.length, ratio: Math.max(...ratios) };
}
