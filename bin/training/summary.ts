import type { EvaluationRecord, RoundRecord, RunRecord, StageSeconds, StepRecord } from '../../harness/server/index.js';

/** Means over the steps of one device. */
export interface DeviceSummary {
  readonly name: string;
  readonly steps: number;
  readonly faults: number;
  /** Means of a step, s. */
  readonly seconds: StageSeconds;
  /** Means of a step, byte. */
  readonly uplinkBytes: number;
  readonly downlinkBytes: number;
}

/** What a training came to, gathered from its records. */
export interface TrainingSummary {
  readonly rounds: number;
  readonly firstLoss: number | undefined;
  readonly lastLoss: number | undefined;
  readonly accuracy: number | undefined;
  /** Of a model that names words. */
  readonly perplexity?: number;
  readonly meanRoundSeconds: number;
  readonly uplinkBytes: number;
  readonly downlinkBytes: number;
  readonly devices: readonly DeviceSummary[];
}

const stageNames = [
  'deviceForward',
  'deviceEncode',
  'uplink',
  'server',
  'downlink',
  'deviceDecode',
  'deviceBackward',
  'deviceUpdate',
] as const satisfies readonly (keyof StageSeconds)[];

interface Sums {
  steps: number;
  faults: number;
  uplinkBytes: number;
  downlinkBytes: number;
  readonly seconds: Record<keyof StageSeconds, number>;
}

/** Follows a run by its records. */
export class SummaryRecorder {
  private readonly rounds: RoundRecord[] = [];
  private readonly sums: readonly Sums[];
  private evaluation: EvaluationRecord | undefined;

  constructor(private readonly names: readonly string[]) {
    this.sums = names.map(() => ({
      steps: 0,
      faults: 0,
      uplinkBytes: 0,
      downlinkBytes: 0,
      seconds: Object.fromEntries(stageNames.map((stage) => [stage, 0])) as Sums['seconds'],
    }));
  }

  record(record: RunRecord): void {
    if (record.kind === 'step') this.addStep(record);
    else if (record.kind === 'round') this.rounds.push(record);
    else if (record.kind === 'evaluation') this.evaluation = record;
    else if (record.kind === 'fault') this.sums[record.device]!.faults++;
  }

  private addStep(step: StepRecord): void {
    const sums = this.sums[step.device]!;
    sums.steps++;
    sums.uplinkBytes += step.uplinkBytes;
    sums.downlinkBytes += step.downlinkBytes;
    for (const stage of stageNames) sums.seconds[stage] += step.seconds[stage];
  }

  summary(): TrainingSummary {
    const { rounds, evaluation } = this;
    const sum = (of: (round: RoundRecord) => number) => rounds.reduce((total, round) => total + of(round), 0);
    return {
      rounds: rounds.length,
      firstLoss: rounds[0]?.loss,
      lastLoss: rounds.at(-1)?.loss,
      accuracy: evaluation?.accuracy,
      ...(evaluation?.perplexity !== undefined && { perplexity: evaluation.perplexity }),
      meanRoundSeconds: sum(({ roundSeconds }) => roundSeconds) / Math.max(1, rounds.length),
      uplinkBytes: sum(({ uplinkBytes }) => uplinkBytes),
      downlinkBytes: sum(({ downlinkBytes }) => downlinkBytes),
      devices: this.sums.map((sums, k) => {
        const count = Math.max(1, sums.steps);
        const seconds = Object.fromEntries(stageNames.map((stage) => [stage, sums.seconds[stage] / count]));
        return {
          name: this.names[k]!,
          steps: sums.steps,
          faults: sums.faults,
          seconds: seconds as unknown as StageSeconds,
          uplinkBytes: sums.uplinkBytes / count,
          downlinkBytes: sums.downlinkBytes / count,
        };
      }),
    };
  }
}
