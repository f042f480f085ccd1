import { describe, expect, it } from 'vitest';
import { planFileOf } from '../../../bin/render/plan-file.js';
import { evaluationFileOf, renderEvaluation } from '../../../bin/render/evaluation.js';
import { formatIssue, parseProblemFile, readDecisions } from '../../../lib/io/index.js';
import { scaledLaw } from '../../../lib/models/index.js';
import { evaluatePlan, slackOf, solvePlan } from '../../../lib/plan/index.js';

const text = `version: 1
model: deit-tiny
radio: { shadowing: 0 dB }
deadline: 1 h
devices:
  - { name: one, throughput: 40 GFLOP/s, memory: 300 MiB, distance: 90 m, maximumBandwidth: 15 MHz }
  - { name: two, throughput: 90 GFLOP/s, memory: 400 MiB, distance: 150 m }
`;
const cell = parseProblemFile(text);
const { upPoints } = cell.problem;
const byHand = `devices:
  - { name: two, blocks: 2, point: ${upPoints[3]!.ratio}, bandwidth: 8 MHz, serverShare: 0.5 }
  - { name: one, blocks: 1, upPoint: "${upPoints[5]!.name}", downPoint: "${upPoints[5]!.name}", bandwidthHz: 12e6 }
`;
const view = { paint: (_format: unknown, shown: string) => shown, width: 100 };

const complaints = (plan: string) => {
  const outcome = readDecisions(plan, cell.problem);
  return outcome.ok ? [] : outcome.issues.map((issue) => formatIssue(issue, 'plan'));
};

