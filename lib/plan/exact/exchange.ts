import type { ChoiceColumns } from '../bound/columns.js';
import { CouplingLedger } from './coupling.js';

/** One device's move from its present choice to another. */
interface Exchange {
  readonly device: number;
  readonly to: number;
  readonly cost: number;
  readonly memory: number;
  readonly accuracy: number;
}

/** Exchanges considered when two are combined. */
const pairPool = 400;

/**
 * Makes a combination meet memory and accuracy at the least extra cost, then lowers its cost by single and paired exchanges.
 * `costs` are prices of bandwidth and server share by choice (first-order, at the present prices); changed in place.
 * Returns false if no sequence of single exchanges meets the limits.
 */
export function repairAndExchange(columns: ChoiceColumns, costs: Float64Array, choices: Int32Array): boolean {
  const ledger = new CouplingLedger(columns);
  ledger.reset(choices);
  if (!repair(columns, costs, choices, ledger)) return false;
  improveSingly(columns, costs, choices, ledger);
  for (let round = 0; round < 30; round++) {
    if (!improveByPair(columns, costs, choices, ledger)) break;
  }
  return true;
}

/** Greedy: the exchange with the least cost for each unit of violation removed. */
function repair(columns: ChoiceColumns, costs: Float64Array, choices: Int32Array, ledger: CouplingLedger): boolean {
  const most = 4 * columns.deviceCount + 16;
  // A pass over all exchanges fixes many at once when the violation is large.
  for (let round = 0; round < most && ledger.violation > 0; round++) {
    const useful = exchanges(columns, costs, choices, ledger).flatMap((move) => {
      const removed = ledger.violation - ledger.violationAfter(move.memory, move.accuracy);
      return removed > 1e-15 ? [{ move, ratio: Math.max(move.cost, 0) / removed, removed }] : [];
    });
    if (useful.length === 0) return false;
    useful.sort((a, b) => a.ratio - b.ratio || b.removed - a.removed);
    const covering = useful.filter(({ removed }) => removed >= ledger.violation * (1 - 1e-12));
    const batch = Math.max(1, Math.floor(useful.length / 200));
    const moved = new Set<number>();
    for (const { move } of useful.slice(0, batch)) {
      if (moved.has(move.device) || ledger.violation === 0) continue;
      const cheapest = covering.reduce<Exchange | undefined>(
        (best, { move: other }) => (best && best.cost <= other.cost ? best : other),
        undefined,
      );
      const chosen = moved.size === 0 && cheapest && cheapest.cost <= 3 * Math.max(move.cost, 0) ? cheapest : move;
      ledger.apply(choices[chosen.device]!, chosen.to);
      choices[chosen.device] = chosen.to;
      moved.add(chosen.device);
    }
  }
  return ledger.violation === 0;
}

/** Cheaper choices that keep the limits, the largest saving first. */
function improveSingly(columns: ChoiceColumns, costs: Float64Array, choices: Int32Array, ledger: CouplingLedger): void {
  for (let round = 0; round < 20; round++) {
    const saving = exchanges(columns, costs, choices, ledger).filter((move) => move.cost < -1e-15);
    saving.sort((a, b) => a.cost - b.cost);
    const moved = new Set<number>();
    for (const move of saving) {
      if (moved.has(move.device) || ledger.violationAfter(move.memory, move.accuracy) > 0) continue;
      ledger.apply(choices[move.device]!, move.to);
      choices[move.device] = move.to;
      moved.add(move.device);
    }
    if (moved.size === 0) return;
  }
}

/** The best pair of exchanges of two devices, among those with the least regret at the implied price of accuracy. */
function improveByPair(
  columns: ChoiceColumns,
  costs: Float64Array,
  choices: Int32Array,
  ledger: CouplingLedger,
): boolean {
  const all = exchanges(columns, costs, choices, ledger);
  const price = impliedPrice(all);
  const regret = (move: Exchange) => move.cost + price * move.accuracy;
  const pool = all.sort((a, b) => regret(a) - regret(b)).slice(0, pairPool);
  let best: readonly [Exchange, Exchange] | undefined;
  let least = -1e-12;
  for (let a = 0; a < pool.length; a++) {
    for (let b = 0; b < a; b++) {
      const first = pool[a]!;
      const second = pool[b]!;
      const cost = first.cost + second.cost;
      if (cost >= least || first.device === second.device) continue;
      if (ledger.violationAfter(first.memory + second.memory, first.accuracy + second.accuracy) > 0) continue;
      least = cost;
      best = [first, second];
    }
  }
  if (!best) return false;
  for (const move of best) {
    ledger.apply(choices[move.device]!, move.to);
    choices[move.device] = move.to;
  }
  return true;
}

/** Price of accuracy at which exchanges break even: the median ratio of cost to accuracy of moves that buy it. */
function impliedPrice(moves: readonly Exchange[]): number {
  const byDevice = new Map<number, number>();
  for (const { device, cost, accuracy } of moves) {
    if (!(accuracy < -1e-15) || !(cost > 0) || cost === Infinity) continue;
    byDevice.set(device, Math.min(byDevice.get(device) ?? Infinity, cost / -accuracy));
  }
  const ratios = [...byDevice.values()].sort((a, b) => a - b);
  return ratios[ratios.length >> 1] ?? 0;
}

function exchanges(
  columns: ChoiceColumns,
  costs: Float64Array,
  choices: Int32Array,
  ledger: CouplingLedger,
): Exchange[] {
  const list: Exchange[] = [];
  for (let n = 0; n < columns.deviceCount; n++) {
    const from = choices[n]!;
    for (let j = columns.start[n]!; j < columns.start[n + 1]!; j++) {
      const cost = costs[j]! - costs[from]!;
      if (j === from || !(costs[j]! < Infinity)) continue;
      list.push({
        device: n,
        to: j,
        cost: Number.isNaN(cost) ? -Infinity : cost,
        memory: ledger.memoryChange(from, j),
        accuracy: ledger.accuracyChange(from, j),
      });
    }
  }
  return list;
}
