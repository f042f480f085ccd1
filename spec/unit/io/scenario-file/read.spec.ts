import { describe, expect, it } from 'vitest';
import { readScenarioFile } from '../../../../lib/io/index.js';
import { changedScenario } from '../../../support/scenarios.js';

describe('a scenario file', () => {
  const issuesOf = (change: Parameters<typeof changedScenario>[0]) => {
    const outcome = readScenarioFile(changedScenario(change));
    return outcome.ok ? [] : outcome.issues.map(({ path, message }) => `${path}: ${message}`);
  };

  it('is refused with every problem at once, of form, of sense and of the problem', () => {
    const issues = issuesOf(({ devices, simulation }) => {
      Object.assign(devices[0]!, { memory: '5 s' });
      Object.assign(simulation, {
        rounds: 0,
        motion: { model: 'waypoint', speed: [3, 1], radius: 'far' },
        schemes: ['joint', 'joint'],
        fadng: 'blocks',
        devices: {
          desk: { throughput: [], from: 5, until: 1, motion: { model: 'trace', file: 'nowhere.csv' } },
          dusk: { battery: 1 },
          'walker-2': {
            meanPresent: 'often',
            meanAbsent: 3,
            memory: [
              [5, 0.5],
              [1, 0.2],
            ],
          },
        },
      });
    });
    const places = issues.map((issue) => issue.slice(0, issue.indexOf(': ')));
    expect(places.sort()).toEqual(
      [
        'devices[0].memory',
        'simulation.rounds',
        'simulation.motion.radius',
        'simulation.motion.speed',
        'simulation.fadng',
        'simulation.schemes[1]',
        'simulation.devices.desk.motion.file',
        'simulation.devices.desk.throughput',
        'simulation.devices.desk.until',
        'simulation.devices.dusk',
        'simulation.devices.walker-2.meanPresent',
        'simulation.devices.walker-2.memory[1]',
      ].sort(),
    );
  });

  it('is refused where a member and its entry do not go together', () => {
    const issues = issuesOf(({ simulation }) => {
      Object.assign(simulation, {
        devices: { walker: { from: 20 }, 'walker-1': { until: 10 }, 'walker-2': { meanPresent: 3, meanAbsent: 4 } },
      });
    });
    expect(issues).toEqual([
      'simulation.devices.walker-1: together with what `walker` has: must be later than `from`',
      'simulation.devices.walker-2: together with what `walker` has: give either `from` and `until` or mean times',
    ]);
  });

  it('is refused for block fading with a limit of energy, of a member as well', () => {
    const issues = issuesOf(({ devices, simulation }) => {
      Object.assign(devices[0]!, { members: { 'walker-2': { energyLimit: '9 J' } } });
      Object.assign(simulation, { fading: 'blocks' });
    });
    expect(issues).toEqual([expect.stringContaining('simulation.fading: an energy limit')]);
  });
});
