/* A stranger respects no types. */
/* eslint-disable @typescript-eslint/no-explicit-any, @typescript-eslint/no-unsafe-member-access, @typescript-eslint/no-unsafe-assignment, @typescript-eslint/no-unsafe-call, @typescript-eslint/no-unsafe-return, @typescript-eslint/no-unsafe-argument, @typescript-eslint/restrict-plus-operands */
import { sha256Now } from '../../lib/certify/sha256.js';
import { canonicalJson } from '../../lib/verify/index.js';
import { claimPlan } from '../../lib/verify/plan.js';
import { CertificateError } from '../../lib/verify/reader.js';

export interface HostileText {
  readonly text: string;
  /** The same claim with a little room, by which rounding can be told from a disagreement; undefined where there is none. */
  readonly weaker?: string | undefined;
  /** Round of the best plan found for this problem, seconds; Infinity if none was. Programs: the least objective found. */
  readonly best: number;
}

/** Texts with odd numbers and odd evidence, about one problem each. */
export type HostileCase = readonly HostileText[];

type Uniform = () => number;

class Picker {
  constructor(readonly uniform: Uniform) {}

  of<T>(list: readonly T[]): T {
    return list[Math.floor(this.uniform() * list.length)]!;
  }

  list<T>(count: number, make: () => T): T[] {
    return Array.from({ length: count }, make);
  }

  chance(part: number): boolean {
    return this.uniform() < part;
  }
}

function written(problem: any, claims: any): string {
  const problemSha256 = sha256Now(canonicalJson(problem));
  return JSON.stringify({ format: 'sft-opt certificate', version: 5, problemSha256, problem, claims });
}

/** Numbers at and beyond what the format allows, beside plain ones. */
const odd = [0, 0, 0, -0, 1, 2, 0.5, 3, 1e6, 1e-50, 1e50, 1e-51, 5e-324, 1e300];
const sizes = [1, 2, 3, 0.5, 4, 1e6, 1e-50, 1e50];

/** A problem of one or two devices, plans of it that hold, and bounds with random evidence. */
export function hostilePlans(uniform: Uniform): HostileCase {
  const pick = new Picker(uniform);
  // Most problems are of plain numbers: one odd number is enough to refuse all of it.
  const isOdd = pick.chance(0.15);
  const value = (): number => pick.of(isOdd ? odd : odd.slice(0, 11));
  const problem = hostileProblem(pick, value, isOdd);
  const texts: HostileText[] = [];
  let best = Infinity;
  let claim: any;
  for (let k = 0; k < 25; k++) {
    const devices = problem.devices.map((device: any) => {
      const { length } = device.choices.blocks;
      if ((device.optional && pick.chance(0.4)) || length === 0) return null;
      const share = pick.of([0, -0, 1, 2, 3, 0.5, 100, 1e6, problem.shares, device.leastShare]);
      return { choice: Math.floor(uniform() * length), share, serverShare: pick.of([0, 1, 0.5, 1 / 3]) };
    });
    for (const slack of [0, problem.limitTolerance]) {
      const found = claimed(problem, { slack, devices });
      if (found && found.roundSeconds < best) [best, claim] = [found.roundSeconds, found];
    }
  }
  if (claim) {
    const weaker = { ...claim, slack: problem.limitTolerance, roundSeconds: claim.roundSeconds * (1 + 1e-9) + 1e-50 };
    texts.push({ text: written(problem, { plan: claim }), weaker: written(problem, { plan: weaker }), best });
    const shorter = { ...claim, roundSeconds: claim.roundSeconds * (1 - 1e-9) };
    texts.push({ text: written(problem, { plan: shorter }), best: Infinity });
  }
  for (let k = 0; k < 14; k++) {
    const bound = hostileBound(pick, problem, best, k === 0);
    const { roundSeconds } = bound;
    const weaker = roundSeconds === null ? undefined : { ...bound, roundSeconds: roundSeconds * (1 - 1e-9) };
    const about = (entry: any): string => written(problem, { bound: entry });
    texts.push({ text: about(bound), weaker: weaker && about(weaker), best });
  }
  return texts;
}

function claimed(problem: any, plan: any): { roundSeconds: number } | undefined {
  try {
    return claimPlan(problem, plan);
  } catch (error) {
    if (error instanceof CertificateError) return undefined;
    throw error;
  }
}

