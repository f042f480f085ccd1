import {
  buildChoices,
  exceeds,
  fallsShort,
  type ChoiceTable,
  type Device,
  type DevicePlan,
  type Plan,
  type PlanningProblem,
} from '../../lib/models/index.js';
import { plainSecondsPerBit, thriftySecondsPerBit } from './limited-rates.js';

/**
 * Brute force over all discrete plans of a small problem, each with its own continuous optimum over bandwidths and
 * server shares by nested golden sections: T is jointly convex in them. Slow, plain, and sharing no search code with
 * the library. Plans are skipped only where weak duality or an exact table look-up proves them no better.
 */
export interface OracleAnswer {
  readonly feasible: boolean;
  readonly totalSeconds: number;
  readonly plan: Plan | undefined;
  readonly planCount: number;
}

/** One device's totals for one choice over a whole round. */
interface ChoiceCost {
  readonly index: number;
  readonly participates: boolean;
  readonly pre: number;
  readonly post: number;
  readonly up: number;
  readonly down: number;
  readonly adapter: number;
  /** Coding of the adapters, once a round. */
  readonly exchange: number;
  readonly server: number;
  readonly serverMemory: number;
  readonly accuracy: number;
}

export function bruteForce(problem: PlanningProblem): OracleAnswer {
  const tables = problem.devices.map((device) => buildChoices(problem, device));
  const choices = tables.map((table, n) => choiceList(table, problem.devices[n]!.optional));
  const plans = admissiblePlans(problem, choices);
  const estimate = (combination: readonly number[]) =>
    delayAt(problem, select(choices, combination), fairShares(problem, select(choices, combination)));
  const ordered = plans.map((combination) => ({ combination, estimate: estimate(combination) }));
  ordered.sort((a, b) => a.estimate - b.estimate);

  let best = Infinity;
  let bestCombination: readonly number[] | undefined;
  let bestShares: readonly number[] = [];
  let prune: Prune | undefined;
  for (const { combination } of ordered) {
    if (prune?.(combination)) continue;
    const selected = select(choices, combination);
    const { delay, shares } = bestShareSplit(problem, selected);
    if (delay < best) {
      best = delay;
      bestCombination = combination;
      bestShares = shares;
      prune = pruneAgainst(problem, choices, best - problem.aggregationSeconds);
    }
  }
  if (problem.deadlineSeconds !== undefined && exceeds(best, problem.deadlineSeconds)) bestCombination = undefined;
  if (!bestCombination || best === Infinity) {
    return { feasible: false, totalSeconds: Infinity, plan: undefined, planCount: plans.length };
  }
  const selected = select(choices, bestCombination);
  return {
    feasible: true,
    totalSeconds: best,
    plan: toPlan(problem, tables, selected, bestShares, best - problem.aggregationSeconds),
    planCount: plans.length,
  };
}

/** Least delay over bandwidths (and server shares) for fixed choices; the shares in device order. */
export function oracleAllocation(
  problem: PlanningProblem,
  decisions: readonly DevicePlan[],
): { delay: number; shares: readonly number[] } {
  const selected = problem.devices.map((device, n) => {
    const decision = decisions[n]!;
    if (!decision.participates) return leftOut;
    const table = buildChoices(problem, device);
    const list = choiceList(table, false);
    const found = list.find(
      ({ index }) =>
        table.blocks[index] === decision.blocks &&
        table.upPoint[index] === decision.upPoint &&
        table.downPoint[index] === decision.downPoint,
    );
    if (!found) throw new Error(`choice of ${device.name} is not allowed`);
    return found;
  });
  return bestShareSplit(problem, selected);
}

/** Least delay over whole numbers of resource blocks for fixed choices, by enumeration of all block counts. */
export function oracleResourceBlocks(problem: PlanningProblem, decisions: readonly DevicePlan[]): number {
  const block = problem.resourceBlockHz!;
  const total = Math.floor(problem.bandwidthHz / block + 1e-9);
  const { selected, limits } = participants(problem, decisions);
  let best = Infinity;
  const counts = selected.map(() => 0);
  const visit = (n: number, left: number): void => {
    if (n === selected.length) {
      best = Math.min(
        best,
        delayAt(
          problem,
          selected,
          counts.map((count) => count * block),
        ),
      );
      return;
    }
    if (!selected[n]!.participates) {
      visit(n + 1, left);
      return;
    }
    for (let count = 1; count <= left; count++) {
      const hertz = count * block;
      if (fallsShort(hertz, limits[n]!.least) || exceeds(hertz, limits[n]!.most)) continue;
      counts[n] = count;
      visit(n + 1, left - count);
    }
  };
  visit(0, total);
  return best;
}

