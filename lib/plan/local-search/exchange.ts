import { couplingUse, exchangedUse, keepsExtra, type PlanChoices } from '../choices/index.js';
import { outOfReach } from './pricing.js';

/** A change of one or two devices. */
export interface Exchange {
  readonly change: number;
  readonly first: number;
  /** −1 for a change of one device. */
  readonly second: number;
}

/** Up to this many entries all pairs of changes are looked at. */
const pairwiseEntries = 2500;

/**
 * The `count` changes of one or two devices that lower the cost most while keeping accuracy, server memory and traffic, best first; only those
 * with a change below `most`. Costs are added, not evaluated: no round is computed here.
 */
export function bestExchanges(
  choices: PlanChoices,
  cost: Float64Array,
  entries: Int32Array,
  most: number,
  count: number,
): Exchange[] {
  const use = couplingUse(choices, entries);
  const lossSlack = choices.limitsMean ? -use.loss : Infinity;
  const memorySlack = choices.memoryLimit - use.memory;
  const trafficSlack = choices.trafficLimit - use.traffic;
  const found = new BestList(count, most);
  const device = deviceOfEntries(choices);
  const changeOf = (j: number) => Math.min(cost[j]!, outOfReach) - Math.min(cost[entries[device[j]!]!]!, outOfReach);
  const differences = (column: Float64Array) =>
    Float64Array.from({ length: choices.blocks.length }, (_, j) => column[j]! - column[entries[device[j]!]!]!);
  const total = choices.blocks.length;
  const change = Float64Array.from({ length: total }, (_, j) => changeOf(j));
  const loss = differences(choices.loss);
  const memory = differences(choices.memory);
  const traffic = differences(choices.traffic);
  const pairs = total <= pairwiseEntries;
  const keeps = (i: number, k: number) => keepsExtraAfter(choices, use.extra, entries, device, i, k);
  for (let i = 0; i < total; i++) {
    if (entries[device[i]!] === i) continue;
    const fits = loss[i]! <= lossSlack && memory[i]! <= memorySlack && traffic[i]! <= trafficSlack;
    if (fits && change[i]! < found.bar && keeps(i, -1)) found.offer(change[i]!, i, -1);
    if (!pairs) continue;
    for (let k = choices.start[device[i]! + 1]!; k < total; k++) {
      const both = change[i]! + change[k]!;
      if (!(both < found.bar) || entries[device[k]!] === k) continue;
      if (loss[i]! + loss[k]! > lossSlack || memory[i]! + memory[k]! > memorySlack) continue;
      if (traffic[i]! + traffic[k]! > trafficSlack || !keeps(i, k)) continue;
      found.offer(both, i, k);
    }
  }
  return found.sorted();
}

export function isPairwise(choices: PlanChoices): boolean {
  return choices.blocks.length <= pairwiseEntries;
}

export function applyExchange(choices: PlanChoices, entries: Int32Array, exchange: Exchange): Int32Array {
  const changed = entries.slice();
  changed[deviceOf(choices, exchange.first)] = exchange.first;
  if (exchange.second >= 0) changed[deviceOf(choices, exchange.second)] = exchange.second;
  return changed;
}

/**
 * For many devices: again and again the pair of changes (or the single one) that lowers the cost most within the slack
 * of accuracy, each device changing at most once; entries are changed in place. The changes are sorted by what they take
 * from accuracy once; a pass with running minima then finds the best pair in linear time.
 */
export function exchangeWithinSlack(
  choices: PlanChoices,
  cost: Float64Array,
  entries: Int32Array,
  maxPairs: number,
): void {
  const device = deviceOfEntries(choices);
  const moves = improvingMoves(choices, cost, entries, device);
  const frozen = new Uint8Array(entries.length);
  let use = couplingUse(choices, entries);
  for (let k = 0; k < maxPairs; k++) {
    const slack = choices.limitsMean ? -use.loss : Infinity;
    const rest = { memory: choices.memoryLimit - use.memory, traffic: choices.trafficLimit - use.traffic };
    const [first, second] = bestPair(moves, device, frozen, slack, { ...rest, extra: use.extra }, choices, entries);
    if (first < 0) return;
    for (const j of [first, second]) {
      if (j < 0) continue;
      const n = device[j]!;
      use = exchangedUse(choices, use, entries[n]!, j);
      entries[n] = j;
      frozen[n] = 1;
    }
  }
}

interface SortedMoves {
  readonly entry: Int32Array;
  readonly change: Float64Array;
  readonly loss: Float64Array;
}

