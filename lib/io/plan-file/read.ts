import type { DevicePlan, Plan, PlanningProblem } from '../../models/index.js';
import { planFileSchema, type PlanFile } from './schema.js';

/** A plan file that was read, or what is wrong with it. */
export type PlanReadOutcome =
  | {
      readonly ok: true;
      /** The plan file read. */
      readonly plan: PlanFile;
    }
  | {
      readonly ok: false;
      /** Everything that is wrong. */
      readonly issues: readonly string[];
    };

/**
 * Reads a plan that `--json` or `--out` wrote.
 *
 * @param text - Content of the file.
 * @example
 * ```ts
 * import { readPlanFile } from 'sft-opt/io';
 *
 * console.log(readPlanFile('{}').ok); // false
 * ```
 */
export function readPlanFile(text: string): PlanReadOutcome {
  let data: unknown;
  try {
    data = JSON.parse(text);
  } catch {
    return { ok: false, issues: ['it is not JSON'] };
  }
  const outcome = planFileSchema.safeParse(data);
  if (outcome.success) return { ok: true, plan: outcome.data };
  const issues = outcome.error.issues.slice(0, 20).map((issue) => `${issue.path.join('.')}: ${issue.message}`);
  return { ok: false, issues };
}

/** An earlier plan in the terms of a problem. */
export interface WarmPlan {
  /** The plan, for the problem at hand. */
  readonly plan: Plan;
  /** What of the earlier plan could not be used, in words; empty when all of it was. */
  readonly ignored: readonly string[];
}

/**
 * The decisions of an earlier plan for the devices of a problem, matched by name; operating points are matched by name.
 * Undefined, with the reason, where a device has no usable decision there: a start must be whole.
 *
 * @param file - An earlier plan.
 * @param problem - Cell, devices, model and limits, in SI units.
 * @example
 * ```ts
 * import { parseProblemFile, readPlanFile, warmPlan } from 'sft-opt/io';
 *
 * const { problem } = parseProblemFile('{ version: 1, model: deit-tiny, devices: [{ name: a, count: 2, distance: 60 m }] }');
 * const outcome = readPlanFile('{}');
 * console.log(outcome.ok ? warmPlan(outcome.plan, problem) : outcome.issues.length > 0); // true
 * ```
 */
export function warmPlan(file: PlanFile, problem: PlanningProblem): WarmPlan | { readonly reason: string } {
  if (!file.answer) return { reason: `it holds no plan (status ${file.status})` };
  const byName = new Map(file.answer.devices.map((device) => [device.name, device]));
  const decisions: DevicePlan[] = [];
  for (const device of problem.devices) {
    const earlier = byName.get(device.name);
    if (!earlier) return { reason: `it has no device \`${device.name}\`` };
    byName.delete(device.name);
    const upPoint = problem.upPoints.findIndex((point) => point.name === earlier.upPoint);
    const downPoint = problem.downPoints.findIndex((point) => point.name === earlier.downPoint);
    if (upPoint < 0 || downPoint < 0) {
      const missing = upPoint < 0 ? earlier.upPoint : earlier.downPoint;
      return { reason: `operating point \`${missing}\` of device \`${device.name}\` is not in the problem` };
    }
    if (earlier.participates && !device.costs.allowedBlocks.includes(earlier.blocks)) {
      return { reason: `${earlier.blocks} blocks are not allowed on device \`${device.name}\`` };
    }
    const { participates, blocks, bandwidthHz, serverShare, transmitPowerWatt } = earlier;
    const power = transmitPowerWatt !== undefined && { transmitPowerWatt };
    decisions.push({ participates, blocks, upPoint, downPoint, bandwidthHz, serverShare, ...power });
  }
  const left = [...byName.keys()];
  const ignored = left.length === 0 ? [] : [`${left.length} devices that the problem does not have (${left[0]}, …)`];
  return { plan: { devices: decisions }, ignored };
}
