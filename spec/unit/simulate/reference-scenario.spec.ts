import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { readScenarioFile } from '../../../lib/io/index.js';
import { builtInScheme, simulate, simulationOptions, summarise } from '../../../lib/simulate/index.js';

const text = readFileSync(new URL('../../../examples/simulation/plaza.yaml', import.meta.url), 'utf8');

/** Two short samples; bench/simulate.ts --part points has more. */
it.each([2, 3])('points each round and few new cuts stay within 5 % of the proven bounds (seed %i)', (seed) => {
  const outcome = readScenarioFile(text, {
    settings: [
      ...[`seed=${seed}`, 'simulation.rounds=30', 'simulation.boundEvery=3'],
      ...['simulation.points=small', 'simulation.replan={ loss: 10 % }'],
    ],
  });
  if (!outcome.ok) throw new Error('the example is wrong');
  const { cell, settings } = outcome.scenario;
  const [summary] = summarise(simulate(cell, simulationOptions(settings), [builtInScheme('joint')], { seed }));
  expect(summary).toMatchObject({ run: 30, incomplete: 0, boundedRounds: 10 });
  expect(summary!.decisions / summary!.rounds).toBeLessThanOrEqual(0.2);
  expect(summary!.meanRegret!).toBeLessThan(0.05);
});
