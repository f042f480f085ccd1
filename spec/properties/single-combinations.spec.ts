import { describe, expect, it } from 'vitest';
import { largestRefutedThreshold } from '../../lib/lagrangian/index.js';
import { allocate } from '../../lib/plan/index.js';
import { startMultipliers } from '../../lib/plan/bound/bound-plan.js';
import { buildColumns } from '../../lib/plan/bound/columns.js';
import { SeparateOracle } from '../../lib/plan/bound/separate-oracle.js';
import { decisionsOfEntries, listChoices } from '../../lib/plan/choices/index.js';
import { randomStream } from '../../lib/random/index.js';
import { plannerCase } from '../support/planner-cases.js';

describe('the dual of a single combination', () => {
  it('refutes all that its best shares do not reach, whole blocks and every smoothing included', () => {
    const reached = { divisible: 0, blocks: 0 };
    for (let seed = 0; seed < 180; seed++) {
      const drawn = combination(seed);
      if (!drawn) continue;
      const { problem, columns, entries, seconds } = drawn;
      for (const [smoothing, guess] of [[0, undefined] as const, [0.5, undefined] as const, [0.5, seconds] as const]) {
        const oracle = new SeparateOracle(columns);
        oracle.setActive(
          Int32Array.from({ length: entries.length + 1 }, (_, n) => n),
          entries,
        );
        const start = startMultipliers(columns);
        const context = guess === undefined ? { start } : { start, guess };
        const { refuted, termination } = largestRefutedThreshold(oracle, { smoothing }, context);
        const about = `seed ${seed}, smoothing ${smoothing}`;
        expect(termination, about).toBe('optimal');
        expect(refuted, about).toBeLessThanOrEqual(seconds * (1 + 1e-9));
        // Limits are relaxed by 1.02e-6 in a bound.
        expect(refuted, about).toBeGreaterThan(seconds * (1 - 3e-6));
      }
      reached[problem.resourceBlockHz === undefined ? 'divisible' : 'blocks']++;
    }
    expect(reached.divisible).toBeGreaterThan(40);
    expect(reached.blocks).toBeGreaterThan(20);
  });
});

/** One choice for each device at random, limits that couple choices set aside, and the optimum of its shares. */
function combination(seed: number) {
  const { problem: drawn, sharing } = plannerCase(seed, 2 + (seed % 5));
  if (sharing === 'batched') return undefined;
  const problem = {
    ...drawn,
    accuracy: { ...drawn.accuracy, minimum: -Infinity },
    serverMemoryBytes: Infinity,
  };
  const choices = listChoices(problem);
  const random = randomStream(seed, 'combination');
  const entries = new Int32Array(choices.deviceCount);
  for (let n = 0; n < entries.length; n++) {
    const count = choices.start[n + 1]! - choices.start[n]!;
    if (count === 0) return undefined;
    entries[n] = choices.start[n]! + random.integer(count);
  }
  const found = allocate(problem, decisionsOfEntries(choices, entries));
  const seconds = found.status === 'optimal' ? found.totalSeconds - problem.aggregationSeconds : 0;
  return seconds > 0 ? { problem, columns: buildColumns(choices), entries, seconds } : undefined;
}
