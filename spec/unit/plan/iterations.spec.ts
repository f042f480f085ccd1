import { describe, expect, it } from 'vitest';
import { planBandwidth, type SolveIteration } from '../../../lib/plan/index.js';
import { solvedProblem } from '../../support/report-pages.js';

const { report, progress, resolved } = solvedProblem();
const iterations = progress.flatMap(({ iteration }) => iteration ?? []);
const of = (algorithm: SolveIteration['algorithm']) => iterations.filter((each) => each.algorithm === algorithm);

describe('notes of the search', () => {
  it('come from each algorithm, counted from 0', () => {
    for (const algorithm of ['dual', 'relaxation', 'bandwidth'] as const) {
      expect(of(algorithm).length).toBeGreaterThan(1);
      expect(of(algorithm)[0]!.iteration).toBe(algorithm === 'relaxation' ? of(algorithm)[0]!.iteration : 0);
    }
  });

  it('of the dual only rise, and end at what the report proves', () => {
    const bounds = of('dual').map(({ boundSeconds }) => boundSeconds!);
    bounds.forEach((bound, k) => expect(bound).toBeGreaterThanOrEqual(bounds[k - 1] ?? 0));
    expect(bounds.at(-1)! / report.bound.boundSeconds).toBeCloseTo(1, 6);
    expect(bounds.at(-1)).toBeLessThanOrEqual(report.answer!.delay.totalSeconds * (1 + 1e-9));
  });

  it('of the relaxation end with small residuals below the first ones', () => {
    const residuals = of('relaxation').flatMap(({ residual }) => residual ?? []);
    expect(residuals.length).toBeGreaterThan(1);
    expect(Math.min(...residuals)).toBeLessThan(Math.max(...residuals));
    for (const { totalSeconds } of of('relaxation')) expect(totalSeconds).toBeGreaterThan(0);
  });

  it('of the bandwidths end at the delay of equal shares improved to the optimum', () => {
    const notes: SolveIteration[] = [];
    const plan = structuredClone(report.answer!.plan);
    const equal = {
      ...plan,
      devices: plan.devices.map((device) => ({
        ...device,
        bandwidthHz: resolved.problem.bandwidthHz / plan.devices.length,
      })),
    };
    const found = planBandwidth(resolved.problem, equal, { onIteration: (note) => notes.push(note) });
    expect(notes.at(-1)!.residual).toBeLessThan(1e-10);
    expect(notes.at(-1)!.totalSeconds! / found.totalSeconds).toBeCloseTo(1, 9);
    expect(notes[0]!.totalSeconds).toBeGreaterThan(found.totalSeconds);
    expect(notes.map(({ iteration }) => iteration)).toEqual(notes.map((_, k) => k));
  });
});
