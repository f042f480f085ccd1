import { describe, expect, it } from 'vitest';
import { parseProblemFile } from '../../../lib/io/index.js';
import { roundDelay } from '../../../lib/models/index.js';
import { certify, stateProblem, verifyPlan } from '../../../lib/plan/certify/index.js';
import { solvePlan } from '../../../lib/plan/index.js';
import { atFullPower } from '../../../lib/plan/spare-power.js';

const file = 'version: 1\nmodel: deit-tiny\ndevices: [{ name: a }, { name: b }]\n';
const stated =
  (...settings: string[]) =>
  () =>
    stateProblem(parseProblemFile(file, { settings }).problem);

describe('certificates', () => {
  it('state the traffic of all devices, and what one left out does to the mean accuracy', () => {
    const { limits } = stated('traffic.maximumTotal=20 MB')();
    expect(limits).toContainEqual({ name: 'traffic', most: 1.6e8, size: 1.6e8 });
    const { devices, limits: all } = stated('accuracy.leftOut=80 %', 'accuracy.minimum=0.9')();
    const mean = all.findIndex(({ name }) => name === 'mean accuracy');
    expect(devices[0]!.leftOutUse[mean]).toBeCloseTo(0.1, 12);
  });

  it('state the traffic of a device, and coding of the adapters in every choice', () => {
    expect(stated('traffic.maximum=20 MB')().devices[0]!.limits).toContainEqual({
      name: 'device traffic',
      most: 1.6e8,
      size: 1.6e8,
    });
    const [plain, coded] = [stated()(), stated('exchange.ratio=0.5')()].map(({ devices }) => devices[0]!.choices);
    // Ten messages of a step and the adapters once.
    const adapters = plain!.uplinkBits[0]![0]! - coded!.uplinkBits[0]![0]!;
    expect(adapters).toBeGreaterThan(0);
    expect(plain!.downlinkBits[0]![0]! - coded!.downlinkBits[0]![0]!).toBeCloseTo(adapters, 3);
  });

  it("state limits of the caller's own", () => {
    const { problem } = parseProblemFile(file);
    const carbon = { name: 'carbon', unit: 'g', scope: 'sum' as const, limit: 5, use: () => 2 };
    const heat = { name: 'heat', unit: 'K', scope: 'each' as const, limit: 1, use: () => 3 };
    const { limits, devices } = stateProblem({ ...problem, extraLimits: [carbon, heat] });
    expect(limits).toContainEqual({ name: 'carbon', most: 5, size: 5 });
    expect(devices[0]!.limits).toContainEqual({ name: 'heat', most: 1, size: 1 });
    expect(devices[1]!.choices.sharedUse[0]![0]).toBe(2);
    expect(devices[1]!.choices.ownUse[0]![0]).toBe(3);
  });

  it('claim a plan at full power, whatever power it states', async () => {
    const { problem } = parseProblemFile(file);
    const { plan } = solvePlan(problem, { baselines: false, whatIf: 'never' }).answer!;
    const quiet = { devices: plan.devices.map((decision) => ({ ...decision, transmitPowerWatt: 1e-3 })) };
    expect(roundDelay(problem, quiet).totalSeconds).toBeGreaterThan(1.1 * roundDelay(problem, plan).totalSeconds);
    const { verified, planSeconds } = await verifyPlan(problem, await certify(problem, { plan: quiet }));
    expect(verified).toBe(true);
    expect(planSeconds! / roundDelay(problem, atFullPower(plan)).totalSeconds).toBeCloseTo(1, 9);
  });

  it('refuse what they cannot state by name', () => {
    const { problem } = parseProblemFile(file);
    const odd = { ...problem, phaseOfTheMoon: 1 };
    expect(() => stateProblem(odd)).toThrow('cannot state phaseOfTheMoon of a problem');
    expect(stated('radio.efficiency=qam64')).toThrow('cannot state a custom law of a link');
  });
});