function participants(problem: PlanningProblem, decisions: readonly DevicePlan[]) {
  const selected = problem.devices.map((device, n) => {
    const decision = decisions[n]!;
    if (!decision.participates) return leftOut;
    const table = buildChoices(problem, device);
    return choiceList(table, false).find(
      ({ index }) =>
        table.blocks[index] === decision.blocks &&
        table.upPoint[index] === decision.upPoint &&
        table.downPoint[index] === decision.downPoint,
    )!;
  });
  return { selected, limits: shareLimits(problem, selected) };
}

const leftOut: ChoiceCost = {
  index: -1,
  participates: false,
  pre: 0,
  post: 0,
  up: 0,
  down: 0,
  adapter: 0,
  exchange: 0,
  server: 0,
  serverMemory: 0,
  accuracy: 0,
};

function choiceList(table: ChoiceTable, optional: boolean): ChoiceCost[] {
  const list: ChoiceCost[] = Array.from({ length: table.count }, (_, j) => ({
    index: j,
    participates: true,
    pre: table.preSeconds[j]!,
    post: table.postSeconds[j]!,
    up: table.uplinkBits[j]!,
    down: table.downlinkBits[j]!,
    adapter: table.adapterBits[j]!,
    exchange: table.exchangeSeconds[j]!,
    server: table.serverSeconds[j]!,
    serverMemory: table.serverMemoryBytes[j]!,
    accuracy: table.accuracy[j]!,
  }));
  if (optional) list.push(leftOut);
  return list;
}

function select(choices: readonly ChoiceCost[][], combination: readonly number[]): ChoiceCost[] {
  return combination.map((k, n) => choices[n]![k]!);
}

/** All combinations that meet accuracy and server memory; at least one device takes part. */
function admissiblePlans(problem: PlanningProblem, choices: readonly ChoiceCost[][]): number[][] {
  let plans: number[][] = [[]];
  for (const list of choices) plans = plans.flatMap((plan) => list.map((_, k) => [...plan, k]));
  return plans.filter((combination) => {
    const selected = select(choices, combination);
    if (!selected.some((choice) => choice.participates)) return false;
    let memory = 0;
    let traffic = 0;
    let weight = 0;
    let weighted = 0;
    selected.forEach((choice, n) => {
      const { leftOutAccuracy } = problem.accuracy;
      if (!choice.participates) {
        weight += leftOutAccuracy === undefined ? 0 : problem.devices[n]!.weight;
        weighted += (leftOutAccuracy ?? 0) * problem.devices[n]!.weight;
        return;
      }
      memory += choice.serverMemory;
      traffic += problem.stepsPerRound * (choice.up + choice.down) + 2 * choice.adapter;
      weight += problem.devices[n]!.weight;
      weighted += problem.devices[n]!.weight * choice.accuracy;
    });
    if (exceeds(memory, problem.serverMemoryBytes)) return false;
    if (exceeds(traffic, problem.trafficLimitBits ?? Infinity)) return false;
    const { scope, minimum } = problem.accuracy;
    return scope === 'each' || minimum === -Infinity || !fallsShort(weighted / weight, minimum);
  });
}

interface ShareLimit {
  readonly least: number;
  readonly most: number;
}

function shareLimits(problem: PlanningProblem, selected: readonly ChoiceCost[]): ShareLimit[] {
  return selected.map((choice, n) => {
    const device = problem.devices[n]!;
    if (!choice.participates) return { least: 0, most: 0 };
    const pinned = device.pinned.bandwidthHz;
    if (pinned !== undefined) return { least: pinned, most: pinned };
    return { least: device.minimumBandwidthHz, most: Math.min(device.maximumBandwidthHz, problem.bandwidthHz) };
  });
}

function fairShares(problem: PlanningProblem, selected: readonly ChoiceCost[]): number[] {
  const active = selected.filter((choice) => choice.participates).length;
  return shareLimits(problem, selected).map(({ least, most }) =>
    Math.min(Math.max(problem.bandwidthHz / active, least), most),
  );
}