/** Changes that gain cost or accuracy, by increasing loss. */
function improvingMoves(
  choices: PlanChoices,
  cost: Float64Array,
  entries: Int32Array,
  device: Int32Array,
): SortedMoves {
  const count = device.length;
  const key = new Float64Array(count);
  const kept = new Int32Array(count);
  let size = 0;
  for (let j = 0; j < count; j++) {
    const own = entries[device[j]!]!;
    if (j === own || cost[j]! >= outOfReach) continue;
    key[j] = choices.loss[j]! - choices.loss[own]!;
    if (cost[j]! < cost[own]! || key[j]! < 0) kept[size++] = j;
  }
  const entry = kept.slice(0, size).sort((a, b) => key[a]! - key[b]!);
  const change = new Float64Array(size);
  const loss = new Float64Array(size);
  for (let k = 0; k < size; k++) {
    const j = entry[k]!;
    change[k] = cost[j]! - Math.min(cost[entries[device[j]!]!]!, outOfReach);
    loss[k] = key[j]!;
  }
  return { entry, change, loss };
}

function bestPair(
  moves: SortedMoves,
  device: Int32Array,
  frozen: Uint8Array,
  slack: number,
  rest: { readonly memory: number; readonly traffic: number; readonly extra: readonly number[] },
  choices: PlanChoices,
  entries: Int32Array,
): readonly [number, number] {
  const { entry, change, loss } = moves;
  const memoryOf = (j: number) => choices.memory[j]! - choices.memory[entries[device[j]!]!]!;
  const trafficOf = (j: number) => choices.traffic[j]! - choices.traffic[entries[device[j]!]!]!;
  const fits = (memory: number, traffic: number) => memory <= rest.memory && traffic <= rest.traffic;
  const keeps = (i: number, k: number) => keepsExtraAfter(choices, rest.extra, entries, device, i, k);
  let least = -1e-12;
  let pair: readonly [number, number] = [-1, -1];
  // Partners come in by increasing loss as the first move's loss falls; best and runner-up of another device are kept.
  let next = 0;
  let best = -1;
  let runnerUp = -1;
  for (let i = entry.length - 1; i >= 0; i--) {
    const own = device[entry[i]!]!;
    while (next < entry.length && loss[next]! <= slack - loss[i]!) {
      const partner = device[entry[next]!]!;
      if (!frozen[partner]) {
        if (best < 0 || change[next]! < change[best]!) {
          if (best >= 0 && device[entry[best]!] !== partner) runnerUp = best;
          best = next;
        } else if (device[entry[best]!] !== partner && (runnerUp < 0 || change[next]! < change[runnerUp]!)) {
          runnerUp = next;
        }
      }
      next++;
    }
    if (frozen[own]) continue;
    const alone = loss[i]! <= slack && change[i]! < least;
    if (alone && fits(memoryOf(entry[i]!), trafficOf(entry[i]!)) && keeps(entry[i]!, -1)) {
      least = change[i]!;
      pair = [entry[i]!, -1];
    }
    const partner = best >= 0 && device[entry[best]!] === own ? runnerUp : best;
    if (partner < 0 || !(change[i]! + change[partner]! < least)) continue;
    const [one, other] = [entry[i]!, entry[partner]!];
    if (!fits(memoryOf(one) + memoryOf(other), trafficOf(one) + trafficOf(other)) || !keeps(one, other)) continue;
    least = change[i]! + change[partner]!;
    pair = [one, other];
  }
  return pair;
}

/** Whether the extra limits hold once entries i and k (−1 for none) are chosen; `extra` is what is used now. */
function keepsExtraAfter(
  choices: PlanChoices,
  extra: readonly number[],
  entries: Int32Array,
  device: Int32Array,
  i: number,
  k: number,
): boolean {
  if (extra.length === 0) return true;
  const changed = extra.map((sum, r) => {
    const { use } = choices.extra[r]!;
    const of = (j: number) => (j < 0 ? 0 : use[j]! - use[entries[device[j]!]!]!);
    return sum + of(i) + of(k);
  });
  return keepsExtra(choices, changed);
}

function deviceOfEntries(choices: PlanChoices): Int32Array {
  const device = new Int32Array(choices.blocks.length);
  for (let n = 0; n < choices.deviceCount; n++) device.fill(n, choices.start[n], choices.start[n + 1]);
  return device;
}

function deviceOf(choices: PlanChoices, entry: number): number {
  let low = 0;
  let high = choices.deviceCount - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (choices.start[middle]! <= entry) low = middle;
    else high = middle - 1;
  }
  return low;
}

/** The few smallest offers. */
class BestList {
  bar: number;
  private readonly list: Exchange[] = [];

  constructor(
    private readonly size: number,
    bar: number,
  ) {
    this.bar = bar;
  }

  offer(change: number, first: number, second: number): void {
    this.list.push({ change, first, second });
    if (this.list.length < 2 * this.size) return;
    this.trim();
  }

  sorted(): Exchange[] {
    this.trim();
    return this.list;
  }

  private trim(): void {
    this.list.sort((a, b) => a.change - b.change);
    if (this.list.length > this.size) this.list.length = this.size;
    if (this.list.length === this.size) this.bar = this.list[this.size - 1]!.change;
  }
}
