import { scaledEfficiency, useFraction, type PlanningProblem, type RateLaw } from '../../models/index.js';
import { compileLoads, type CompiledAllocation, type StepLoads } from '../bandwidth/index.js';

/** Numbers of one link of every row at the gain that the problem was given. */
interface LinkBase {
  /** Terms of each row, in the row's order. */
  readonly terms: Int32Array;
  /** Bits / (use · band) under a linear law, seconds per bit/s/Hz; 0 otherwise. */
  readonly linearSeconds: Float64Array;
  readonly efficiency: Float64Array;
}

/**
 * Delay rows whose links follow power gains in place: of a Shannon term z = P·g/(N0·F·Γ) grows in proportion to the gain, of a
 * linear one its efficiency. Nothing is allocated after the start.
 */
export class ScaledRows {
  readonly compiled: CompiledAllocation;
  private readonly constant: Float64Array;
  private readonly weight: Float64Array;
  private readonly scale: Float64Array;
  private readonly kink: Float64Array;
  private readonly uplink: LinkBase;
  private readonly downlink: LinkBase;

  constructor(problem: PlanningProblem, loads: StepLoads, serverShares: Float64Array) {
    this.compiled = compileLoads(problem, loads, serverShares);
    const { rows } = this.compiled;
    const nothing = new Float64Array(loads.device.length);
    const silent = { ...loads, uplinkBits: nothing, downlinkBits: nothing, adapterBits: nothing };
    this.constant = compileLoads(problem, silent, serverShares).rows.floor.slice();
    this.weight = rows.termWeight.slice();
    this.scale = rows.termScale.slice();
    this.kink = rows.termKink.slice();
    const steps = problem.stepsPerRound;
    const laws = Array.from(loads.device, (n) => problem.devices[n]!);
    const bits = (column: Float64Array) => column.map((value, k) => steps * value + loads.adapterBits[k]!);
    this.uplink = linkBase(
      problem,
      laws.map(({ uplink }) => uplink),
      bits(loads.uplinkBits),
    );
    this.downlink = linkBase(
      problem,
      laws.map(({ downlink }) => downlink),
      bits(loads.downlinkBits),
    );
  }

  /** Row k's links at these gains, relative to those of the problem. */
  setGains(k: number, up: number, down: number): void {
    const { rows } = this.compiled;
    const { termStart, floor, linear } = rows;
    const start = termStart[k]!;
    const middle = start + this.uplink.terms[k]!;
    const end = termStart[k + 1]!;
    let seconds = this.constant[k]!;
    for (let t = start; t < end; t++) {
      const gain = t < middle ? up : down;
      const weight = this.weight[t]! / gain;
      rows.termWeight[t] = weight;
      rows.termScale[t] = this.scale[t]! * gain;
      rows.termKink[t] = this.kink[t]! / gain;
      seconds += weight;
    }
    floor[k] = seconds;
    linear[k] = linearAt(this.uplink, k, up) + linearAt(this.downlink, k, down);
  }
}

function linearAt({ linearSeconds, efficiency }: LinkBase, k: number, gain: number): number {
  return linearSeconds[k]! > 0 ? linearSeconds[k]! / scaledEfficiency(efficiency[k]!, gain) : 0;
}

function linkBase(problem: PlanningProblem, laws: readonly RateLaw[], bits: Float64Array): LinkBase {
  return {
    terms: Int32Array.from(laws, (law, k) => (bits[k]! > 0 ? termsOf(law) : 0)),
    linearSeconds: Float64Array.from(laws, (law, k) =>
      law.kind === 'linear' ? bits[k]! / (useFraction(law) * problem.bandwidthHz) : 0,
    ),
    efficiency: Float64Array.from(laws, (law) => (law.kind === 'linear' ? law.bitsPerSecondPerHz : 0)),
  };
}

function termsOf(law: RateLaw): number {
  if (law.kind === 'shannon') return 1;
  return law.kind === 'faded' ? law.snrBandwidthHz.length : 0;
}
