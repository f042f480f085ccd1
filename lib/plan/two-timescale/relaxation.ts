import { AugmentedLagrangianSolver } from '../../auglag/index.js';
import type { PlanningProblem } from '../../models/index.js';
import type { NlpMeta, NonlinearProgram } from '../../problem/index.js';
import type { RandomStream } from '../../random/index.js';
import type { Budget, IterationRecord, SolverResult } from '../../solver/index.js';
import { emptyLoads, LinkRows } from '../bandwidth/index.js';
import type { PlanChoices } from '../choices/index.js';
import type { IterationListener } from '../progress.js';
import { loadCount, loadIndex, RelaxedDevice, type RelaxedValues } from './relaxed-device.js';
import { shareSensitivity, type ShareSensitivity } from './share-sensitivity.js';

/** A point of the relaxation: fractional decisions for each device. */
export interface RelaxedPlan {
  readonly cut: Float64Array;
  readonly logUp: Float64Array;
  readonly logDown: Float64Array;
  readonly totalSeconds: number;
  readonly outcome: SolverResult;
}

/**
 * The continuous relaxation in (c, ln ρ), every variable scaled to 0…1, with bandwidths and server shares at their best
 * for each point: the inner minimisation is convex, so the round T(c, ln ρ) is smooth wherever its multipliers are
 * unique, and its gradient is that of the Lagrangian (envelope theorem). Rows: mean accuracy (or each device's), the server's
 * memory and the traffic. Objective N·T/T₀, so that gradients are of size one.
 */
export class Relaxation implements NonlinearProgram {
  readonly meta: NlpMeta;
  private readonly perDevice: number;
  private readonly devices: readonly RelaxedDevice[];
  private readonly links: LinkRows;
  private readonly values: RelaxedValues[];
  private readonly hasMean: boolean;
  private readonly hasEach: boolean;
  private readonly hasMemory: boolean;
  private readonly hasTraffic: boolean;
  private readonly accuracyScale: number;
  private readonly loads;
  private scale = 1;
  private sensitivity: ShareSensitivity | undefined;
  private known: Float64Array | undefined;

  constructor(
    private readonly problem: PlanningProblem,
    choices: PlanChoices,
  ) {
    const { resourceBlockHz: _block, deadlineSeconds: _deadline, ...continuous } = problem;
    this.problem = continuous;
    const count = problem.devices.length;
    this.perDevice = problem.tiedRatios ? 2 : 3;
    this.devices = problem.devices.map((device, n) => new RelaxedDevice(problem, device, choices, n));
    this.links = new LinkRows(problem);
    this.values = this.devices.map(() => ({
      loads: new Float64Array(loadCount),
      slopes: new Float64Array(3 * loadCount),
      memory: 0,
      memoryByCut: 0,
      accuracy: 0,
      accuracyBy: [0, 0, 0] as const,
    }));
    this.loads = emptyLoads(count);
    for (let n = 0; n < count; n++) this.loads.device[n] = n;
    this.hasMean = choices.limitsMean;
    this.hasEach = problem.accuracy.scope === 'each' && problem.accuracy.minimum > -Infinity;
    this.hasMemory = Number.isFinite(choices.memoryLimit);
    this.hasTraffic = Number.isFinite(choices.trafficLimit);
    this.accuracyScale = problem.devices.reduce((sum, device) => sum + device.weight, 0);
    this.meta = this.describe();
  }

  /** Solves from a point given in the scaled variables; the start is random where `random` is given. */
  solve(budget: Budget, random?: RandomStream, note?: IterationListener): RelaxedPlan {
    const start = Float64Array.from(this.meta.start, (value) => (random ? random.uniform() : value));
    this.scale = 1;
    this.known = undefined;
    const first = this.objective(start) / this.devices.length;
    this.scale = first > 0 && Number.isFinite(first) ? 1 / first : 1;
    this.known = undefined;
    const count = this.devices.length;
    const onIteration = note && ((record: IterationRecord) => this.report(record, note));
    const outcome = new AugmentedLagrangianSolver(this, relaxationOptions).solve({
      start,
      budget,
      ...(onIteration && { onIteration }),
    });
    const plan = { cut: new Float64Array(count), logUp: new Float64Array(count), logDown: new Float64Array(count) };
    for (let n = 0; n < count; n++) {
      plan.cut[n] = this.cutOf(n, outcome.x);
      plan.logUp[n] = this.logOf(n, outcome.x, 1);
      plan.logDown[n] = this.logOf(n, outcome.x, 2);
    }
    return { ...plan, totalSeconds: outcome.objective / this.scale / count, outcome };
  }

