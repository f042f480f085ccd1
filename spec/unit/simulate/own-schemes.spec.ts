import { describe, expect, it } from 'vitest';
import { readScenarioFile } from '../../../lib/io/index.js';
import type { PlanningProblem } from '../../../lib/models/index.js';
import {
  builtInScheme,
  simulate,
  simulationOptions,
  type RoundRecord,
  type SimulationScheme,
} from '../../../lib/simulate/index.js';
import { scenario, smallScenario } from '../../support/scenarios.js';

function recordsOf(schemes: readonly SimulationScheme[], ...changed: string[]) {
  const { cell, settings, start } = scenario(...changed);
  return [...simulate(cell, simulationOptions(settings), schemes, { seed: start.file.seed })];
}

const joint = builtInScheme('joint');
const named = (name: string, own: Partial<SimulationScheme>): SimulationScheme => ({ ...joint, ...own, name });

/** Without the scheme's name; bounds of one round that are worked out twice agree to rounding. */
function rounded({ scheme: _, boundSeconds, regret, ...record }: RoundRecord) {
  const digits = (value: number | null) => value && Number(value.toPrecision(9));
  return { ...record, boundSeconds: digits(boundSeconds), regret: regret && Number(regret.toFixed(9)) };
}

/** Changes all that it can reach. */
function spoil(problem: PlanningProblem): void {
  const reached = problem as unknown as { bandwidthHz: number; devices: { memoryBytes: number; costs: unknown }[] };
  reached.bandwidthHz *= 10;
  for (const device of reached.devices) {
    device.memoryBytes *= 100;
    for (const column of Object.values(device.costs as Record<string, unknown>)) {
      if (column instanceof Float64Array || Array.isArray(column)) column.fill(1e-9);
    }
  }
  for (const point of problem.upPoints) (point as { ratio: number }).ratio = 1e-9;
}

describe('a scheme of one’s own', () => {
  it('changes neither the cell of others nor its own judge, whatever it does to what it is given', () => {
    let asked = 0;
    const spoiling = named('spoiling', {
      decide: (state) => {
        const plan = joint.decide(state);
        asked++;
        spoil(state.problem);
        return plan;
      },
      share: (state) => {
        const { plan } = state;
        spoil(state.problem);
        for (const device of plan.devices) (device as { blocks: number }).blocks = 1;
        return undefined;
      },
      cell: (problem) => {
        spoil(problem);
        return { ...problem, bandwidthHz: problem.bandwidthHz / 10 };
      },
    });
    const still = named('still', { share: () => undefined });
    const together = recordsOf([named('spoiling', { ...spoiling, cell: undefined }), joint, still]);
    const alone = recordsOf([joint]);
    expect(asked).toBeGreaterThan(0);
    const of = (name: string, records: readonly RoundRecord[]) =>
      records.filter(({ scheme }) => scheme === name).map(rounded);
    expect(of('joint', together)).toEqual(of('joint', alone));
    expect(of('spoiling', together)).toEqual(of('still', together));
    expect(() => recordsOf([spoiling, joint])).toThrow(/memoryBytes: must be as in the cell/u);
    const quietly = named('quietly', {
      cell: (problem) => {
        spoil({ ...problem });
        return problem;
      },
    });
    expect(() => recordsOf([quietly, joint])).toThrow(/upPoints\[0\]: must be one of the cell’s points/u);
  });

  it('is of the class that is bounded where its cell leaves the operating points alone', () => {
    const bounded = recordsOf([joint]).filter(({ regret }) => regret !== null);
    const own = recordsOf([named('own', { cell: (problem) => ({ ...problem }) })]).filter(
      ({ regret }) => regret !== null,
    );
    expect(bounded.length).toBeGreaterThan(0);
    expect(own.map(({ regret }) => regret)).toEqual(bounded.map(({ regret }) => regret));
  });
});

describe('when decisions are made', () => {
  const decided = (replan: string) =>
    recordsOf([joint], `simulation.replan=${replan}`)
      .filter(({ replanned }) => replanned !== null)
      .map(({ round }) => round);

  it('is at no interval shorter than the least', () => {
    expect(decided('{ every: 2 }')).toEqual([0, 2, 4, 6, 8, 10]);
    expect(decided('{ every: 2, least: 5 }')).toEqual([0, 5, 10]);
  });

  it('looks ahead no further than 10,000 rounds', () => {
    const replan = (text: string) => ({ settings: [`simulation.replan=${text}`] });
    const outcome = readScenarioFile(smallScenario, replan('{ outlook: worst, horizon: 1000000000 }'));
    expect(outcome.ok ? [] : outcome.issues.map(({ path }) => path)).toEqual(['simulation.replan.horizon']);
    const long = readScenarioFile(smallScenario, replan('{ outlook: worst, every: 1000000 }'));
    if (!long.ok) throw new Error('the scenario is wrong');
    expect(simulationOptions(long.scenario.settings).outlook).toEqual({ kind: 'worst', horizonRounds: 10_000 });
  });
});