/** Delay of a round for given bandwidths, server shares chosen best; aggregation included. */
function delayAt(problem: PlanningProblem, selected: readonly ChoiceCost[], shares: readonly number[]): number {
  const steps = problem.stepsPerRound;
  const own: number[] = [];
  const server: number[] = [];
  let batch = 0;
  let longestPre = 0;
  let longestStep = 0;
  let longestEnd = 0;
  selected.forEach((choice, n) => {
    if (!choice.participates) return;
    const device = problem.devices[n]!;
    const perUpBit = perUplinkBit(device, choice, problem.stepsPerRound, shares[n]!);
    const perDownBit = plainSecondsPerBit(device.downlink, shares[n]!);
    const pre = choice.pre + transmission(choice.up, perUpBit);
    const post = choice.post + transmission(choice.down, perDownBit);
    const adapters = choice.exchange + transmission(choice.adapter, perUpBit + perDownBit);
    own.push(steps * (pre + post) + adapters);
    server.push(steps * choice.server);
    batch += steps * choice.server;
    longestPre = Math.max(longestPre, pre);
    longestStep = Math.max(longestStep, pre + post);
    longestEnd = Math.max(longestEnd, post + adapters);
  });
  switch (problem.sharing) {
    case 'equal':
      return Math.max(...own.map((time, k) => time + server[k]! * problem.devices.length)) + problem.aggregationSeconds;
    case 'batched':
      return longestPre + batch + (steps > 1 ? (steps - 1) * longestStep : 0) + longestEnd + problem.aggregationSeconds;
    case 'allocated':
      return leastTimeForShares(own, server) + problem.aggregationSeconds;
  }
}

/** Time of an uplink bit when what computing leaves of the energy is spread evenly over the round's bits. */
function perUplinkBit(device: Device, choice: ChoiceCost, steps: number, hertz: number): number {
  const bits = steps * choice.up + choice.adapter;
  const limit = device.energyLimitJoule;
  if (limit === undefined || bits === 0) return plainSecondsPerBit(device.uplink, hertz);
  const computing = device.computePowerWatt * (steps * (choice.pre + choice.post) + choice.exchange);
  return thriftySecondsPerBit(device, hertz, Math.max(0, (limit - computing) / bits));
}

/** No bits take no time, even at no bandwidth. */
function transmission(bits: number, perBit: number): number {
  return bits > 0 ? bits * perBit : 0;
}

/** The T with Σ server_n / (T − own_n) = 1, by bisection. */
function leastTimeForShares(own: readonly number[], server: readonly number[]): number {
  const floor = Math.max(...own);
  if (!Number.isFinite(floor)) return Infinity;
  const total = server.reduce((sum, work) => sum + work, 0);
  if (total === 0) return floor;
  let low = floor;
  let high = floor + total;
  for (let k = 0; k < 200 && high - low > 1e-15 * high; k++) {
    const middle = (low + high) / 2;
    let need = 0;
    for (let n = 0; n < own.length; n++) {
      if (server[n]! > 0) need += middle > own[n]! ? server[n]! / (middle - own[n]!) : Infinity;
    }
    if (need > 1) low = middle;
    else high = middle;
  }
  return high;
}

/** Best bandwidths by golden sections nested over the devices; the last takes what is left. */
function bestShareSplit(
  problem: PlanningProblem,
  selected: readonly ChoiceCost[],
): { delay: number; shares: number[] } {
  const limits = shareLimits(problem, selected);
  const leastSum = limits.reduce((sum, limit) => sum + limit.least, 0);
  if (exceeds(leastSum, problem.bandwidthHz)) return { delay: Infinity, shares: [] };
  const active = selected.flatMap((choice, n) => (choice.participates ? [n] : []));
  const shares = selected.map(() => 0);
  const visit = (position: number, left: number): number => {
    const n = active[position]!;
    if (position === active.length - 1) {
      shares[n] = Math.min(left, limits[n]!.most);
      return delayAt(problem, selected, shares);
    }
    let othersLeast = 0;
    let othersMost = 0;
    for (let k = position + 1; k < active.length; k++) {
      othersLeast += limits[active[k]!]!.least;
      othersMost += limits[active[k]!]!.most;
    }
    const least = Math.max(limits[n]!.least, Math.min(left - othersMost, limits[n]!.most));
    const most = Math.max(least, Math.min(limits[n]!.most, left - othersLeast));
    const at = (share: number) => {
      shares[n] = share;
      return visit(position + 1, left - share);
    };
    const share = goldenSection(at, least, most);
    return at(share);
  };
  const delay = visit(0, problem.bandwidthHz);
  return { delay, shares: [...shares] };
}

