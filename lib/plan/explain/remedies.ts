import type { ProblemSource, SourceChange } from '../../models/index.js';
import type { Oracle } from '../oracle.js';
import type { Remedy } from '../report.js';
import { deviceExtremes } from './device-limits.js';
import { ChangeSearch, type LeastChange } from './least-change.js';
import { remedyMessage } from './remedy-message.js';
import { together, relaxationsOf, type Relaxation } from './relaxations.js';

/** One limit of a remedy with the value that does. */
interface Part {
  readonly relaxation: Relaxation;
  readonly least: LeastChange;
}

/**
 * What would make a problem without a plan feasible: every single limit that suffices, loosened as little as can be; where none
 * does, a group of limits of which none can be loosened less while the others stay. Each was confirmed by a plan of the
 * problem read anew with the remedy written into it.
 */
export function findRemedies(source: ProblemSource, oracle: Oracle): Remedy[] {
  const search = new ChangeSearch(source, oracle);
  const relaxations = relaxationsOf(source);
  const singles = worthTrying(source, relaxations).flatMap((relaxation): Part[] => {
    if (oracle.stopped) return [];
    const least = search.least(relaxation);
    return least ? [{ relaxation, least }] : [];
  });
  if (singles.length > 0) return singles.map((part) => remedyOf(source, [part]));
  if (oracle.stopped) return [];
  const group = leastGroup(search, relaxations);
  return group.length === 0 ? [] : [remedyOf(source, group)];
}

/** Where a device cannot hold its least split, nothing but its own memory helps. */
function worthTrying({ problem }: ProblemSource, relaxations: readonly Relaxation[]): readonly Relaxation[] {
  const lacking = problem.devices
    .filter((device) => !device.optional && !deviceExtremes(problem, device).fitsMemory)
    .map(({ name }) => name);
  if (lacking.length === 0) return relaxations;
  return lacking.length > 1
    ? []
    : relaxations.filter(({ limit, device }) => limit === 'device-memory' && device === lacking[0]);
}

/** Limits given back first, in this order: what is left in a group is easiest to change. */
const givenBack = [
  'device-bandwidth',
  'bandwidth',
  'server-memory',
  'traffic',
  'device-energy',
  'device-traffic',
  'deadline',
  'device-memory',
  'accuracy',
] as const;

/**
 * The elastic problem: all limits as loose as they go, then each given back if the others do without it; what is left is loosened
 * evenly as far as it must be, then each part tightened in turn. An earlier part cannot be tightened further when later ones
 * have been, so none of them can at the end.
 */
function leastGroup(search: ChangeSearch, relaxations: readonly Relaxation[]): Part[] {
  const open = (parts: readonly Relaxation[]) => parts.map((part) => part.change(part.loosest));
  const suffices = (parts: readonly Relaxation[]) => search.decide(open(parts)).verdict === 'feasible';
  // A band as wide as it goes may take equal shares beyond their limits.
  const start = [relaxations, relaxations.filter(({ limit }) => limit !== 'bandwidth')].find(suffices);
  if (!start) return [];
  let kept = start;
  for (const limit of givenBack) {
    const ofLimit = kept.filter((part) => part.limit === limit);
    const others = kept.filter((part) => part.limit !== limit);
    if (ofLimit.length > 1 && suffices(others)) kept = others;
    else for (const part of ofLimit) kept = without(kept, part, suffices);
  }
  const even = evenly(search, kept);
  const values = new Map(kept.map((part) => [part, even(part)]));
  const found = new Map<Relaxation, LeastChange>();
  // The deadline last: it is what the others come to.
  const order = [...kept].sort((a, b) => Number(a.limit === 'deadline') - Number(b.limit === 'deadline'));
  for (const part of order) {
    const others = kept.filter((other) => other !== part).map((other) => other.change(values.get(other)!));
    const least = search.least({ ...part, loosest: values.get(part)! }, others);
    if (!least) return [];
    values.set(part, least.value);
    found.set(part, least);
  }
  return kept.map((relaxation) => ({ relaxation, least: found.get(relaxation)! }));
}

function without(
  kept: readonly Relaxation[],
  part: Relaxation,
  suffices: (parts: readonly Relaxation[]) => boolean,
): readonly Relaxation[] {
  const others = kept.filter((other) => other !== part);
  return suffices(others) ? others : kept;
}

const evenSteps = 7;

/** Values of all parts loosened by the least common fraction of their ranges that does. */
function evenly(search: ChangeSearch, parts: readonly Relaxation[]): (part: Relaxation) => number {
  let [failing, working] = [0, 1];
  const at = (fraction: number) => (part: Relaxation) => loosened(part, fraction);
  for (let step = 0; step < evenSteps && !search.oracle.stopped; step++) {
    const middle = (failing + working) / 2;
    const changes: SourceChange[] = parts.map((part) => part.change(loosened(part, middle)));
    if (search.decide(changes).verdict === 'feasible') working = middle;
    else failing = middle;
  }
  return at(working);
}

function loosened({ limit, from, loosest, steps, rounded }: Relaxation, fraction: number): number {
  if (limit === 'deadline' || fraction === 1) return loosest;
  if (steps) return rounded(steps[Math.min(steps.length - 1, Math.floor(fraction * steps.length))]!);
  if (limit === 'accuracy' || !(from > 0)) return rounded(from + fraction * (loosest - from));
  return rounded(from * (loosest / from) ** fraction);
}

function remedyOf(source: ProblemSource, parts: readonly Part[]): Remedy {
  const changes = parts.map(({ relaxation: { limit, device, from }, least: { value, impossibleBeyond } }) => ({
    limit,
    ...(device !== undefined && { device }),
    from,
    to: value,
    ...(impossibleBeyond !== undefined && { impossibleBeyond }),
  }));
  const isLeast = parts.every(({ least }) => least.isLeast);
  const wasStopped = parts.some(({ least }) => least.wasStopped);
  const change = together(parts.map(({ relaxation, least }) => relaxation.change(least.value)));
  return {
    changes,
    settings: [...source.written(change)],
    isLeast,
    wasStopped,
    message: remedyMessage(changes, isLeast, wasStopped),
  };
}
