import type { PlanningProblem } from '../../models/index.js';
import {
  compileLoads,
  evaluateRow,
  JointSearch,
  searchShares,
  searchThresholds,
  type CompiledAllocation,
  type LinkRows,
  type StepLoads,
} from '../bandwidth/index.js';

const out = new Float64Array(3);

/** Round delay at given loads with best shares, and its derivatives by every load (envelope theorem). */
export interface ShareSensitivity {
  readonly totalSeconds: number;
  /** ∂T/∂ of each participant's loads, in seconds per unit. */
  readonly byPre: Float64Array;
  readonly byPost: Float64Array;
  readonly byUplink: Float64Array;
  readonly byDownlink: Float64Array;
  readonly byAdapter: Float64Array;
  readonly byServer: Float64Array;
}

interface SharesAndMultipliers {
  readonly delaySeconds: number;
  readonly reciprocal: Float64Array;
  /** Multipliers of the rows, device by device. */
  readonly multipliers: Float64Array;
  /** 1/s, where shares are decisions. */
  readonly inverseShare: (k: number) => number;
}

/** The best shares for `loads` and what they make every load worth. All devices of the problem take part. */
export function shareSensitivity(problem: PlanningProblem, loads: StepLoads, links: LinkRows): ShareSensitivity {
  const compiled = compileLoads(problem, loads);
  const steps = problem.stepsPerRound;
  const found = bestShares(problem, compiled);
  const count = compiled.count;
  const column = () => new Float64Array(count);
  const result = {
    totalSeconds: found.delaySeconds + compiled.constantSeconds,
    byPre: column(),
    byPost: column(),
    byUplink: column(),
    byDownlink: column(),
    byAdapter: column(),
    byServer: column(),
  };
  const rows = compiled.rowWeights.length;
  for (let k = 0; k < count; k++) {
    const n = loads.device[k]!;
    const w = found.reciprocal[k]!;
    const perUpBit = secondsPerBitAt(links, 2 * n, w);
    const perDownBit = secondsPerBitAt(links, 2 * n + 1, w);
    if (rows === 1) {
      const multiplier = found.multipliers[k]!;
      result.byPre[k] = result.byPost[k] = multiplier * steps;
      result.byUplink[k] = multiplier * steps * perUpBit;
      result.byDownlink[k] = multiplier * steps * perDownBit;
      result.byAdapter[k] = multiplier * (perUpBit + perDownBit);
      result.byServer[k] = multiplier * steps * found.inverseShare(k);
      continue;
    }
    const pre = found.multipliers[k * rows]!;
    const step = rows === 3 ? found.multipliers[k * rows + 1]! : 0;
    const end = found.multipliers[k * rows + rows - 1]!;
    result.byPre[k] = pre + step;
    result.byPost[k] = step + end;
    result.byUplink[k] = (pre + step) * perUpBit;
    result.byDownlink[k] = (step + end) * perDownBit;
    result.byAdapter[k] = end * (perUpBit + perDownBit);
    result.byServer[k] = steps;
  }
  return result;
}

function secondsPerBitAt(links: LinkRows, row: number, w: number): number {
  if (w === Infinity) return 0;
  evaluateRow(links.rows, row, w, out);
  return links.rows.floor[row]! + out[0]!;
}

function bestShares(problem: PlanningProblem, compiled: CompiledAllocation): SharesAndMultipliers {
  if (compiled.rowWeights.length > 1) {
    const answer = searchThresholds(compiled);
    return { ...answer, multipliers: answer.rowMultipliers, inverseShare: () => 1 };
  }
  if (compiled.serverSeconds.some((work) => work > 0)) {
    const answer = new JointSearch(compiled).solve();
    const multipliers = chainMultipliers(compiled, answer.reciprocal, answer.bandwidthPrice, (k) =>
      answer.serverShare[k]! > 0
        ? (-answer.serverPrice * answer.serverShare[k]! ** 2) / compiled.serverSeconds[k]!
        : undefined,
    );
    return {
      ...answer,
      multipliers,
      inverseShare: (k) => (answer.serverShare[k]! > 0 ? 1 / answer.serverShare[k]! : 0),
    };
  }
  const answer = searchShares(compiled);
  const multipliers = chainMultipliers(compiled, answer.reciprocal, answer.bandwidthPrice, () => undefined);
  const factor = problem.sharing === 'equal' ? problem.devices.length : 0;
  return { ...answer, multipliers, inverseShare: () => factor };
}

/** Multipliers of the chains, adding up to one: from the server's price where a device uses it, else from the band's. */
function chainMultipliers(
  compiled: CompiledAllocation,
  reciprocal: Float64Array,
  bandPrice: number,
  byServer: (k: number) => number | undefined,
): Float64Array {
  const multipliers = new Float64Array(compiled.count);
  let sum = 0;
  let longest = 0;
  let longestDelay = -Infinity;
  for (let k = 0; k < compiled.count; k++) {
    const w = reciprocal[k]!;
    let value = 0;
    if (w < Infinity) {
      evaluateRow(compiled.rows, k, w, out);
      value = out[0]!;
    }
    const isHeld = w === compiled.leastReciprocal[k] || w === compiled.greatestReciprocal[k];
    const fromServer = byServer(k);
    if (fromServer !== undefined && fromServer > 0) multipliers[k] = fromServer;
    else if (!isHeld) multipliers[k] = -bandPrice / (w * w * out[1]!);
    sum += multipliers[k]!;
    const delay = compiled.rows.floor[k]! + value;
    if (delay > longestDelay) {
      longestDelay = delay;
      longest = k;
    }
  }
  if (!(sum > 0)) {
    multipliers.fill(0);
    multipliers[longest] = 1;
    return multipliers;
  }
  for (let k = 0; k < multipliers.length; k++) multipliers[k]! /= sum;
  return multipliers;
}
