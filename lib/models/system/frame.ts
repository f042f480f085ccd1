import type { RateLaw } from '../link/index.js';
import type { PlanningProblem } from './problem.js';
import type { ProblemSource } from './source.js';

/**
 * The problem with `up` of the frame for its uplinks and `down` for its downlinks; measured rates, which have no frame, stay.
 *
 * @param problem - Cell, devices, model and limits, in SI units.
 * @param up - Part of the frame for uplinks.
 * @param down - Part of the frame for downlinks.
 * @example
 * ```ts
 * import { parseProblemFile } from 'sft-opt';
 * import { withFrame } from 'sft-opt/models';
 *
 * const { problem } = parseProblemFile(
 *   '{ version: 1, model: deit-tiny, radio: { uplinkFraction: 0.5 }, devices: [{ name: a, distance: 60 m }] }',
 * );
 * const [device] = withFrame(problem, 0.4).devices;
 * console.log(device!.uplink.frameFraction, device!.downlink.frameFraction); // 0.4 0.6
 * ```
 */
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
 *
 * @param source - A problem with the way to change it.
 * @example
 * ```ts
 * import { parseProblemFile } from 'sft-opt';
 * import { decidingFrame, sourceOf, withFrame } from 'sft-opt/models';
 *
 * const { problem } = parseProblemFile(
 *   '{ version: 1, model: deit-tiny, radio: { uplinkFraction: 0.5 }, devices: [{ name: a, distance: 60 m }] }',
 * );
 * const source = decidingFrame(sourceOf(withFrame(problem, 0.5)));
 * console.log(source.frame?.at(0.7).problem.devices[0]!.uplink.frameFraction); // 0.7
 * ```
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
