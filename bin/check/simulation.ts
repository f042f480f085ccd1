import { formatQuantity, type ResolvedScenario } from '../../lib/io/index.js';
import { singleConflicts } from '../../lib/plan/index.js';
import { simulationOptions, World } from '../../lib/simulate/index.js';
import { columns } from '../render/columns.js';
import { renderSummary } from '../render/summary.js';
import type { Checked } from './checked.js';

/** What a scenario of a simulation stands for, and what single limits say of its first round. */
export function checkSimulation(scenario: ResolvedScenario): Checked {
  const { start, cell, settings } = scenario;
  const world = new World(cell, simulationOptions(settings), start.file.seed);
  const moment = world.at(0);
  const problem = moment.problem(new Set());
  const there = moment.devices.filter(({ isPresent }) => isPresent).length;
  const facts = columns([
    ['rounds', `${settings.rounds}, one every ${formatQuantity(settings.interval, 'time')}`],
    ['motion', motionText(scenario)],
    ['decisions', decisionText(settings)],
    ['schemes', settings.schemes.join(', ')],
    ['round 0', `${there} of ${moment.devices.length} devices are there`],
  ]);
  return {
    summary: `${renderSummary(start)}\n\n${facts}`,
    // Nobody there is no limit that fails: the round does not take place.
    conflicts: problem ? singleConflicts({ problem, serverModelBytes: start.serverModelBytes }) : [],
    heading: 'round 0 has no plan with all devices that are there:',
  };
}

function motionText({ cell, settings }: ResolvedScenario): string {
  const moving = cell.devices.filter(({ speedMetrePerSecond }) => speedMetrePerSecond > 0).length;
  const { model } = settings.motion;
  return moving === 0 ? 'nobody moves' : `${moving} of ${cell.devices.length} devices move (by default ${model})`;
}

function decisionText({ replan, serverShares, points }: ResolvedScenario['settings']): string {
  const { every, gainChange, loss, least } = replan;
  const triggers = [
    ...(every === undefined ? [] : [`every ${every} rounds`]),
    ...(gainChange === undefined ? [] : [`gains that change by ${formatQuantity(gainChange, 'level')}`]),
    ...(loss === undefined ? [] : [`a loss above ${formatQuantity(loss, 'fraction')}`]),
  ];
  const when = triggers.length === 0 ? 'once at the start' : `at the start and by ${triggers.join(', or ')}`;
  const apart = triggers.length > 0 && least > 1 ? `, at least ${least} rounds apart` : '';
  return `${when}${apart}; each round bandwidths${serverShares === 'small' ? ', server shares' : ''}${points === 'small' ? ', points' : ''}`;
}
