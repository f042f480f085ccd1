import * as z from 'zod';
import {
  knowsPower,
  type Device,
  type DevicePlan,
  type OperatingPoint,
  type Plan,
  type PlanningProblem,
} from '../../models/index.js';
import { findPoint } from '../problem-file/resolve/index.js';
import { placeIssues } from '../problem-file/read.js';
import { quantity, section } from '../problem-file/schema/building-blocks.js';
import { parseSource, rawIssues, type FileIssue, type RawIssue } from '../problem-file/source/index.js';
import { nearest } from '../problem-file/units/index.js';
import { planFileSchema } from './schema.js';

const point = z.union([z.string(), z.number()]);

/** A plan by hand or from another program: decisions alone. */
export const decisionsSchema = section(() => ({
  devices: z
    .array(
      section(() => ({
        name: z.string().describe('Name, as in the problem file.'),
        participates: z.boolean().default(true).describe('False for an optional device left out.'),
        blocks: z.int().min(0).max(1000).default(0).describe('Blocks on the device.'),
        point: point.optional().describe('Operating point of both directions; name or ratio.'),
        upPoint: point.optional().describe('Operating point of the activations; name or ratio.'),
        downPoint: point.optional().describe('Operating point of the gradients; name or ratio.'),
        bandwidth: quantity('frequency', { minimum: 0 }).optional().describe('Share of the band.'),
        bandwidthHz: z.number().min(0).optional().describe('The same, Hz.'),
        serverShare: z.number().min(0).max(1).optional().describe('Share of the server; by default an equal one.'),
        transmitPower: quantity('power', { above: 0 }).optional().describe('Radiated power, by default all there is.'),
        transmitPowerWatt: z.number().min(0).optional().describe('The same, W.'),
      })),
    )
    .describe('Decisions for each device, in any order.'),
}));

type Decision = z.output<typeof decisionsSchema>['devices'][number];

/** A plan that was read, or everything that is wrong with its text. */
export type DecisionsOutcome =
  | {
      readonly ok: true;
      /** The plan that the decisions make. */
      readonly plan: Plan;
    }
  | {
      readonly ok: false;
      /** Everything that is wrong, with its place. */
      readonly issues: readonly FileIssue[];
    };

/**
 * The plan for a problem that a file of any origin states: what `--out` wrote, or YAML or JSON with `devices` and their
 * decisions. Devices are matched by name, operating points by name or ratio. Never throws.
 *
 * @param text - Content of the file.
 * @param problem - Cell, devices, model and limits, in SI units.
 * @example
 * ```ts
 * import { parseProblemFile, readDecisions } from 'sft-opt/io';
 *
 * const { problem } = parseProblemFile('{ version: 1, model: deit-tiny, devices: [{ name: a, count: 2, distance: 60 m }] }');
 * const plan = '{ devices: [{ name: a-1, participates: false }, { name: a-2, participates: false }] }';
 * const outcome = readDecisions(plan, problem);
 * console.log(outcome.ok); // true
 * ```
 */
export function readDecisions(text: string, problem: PlanningProblem): DecisionsOutcome {
  const source = parseSource(text);
  if (source.issues.length > 0) return { ok: false, issues: source.issues };
  const { decisions, issues } = decisionsOf(source.value);
  const plan = issues.length > 0 ? undefined : planOf(decisions, problem, issues);
  return plan && issues.length === 0
    ? { ok: true, plan }
    : { ok: false, issues: placeIssues(distinct(issues), source) };
}

/** A point of both directions is wrong once. */
function distinct(issues: readonly RawIssue[]): RawIssue[] {
  const written = new Map(issues.map((issue) => [`${issue.path.join('.')}: ${issue.message}`, issue]));
  return [...written.values()];
}

function decisionsOf(value: unknown): { decisions: readonly Decision[]; issues: RawIssue[] } {
  const isReport = typeof value === 'object' && value !== null && 'format' in value;
  const outcome = (isReport ? planFileSchema : decisionsSchema).safeParse(value);
  if (!outcome.success) return { decisions: [], issues: rawIssues(outcome.error.issues, value) };
  if ('devices' in outcome.data) return { decisions: outcome.data.devices, issues: [] };
  const { answer, status } = outcome.data;
  return answer
    ? { decisions: answer.devices, issues: [] }
    : { decisions: [], issues: [{ path: ['status'], message: `it holds no plan (status ${status})` }] };
}

