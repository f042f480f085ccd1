import { describe, expect, it } from 'vitest';
import { schemeNames } from '../../../lib/io/index.js';
import {
  builtInScheme,
  checkScheme,
  simulate,
  simulationOptions,
  type SimulationScheme,
} from '../../../lib/simulate/index.js';
import { scenario } from '../../support/scenarios.js';

describe('schemes', () => {
  const cell = scenario();
  const options = simulationOptions(cell.settings);

  it.each(schemeNames)('%s conforms', (name) => {
    expect(checkScheme(builtInScheme(name), cell.cell, options)).toEqual([]);
  });

  it('that do not conform are found out', () => {
    const base = builtInScheme('joint');
    const faults: Record<string, [Partial<SimulationScheme>, RegExp]> = {
      short: [{ decide: (state) => ({ devices: base.decide(state)!.devices.slice(1) }) }, /decisions for 5 devices/u],
      thrower: [
        {
          decide: () => {
            throw new Error('no idea');
          },
        },
        /decide throws: no idea/u,
      ],
      mute: [
        {
          decide: (state) => ({
            devices: base.decide(state)!.devices.map((each) => ({ ...each, transmitPowerWatt: -1 })),
          }),
        },
        /transmitPowerWatt: found -1; must be a finite number of watts above 0/u,
      ],
      greedy: [
        {
          share: ({ plan }) => ({
            plan: { devices: plan.devices.map((each) => ({ ...each, blocks: 1 + (each.blocks % 3) })) },
          }),
        },
        /share: device `\S+`: blocks: found \d+; must stay \d+/u,
      ],
      vandal: [
        {
          decide: (state) => {
            (state.problem.devices as unknown[]).reverse();
            return base.decide(state);
          },
        },
        /changes the problem/u,
      ],
      moody: [
        {
          decide: (state) => (Math.random() < 0.5 ? base.decide(state) : builtInScheme('random').decide(state)),
          share: ({ plan }) => ({
            plan: {
              devices: plan.devices.map((each) => ({
                ...each,
                bandwidthHz: each.bandwidthHz * (0.9 + 0.1 * Math.random()),
              })),
            },
          }),
        },
        /differently when asked again/u,
      ],
    };
    for (const [name, [change, finding]] of Object.entries(faults)) {
      const findings = checkScheme({ ...base, ...change, name }, cell.cell, options);
      expect(findings.join('\n'), name).toMatch(finding);
    }
  });

  it('nest in the first round, where they decide for what they see', () => {
    const names = [
      'joint',
      'fixed-cut',
      'fixed-ratio',
      'equal-bandwidth',
      'compressed-split-federated',
      'random',
    ] as const;
    const { cell: one, settings, start } = scenario('simulation.rounds=1');
    const first = [...simulate(one, simulationOptions(settings), names.map(builtInScheme), { seed: start.file.seed })];
    const delay = new Map(first.map(({ scheme, delaySeconds }) => [scheme, delaySeconds!]));
    for (const name of names) expect(delay.get('joint')!).toBeLessThanOrEqual(delay.get(name)! * 1.001);
    expect(delay.get('fixed-cut')!).toBeLessThanOrEqual(delay.get('compressed-split-federated')!);
  });
});