function hostileProblem(pick: Picker, value: () => number, isOdd: boolean): any {
  const isBatched = pick.chance(0.4);
  const stages = isBatched ? pick.of([[1], [1, 2, 1], [1, 1], [0.5, 1e15, 1]]) : [1];
  const size = (): number => pick.of(isOdd ? [...sizes, 5e-324, 1e300] : sizes.slice(0, 6));
  const law = (): any => {
    const samples = pick.of([[], [1], [1, 100], [1e-50], [1e50], [3, 3]]);
    const efficiencyLimit = samples.length === 0 ? pick.of([1, 2, 4]) : pick.of([1, 2, null, 1e-50, 1e50, 4]);
    return { usedHertz: pick.of([1, 1, 0.5, 1e-3, size()]), efficiencyLimit, snr: samples };
  };
  const shared = pick.of([0, 1, 1, 2]);
  const limit = (): any => ({ name: 'limit', most: pick.of([0, -1, 1, 10, 1e50]), size: pick.of([0, 1, 10]) });
  const device = (): any => {
    const count = pick.of([0, 1, 1, 2]);
    const own = pick.of([0, 0, 1]);
    const row = (entry: () => unknown): any[] => pick.list(count, entry);
    const table = (rows: number): any[] => pick.list(rows, () => row(value));
    return {
      name: pick.of(['a', '__proto__', 'constructor', '\ud800', 'é']),
      optional: pick.chance(0.3),
      leastShare: pick.of([0, 0, 0, 1, 2]),
      mostShare: pick.of([null, null, 0, 1, 4, 1e-50]),
      uplink: law(),
      downlink: law(),
      leftOutUse: pick.list(shared, () => pick.of([0, 1, -1])),
      limits: pick.list(own, limit),
      choices: {
        ...{ blocks: row(() => 0), upPoint: row(() => 0), downPoint: row(() => 0) },
        ...{ seconds: table(stages.length), uplinkBits: table(stages.length), downlinkBits: table(stages.length) },
        serverSeconds: row(value),
        sharedUse: pick.list(shared, () => row(() => pick.of([0, 1, -1, 0.5, 3]))),
        ownUse: table(own),
        uplinkEfficiencyLimit: row(() => pick.of([null, null, 1, 2, 1e-50])),
      },
    };
  };
  return {
    kind: 'split-fine-tuning',
    isBatched,
    stages,
    aggregationSeconds: pick.of([0, 0, -0, 1]),
    deadlineSeconds: pick.of([null, null, 0, 1, 10]),
    shares: pick.chance(0.4) ? pick.of([0, 1, 2, 3, 100]) : size(),
    hasWholeShares: pick.chance(0.4),
    limitTolerance: pick.of([0, 1e-9, 1e-6]),
    limits: pick.list(shared, limit),
    devices: pick.list(pick.of([1, 1, 1, 2]), device),
  };
}

function hostileBound(pick: Picker, problem: any, best: number, isPlain: boolean): any {
  const price = (): number => (pick.chance(0.6) ? 0 : pick.of([0, 1, 1e-3, 1e50, 1e-50, -0, 2]));
  const prices = pick.list(3 + problem.limits.length, () => (isPlain ? 0 : price()));
  const rows = (entries: readonly unknown[]): any[] =>
    problem.devices.map((device: any) => {
      const count = device.choices.blocks.length + Number(device.optional);
      return pick.list(pick.chance(0.9) ? count : count + 1, () => pick.of(entries));
    });
  const table = (part: number, name: string, entries: readonly unknown[]): any =>
    pick.chance(part) ? { [name]: rows(entries) } : {};
  const drop = (): any => ({
    prices,
    ...table(0.5, 'at', [null, 0, 1, 2, 0.5, 1e6, 1e-50, problem.shares]),
    ...table(0.3, 'stage', [null, 0, 1, 2, 9, 0.5]),
    without: problem.devices.map(() => pick.of([[], [0], [0, 1], [-1], [-1, 0, 1]])),
  });
  // All of one device, or of all that takes part.
  const emptied = pick.chance(0.3) ? NaN : Math.floor(pick.uniform() * problem.devices.length);
  const without = problem.devices.map((_: any, n: number) =>
    Number.isNaN(emptied) ? [0, 1] : n === emptied ? [-1, 0, 1] : [],
  );
  const all = { ...drop(), without };
  const cut = { threshold: 0, at: pick.of([0, 1, -1, 5, 1e50]) };
  const split = { device: 0, choices: pick.of([[], [0], [-1], [0, 0], [5]]) };
  const nodes = pick.chance(0.7)
    ? [all]
    : pick.of([
        [cut, all, all],
        [split, all, all],
        [drop(), all],
        [drop(), drop()],
      ]);
  const near = best < 1e49 ? [best, best * (1 + 1e-7)] : [1, 5];
  return { roundSeconds: pick.of([null, null, 0, 1, 10, 1e50, ...near]), byStages: pick.chance(0.5), nodes };
}

/** Numbers of programs, which may be any doubles. */
const exactNumbers = [0, 0, 0, 1, -1, 2, 0.5, -0.5, 3, 5e-324, 1e300, -1e300, 0.1];