describe('a plan of any origin', () => {
  it('takes what the solver says of its own plan, and keeps every limit', () => {
    const report = solvePlan(cell, { baselines: false, whatIf: 'never' });
    const outcome = readDecisions(JSON.stringify(planFileOf(report, cell)), cell.problem);
    if (!outcome.ok) throw new Error('not read');
    const evaluation = evaluatePlan(cell.problem, outcome.plan);
    expect(evaluation.keepsAllLimits).toBe(true);
    expect(evaluation.answer.delay.totalSeconds).toBe(report.answer!.delay.totalSeconds);
    expect(evaluation.limits.every((check) => slackOf(check) >= -1e-9 * Math.abs(check.allowed))).toBe(true);
  });

  it('may be written by hand, in any order', () => {
    const outcome = readDecisions(byHand, cell.problem);
    if (!outcome.ok) throw new Error('not read');
    expect(outcome.plan.devices).toEqual([
      { participates: true, blocks: 1, upPoint: 5, downPoint: 5, bandwidthHz: 12e6, serverShare: 0.5 },
      { participates: true, blocks: 2, upPoint: 3, downPoint: 3, bandwidthHz: 8e6, serverShare: 0.5 },
    ]);
  });

  it.each([-0.25, NaN])('breaks the limit of the server by a share of %d', (serverShare) => {
    const { plan } = solvePlan(cell, { baselines: false, whatIf: 'never' }).answer!;
    const devices = plan.devices.map((decision, n) => (n === 0 ? { ...decision, serverShare } : decision));
    const evaluation = evaluatePlan(cell.problem, { devices });
    expect(evaluation.keepsAllLimits).toBe(false);
    expect(evaluation.limits).toContainEqual(
      expect.objectContaining({ limit: 'server-share', device: 'one', found: serverShare, allowed: 0, kept: false }),
    );
  });

  it('is no plan where nobody takes part, all devices being optional', () => {
    const devices = cell.problem.devices.map((device) => ({ ...device, optional: true }));
    const { plan } = solvePlan(cell, { baselines: false, whatIf: 'never' }).answer!;
    const nobody = { devices: plan.devices.map((decision) => ({ ...decision, participates: false })) };
    const { keepsAllLimits, limits } = evaluatePlan({ ...cell.problem, devices }, nobody);
    expect(keepsAllLimits).toBe(false);
    expect(limits.filter(({ kept }) => !kept)).toEqual([
      expect.objectContaining({ limit: 'participation', found: 0, allowed: 1 }),
    ]);
  });

  it('has every broken limit named with its slack', () => {
    const outcome = readDecisions(byHand.replace('12e6', '16e6').replace('blocks: 2', 'blocks: 12'), cell.problem);
    if (!outcome.ok) throw new Error('not read');
    const evaluation = evaluatePlan(cell.problem, outcome.plan);
    const broken = evaluation.limits.filter(({ kept }) => !kept);
    expect(broken.map(({ limit, device }) => [limit, device])).toEqual([
      ['split', 'two'],
      ['device-bandwidth', 'one'],
      ['bandwidth', undefined],
    ]);
    expect(slackOf(broken.at(-1)!)).toBe(-4e6);
    expect(slackOf(broken[1]!)).toBe(-1e6);
    const shown = renderEvaluation(evaluation, cell, view);
    expect(shown).toContain('breaks 3 of');
    expect(shown).toMatch(/bandwidth\s+24 MHz\s+at most 20 MHz\s+−4 MHz\s+broken/u);
    const file = evaluationFileOf(evaluation, cell);
    expect(file.limits.filter(({ kept }) => !kept).length).toBe(3);
  });

  it('may send with less power than there is, which takes the time of a weaker channel', () => {
    const read = (plan: string, problem = cell.problem) => {
      const outcome = readDecisions(plan, problem);
      if (!outcome.ok) throw new Error('not read');
      return evaluatePlan(problem, outcome.plan).answer.delay.stages[1]!.uplink;
    };
    const quiet = byHand.replace('blocks: 2', 'transmitPower: 20 mW, blocks: 2');
    const devices = cell.problem.devices.map((device, n) =>
      n === 1 ? { ...device, uplink: scaledLaw(device.uplink, 0.02 / device.transmitPowerWatt) } : device,
    );
    expect(read(quiet)).toBeGreaterThan(1.1 * read(byHand));
    expect(read(quiet) / read(byHand, { ...cell.problem, devices })).toBeCloseTo(1, 12);
  });

  it.each([
    ['transmitPower: 30 dBm', "at most the device's 0.199"],
    ['transmitPowerWatt: 0', 'must be above 0 W'],
    ['transmitPowerWatt: -1', 'transmitPowerWatt'],
    ['transmitPower: 10 mW, transmitPowerWatt: 0.01', 'one of them is enough'],
  ])('has no such power: %s', (power, part) => {
    const [complaint, ...more] = complaints(byHand.replace('blocks: 2', `${power}, blocks: 2`));
    expect(complaint).toContain(part);
    expect(more).toEqual([]);
  });

  it('has no power of its own where the uplink is a measured rate', () => {
    const measured = parseProblemFile(text.replace('distance: 150 m', 'distance: 150 m, uplinkRate: 90 Mbit/s'));
    const outcome = readDecisions(byHand.replace('blocks: 2', 'transmitPower: 20 mW, blocks: 2'), measured.problem);
    expect(outcome.ok ? [] : outcome.issues.map(({ message }) => message)).toEqual([
      'the uplink of `two` does not say what less power would do: leave it out',
    ]);
  });

  it.each([0, -1, NaN])('takes for ever at a power of %d', (transmitPowerWatt) => {
    const { plan } = solvePlan(cell, { baselines: false, whatIf: 'never' }).answer!;
    const devices = plan.devices.map((decision, n) => (n === 0 ? { ...decision, transmitPowerWatt } : decision));
    expect(evaluatePlan(cell.problem, { devices }).answer.delay.totalSeconds).toBe(Infinity);
    expect(evaluatePlan(cell.problem, { devices }).keepsAllLimits).toBe(false);
  });

  it('is refused with a place for each problem', () => {
    expect(complaints(byHand.replace('name: two', 'name: twoo'))).toEqual([
      'plan:2:3 devices: found a list of 2; device `two` has no decisions',
      'plan:2:13 devices[0].name: found `twoo`; the problem has no device of that name; did you mean `two`?',
    ]);
    expect(complaints(byHand.replace('blocks: 2', 'blocks: 13'))[0]).toContain('at most the 12 blocks');
    expect(complaints(byHand.replace('bandwidth: 8 MHz, ', ''))[0]).toContain('must have a `bandwidth`');
    expect(complaints(byHand.replace(/point: [\d.]+/u, 'point: 0.5'))[0]).toContain('no operating point');
    expect(complaints('{"format": "sft-opt-plan"}').length).toBeGreaterThan(3);
    expect(complaints('[1')[0]).toMatch(/^plan:1:/u);
  });
});
