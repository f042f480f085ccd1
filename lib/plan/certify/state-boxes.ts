import {
  secondsPerBit,
  withEfficiencyLimit,
  type Device,
  type PlanningProblem,
  type RateLaw,
} from '../../models/index.js';
import type { BoundCertificate, BoxNode } from '../bound/index.js';
import type { StatedChoices, StatedProblem } from './state-problem.js';
import { naturalPrices, openChoices } from './threshold-leaf.js';
import type { NaturalPrices } from './witnesses.js';

/** Evidence of `batched`: the thresholds' box divided into parts. */
export interface BoxesLeaf {
  readonly kind: 'boxes';
  readonly form: 'chain' | 'stages';
  readonly lower: readonly number[];
  readonly upper: readonly number[];
  readonly replacedBy: readonly (readonly (number | null)[])[];
  readonly parts: readonly BoxPart[];
}

export type BoxPart =
  | { readonly axis: number; readonly at: number; readonly below: number; readonly above: number }
  | { readonly prices: NaturalPrices; readonly witnesses: readonly BoxWitnesses[] };

export interface BoxWitnesses {
  readonly at: readonly (number | null)[];
  readonly tooSmall: readonly (number | null)[];
  readonly stage: readonly (number | null)[];
}

type BoxCertificate = Extract<BoundCertificate, { kind: 'boxes' }>;

export function stateBoxes(problem: PlanningProblem, stated: StatedProblem, certificate: BoxCertificate): BoxesLeaf {
  const writer = new BoxWriter(problem, stated, certificate.form);
  // The corners a little outwards, so that the checker's rounding finds every plan inside.
  const lower = certificate.lower.map((value) => Math.max(0, value * (1 - 2e-12)));
  const upper = certificate.upper.map((value) => value * (1 + 1e-9));
  writer.add(certificate.partition, lower, upper);
  return { kind: 'boxes', form: certificate.form, lower, upper, replacedBy: writer.replacedBy, parts: writer.parts };
}

interface Stage {
  readonly seconds: number;
  readonly up: number;
  readonly down: number;
  readonly uplink: RateLaw;
}

class BoxWriter {
  readonly parts: BoxPart[] = [];
  readonly replacedBy: readonly (readonly (number | null)[])[];
  /** Choices that are priced. */
  private readonly kept: readonly (readonly number[])[];

  constructor(
    private readonly problem: PlanningProblem,
    private readonly stated: StatedProblem,
    private readonly form: 'chain' | 'stages',
  ) {
    const open = openChoices(stated).map((list) => list.filter((j) => j >= 0));
    this.replacedBy = open.map((list, n) => replacements(stated.devices[n]!.choices, list));
    this.kept = open.map((list, n) => list.filter((_, k) => this.replacedBy[n]![k] === null));
  }

  /** Adds a node and all below it; its place. */
  add(node: BoxNode, low: readonly number[], high: readonly number[]): number {
    const place = this.parts.length;
    if ('multipliers' in node) {
      const prices = naturalPrices(this.problem, node.multipliers);
      this.parts.push({ prices, witnesses: this.kept.map((_, n) => this.witnesses(n, high)) });
      return place;
    }
    const { axis, at } = node;
    const ends = (values: readonly number[], value: number) => values.map((end, r) => (r === axis ? value : end));
    this.parts.push({ axis, at, below: 0, above: 0 });
    const below = this.add(node.below, low, ends(high, Math.min(high[axis]!, at)));
    const above = this.add(node.above, ends(low, Math.max(low[axis]!, at)), high);
    this.parts[place] = { axis, at, below, above };
    return place;
  }

  private witnesses(n: number, high: readonly number[]): BoxWitnesses {
    const device = this.problem.devices[n]!;
    const list = this.kept[n]!.map((j) => this.tangent(device, n, j, high));
    return {
      at: list.map((entry) => entry.at),
      tooSmall: list.map((entry) => entry.tooSmall),
      stage: list.map((entry) => entry.stage),
    };
  }