/** A program of one to three variables, points of it and bounds with random evidence. */
export function hostilePrograms(uniform: Uniform): HostileCase {
  const pick = new Picker(uniform);
  const few = exactNumbers.slice(0, 9);
  const value = (): number => pick.of(pick.chance(0.05) ? exactNumbers : few);
  const n = pick.of([1, 2, 2, 3]);
  const m = pick.of([0, 1, 1, 2]);
  const isCurved = pick.chance(0.4);
  const matrix = (rows: number): any =>
    pick.list(rows, () => {
      const columns = Array.from({ length: n }, (_, j) => j).filter(() => pick.chance(0.6));
      return { columns, values: columns.map(value) };
    });
  const symmetric = (): any => {
    const entries = pick.list(n, () => pick.list(n, () => (pick.chance(0.6) ? pick.of([0, 1, -1, 0.5]) : null)));
    return entries.map((row, i) => {
      const full = row.map((entry, j) => (i === j ? pick.of([1, 2, 3, null]) : i < j ? entry : entries[j]![i]!));
      const columns = full.flatMap((entry, j) => (entry === null ? [] : [j]));
      return { columns, values: columns.map((j) => full[j]) };
    });
  };
  const side = (sign: number): number | null => (pick.chance(0.3) ? null : sign * pick.of([0, 1, 2, 0.5, 3]));
  const problem = {
    kind: 'quadratic-program',
    constant: pick.of([0, 0, 1]),
    linear: pick.list(n, value),
    hessian: isCurved ? symmetric() : pick.list(n, () => ({ columns: [], values: [] })),
    matrix: matrix(m),
    constraintLower: pick.list(m, () => side(-1)),
    constraintUpper: pick.list(m, () => side(1)),
    lower: pick.list(n, () => side(-1)),
    upper: pick.list(n, () => side(1)),
    integers: Array.from({ length: n }, (_, j) => j).filter(() => pick.chance(0.4)),
  };
  const texts: HostileText[] = [];
  const about = (claims: any): string => written(problem, claims);
  const entry = (): number | string => pick.of([0, 0, 1, -1, 0.5, 2, '1', '-3', '0', '12345678901234567890']);
  const vector = (length: number): any => pick.list(length, entry);
  const over = (name: string): object => (pick.chance(0.2) ? { [name]: pick.of(['1', '2', '3', '0', '-1']) } : {});
  let best = Infinity;
  for (let k = 0; k < 8; k++) {
    const x = pick.list(n, () => pick.of([0, 0, 1, -1, 0.5, 2]));
    const objective = valueAt(problem, x);
    const tolerance = pick.of([0, 0, 1e-9, 1e-3]);
    texts.push({ text: about({ point: { value: objective, tolerance, x } }), best: Infinity });
    if (keepsAll(problem, x)) best = Math.min(best, objective);
    if (pick.chance(0.2))
      texts.push({
        text: about({ point: { value: value(), tolerance, x: vector(n), ...over('over') } }),
        best: Infinity,
      });
  }
  for (let k = 0; k < 12; k++) {
    const leaf = (): any => {
      if (pick.chance(0.15)) return {};
      const over = pick.chance(0.4) ? { over: pick.of(['0', '0', '1', '2', '3', '-1']) } : {};
      return { rows: vector(m), ...over, ...(isCurved && pick.chance(0.6) && { at: vector(n) }) };
    };
    const split = { variable: pick.of([0, n - 1]), at: pick.of([0, 1, -1]) };
    const nodes = pick.chance(0.6) ? [leaf()] : [split, leaf(), leaf()];
    const near = best < Infinity ? [best, best - 1, best + 1e-9] : [1];
    const bound = {
      value: pick.of([null, 0, -1, -3, -10, ...near]),
      ...(pick.chance(0.2) && { step: pick.of([1, 0.5, 2]) }),
      ...(pick.chance(0.2) && { shift: pick.list(n, () => pick.of([0, 1, 4])) }),
      ...(isCurved && pick.chance(0.2) && { factor: matrix(n) }),
      nodes,
    };
    texts.push({ text: about({ bound }), best });
  }
  const start = { value: pick.of([0, 5]), tolerance: 0, x: vector(n), ...over('over') };
  texts.push({ text: about({ point: start, ray: vector(n) }), best: Infinity });
  return texts;
}

function valueAt({ constant, linear, hessian }: any, x: readonly number[]): number {
  let sum = constant + linear.reduce((total: number, cost: number, j: number) => total + cost * x[j]!, 0);
  alongRows(hessian, x).forEach((slope, i) => (sum += 0.5 * slope * x[i]!));
  return sum;
}

function alongRows(rows: any[], x: readonly number[]): number[] {
  return rows.map(({ columns, values }) =>
    columns.reduce((sum: number, j: number, k: number) => sum + values[k] * x[j]!, 0),
  );
}

/** In doubles: exact for the small numbers that points have. */
function keepsAll(problem: any, x: readonly number[]): boolean {
  const { matrix, constraintLower, constraintUpper, lower, upper, integers } = problem;
  const isWithin = (value: number, low: number | null, high: number | null): boolean =>
    (low === null || value >= low) && (high === null || value <= high);
  return (
    [...matrix.flatMap(({ values }: any) => values), ...problem.linear].every(
      (entry: number) => Math.abs(entry) < 1e9 && entry * 8 === Math.round(entry * 8),
    ) &&
    integers.every((j: number) => Number.isInteger(x[j])) &&
    x.every((value, j) => isWithin(value, lower[j], upper[j])) &&
    alongRows(matrix, x).every((value, i) => isWithin(value, constraintLower[i], constraintUpper[i]))
  );
}