  /** Figures that are not known are left out: between its inner solves the augmented Lagrangian has no stationarity. */
  private report(
    { iteration, objective, primalInfeasibility, stationarity }: IterationRecord,
    note: IterationListener,
  ) {
    note({
      algorithm: 'relaxation',
      iteration,
      totalSeconds: objective / this.scale / this.devices.length,
      ...(Number.isFinite(primalInfeasibility) && { violation: primalInfeasibility }),
      ...(Number.isFinite(stationarity) && { residual: stationarity }),
    });
    return undefined;
  }

  objective(x: Float64Array): number {
    this.evaluate(x);
    return this.scale * this.devices.length * this.sensitivity!.totalSeconds;
  }

  gradient(x: Float64Array, values: Float64Array): void {
    this.evaluate(x);
    const s = this.sensitivity!;
    const factor = this.scale * this.devices.length;
    for (let n = 0; n < this.devices.length; n++) {
      const { slopes } = this.values[n]!;
      for (let v = 0; v < this.perDevice; v++) values[n * this.perDevice + v] = 0;
      for (let v = 0; v < 3; v++) {
        const sum =
          s.byPre[n]! * slopes[3 * loadIndex.pre + v]! +
          s.byPost[n]! * slopes[3 * loadIndex.post + v]! +
          s.byUplink[n]! * slopes[3 * loadIndex.uplink + v]! +
          s.byDownlink[n]! * slopes[3 * loadIndex.downlink + v]! +
          s.byAdapter[n]! * slopes[3 * loadIndex.adapter + v]! +
          s.byServer[n]! * slopes[3 * loadIndex.server + v]!;
        values[n * this.perDevice + this.columnOf(v)]! += factor * sum * this.widthOf(n, v);
      }
    }
  }

  constraints(x: Float64Array, values: Float64Array): void {
    this.evaluate(x);
    let row = 0;
    const { minimum } = this.problem.accuracy;
    if (this.hasMean) {
      let sum = 0;
      this.values.forEach((at, n) => (sum += this.problem.devices[n]!.weight * (at.accuracy - minimum)));
      values[row++] = (sum / this.accuracyScale) * accuracyWeight;
    }
    if (this.hasMemory) {
      let sum = 0;
      for (const at of this.values) sum += at.memory;
      values[row++] = sum / Math.max(this.problem.serverMemoryBytes, Number.MIN_VALUE);
    }
    if (this.hasTraffic) {
      let sum = 0;
      for (const { loads } of this.values) sum += this.trafficOf((load) => loads[load]!);
      values[row++] = sum / this.problem.trafficLimitBits!;
    }
    if (this.hasEach) for (const at of this.values) values[row++] = (at.accuracy - minimum) * accuracyWeight;
  }

  jacobian(x: Float64Array, values: Float64Array): void {
    this.evaluate(x);
    values.fill(0);
    let entry = 0;
    const add = (n: number, by: (v: number) => number) => {
      for (let v = 0; v < 3; v++) values[entry + this.columnOf(v)]! += by(v) * this.widthOf(n, v);
      entry += this.perDevice;
    };
    if (this.hasMean) {
      this.values.forEach((at, n) => {
        const weight = (accuracyWeight * this.problem.devices[n]!.weight) / this.accuracyScale;
        add(n, (v) => weight * at.accuracyBy[v]!);
      });
    }
    if (this.hasMemory) {
      const unit = 1 / Math.max(this.problem.serverMemoryBytes, Number.MIN_VALUE);
      this.values.forEach((at, n) => add(n, (v) => (v === 0 ? at.memoryByCut * unit : 0)));
    }
    if (this.hasTraffic) {
      const unit = 1 / this.problem.trafficLimitBits!;
      this.values.forEach(({ slopes }, n) => add(n, (v) => unit * this.trafficOf((load) => slopes[3 * load + v]!)));
    }
    if (this.hasEach) this.values.forEach((at, n) => add(n, (v) => accuracyWeight * at.accuracyBy[v]!));
  }

