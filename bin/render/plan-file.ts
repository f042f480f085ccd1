import type { PlanFile, PlannedDevice, ResolvedFile } from '../../lib/io/index.js';
import type { InfeasibilityReport, PlanAnswer, PlanReport } from '../../lib/plan/index.js';

/** A report in the published form of `--json` and `--out`. */
export function planFileOf(report: PlanReport, { file, problem }: ResolvedFile): PlanFile {
  const { answer, bound, infeasibility, baselines, whatIf, conventions, statistics } = report;
  return {
    format: 'sft-opt-plan',
    version: 1,
    ...(file.name !== undefined && { scenario: file.name }),
    status: report.status,
    termination: report.termination,
    message: report.message,
    method: report.method,
    bandwidthMethod: report.bandwidthMethod,
    seed: report.seed,
    timeSeconds: report.timeSeconds,
    ...(answer && { answer: answerOf(answer, problem) }),
    bound: { ...bound, boundSeconds: finite(bound.boundSeconds) },
    ...(infeasibility && { infeasibility: infeasibilityOf(infeasibility) }),
    baselines: baselines.map((baseline) => ({ ...baseline })),
    whatIf: whatIf.map(({ boundSeconds, ...change }) => ({
      ...change,
      ...(boundSeconds !== undefined && { boundSeconds: finite(boundSeconds) }),
    })),
    conventions: {
      ...conventions,
      uplinkRateLaws: [...conventions.uplinkRateLaws],
      downlinkRateLaws: [...conventions.downlinkRateLaws],
    },
    statistics: Object.fromEntries(Object.entries(statistics).filter(([, count]) => Number.isFinite(count))),
  };
}

function answerOf(answer: PlanAnswer, problem: ResolvedFile['problem']): NonNullable<PlanFile['answer']> {
  return {
    roundDelaySeconds: answer.delay.totalSeconds,
    aggregationSeconds: answer.delay.aggregationSeconds,
    devices: answer.devices.map((_, n) => deviceOf(answer, problem, n)),
    use: { ...answer.use },
    activeLimits: answer.activeLimits.map((limit) => ({
      ...limit,
      used: finite(limit.used),
      allowed: finite(limit.allowed),
    })),
    traffic: { ...answer.traffic },
    ...(answer.delayPerHertz !== undefined && { delayPerHertz: answer.delayPerHertz }),
  };
}

function deviceOf(answer: PlanAnswer, problem: ResolvedFile['problem'], n: number): PlannedDevice {
  const decision = answer.plan.devices[n]!;
  const stages = answer.delay.stages[n];
  return {
    ...answer.devices[n]!,
    blocks: decision.blocks,
    upPoint: problem.upPoints[decision.upPoint]!.name,
    downPoint: problem.downPoints[decision.downPoint]!.name,
    bandwidthHz: decision.bandwidthHz,
    serverShare: decision.serverShare,
    ...(stages && { stages: { ...stages } }),
    memoryLimitBytes: finite(problem.devices[n]!.memoryBytes),
  };
}

function infeasibilityOf({ conflicts, remedies }: InfeasibilityReport): NonNullable<PlanFile['infeasibility']> {
  return {
    conflicts: conflicts.map((conflict) => ({
      ...conflict,
      devices: [...conflict.devices],
      reachable: finite(conflict.reachable),
      required: finite(conflict.required),
    })),
    remedies: remedies.map((remedy) => ({ ...remedy, from: finite(remedy.from), to: finite(remedy.to) })),
  };
}

function finite(value: number): number | null {
  return Number.isFinite(value) ? value : null;
}
