import { add, divide, larger, multiply, point, subtract, zero, type Interval } from './interval.js';
import type { Evidence, OpenChoices } from './dual.js';
import {
  chain,
  couplingPrice,
  pricedLimits,
  readPrices,
  readWitnesses,
  roundWork,
  shareHertz,
  shareRange,
  timeAt,
  timeLine,
  type Requirement,
  type Witnesses,
} from './price.js';
import { CertificateError, type Reader } from './reader.js';
import type { StatedDevice, Statement } from './statement.js';

/**
 * Evidence for `batched`: a box of thresholds X (of the longest chain, or of the three stage maxima of the exact round) that holds
 * those of every plan within the claim, divided into parts with prices of their own.
 */
export interface Boxes {
  readonly form: 'chain' | 'stages';
  readonly lower: Float64Array;
  readonly upper: Float64Array;
  /** Open choices of each device that are priced: those that no other one replaces. */
  readonly priced: OpenChoices;
  readonly parts: readonly Part[];
}

type Part = { readonly axis: number; readonly at: number; readonly below: number; readonly above: number } | Evidence;

export function readBoxes(reader: Reader, statement: Statement, open: OpenChoices): Boxes {
  const at = reader.object(['kind', 'form', 'lower', 'upper', 'replacedBy', 'parts'], ['replacedBy']);
  const form = at.form.oneOf(['chain', 'stages']);
  const axes = weightsOf(statement, form).length;
  const parts = at.parts.array();
  const priced = at.replacedBy.isNull
    ? open
    : at.replacedBy.array(open.length).map((list, n) => unreplaced(list, statement.devices[n]!, open[n]!));
  return {
    form,
    lower: at.lower.numbers(axes, 0),
    upper: at.upper.numbers(axes, 0),
    priced,
    parts: parts.map((part, k): Part => {
      const members = part.object(
        ['axis', 'at', 'below', 'above', 'prices', 'witnesses'],
        ['axis', 'at', 'below', 'above', 'prices', 'witnesses'],
      );
      if (!members.prices.isNull) {
        const devices = members.witnesses.array(open.length);
        return {
          prices: readPrices(members.prices, statement),
          witnesses: devices.map((device, n) => readWitnesses(device, priced[n]!.filter((j) => j >= 0).length)),
        };
      }
      // Children come later in the list, so that no part is its own.
      const child = (name: Reader) => name.integer(k + 1, parts.length - 1);
      return {
        axis: members.axis.integer(0, axes - 1),
        at: members.at.number(),
        below: child(members.below),
        above: child(members.above),
      };
    }),
  };
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

/**
 * The open choices but for those named as replaced: every plan with one of them stays admissible and gets no slower with the choice
 * that replaces it, which is open itself and not replaced.
 */
function unreplaced(reader: Reader, { costs, uplinkLimit }: StatedDevice, open: readonly number[]): readonly number[] {
  const choices = open.filter((j) => j >= 0);
  const replacedBy = reader.numbers(choices.length, 0, true);
  const kept = new Set(choices.filter((_, k) => Number.isNaN(replacedBy[k])));
  choices.forEach((j, k) => {
    if (kept.has(j)) return;
    const other = replacedBy[k]!;
    const asGood =
      kept.has(other) &&
      lessIsBetter.every((name) => costs[name][other]! <= costs[name][j]!) &&
      costs.accuracy[other]! >= costs.accuracy[j]! &&
      uplinkLimit[other]! >= uplinkLimit[j]!;
    if (!asGood) reader.fail(`choice ${other} does not replace choice ${j}`);
  });
  return open.filter((j) => j < 0 || kept.has(j));
}

/** Factors of the thresholds in T − K·Σ: the chain once; or pre, K − 1 times pre + post, and post + adapters. */
function weightsOf(statement: Statement, form: 'chain' | 'stages'): readonly number[] {
  if (form === 'chain') return [1];
  return statement.stepsPerRound > 1 ? [1, statement.stepsPerRound - 1, 1] : [1, 1];
}

function stagesOf(statement: Statement, device: StatedDevice, j: number, form: 'chain' | 'stages'): Requirement[] {
  if (form === 'chain') return [chain(statement, device, j)];
  const { costs } = device;
  const cost = (name: keyof StatedDevice['costs']) => point(costs[name][j]!);
  const up = cost('uplinkBits');
  const down = cost('downlinkBits');
  const adapters = cost('adapterBits');
  const uplinkLimit = device.uplinkLimit[j]!;
  const pre: Requirement = { seconds: cost('preSeconds'), up, down: zero, uplinkLimit };
  const step: Requirement = { seconds: add(pre.seconds, cost('postSeconds')), up, down, uplinkLimit };
  const end: Requirement = { seconds: cost('postSeconds'), up: adapters, down: add(down, adapters), uplinkLimit };
  return statement.stepsPerRound > 1 ? [pre, step, end] : [pre, end];
}

/** What does not depend on the part: one open choice's requirements, their times with the most it may get, and its work. */
interface Choice {
  readonly index: number;
  readonly stages: readonly Requirement[];
  readonly fastest: readonly number[];
  readonly work: Interval;
}

interface Setting {
  readonly statement: Statement;
  readonly seconds: number;
  readonly weights: readonly number[];
  readonly devices: readonly {
    readonly device: StatedDevice;
    readonly mayBeLeftOut: boolean;
    readonly least: number;
    readonly most: number;
    readonly choices: readonly Choice[];
  }[];
}

function settingOf(statement: Statement, open: OpenChoices, seconds: number, form: 'chain' | 'stages'): Setting {
  const devices = statement.devices.map((device, n) => {
    const { least, most } = shareRange(statement, device);
    const choices = open[n]!.filter((j) => j >= 0).map((index): Choice => {
      const stages = stagesOf(statement, device, index, form);
      const fastest = stages.map((stage) =>
        least <= most ? timeAt(device, stage, shareHertz(statement, most)).lo : Infinity,
      );
      return { index, stages, fastest, work: roundWork(statement, device, index) };
    });
    return { device, mayBeLeftOut: open[n]!.includes(-1), least, most, choices };
  });
  return { statement, seconds, weights: weightsOf(statement, form), devices };
}

/** True if no admissible plan over the open choices has a round within `seconds`, aggregation apart. */
export function boxesRefute(statement: Statement, seconds: number, boxes: Boxes): boolean {
  if (statement.sharing !== 'batched' || seconds === Infinity) return false;
  const setting = settingOf(statement, boxes.priced, seconds, boxes.form);
  if (!coversAllPlans(setting, boxes)) return false;
  const seen = new Uint8Array(boxes.parts.length);
  const stack = [{ index: 0, low: [...boxes.lower], high: [...boxes.upper] }];
  for (let box = stack.pop(); box; box = stack.pop()) {
    const part = boxes.parts[box.index];
    if (!part) throw new CertificateError('parts', 'none is given');
    if (seen[box.index]) throw new CertificateError(`parts.${box.index}`, 'stands for two boxes');
    seen[box.index] = 1;
    const { low, high } = box;
    if ('prices' in part) {
      if (low.every((value, r) => value <= high[r]!) && !partRefuted(setting, part, low, high)) return false;
      continue;
    }
    const replaceAt = (ends: number[], value: number) => ends.map((end, r) => (r === part.axis ? value : end));
    stack.push({ index: part.below, low, high: replaceAt(high, Math.min(high[part.axis]!, part.at)) });
    stack.push({ index: part.above, low: replaceAt(low, Math.max(low[part.axis]!, part.at)), high });
  }
  return true;
}

/** Every plan within the claim has its thresholds in the box: none is below what devices need, none above what the rest leaves. */
function coversAllPlans({ weights, devices, seconds }: Setting, { lower, upper }: Boxes): boolean {
  const needed = devices.filter(({ mayBeLeftOut }) => !mayBeLeftOut);
  let spent = zero;
  for (const { choices } of needed) spent = add(spent, point(Math.min(...choices.map(({ work }) => work.lo))));
  for (let r = 0; r < weights.length; r++) {
    const floors = needed.map(({ choices }) => Math.min(...choices.map(({ fastest }) => fastest[r]!)));
    if (lower[r]! > Math.max(0, ...floors)) return false;
    spent = add(spent, multiply(point(weights[r]!), point(lower[r]!)));
  }
  const left = larger(subtract(point(seconds), spent), zero);
  return upper.every((end, r) => end >= add(point(lower[r]!), divide(left, point(weights[r]!))).hi);
}

/**
 * For X in the part: Σ weight·X + Σ_n min_j [K·w + coupling + perHertz·b_j(X)] − priced limits bounds the round, b_j(X) replaced by
 * lines below it. That is concave in X, so that its least value is at a corner.
 */
function partRefuted(
  { statement, seconds, weights, devices }: Setting,
  { prices, witnesses }: Evidence,
  low: readonly number[],
  high: readonly number[],
): boolean {
  const corners = Array.from({ length: 1 << weights.length }, (_, v) => weights.map((_weight, r) => (v >> r) & 1));
  const sums = corners.map((corner) =>
    corner.reduce<Interval>((sum, end, r) => {
      const value = end ? high[r]! : low[r]!;
      return add(sum, multiply(point(weights[r]!), point(value)));
    }, zero),
  );
  for (let n = 0; n < devices.length; n++) {
    const entry = devices[n]!;
    const least = corners.map(() => (entry.mayBeLeftOut ? 0 : Infinity));
    entry.choices.forEach((choice, k) => {
      const line = shareLine(statement, entry, choice, low, high, witnesses[n]!, k);
      if (!line) return;
      const fixed = add(choice.work, couplingPrice(statement, entry.device, choice.index, prices));
      const price = (share: Interval) => add(fixed, multiply(point(prices.perHertz), share)).lo;
      const ends = [price(line.atLow), price(line.atHigh)] as const;
      corners.forEach((corner, v) => (least[v] = Math.min(least[v]!, ends[corner[line.axis] as 0 | 1])));
    });
    if (least[0] === Infinity) return true;
    least.forEach((value, v) => (sums[v] = add(sums[v]!, point(value))));
  }
  const limits = pricedLimits(statement, prices);
  return sums.every((sum) => subtract(sum, limits).lo > seconds);
}

/** A line below the share that a choice needs, Hz, along one threshold: its values at the part's two ends. */
interface ShareLine {
  readonly axis: number;
  readonly atLow: Interval;
  readonly atHigh: Interval;
}

/** Undefined if no share is enough for the thresholds `high`. */
function shareLine(
  statement: Statement,
  { device, least, most }: Setting['devices'][number],
  { stages, fastest }: Choice,
  low: readonly number[],
  high: readonly number[],
  witnesses: Witnesses,
  place: number,
): ShareLine | undefined {
  if (fastest.some((time, r) => time > high[r]!)) return undefined;
  const at = witnesses.at[place]!;
  const r = witnesses.stage[place]!;
  const stage = stages[r];
  if (at > 0 && stage && !statement.blocks) {
    const line = timeLine(device, stage, at, witnesses.mixture[place]!);
    // time ≥ v + s·(b − at) and time ≤ X_r give b ≥ at + (X_r − v)/s, s < 0. One line only: with the larger of two the least over
    // choices would not be concave.
    if (line.slope.hi < 0) {
      const share = (value: number) => add(point(at), divide(subtract(point(value), line.value), line.slope));
      return { axis: r, atLow: share(low[r]!), atHigh: share(high[r]!) };
    }
  }
  const tooSmall = witnesses.tooSmall[place]!;
  const late = (share: number) =>
    stages.some((need, k) => timeAt(device, need, shareHertz(statement, share)).lo > high[k]!);
  const short = tooSmall >= least && tooSmall < most && late(tooSmall);
  const floor = shareHertz(statement, !short ? least : statement.blocks ? Math.floor(tooSmall) + 1 : tooSmall);
  return { axis: 0, atLow: floor, atHigh: floor };
}
