import { planViolations, rateBitsPerSecond, roundDelay, type PlanningProblem, type RateLaw } from '../models/index.js';
import {
  boundPlan,
  checkRate,
  definitionIssues,
  Issues,
  planExact,
  planTwoTimescale,
  verifyBound,
  type DefinitionIssue,
} from '../plan/index.js';
import { bruteForcePlan } from './brute-force.js';
import { smallInstance } from './small-instance.js';

/** What the checks found about a problem and its parts. */
export interface ConformanceReport {
  /** True where nothing was found. */
  readonly passed: boolean;
  /** What is wrong with the parts themselves. */
  readonly issues: readonly DefinitionIssue[];
  /** The small instances solved. */
  readonly instances: readonly InstanceReport[];
}

/** One small instance, solved by trying all and by the planner. */
export interface InstanceReport {
  /** Of the instance. */
  readonly seed: number;
  /** Combinations of choices tried by brute force. */
  readonly combinations: number;
  /** Seconds; Infinity where nothing is feasible. */
  readonly bruteForceSeconds: number;
  /** Round of the exact method, seconds. */
  readonly exactSeconds: number;
  /** Round of the two-timescale method, seconds. */
  readonly twoTimescaleSeconds: number;
  /** Bound proven, seconds. */
  readonly boundSeconds: number;
  /** Sentences on what does not agree; empty where all does. */
  readonly disagreements: readonly string[];
}

/** How many small instances `checkConformance` tries, and how small. */
export interface ConformanceOptions {
  /** Small instances to try; 4 when absent. */
  readonly instances?: number;
  /** 1 when absent. */
  readonly seed?: number;
  /** Devices, cuts and points of an instance; 2, 3 and 2 when absent. */
  readonly devices?: number;
  /** Cuts of a device; 3 when absent. */
  readonly cuts?: number;
  /** Operating points of each direction; 2 when absent. */
  readonly points?: number;
}

/** A rate over the whole band of more than this is probably in another unit. */
const plausibleBitsPerSecondPerHz = 100;

/**
 * What a rate law breaks of what it promises: finite, increasing, concave with R(0) = 0, slopes those of its values, units.
 *
 * @param law - Rate by bandwidth.
 * @param bandwidthHz - Share of the band, Hz, ≥ 0.
 * @example
 * ```ts
 * import { checkRateLaw } from 'sft-opt/testing';
 *
 * console.log(checkRateLaw({ kind: 'shannon', snrBandwidthHz: 1e7 }, 20e6)); // []
 * ```
 */
export function checkRateLaw(law: RateLaw, bandwidthHz: number): readonly DefinitionIssue[] {
  const issues = new Issues();
  checkRate('law', law, bandwidthHz, issues);
  if (issues.list.length === 0) {
    const efficiency = rateBitsPerSecond(law, bandwidthHz) / bandwidthHz;
    if (efficiency > plausibleBitsPerSecondPerHz) {
      issues.add(
        'law',
        `${efficiency} bit/s/Hz over the band`,
        `less than ${plausibleBitsPerSecondPerHz}: bit/s of Hz`,
      );
    }
  }
  return issues.list;
}

/**
 * Checks a problem made of one's own parts: the parts by sampling, then planner and bound on small instances of it against brute
 * force. No plan may be faster than the bound; `exact` must find what trying all finds, and nothing where that finds nothing.
 *
 * @param problem - Cell, devices, model and limits, in SI units.
 * @param options - How many small instances, and how small.
 * @example
 * ```ts
 * import { parseProblemFile } from 'sft-opt';
 * import { checkConformance } from 'sft-opt/testing';
 *
 * const { problem } = parseProblemFile('{ version: 1, model: deit-tiny, devices: [{ name: a, count: 2, distance: 60 m }] }');
 * console.log(checkConformance(problem, { instances: 1 }).passed); // true
 * ```
 */
export function checkConformance(problem: PlanningProblem, options: ConformanceOptions = {}): ConformanceReport {
  const { instances = 4, seed = 1, devices = 2, cuts = 3, points = 2 } = options;
  const issues = [
    ...definitionIssues(problem),
    ...problem.devices.flatMap((device, n) =>
      (['uplink', 'downlink'] as const).flatMap((link) =>
        checkRateLaw(device[link], problem.bandwidthHz).map((issue) => ({
          ...issue,
          path: issue.path.replace(/^law/, `devices[${n}].${link}`),
        })),
      ),
    ),
  ];
  const reports = Array.from({ length: issues.length > 0 ? 0 : instances }, (_, k) =>
    compare(smallInstance(problem, { seed: seed + k, devices, cuts, points }), seed + k),
  );
  return {
    passed: issues.length === 0 && reports.every(({ disagreements }) => disagreements.length === 0),
    issues,
    instances: reports,
  };
}

/** Two answers count as the same within this, relative: golden sections end there. */
const sameness = 1e-6;

function compare(problem: PlanningProblem, seed: number): InstanceReport {
  const best = bruteForcePlan(problem);
  const exact = planExact(problem, { relativeGap: 1e-8 });
  const search = planTwoTimescale(problem);
  const bound = boundPlan(problem);
  const verified = verifyBound(problem, bound.certificate);
  const disagreements: string[] = [];
  const say = (wrong: boolean, sentence: string) => {
    if (wrong) disagreements.push(sentence);
  };
  const least = best.totalSeconds;
  say(!verified.valid, 'the certificate of the bound was not confirmed by its recomputation');
  say(
    bound.boundSeconds > least * (1 + sameness),
    `the bound ${bound.boundSeconds} s is above the best plan's ${least} s`,
  );
  say(differ(exact.totalSeconds, least), `exact found ${exact.totalSeconds} s, trying all ${least} s`);
  say(
    search.totalSeconds < least * (1 - sameness),
    `two-timescale found ${search.totalSeconds} s, faster than the best of all, ${least} s`,
  );
  for (const [name, { plan, totalSeconds }] of Object.entries({ exact, 'two-timescale': search })) {
    if (!plan) continue;
    const seconds = roundDelay(problem, plan).totalSeconds;
    say(differ(seconds, totalSeconds), `${name} claims ${totalSeconds} s for a plan that takes ${seconds} s`);
    const broken = planViolations(problem, plan, seconds).map(({ limit, extra }) => extra ?? limit);
    say(broken.length > 0, `the plan of ${name} breaks ${broken.join(', ')}`);
  }
  return {
    seed,
    combinations: best.combinations,
    bruteForceSeconds: least,
    exactSeconds: exact.totalSeconds,
    twoTimescaleSeconds: search.totalSeconds,
    boundSeconds: bound.boundSeconds,
    disagreements,
  };
}

function differ(a: number, b: number): boolean {
  if (a === Infinity || b === Infinity) return a !== b;
  return Math.abs(a - b) > sameness * Math.max(Math.abs(a), Math.abs(b));
}
