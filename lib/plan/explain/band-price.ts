import type { Plan, ProblemSource } from '../../models/index.js';
import { allocateLoads, loadsOfDecisions } from '../bandwidth/index.js';
import type { BandPrice } from '../report.js';

/** First and least step of the difference quotients, as a part of the band. */
const widestStep = 1e-3;
const leastStep = 1e-7;
/** Quotients of a step and of its half that differ by less than this are of one piece of T. */
const agreement = 1e-3;
/** The shares' round delay is known to this part of itself. */
const rounding = 1e-12;

/**
 * What a little more, or a little less, of the band is worth at a plan's splits, points and server shares: one-sided derivatives
 * of the round delay, from bandwidths found anew in problems rebuilt for the changed band. The sides differ where the plan
 * sits at a kink (a limit of a share begins or ends to bind). With resource blocks: the change for one whole block.
 */
export function bandPrice(source: ProblemSource, plan: Plan): BandPrice | undefined {
  const at = delayByBand(source, plan);
  const { bandwidthHz, resourceBlockHz } = source.problem;
  const here = at(bandwidthHz);
  if (here === undefined) return undefined;
  if (resourceBlockHz !== undefined) {
    // The band may hold a part of a block that nobody can use.
    const blocks = Math.floor(bandwidthHz / resourceBlockHz + 1e-9);
    const change = (count: number) => difference(at(count * resourceBlockHz), here);
    return { unit: 'block', blockHz: resourceBlockHz, ...sides(change(blocks + 1), change(blocks - 1)) };
  }
  const slope = (direction: 1 | -1) =>
    oneSided((step) => at(bandwidthHz + direction * step), here, bandwidthHz, direction);
  return { unit: 'hertz', ...sides(slope(1), slope(-1)) };
}

function sides(more: number | undefined, less: number | undefined) {
  return { ...(more !== undefined && { more }), ...(less !== undefined && { less }) };
}

function difference(changed: number | undefined, here: number): number | undefined {
  return changed === undefined ? undefined : changed - here;
}

/** T as a function of the band, everything else of the plan fixed; undefined where no shares keep the limits of shares. */
function delayByBand(source: ProblemSource, plan: Plan): (bandwidthHz: number) => number | undefined {
  return (bandwidthHz) => {
    const rebuilt = source.rebuild({ bandwidthHz, deadlineSeconds: Infinity });
    if (!rebuilt.ok) return undefined;
    const { problem } = rebuilt.source;
    const loads = loadsOfDecisions(problem, plan.devices);
    const shares = Float64Array.from(loads.device, (n) => plan.devices[n]!.serverShare);
    const found = allocateLoads(problem, loads, problem.sharing === 'allocated' ? shares : undefined);
    return found.status === 'optimal' ? found.totalSeconds : undefined;
  };
}

/**
 * The derivative on one side: quotients of ever smaller steps until a step and its half agree, extrapolated from the two.
 * Undefined where the band cannot change that way.
 */
function oneSided(
  at: (stepHz: number) => number | undefined,
  here: number,
  bandwidthHz: number,
  direction: 1 | -1,
): number | undefined {
  let best: { slope: number; doubt: number } | undefined;
  for (let part = widestStep; part >= leastStep; part /= 10) {
    const step = part * bandwidthHz;
    const [whole, half] = [at(step), at(step / 2)];
    if (whole === undefined || half === undefined) continue;
    const coarse = (direction * (whole - here)) / step;
    const fine = (direction * (half - here)) / (step / 2);
    const doubt = Math.abs(coarse - fine) + (4 * rounding * here) / step;
    const slope = 2 * fine - coarse;
    if (!best || doubt < best.doubt) best = { slope, doubt };
    if (doubt <= agreement * Math.abs(slope)) break;
  }
  return best?.slope;
}
