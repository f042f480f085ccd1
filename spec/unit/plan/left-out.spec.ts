import { describe, expect, it } from 'vitest';
import { leftOutLine } from '../../../bin/render/plan.js';
import { parseProblemFile } from '../../../lib/io/index.js';
import { solvePlan } from '../../../lib/plan/index.js';

const cell = `version: 1
model: deit-tiny
radio: { fading: none, shadowing: 0 dB }
accuracy: { maximumLoss: 2 % }
devices:
  - { name: near, distance: 80 m, weight: 3 }
  - { name: far, distance: 420 m, throughput: 5 GFLOP/s, optional: true }
`;
const solve = (...settings: string[]) => {
  const file = parseProblemFile(cell, { settings });
  const report = solvePlan(file, { method: 'exact', whatIf: 'never' });
  return { ...report, line: leftOutLine(report.answer!, file), file };
};

describe('a device that is left out', () => {
  it('takes its weight with it, and the plan says so', () => {
    const { answer, line } = solve();
    expect(answer!.devices[1]!.participates).toBe(false);
    expect(answer!.use.accuracy).toBeCloseTo(answer!.devices[0]!.accuracy, 12);
    expect(line).toEqual([
      '1 left out, 25 % of the weight: it leaves the mean accuracy, nothing is charged (accuracy.leftOut)',
    ]);
  });

  it('stays in the mean with the accuracy on its data where that is given', () => {
    const { answer, line, bound } = solve('accuracy.leftOut=88 %');
    expect(answer!.devices[1]).toMatchObject({ participates: false, accuracy: 0.88 });
    expect(answer!.use.accuracy).toBeCloseTo(0.75 * answer!.devices[0]!.accuracy + 0.25 * 0.88, 12);
    expect(line[0]).toMatch(/^1 left out, 25 % of the weight: counted with 88 %, 0\.\d+ % off the mean accuracy$/u);
    expect(bound.verified).toBe(true);
  });

  it('is said to raise the mean where its accuracy is above that of the others', () => {
    const { line } = solve('accuracy.leftOut=91.6 %', 'accuracy.maximumLoss=20 %', 'codec.points=[{ ratio: 0.011 }]');
    expect(line[0]).toMatch(/counted with 91\.6 %, \d[\d.]* % added to the mean accuracy$/u);
  });

  it('has to take part where its absence costs more than may be lost', () => {
    const { answer, line, bound, baselines } = solve('accuracy.leftOut=80 %');
    expect(answer!.devices[1]!.participates).toBe(true);
    expect(line).toEqual([]);
    expect(bound.verified).toBe(true);
    for (const { status, delaySaved } of baselines) {
      if (status === 'found') expect(delaySaved).toBeGreaterThanOrEqual(-1e-9);
    }
  });

  it('needs a mean to count in', () => {
    expect(() => parseProblemFile(cell, { settings: ['accuracy.leftOut=88 %', 'accuracy.scope=each'] })).toThrow(
      /scope/u,
    );
  });
});

describe('accuracies below what there is to lose', () => {
  it('are said to be below 0 %, not printed as negative percentages', () => {
    const lossy = ['accuracy.up={ family: power, scale: 0.5, exponent: 1 }', 'devices[far].optional=false'];
    const file = parseProblemFile(cell, { settings: lossy });
    const { infeasibility } = solvePlan(file, { whatIf: 'never' });
    const accuracy = infeasibility!.conflicts.find(({ limit }) => limit === 'accuracy')!;
    expect(accuracy.reachable).toBeLessThan(0);
    expect(accuracy.message).toContain('is below 0 %, 89.7 % is asked for');
    for (const { message } of [...infeasibility!.conflicts, ...infeasibility!.remedies])
      expect(message).not.toMatch(/[-−]\d/u);
  });
});