  /** Bits of a round, or their slopes, from those of the loads. */
  private trafficOf(load: (index: number) => number): number {
    return (
      this.problem.stepsPerRound * (load(loadIndex.uplink) + load(loadIndex.downlink)) + 2 * load(loadIndex.adapter)
    );
  }

  private describe(): NlpMeta {
    const count = this.devices.length;
    const variables = count * this.perDevice;
    const rows: number[] = [];
    const columns: number[] = [];
    let constraintCount = 0;
    const lower: number[] = [];
    const upper: number[] = [];
    const wholeRow = (least: number, most: number) => {
      for (let j = 0; j < variables; j++) {
        rows.push(constraintCount);
        columns.push(j);
      }
      constraintCount++;
      lower.push(least);
      upper.push(most);
    };
    if (this.hasMean) wholeRow(0, Infinity);
    if (this.hasMemory) wholeRow(-Infinity, 1);
    if (this.hasTraffic) wholeRow(-Infinity, 1);
    if (this.hasEach) {
      for (let n = 0; n < count; n++) {
        for (let v = 0; v < this.perDevice; v++) {
          rows.push(constraintCount);
          columns.push(n * this.perDevice + v);
        }
        constraintCount++;
        lower.push(0);
        upper.push(Infinity);
      }
    }
    return {
      name: 'relaxed plan',
      variableCount: variables,
      constraintCount,
      lower: new Float64Array(variables),
      upper: new Float64Array(variables).fill(1),
      constraintLower: Float64Array.from(lower),
      constraintUpper: Float64Array.from(upper),
      // Middle of the splits, little compression: feasible for accuracy more often than not.
      start: Float64Array.from({ length: variables }, (_, j) => (j % this.perDevice === 0 ? 0.5 : 0.8)),
      jacobianPattern: { rows: Int32Array.from(rows), columns: Int32Array.from(columns) },
    };
  }

  /** Column of variable v = (c, ln ρ↑, ln ρ↓) within a device. */
  private columnOf(v: number): number {
    return v === 2 && this.perDevice === 2 ? 1 : v;
  }

  private widthOf(n: number, v: number): number {
    const device = this.devices[n]!;
    if (v === 0) return device.greatestCut - device.leastCut;
    const [least, greatest] = v === 1 ? device.upRange : device.downRange;
    return greatest - least;
  }

  private cutOf(n: number, x: Float64Array): number {
    return this.devices[n]!.leastCut + this.widthOf(n, 0) * x[n * this.perDevice]!;
  }

  private logOf(n: number, x: Float64Array, v: 1 | 2): number {
    const device = this.devices[n]!;
    const [least] = v === 1 ? device.upRange : device.downRange;
    return least + this.widthOf(n, v) * x[n * this.perDevice + this.columnOf(v)]!;
  }

  private evaluate(x: Float64Array): void {
    if (this.known && sameEntries(this.known, x)) return;
    const { loads } = this;
    for (let n = 0; n < this.devices.length; n++) {
      const at = this.values[n]!;
      this.devices[n]!.evaluate(this.cutOf(n, x), this.logOf(n, x, 1), this.logOf(n, x, 2), at);
      loads.preSeconds[n] = at.loads[loadIndex.pre]!;
      loads.postSeconds[n] = at.loads[loadIndex.post]!;
      loads.uplinkBits[n] = at.loads[loadIndex.uplink]!;
      loads.downlinkBits[n] = at.loads[loadIndex.downlink]!;
      loads.adapterBits[n] = at.loads[loadIndex.adapter]!;
      loads.serverSeconds[n] = at.loads[loadIndex.server]!;
    }
    this.sensitivity = shareSensitivity(this.problem, loads, this.links);
    this.known = x.slice();
  }
}

/** A point of accuracy is worth looking at: the row is scaled so that a hundredth counts as one. */
const accuracyWeight = 100;

/** The relaxation only guides rounding: a few digits are enough. */
const relaxationOptions = {
  optimalityTolerance: 1e-4,
  feasibilityTolerance: 1e-5,
  maxIterations: 400,
  maxOuterIterations: 20,
  polish: false,
} as const;

function sameEntries(a: Float64Array, b: Float64Array): boolean {
  for (let k = 0; k < a.length; k++) if (a[k] !== b[k]) return false;
  return true;
}
