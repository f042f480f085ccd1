import { written, type PlanFile, type ResolvedFile } from '../../lib/io/index.js';
import type { PlanAnswer, PlanReport } from '../../lib/plan/index.js';

/** A report in the published form of `--json` and `--out`. */
export function planFileOf({ answer, ...report }: PlanReport, { file, problem }: ResolvedFile): PlanFile {
  const statistics = Object.entries(report.statistics).filter(([, count]) => Number.isFinite(count));
  return {
    format: 'sft-opt-plan',
    version: 1,
    ...(file.name !== undefined && { scenario: file.name }),
    ...written<Omit<PlanFile, 'format' | 'version' | 'scenario' | 'answer'>>(report),
    statistics: Object.fromEntries(statistics),
    ...(answer && { answer: answerOf(answer, problem) }),
  };
}

type Answer = NonNullable<PlanFile['answer']>;

/** A plan with its effects, in the published form: points by name, each device in one place. */
export function answerOf(answer: PlanAnswer, problem: ResolvedFile['problem']): Answer {
  const { plan, delay, devices, ...others } = answer;
  return written<Answer>({
    roundDelaySeconds: delay.totalSeconds,
    aggregationSeconds: delay.aggregationSeconds,
    devices: devices.map((device, n) => {
      const { participates: _taking, upPoint, downPoint, ...decision } = plan.devices[n]!;
      const stages = delay.stages[n];
      return {
        ...device,
        ...decision,
        upPoint: problem.upPoints[upPoint]!.name,
        downPoint: problem.downPoints[downPoint]!.name,
        ...(stages && { stages }),
        memoryLimitBytes: problem.devices[n]!.memoryBytes,
      };
    }),
    ...others,
  });
}
