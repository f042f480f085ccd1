import type { MovingCell, PlanningProblem } from '../models/index.js';
import { randomStream } from '../random/index.js';
import { checkedScheme, SchemeAnswerError } from './check-answer.js';
import type { SimulationOptions } from './options.js';
import type { SimulationScheme, SchemeState } from './scheme.js';
import { shareBySqp } from './schemes/share.js';
import { thrownText } from './shown.js';
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
      const plain = `throws: ${thrownText(error)}`;
      const issues = error instanceof SchemeAnswerError ? error.issues : [plain];
      findings.push(...issues.map((issue) => `${what}${issue.startsWith('throws: ') ? ' ' : ': '}${issue}`));
      return undefined;
    }
  };
  if (typeof scheme.name !== 'string' || scheme.name === '') findings.push('it has no name');
  else if (/\p{Cc}/u.test(scheme.name)) findings.push('its name has control characters');
  const checked = checkedScheme(scheme);
  const world = new World(cell, options, seed);
  const plain = world.at(0).problem(new Set());
  if (!plain) return [...findings, 'nobody is there in the first round'];
  const problem = attempt('cell', () => checked.cell?.(plain) ?? plain);
  if (!problem) return findings;
  const state = stateOf(problem, options, seed);
  const before = fingerprint(problem);
  const plan = attempt('decide', () => checked.decide(state));
  if (plan) attempt('share', () => (checked.share ?? shareBySqp)({ ...state, plan }));
  if (fingerprint(problem) !== before) findings.push('it changes the problem that it is given');
  const impossible = { ...problem, devices: problem.devices.map((device) => ({ ...device, memoryBytes: 0 })) };
  attempt('decide, where nothing fits into memory,', () => checked.decide(stateOf(impossible, options, seed)));
  if (problem.devices.length > 1) {
    const [, ...rest] = problem.devices;
    attempt('decide, with a device less,', () => checked.decide(stateOf({ ...problem, devices: rest }, options, seed)));
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

function fingerprint(problem: PlanningProblem): string {
  return JSON.stringify(problem, (_key, value: unknown) => (typeof value === 'number' ? String(value) : value));
}