  /** Where the stage that needs the largest share at the upper corner needs just that. */
  private tangent(device: Device, n: number, j: number, high: readonly number[]) {
    const none = { at: null, tooSmall: null, stage: null };
    const { stated } = this;
    const block = stated.resourceBlockHz;
    const relaxed = 1 + stated.limitTolerance;
    const { minimumBandwidthHz, maximumBandwidthHz } = stated.devices[n]!;
    const least = minimumBandwidthHz * (2 - relaxed);
    const most = Math.min(maximumBandwidthHz ?? Infinity, stated.bandwidthHz) * relaxed;
    let share = Math.max(least, most * 1e-12);
    let deciding = -1;
    const stages = this.stages(device, stated.devices[n]!.choices, j);
    const isLate = (r: number, b: number) => stageSeconds(device, stages[r]!, b) > high[r]! * (1 + 3e-14);
    if (stages.some((_, r) => isLate(r, most))) return none;
    stages.forEach((_stage, r) => {
      const late = (b: number) => isLate(r, b);
      if (!late(share)) return;
      let low = share;
      let top = most;
      for (let k = 0; k < 120 && top - low > 1e-14 * top; k++) {
        const middle = top > 4 * low ? Math.sqrt(low * top) : (low + top) / 2;
        if (late(middle)) low = middle;
        else top = middle;
      }
      share = low;
      deciding = r;
    });
    if (deciding < 0) return none;
    if (block !== null) return { at: null, tooSmall: Math.floor(share / block), stage: null };
    return { at: Number(share.toPrecision(12)), tooSmall: null, stage: deciding };
  }

  private stages(device: Device, choices: StatedChoices, j: number): Stage[] {
    const uplink = withEfficiencyLimit(device.uplink, choices.uplinkEfficiencyLimit[j] ?? Infinity);
    const steps = this.stated.stepsPerRound;
    const [pre, post] = [choices.preSeconds[j]!, choices.postSeconds[j]!];
    const [up, down, adapters] = [choices.uplinkBits[j]!, choices.downlinkBits[j]!, choices.adapterBits[j]!];
    if (this.form === 'chain') {
      return [{ seconds: steps * (pre + post), up: steps * up + adapters, down: steps * down + adapters, uplink }];
    }
    const first = { seconds: pre, up, down: 0, uplink };
    const step = { seconds: pre + post, up, down, uplink };
    const end = { seconds: post, up: adapters, down: down + adapters, uplink };
    return steps > 1 ? [first, step, end] : [first, end];
  }
}

function stageSeconds(device: Device, stage: Stage, hertz: number): number {
  return (
    stage.seconds +
    (stage.up > 0 ? stage.up * secondsPerBit(stage.uplink, hertz) : 0) +
    (stage.down > 0 ? stage.down * secondsPerBit(device.downlink, hertz) : 0)
  );
}

const lessIsBetter = [
  'preSeconds',
  'postSeconds',
  'uplinkBits',
  'downlinkBits',
  'adapterBits',
  'serverSeconds',
  'serverMemoryBytes',
] as const;

/** For each choice one that is as good in everything and not replaced itself; null where there is none. */
function replacements(choices: StatedChoices, list: readonly number[]): (number | null)[] {
  const asGood = (other: number, j: number) =>
    lessIsBetter.every((name) => choices[name][other]! <= choices[name][j]!) &&
    choices.accuracy[other]! >= choices.accuracy[j]! &&
    (choices.uplinkEfficiencyLimit[other] ?? Infinity) >= (choices.uplinkEfficiencyLimit[j] ?? Infinity);
  const beats = (other: number, j: number) => asGood(other, j) && (other < j || !asGood(j, other));
  const kept = list.filter((j) => !list.some((other) => other !== j && beats(other, j)));
  return list.map((j) => (kept.includes(j) ? null : (kept.find((other) => asGood(other, j)) ?? null)));
}