function planOf(decisions: readonly Decision[], problem: PlanningProblem, issues: RawIssue[]): Plan {
  const at = new Map<string, number>();
  decisions.forEach(({ name }, index) => {
    const path = ['devices', index, 'name'];
    const earlier = at.get(name);
    if (earlier !== undefined) issues.push({ path, message: `is also the name of devices[${earlier}]` });
    else if (!problem.devices.some((device) => device.name === name)) {
      const near = nearest(
        name,
        problem.devices.map((device) => device.name),
      );
      const hint = near === undefined ? '' : `; did you mean \`${near}\`?`;
      issues.push({ path, message: `the problem has no device of that name${hint}` });
    }
    at.set(name, index);
  });
  const participants = decisions.filter(({ participates }) => participates).length;
  const devices = problem.devices.map((device) => {
    const index = at.get(device.name);
    if (index !== undefined) return decisionOf(decisions[index]!, index, device, problem, participants, issues);
    issues.push({ path: ['devices'], message: `device \`${device.name}\` has no decisions` });
    return leftOut;
  });
  return { devices };
}

const leftOut: DevicePlan = {
  participates: false,
  blocks: 0,
  upPoint: 0,
  downPoint: 0,
  bandwidthHz: 0,
  serverShare: 0,
};

function decisionOf(
  decision: Decision,
  index: number,
  device: Device,
  problem: PlanningProblem,
  participants: number,
  issues: RawIssue[],
): DevicePlan {
  if (!decision.participates) return leftOut;
  const at = (...keys: string[]) => ['devices', index, ...keys];
  const { blocks, bandwidth, bandwidthHz } = decision;
  if (blocks > problem.blockCount) {
    issues.push({ path: at('blocks'), message: `must be at most the ${problem.blockCount} blocks of the model` });
  }
  if ((bandwidth === undefined) === (bandwidthHz === undefined)) {
    issues.push({ path: at(), message: 'must have a `bandwidth` such as `2 MHz`, or `bandwidthHz`' });
  }
  const up = pointOf(decision, 'upPoint', problem.upPoints, at, issues);
  return {
    participates: true,
    blocks,
    upPoint: up,
    downPoint: pointOf(decision, 'downPoint', problem.downPoints, at, issues),
    bandwidthHz: bandwidth ?? bandwidthHz ?? 0,
    serverShare: serverShareOf(decision, problem, participants),
    ...transmitPowerOf(decision, device, at, issues),
  };
}

function pointOf(
  decision: Decision,
  direction: 'upPoint' | 'downPoint',
  points: readonly OperatingPoint[],
  at: (...keys: string[]) => (string | number)[],
  issues: RawIssue[],
): number {
  const key = decision[direction] === undefined ? 'point' : direction;
  const wanted = decision[key];
  if (wanted === undefined) {
    issues.push({ path: at(), message: `must have a \`point\`, or \`upPoint\` and \`downPoint\`` });
    return 0;
  }
  const found = findPoint(points, wanted);
  if (found !== undefined) return found;
  const known = points.map(({ name }) => `\`${name}\``).join(', ');
  issues.push({
    path: at(key),
    message: `the problem has no operating point of that name or ratio (there are: ${known})`,
  });
  return 0;
}

/** With `equal` and `batched` a share is no decision. */
function serverShareOf({ serverShare }: Decision, problem: PlanningProblem, participants: number): number {
  if (problem.sharing === 'batched') return 1;
  if (problem.sharing === 'equal') return 1 / problem.devices.length;
  return serverShare ?? 1 / participants;
}

/** Less power than the device has; nothing where it sends with all of it. */
function transmitPowerOf(
  { transmitPower, transmitPowerWatt }: Decision,
  device: Device,
  at: (...keys: string[]) => (string | number)[],
  issues: RawIssue[],
): Pick<DevicePlan, 'transmitPowerWatt'> {
  const given = transmitPowerWatt ?? transmitPower;
  if (given === undefined || given === device.transmitPowerWatt) return {};
  const key = transmitPowerWatt === undefined ? 'transmitPower' : 'transmitPowerWatt';
  const wrong = (message: string) => issues.push({ path: at(key), message });
  if (transmitPower !== undefined && transmitPowerWatt !== undefined) {
    wrong('is given beside `transmitPower`: one of them is enough');
  }
  if (!(given > 0)) wrong('must be above 0 W: a device that takes part sends');
  if (given > device.transmitPowerWatt) wrong(`must be at most the device's ${device.transmitPowerWatt} W`);
  if (!knowsPower(device.uplink)) {
    wrong(`the uplink of \`${device.name}\` does not say what less power would do: leave it out`);
  }
  return { transmitPowerWatt: given };
}
