import { add, divide, larger, multiply, point, subtract, zero, type Interval } from './interval.js';
import type { OpenChoices } from './dual.js';
import {
  chain,
  couplingPrice,
  pricedLimits,
  readPrices,
  readWitnesses,
  replaced,
  roundWork,
  shareHertz,
  shareRange,
  timeAt,
  timeLine,
  type Prices,
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
  readonly parts: readonly Part[];
}

type Part =
  | { readonly axis: number; readonly at: number; readonly below: number; readonly above: number }
  | { readonly prices: Prices; readonly witnesses: readonly Witnesses[] };

export function readBoxes(reader: Reader, statement: Statement, open: OpenChoices): Boxes {
  const at = reader.object(['kind', 'form', 'lower', 'upper', 'parts']);
  const form = at.form.oneOf(['chain', 'stages']);
  const axes = weightsOf(statement, form).length;
  const parts = at.parts.array();
  return {
    form,
    lower: at.lower.numbers(axes, 0),
    upper: at.upper.numbers(axes, 0),
    parts: parts.map((part, k): Part => {
      const members = part.object(['axis', 'at', 'below', 'above', 'prices', 'witnesses'], [
        'axis',
        'at',
        'below',
        'above',
        'prices',
        'witnesses',
      ]);
      if (!members.prices.isNull) {
        const devices = members.witnesses.array(open.length);
        return {
          prices: readPrices(members.prices, statement),
          witnesses: devices.map((device, n) => readWitnesses(device, open[n]!.filter((j) => j >= 0).length)),
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
  const pre: Requirement = { seconds: cost('preSeconds'), up, down: zero };
  const step: Requirement = { seconds: add(pre.seconds, cost('postSeconds')), up, down };
  const end: Requirement = { seconds: cost('postSeconds'), up: adapters, down: add(down, adapters) };
  return statement.stepsPerRound > 1 ? [pre, step, end] : [pre, end];
}

/** True if no admissible plan over the open choices has a round within `seconds`, aggregation apart. */
export function boxesRefute(statement: Statement, open: OpenChoices, seconds: number, boxes: Boxes): boolean {
  if (statement.sharing !== 'batched' || seconds === Infinity) return false;
  if (!coversAllPlans(statement, open, seconds, boxes)) return false;
  const seen = new Uint8Array(boxes.parts.length);
  const stack = [{ index: 0, low: [...boxes.lower], high: [...boxes.upper] }];
  for (let box = stack.pop(); box; box = stack.pop()) {
    const part = boxes.parts[box.index];
    if (!part) throw new CertificateError('parts', 'none is given');
    if (seen[box.index]) throw new CertificateError(`parts.${box.index}`, 'stands for two boxes');
    seen[box.index] = 1;
    const { low, high } = box;
    if ('prices' in part) {
      if (low.every((value, r) => value <= high[r]!) && !partRefuted(statement, open, seconds, boxes.form, part, low, high)) {
        return false;
      }
      continue;
    }
    const replaceAt = (ends: number[], value: number) => ends.map((end, r) => (r === part.axis ? value : end));
    stack.push({ index: part.below, low, high: replaceAt(high, Math.min(high[part.axis]!, part.at)) });
    stack.push({ index: part.above, low: replaceAt(low, Math.max(low[part.axis]!, part.at)), high });
  }
  return true;
}

/** Every plan within the claim has its thresholds in the box: none is below what devices need, none above what the rest leaves. */
function coversAllPlans(statement: Statement, open: OpenChoices, seconds: number, boxes: Boxes): boolean {
  const weights = weightsOf(statement, boxes.form);
  let spent = zero;
  statement.devices.forEach((device, n) => {
    if (open[n]!.includes(-1)) return;
    const works = open[n]!.map((j) => roundWork(statement, device, j).lo);
    spent = add(spent, point(Math.min(...works)));
  });
  for (let r = 0; r < weights.length; r++) {
    if (boxes.lower[r]! > stageFloor(statement, open, boxes.form, r)) return false;
    spent = add(spent, multiply(point(weights[r]!), point(boxes.lower[r]!)));
  }
  const left = larger(subtract(point(seconds), spent), zero);
  return boxes.upper.every(
    (upper, r) => upper >= add(point(boxes.lower[r]!), divide(left, point(weights[r]!))).hi,
  );
}

/** What every plan needs of a stage: the slowest of the devices' fastest choices with the most they may get. */
function stageFloor(statement: Statement, open: OpenChoices, form: 'chain' | 'stages', r: number): number {
  let slowest = 0;
  statement.devices.forEach((device, n) => {
    if (open[n]!.includes(-1)) return;
    const { most } = shareRange(statement, device);
    const times = open[n]!.map(
      (j) => timeAt(device, stagesOf(statement, device, j, form)[r]!, shareHertz(statement, most)).lo,
    );
    slowest = Math.max(slowest, Math.min(...times));
  });
  return slowest;
}

/**
 * For X in the part: Σ weight·X + Σ_n min_j [K·w + coupling + perHertz·b_j(X)] − priced limits bounds the round, b_j(X) replaced by
 * lines below it. That is concave in X, so that its least value is at a corner.
 */
function partRefuted(
  statement: Statement,
  open: OpenChoices,
  seconds: number,
  form: 'chain' | 'stages',
  part: { readonly prices: Prices; readonly witnesses: readonly Witnesses[] },
  low: readonly number[],
  high: readonly number[],
): boolean {
  const weights = weightsOf(statement, form);
  const { prices, witnesses } = part;
  const corners = Array.from({ length: 1 << weights.length }, (_, v) =>
    weights.map((_weight, r) => ((v >> r) & 1 ? high[r]! : low[r]!)),
  );
  const sums = corners.map((corner) =>
    corner.reduce<Interval>((sum, value, r) => add(sum, multiply(point(weights[r]!), point(value))), zero),
  );
  for (let n = 0; n < open.length; n++) {
    const device = statement.devices[n]!;
    const choices = open[n]!.filter((j) => j >= 0);
    const skip = replaced(device, choices, witnesses[n]!);
    const least = corners.map(() => (choices.length < open[n]!.length ? 0 : Infinity));
    choices.forEach((j, k) => {
      if (skip[k]) return;
      const share = shareLine(statement, device, stagesOf(statement, device, j, form), high, witnesses[n]!, k);
      if (!share) return;
      const fixed = add(roundWork(statement, device, j), couplingPrice(statement, device, j, prices));
      corners.forEach((corner, v) => {
        least[v] = Math.min(least[v]!, add(fixed, multiply(point(prices.perHertz), share(corner))).lo);
      });
    });
    if (least[0] === Infinity) return true;
    least.forEach((value, v) => (sums[v] = add(sums[v]!, point(value))));
  }
  const limits = pricedLimits(statement, prices);
  return sums.every((sum) => subtract(sum, limits).lo > seconds);
}

/** The share, Hz, that a choice needs at thresholds X within `high`, as a line below it; undefined if none is enough. */
function shareLine(
  statement: Statement,
  device: StatedDevice,
  stages: readonly Requirement[],
  high: readonly number[],
  witnesses: Witnesses,
  place: number,
): ((corner: readonly number[]) => Interval) | undefined {
  const at = witnesses.at[place]!;
  const r = witnesses.stage[place]!;
  const stage = stages[r];
  if (at > 0 && stage && !statement.blocks) {
    const line = timeLine(device, stage, at, witnesses.mixture[place]!);
    // time ≥ v + s·(b − at) and time ≤ X_r give b ≥ at + (X_r − v)/s, s < 0. One line only: with the larger of two the least over
    // choices would not be concave.
    if (line.slope.hi < 0) {
      return (corner) => add(point(at), divide(subtract(point(corner[r]!), line.value), line.slope));
    }
  }
  const { least, most } = shareRange(statement, device);
  const late = (share: number) =>
    stages.some((need, k) => timeAt(device, need, shareHertz(statement, share)).lo > high[k]!);
  if (!(least <= most) || late(most)) return undefined;
  const tooSmall = witnesses.tooSmall[place]!;
  const short = tooSmall >= least && tooSmall < most && late(tooSmall);
  const floor = !short ? least : statement.blocks ? Math.floor(tooSmall) + 1 : tooSmall;
  return () => shareHertz(statement, floor);
}
