import { describe, expect, it } from 'vitest';
import { parseProblemFile, planFileSchema, readPlanFile, warmPlan, type PlanFile } from '../../../../lib/io/index.js';

const { problem } = parseProblemFile(`version: 1
model: deit-tiny
devices: [{ name: a, distance: 50 m }, { name: b, distance: 90 m }]
`);

const device = (name: string, blocks = 3): NonNullable<PlanFile['answer']>['devices'][number] => ({
  name,
  participates: true,
  blocks,
  upPoint: problem.upPoints[2]!.name,
  downPoint: problem.upPoints[2]!.name,
  ratioUp: 0.1,
  ratioDown: 0.1,
  bandwidthHz: 1e7,
  serverShare: 0.5,
  chainSeconds: 1,
  accuracy: 0.9,
  memoryBytes: 1e6,
  memoryLimitBytes: null,
  uplinkBitsPerRound: 1,
  downlinkBitsPerRound: 1,
  energyJoulePerRound: 1,
});

const plan = (...devices: ReturnType<typeof device>[]): PlanFile => ({
  format: 'sft-opt-plan',
  version: 1,
  status: 'solved',
  termination: 'optimal',
  message: '',
  method: 'exact',
  bandwidthMethod: 'sqp',
  seed: 1,
  timeSeconds: 0,
  answer: {
    roundDelaySeconds: 1,
    aggregationSeconds: 0,
    devices,
    use: { bandwidthHz: 2e7, serverShare: 1, serverMemoryBytes: 0, trafficBits: 0, accuracy: 0.9 },
    activeLimits: [],
    traffic: { uplinkBitsPerRound: 1, downlinkBitsPerRound: 1, uncompressedBitsPerRound: 2 },
  },
  bound: { boundSeconds: 1, verified: true, source: 'dual' },
  baselines: [],
  whatIf: [],
  conventions: {
    barrier: 'longest chain',
    sharing: 'allocated',
    uplinkRateLaws: ['shannon'],
    downlinkRateLaws: ['linear'],
    accuracyFamily: 'power',
    accuracyScope: 'mean',
    limitTolerance: 1e-9,
  },
  statistics: {},
});

const { answer: _answer, ...withoutAnswer } = plan();

describe('plan files', () => {
  it('survive writing and reading', () => {
    const file = plan(device('a'), device('b'));
    expect(planFileSchema.parse(file)).toEqual(file);
    expect(readPlanFile(JSON.stringify(file))).toEqual({ ok: true, plan: file });
  });

  it.each([
    ['nonsense', 'it is not JSON'],
    ['{}', 'format'],
    [JSON.stringify({ ...plan(device('a')), seed: -1 }), 'seed'],
    [JSON.stringify({ ...plan(device('a')), more: 1 }), 'more'],
  ])('that are none are refused with what is wrong', (text, part) => {
    const outcome = readPlanFile(text);
    expect(outcome.ok).toBe(false);
    if (!outcome.ok) expect(outcome.issues.join('\n')).toContain(part);
  });

  it('start a later problem, matched by name whatever the order', () => {
    const quiet = { ...device('b', 4), transmitPowerWatt: 0.02 };
    const warm = warmPlan(plan(quiet, device('a', 2), device('c')), problem);
    expect(warm).toMatchObject({
      plan: {
        devices: [
          { blocks: 2, upPoint: 2 },
          { blocks: 4, bandwidthHz: 1e7, transmitPowerWatt: 0.02 },
        ],
      },
    });
    expect('ignored' in warm && warm.ignored).toEqual([expect.stringContaining('c')]);
  });

  it.each([
    [plan(device('a')), 'no device `b`'],
    [plan(device('a', 12), device('b')), '12 blocks are not allowed'],
    [plan({ ...device('a'), upPoint: 'gone' }, device('b')), 'operating point `gone`'],
    [withoutAnswer, 'holds no plan'],
  ])('say why they cannot', (file, part) => {
    const warm = warmPlan(file, problem);
    expect('reason' in warm && warm.reason).toContain(part);
  });
});
