import type { RateLaw } from '../link/index.js';
import type { PlanningProblem } from './problem.js';
import type { ProblemSource } from './source.js';

/** The problem with `up` of the frame for its uplinks and `down` for its downlinks; measured rates, which have no frame, stay. */
export function withFrame(problem: PlanningProblem, up: number, down = 1 - up): PlanningProblem {
  const framed = (law: RateLaw, frameFraction: number): RateLaw =>
    law.frameFraction === undefined ? law : { ...law, frameFraction };
  return {
    ...problem,
    devices: problem.devices.map((device) => ({
      ...device,
      uplink: framed(device.uplink, up),
      downlink: framed(device.downlink, down),
    })),
  };
}

/**
 * The source with the division of its frame left to `solvePlan`. Its laws need a `frameFraction` (their present one is the start of the
 * search). A problem file says `radio.uplinkFraction: optimal`.
 */
export function decidingFrame(source: ProblemSource): ProblemSource {
  const at = (uplinkFraction: number): ProblemSource => framedSource(source, uplinkFraction);
  return { ...source, frame: { at } };
}

function framedSource(source: ProblemSource, uplinkFraction: number): ProblemSource {
  return {
    ...source,
    problem: withFrame(source.problem, uplinkFraction),
    rebuild(change) {
      const rebuilt = source.rebuild(change);
      return rebuilt.ok ? { ok: true, source: framedSource(rebuilt.source, uplinkFraction) } : rebuilt;
    },
  };
}
