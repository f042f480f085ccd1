import { describe, expect, it } from 'vitest';
import { planViolations, type PlanningProblem } from '../../../lib/models/index.js';
import { solvePlan, verifyBound, type BoundCertificate, type PlanReport } from '../../../lib/plan/index.js';
import { OptionsError } from '../../../lib/solver/index.js';
import { largeProblem, randomProblem } from '../../support/plan-instances.js';
import { bruteForce } from '../../support/plan-oracle.js';
import { samples } from '../../support/samples.js';

const quick = { baselines: false, whatIf: 'never' } as const;

function expectEvidence(problem: PlanningProblem, report: PlanReport): void {
  const { answer, bound } = report;
  expect(planViolations(problem, answer!.plan, answer!.delay.totalSeconds)).toEqual([]);
  expect(bound.verified).toBe(true);
  expect(bound.boundSeconds).toBeLessThanOrEqual(answer!.delay.totalSeconds * (1 + 1e-12));
  const gap = (answer!.delay.totalSeconds - bound.boundSeconds) / answer!.delay.totalSeconds;
  expect(bound.relativeGap).toBeCloseTo(Math.max(0, gap), 14);
  const saved = JSON.parse(JSON.stringify(bound.certificate)) as BoundCertificate;
  expect(verifyBound(problem, saved).valid).toBe(true);
}

describe('solving a plan', () => {
  it('carries its evidence by either method, and infeasible is said just where nothing exists', () => {
    let feasible = 0;
    let infeasible = 0;
    for (let seed = 100; seed < 100 + samples(15, 30); seed++) {
      const problem = randomProblem({ seed, devices: 2, splits: 6, points: 4 });
      const oracle = bruteForce(problem);
      for (const method of ['two-timescale', 'exact'] as const) {
        const report = solvePlan(problem, { ...quick, method });
        if (!oracle.feasible) {
          infeasible++;
          expect(report.status).toBe('infeasible');
          expect(report.answer).toBeUndefined();
          expect(report.infeasibility!.conflicts.length).toBeGreaterThan(0);
          continue;
        }
        feasible++;
        expect(report.status).toBe('solved');
        expectEvidence(problem, report);
        expect(report.bound.boundSeconds).toBeLessThanOrEqual(oracle.totalSeconds * (1 + 1e-9));
        const slack = method === 'exact' ? 1e-6 : 0.1;
        expect(report.answer!.delay.totalSeconds).toBeLessThanOrEqual(oracle.totalSeconds * (1 + slack));
      }
    }
    expect(feasible).toBeGreaterThan(samples(12, 30));
    expect(infeasible).toBeGreaterThan(samples(1, 3));
  });

  it('gives the same answer for the same seed', () => {
    const problem = largeProblem(5, 12, 10);
    const strip = ({ timeSeconds: _time, statistics: _statistics, ...rest }: PlanReport) => JSON.stringify(rest);
    expect(strip(solvePlan(problem, quick))).toBe(strip(solvePlan(problem, quick)));
  });

  it('takes an earlier plan to the bandwidths alone', () => {
    const problem = largeProblem(6, 8, 10);
    const plan = solvePlan(problem, quick).answer!.plan;
    const faded: PlanningProblem = {
      ...problem,
      devices: problem.devices.map((device, n) => ({
        ...device,
        uplink:
          device.uplink.kind === 'shannon'
            ? { kind: 'shannon', snrBandwidthHz: device.uplink.snrBandwidthHz * (n % 2 ? 0.95 : 1.05) }
            : device.uplink,
      })),
    };
    const [sqp, scalar] = (['sqp', 'scalar'] as const).map((bandwidthMethod) =>
      solvePlan(faded, { ...quick, method: 'bandwidth', bandwidthMethod }, { warm: plan }),
    );
    expect(sqp!.status).toBe('solved');
    const ratio = sqp!.answer!.delay.totalSeconds / scalar!.answer!.delay.totalSeconds;
    expect(Math.abs(ratio - 1)).toBeLessThan(1e-9);
    expect(sqp!.answer!.plan.devices.map(({ blocks }) => blocks)).toEqual(plan.devices.map(({ blocks }) => blocks));
    expect(() => solvePlan(faded, { ...quick, method: 'bandwidth' })).toThrow(RangeError);
  });

  it('returns the best plan it has at a limit or when told to stop', () => {
    const problem = largeProblem(7, 300, 10);
    const limited = solvePlan(problem, { ...quick, method: 'exact', timeLimitSeconds: 0.1 });
    expect(limited.status).toBe('feasible');
    expect(limited.termination).toBe('time-limit');
    expectEvidence(problem, limited);
    const stoppedAtOnce = solvePlan(problem, quick, { signal: { aborted: true } });
    expect(['feasible', 'unknown']).toContain(stoppedAtOnce.status);
    expect(stoppedAtOnce.termination).toBe('interrupted');
    if (stoppedAtOnce.answer) expect(planViolations(problem, stoppedAtOnce.answer.plan, 0)).toEqual([]);
  });

  it('says what part of the gap the chain form of a large common batch cannot close', () => {
    const problem = { ...largeProblem(8, 201, 10), sharing: 'batched' } as const;
    const { answer, bound } = solvePlan(problem, { ...quick, timeLimitSeconds: 5 });
    const { totalSeconds, aggregationSeconds, chainSeconds } = answer!.delay;
    expect(bound.batchedForm).toBe('chain');
    expect(bound.chainFormGap).toBeCloseTo(1 - (Math.max(...chainSeconds) + aggregationSeconds) / totalSeconds, 12);
    expect(bound.relativeGap).toBeGreaterThan(0);
    expect(solvePlan(randomProblem({ seed: 101, devices: 2, splits: 6, points: 4 }), quick).bound.chainFormGap).toBe(
      undefined,
    );
  });

  it('prices bandwidth by the change of the delay', () => {
    const problem = largeProblem(8, 6, 10);
    const report = solvePlan(problem, quick);
    const { plan, bandPrice } = report.answer!;
    const wider = { ...problem, bandwidthHz: problem.bandwidthHz * (1 + 1e-5) };
    const method = { ...quick, method: 'bandwidth', bandwidthMethod: 'scalar' } as const;
    const at = (changed: PlanningProblem) => solvePlan(changed, method, { warm: plan }).answer!.delay.totalSeconds;
    const difference = (at(wider) - at(problem)) / (problem.bandwidthHz * 1e-5);
    expect(bandPrice!.more! / difference).toBeCloseTo(1, 3);
  });

  it('names all wrong options at once', () => {
    const problem = largeProblem(9, 2, 1);
    const options = { method: 'guess', seed: -1 } as never;
    expect(() => solvePlan(problem, options)).toThrow(OptionsError);
  });
});
