import { describe, expect, it } from 'vitest';
import { listChoices, loadsOfEntries, entriesOfPlan, type PlanChoices } from '../../../lib/plan/choices/index.js';
import { planTwoTimescale } from '../../../lib/plan/index.js';
import { plannerCase } from '../../support/planner-cases.js';

/** What a round may depend on, taken from the entry's loads alone. */
function respects(choices: PlanChoices, j: number): number[] {
  const { problem } = choices;
  const [pre, post, server] = [choices.preSeconds[j]!, choices.postSeconds[j]!, choices.serverSeconds[j]!];
  const [up, down, adapter] = [choices.uplinkBits[j]!, choices.downlinkBits[j]!, choices.adapterBits[j]!];
  const coupling = [choices.memory[j]!, choices.loss[j]! * choices.accuracyUnit];
  if (problem.sharing === 'batched') return [pre, post, up, down, adapter, server, ...coupling];
  const chain = [problem.stepsPerRound * up + adapter, problem.stepsPerRound * down + adapter];
  return problem.sharing === 'equal'
    ? [pre + post + problem.devices.length * server, ...chain, ...coupling]
    : [pre + post, server, ...chain, ...coupling];
}

describe('table of choices', () => {
  it('leaves out just those that another choice of the same device equals or betters in every respect', () => {
    let dropped = 0;
    for (let seed = 0; seed < 60; seed++) {
      const { problem } = plannerCase(seed, 3);
      const all = listChoices(problem, { keepDominated: true });
      const kept = listChoices(problem);
      dropped += all.blocks.length - kept.blocks.length;
      for (let n = 0; n < all.deviceCount; n++) {
        const of = (choices: PlanChoices) =>
          Array.from({ length: choices.start[n + 1]! - choices.start[n]! }, (_, k) => choices.start[n]! + k).filter(
            (j) => choices.blocks[j]! >= 0,
          );
        const front = of(kept).map((j) => respects(kept, j));
        const near = (a: number, b: number) => a <= b + 1e-12 * Math.abs(b);
        for (const j of of(all)) {
          const own = respects(all, j);
          // Every choice is kept or bettered by a kept one …
          expect(front.some((other) => other.every((value, r) => near(value, own[r]!)))).toBe(true);
        }
        // … and no kept one betters another.
        front.forEach((own, k) => {
          const bettered = front.some((other, m) => m !== k && other.every((value, r) => value <= own[r]!));
          expect(bettered, `seed ${seed}, device ${n}`).toBe(false);
        });
        const left = (choices: PlanChoices) =>
          choices.blocks.subarray(choices.start[n], choices.start[n + 1]).filter((blocks) => blocks < 0).length;
        expect(left(kept)).toBe(problem.devices[n]!.optional ? 1 : 0);
        expect(left(all)).toBe(left(kept));
      }
    }
    expect(dropped).toBeGreaterThan(200);
  });

  it('finds the entries of a plan, and one that dominates where its own was left out', () => {
    let found = 0;
    for (let seed = 0; seed < 12; seed++) {
      const { problem, sharing } = plannerCase(seed, 3);
      if (sharing === 'batched' && seed > 6) continue;
      const { plan } = planTwoTimescale(problem);
      if (!plan) continue;
      found++;
      const kept = listChoices(problem);
      const all = listChoices(problem, { keepDominated: true });
      const entries = entriesOfPlan(kept, plan);
      expect(entries.includes(-1)).toBe(false);
      const own = loadsOfEntries(all, entriesOfPlan(all, plan));
      expect(Array.from(loadsOfEntries(kept, entries).device)).toEqual(Array.from(own.device));
    }
    expect(found).toBeGreaterThan(4);
  });
});