/** Minimiser of a convex function on an interval; infinite values at its ends are allowed. */
function goldenSection(value: (x: number) => number, low: number, high: number): number {
  const golden = (Math.sqrt(5) - 1) / 2;
  let a = low;
  let b = high;
  let x = b - golden * (b - a);
  let y = a + golden * (b - a);
  let atX = value(x);
  let atY = value(y);
  const width = 1e-12 * Math.max(Math.abs(high), Number.MIN_VALUE);
  while (b - a > width) {
    if (atX <= atY) {
      b = y;
      y = x;
      atY = atX;
      x = b - golden * (b - a);
      if (x <= a) break;
      atX = value(x);
    } else {
      a = x;
      x = y;
      atX = atY;
      y = a + golden * (b - a);
      if (y >= b) break;
      atY = value(y);
    }
  }
  const candidates = [low, x, y, high];
  return candidates.reduce((least, candidate) => (value(candidate) < value(least) ? candidate : least));
}

/** True for combinations that cannot be better than `time` (a round without aggregation). */
type Prune = (combination: readonly number[]) => boolean;

function pruneAgainst(problem: PlanningProblem, choices: readonly ChoiceCost[][], time: number): Prune {
  const slack = 1 + 1e-9;
  const prices = problem.sharing === 'allocated' ? [0.01, 0.03, 0.1, 0.2, 0.4, 0.7, 1, 1.5, 2.5, 5, 10, 30, 100] : [0];
  const tables = prices.map((price) =>
    choices.map((list, n) =>
      list.map((choice) => leastPricedUse(problem, n, choice, time, price * problem.bandwidthHz)),
    ),
  );
  return (combination) =>
    prices.some((price, p) => {
      let use = 0;
      combination.forEach((k, n) => (use += tables[p]![n]![k]!));
      return use > problem.bandwidthHz * (1 + price) * slack;
    });
}

/** A lower bound on b + price·s for one choice that takes no longer than `time` (for `batched`: its chain alone). */
function leastPricedUse(problem: PlanningProblem, n: number, choice: ChoiceCost, time: number, price: number): number {
  if (!choice.participates) return 0;
  const device = problem.devices[n]!;
  const steps = problem.stepsPerRound;
  const limit = shareLimits(
    problem,
    problem.devices.map(() => choice),
  )[n]!;
  const serverShare = problem.sharing === 'equal' ? 1 / problem.devices.length : 1;
  const slackAt = (share: number) => {
    const sending =
      transmission(steps * choice.up + choice.adapter, perUplinkBit(device, choice, steps, share)) +
      transmission(steps * choice.down + choice.adapter, plainSecondsPerBit(device.downlink, share));
    return time - steps * (choice.pre + choice.post) - choice.exchange - sending;
  };
  const work = steps * choice.server;
  const meets = (share: number) => slackAt(share) >= work / serverShare;
  if (!meets(limit.most)) return Infinity;
  let low = limit.least;
  let high = limit.most;
  if (meets(low)) high = low;
  for (let k = 0; k < 100 && high - low > 1e-13 * high; k++) {
    const middle = (low + high) / 2;
    if (meets(middle)) high = middle;
    else low = middle;
  }
  if (problem.sharing !== 'allocated' || work === 0) return high * (1 - 1e-12);
  const cost = (share: number) => share + (price * work) / slackAt(share);
  const share = goldenSection(cost, high, limit.most);
  return cost(share) * (1 - 1e-9);
}

function toPlan(
  problem: PlanningProblem,
  tables: readonly ChoiceTable[],
  selected: readonly ChoiceCost[],
  shares: readonly number[],
  time: number,
): Plan {
  const steps = problem.stepsPerRound;
  return {
    devices: selected.map((choice, n) => {
      if (!choice.participates) {
        return { participates: false, blocks: 0, upPoint: 0, downPoint: 0, bandwidthHz: 0, serverShare: 0 };
      }
      const device = problem.devices[n]!;
      const table = tables[n]!;
      const perUpBit = perUplinkBit(device, choice, problem.stepsPerRound, shares[n]!);
      const perDownBit = plainSecondsPerBit(device.downlink, shares[n]!);
      const sending =
        transmission(steps * choice.up + choice.adapter, perUpBit) +
        transmission(steps * choice.down + choice.adapter, perDownBit);
      const left = time - steps * (choice.pre + choice.post) - choice.exchange - sending;
      const serverShare =
        problem.sharing === 'batched'
          ? 1
          : problem.sharing === 'equal'
            ? 1 / problem.devices.length
            : (steps * choice.server) / left;
      return {
        participates: true,
        blocks: table.blocks[choice.index]!,
        upPoint: table.upPoint[choice.index]!,
        downPoint: table.downPoint[choice.index]!,
        bandwidthHz: shares[n]!,
        serverShare,
      };
    }),
  };
}
