import type { MovingCell, Plan, PlanningProblem } from '../models/index.js';
import { randomStream } from '../random/index.js';
import type { SimulationOptions } from './options.js';
import type { SimulationScheme, SchemeState } from './scheme.js';
import { shareBySqp } from './schemes/share.js';
import { simulate } from './simulate.js';
import { World } from './world.js';

/**
 * What a scheme does that the simulator does not expect of one; nothing for a scheme that conforms. On a small cell: plans of
 * the right form, nothing of the problem changed, cuts and points kept on the small time scale, no error where nothing fits or
 * where somebody leaves, the same answers again.
 *
 * @param scheme - The scheme to try.
 * @param cell - Devices with their motions and channels.
 * @param options - Rounds, outlook, policy and what each time scale decides.
 * @param seed - Of its random numbers and of the cell.
 * @example
 * ```ts
 * import { readScenarioFile } from 'sft-opt/io';
 * import { builtInScheme, checkScheme, simulationOptions } from 'sft-opt/simulate';
 *
 * const outcome = readScenarioFile(`version: 1
 * model: deit-tiny
 * simulation: { rounds: 3 }
 * devices: [{ name: a, count: 2, distance: 60 m }]`);
 * if (!outcome.ok) throw new Error('the scenario is not valid');
 * const { cell, settings } = outcome.scenario;
 * console.log(checkScheme(builtInScheme('joint'), cell, simulationOptions(settings))); // []
 * ```
 */
export function checkScheme(
  scheme: SimulationScheme,
  cell: MovingCell,
  options: SimulationOptions,
  seed = 1,
): string[] {
  const findings: string[] = [];
  const attempt = <Result>(what: string, run: () => Result): Result | undefined => {
    try {
      return run();
    } catch (error) {
      findings.push(`${what} throws: ${error instanceof Error ? error.message : String(error)}`);
      return undefined;
    }
  };
  if (typeof scheme.name !== 'string' || scheme.name === '') findings.push('it has no name');
  const world = new World(cell, options, seed);
  const plain = world.at(0).problem(new Set());
  if (!plain) return [...findings, 'nobody is there in the first round'];
  const problem = scheme.cell?.(plain) ?? plain;
  const state = stateOf(problem, options, seed);
  const before = fingerprint(problem);
  const plan = attempt('decide', () => scheme.decide(state));
  if (plan !== undefined) findings.push(...formOf(plan, problem).map((finding) => `decide: ${finding}`));
  if (plan && formOf(plan, problem).length === 0) {
    const share = scheme.share ?? shareBySqp;
    const shared = attempt('share', () => share({ ...state, plan }));
    if (shared) {
      findings.push(...formOf(shared.plan, problem).map((finding) => `share: ${finding}`));
      if (!keepsChoices(plan, shared.plan, options)) {
        findings.push(`share changes a cut${options.points === 'large' ? ' or an operating point' : ''}`);
      }
    }
  }
  if (fingerprint(problem) !== before) findings.push('it changes the problem that it is given');
  const impossible = { ...problem, devices: problem.devices.map((device) => ({ ...device, memoryBytes: 0 })) };
  attempt('decide, where nothing fits into memory,', () => scheme.decide(stateOf(impossible, options, seed)));
  if (problem.devices.length > 1) {
    const [, ...rest] = problem.devices;
    attempt('decide, with a device less,', () => scheme.decide(stateOf({ ...problem, devices: rest }, options, seed)));
  }
  const rounds = () =>
    JSON.stringify([...simulate(cell, { ...options, rounds: 3 }, [scheme], { seed, details: true })]);
  const once = attempt('a simulation', rounds);
  if (once !== undefined && attempt('a second simulation', rounds) !== once) {
    findings.push('it answers differently when asked again');
  }
  return findings;
}

function stateOf(problem: PlanningProblem, { serverShares, points }: SimulationOptions, seed: number): SchemeState {
  return { round: 0, seconds: 0, problem, serverShares, points, random: randomStream(seed, 'scheme/check'), seed };
}

/** What is wrong with the form of a plan that may come from anywhere. */
function formOf(plan: Plan, problem: PlanningProblem): string[] {
  if (!isList(plan.devices)) return ['a plan has a list `devices`'];
  if (plan.devices.length !== problem.devices.length) {
    return [`${plan.devices.length} decisions for ${problem.devices.length} devices`];
  }
  return plan.devices.flatMap((decision, n) => {
    const { name } = problem.devices[n]!;
    const wrong = (what: string) => [`${name}: ${what}`];
    if (typeof decision.participates !== 'boolean') return wrong('`participates` is true or false');
    if (!decision.participates) return [];
    if (!isIndex(decision.blocks, problem.blockCount + 1)) return wrong('`blocks` is no number of blocks');
    if (!isIndex(decision.upPoint, problem.upPoints.length)) return wrong('`upPoint` is no position in `upPoints`');
    if (!isIndex(decision.downPoint, problem.downPoints.length))
      return wrong('`downPoint` is no position in `downPoints`');
    if (!(decision.bandwidthHz >= 0)) return wrong('`bandwidthHz` is no bandwidth');
    if (!(decision.serverShare >= 0)) return wrong('`serverShare` is no share');
    const { transmitPowerWatt = Infinity } = decision;
    if (!(transmitPowerWatt > 0)) return wrong('`transmitPowerWatt` is no power');
    return [];
  });
}

function isList(value: unknown): boolean {
  return Array.isArray(value);
}

function isIndex(value: number, count: number): boolean {
  return Number.isInteger(value) && value >= 0 && value < count;
}

function keepsChoices(plan: Plan, shared: Plan, { points }: SimulationOptions): boolean {
  const kept = ['participates', 'blocks', ...(points === 'large' ? (['upPoint', 'downPoint'] as const) : [])] as const;
  return plan.devices.every((decision, n) => {
    const other = shared.devices[n]!;
    return kept.every((key) => decision[key] === other[key]);
  });
}

function fingerprint(problem: PlanningProblem): string {
  return JSON.stringify(problem, (_key, value: unknown) => (typeof value === 'number' ? String(value) : value));
}
