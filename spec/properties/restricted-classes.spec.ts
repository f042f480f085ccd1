import { describe, expect, it } from 'vitest';
import { judgePlan } from '../../lib/plan/judge.js';
import { planExact, planTwoTimescale, solvePlan } from '../../lib/plan/index.js';
import type { Planner } from '../../lib/plan/planner.js';
import {
  classCube,
  contains,
  restrictedClasses,
  withEqualServer,
  type RestrictedClass,
} from '../../lib/plan/restricted/index.js';
import { restrictedInstance } from '../support/restricted-instances.js';
import { bruteForceClass } from '../support/restricted-oracle.js';

const names = Object.keys(restrictedClasses) as RestrictedClass[];
const exact: Planner = (problem, starts) => planExact(problem, { relativeGap: 1e-9 }, { starts });
const search: Planner = (problem, starts) => planTwoTimescale(problem, {}, { starts });

describe('best plans of restricted classes', () => {
  it('agree with brute force over the common values when the planner is exact, and no bound is above them', () => {
    const reached = { found: 0, infeasible: 0, contradicted: 0 };
    for (let seed = 0; seed < 20; seed++) {
      const problem = restrictedInstance(seed, { devices: 2 + (seed % 2), splits: 3, points: 3 });
      const cube = classCube(problem, { planner: exact });
      for (const name of names) {
        const { totalSeconds, boundSeconds, status } = cube[name];
        const whole = name === 'compressed-split-federated' ? withEqualServer(problem) : problem;
        const least = bruteForceClass(whole, restrictedClasses[name]);
        const label = `${seed} ${name} ${status}`;
        if (least === Infinity) expect(totalSeconds, label).toBe(Infinity);
        else expect(Math.abs(totalSeconds - least), label).toBeLessThanOrEqual(1e-6 * least);
        if (status !== 'does-not-apply') expect(boundSeconds, label).toBeLessThanOrEqual(least * (1 + 1e-9));
        reached[status === 'found' ? 'found' : status === 'infeasible' ? 'infeasible' : 'contradicted']++;
      }
    }
    expect(reached.found).toBeGreaterThan(50);
    expect(reached.infeasible).toBeGreaterThan(10);
    expect(reached.contradicted).toBeGreaterThan(5);
  });

  it('nest: a class is never slower than one that it contains, nor the answer than any', () => {
    let pairs = 0;
    for (let seed = 100; seed < 108; seed++) {
      const problem = restrictedInstance(seed, { devices: 2 + (seed % 3), splits: 3, points: 3 });
      const cube = classCube(problem, { planner: search });
      for (const outer of names) {
        for (const inner of names) {
          if (outer === inner || !contains(restrictedClasses[outer], restrictedClasses[inner])) continue;
          if (!cube[inner].plan) continue;
          pairs++;
          const most = cube[inner].totalSeconds * (1 + 1e-9);
          expect(cube[outer].totalSeconds, `${seed}: ${outer}, ${inner}`).toBeLessThanOrEqual(most);
        }
      }
      const { plan } = cube['equal-bandwidth'];
      if (plan) expect(judgePlan(problem, plan).isFeasible, `${seed}`).toBe(true);
    }
    expect(pairs).toBeGreaterThan(30);
  });

  it('never beat the answer that they are printed beside', () => {
    let compared = 0;
    for (let seed = 200; seed < 205; seed++) {
      const problem = restrictedInstance(seed, { devices: 2 + (seed % 3), splits: 3, points: 3 });
      const { answer, baselines } = solvePlan(problem, { whatIf: 'never' });
      if (!answer) continue;
      for (const { name, outside, status, totalSeconds } of baselines) {
        if (outside === true || status !== 'found' || name === 'vanilla-split') continue;
        compared++;
        expect(answer.delay.totalSeconds, `${seed} ${name}`).toBeLessThanOrEqual(totalSeconds! * (1 + 1e-9));
      }
    }
    expect(compared).toBeGreaterThan(15);
  });
});
