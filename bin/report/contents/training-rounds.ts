import type {
  EvaluationRecord,
  FaultRecord,
  RoundRecord,
  RunRecord,
  StageSeconds,
} from '../../../harness/server/index.js';

/** Sums over the steps of one device. */
export interface DeviceSteps {
  steps: number;
  uplinkBytes: number;
  downlinkBytes: number;
  readonly seconds: Partial<Record<keyof StageSeconds, number>>;
}

/** What a report of a training needs of its records, gathered as they come: rounds whole, steps as sums. */
export class TrainingRounds {
  readonly rounds: RoundRecord[] = [];
  readonly evaluations: EvaluationRecord[] = [];
  readonly faults: FaultRecord[] = [];
  /** Sums of each device’s steps, and for each round the time of its steps, s. */
  readonly devices = new Map<number, DeviceSteps>();
  readonly stepSeconds = new Map<number, Map<number, number>>();

  record(entry: RunRecord): void {
    switch (entry.kind) {
      case 'round':
        this.rounds.push(entry);
        break;
      case 'evaluation':
        this.evaluations.push(entry);
        break;
      case 'fault':
      case 'joined':
        this.faults.push(entry);
        break;
      case 'step':
        this.addStep(entry);
        break;
      case 'run':
        break;
    }
  }

  private addStep({ device, round, seconds, uplinkBytes, downlinkBytes }: Extract<RunRecord, { kind: 'step' }>): void {
    let sums = this.devices.get(device);
    if (!sums) this.devices.set(device, (sums = { steps: 0, uplinkBytes: 0, downlinkBytes: 0, seconds: {} }));
    sums.steps++;
    sums.uplinkBytes += uplinkBytes;
    sums.downlinkBytes += downlinkBytes;
    let total = 0;
    for (const [stage, value] of Object.entries(seconds) as [keyof StageSeconds, number][]) {
      sums.seconds[stage] = (sums.seconds[stage] ?? 0) + value;
      total += value;
    }
    let own = this.stepSeconds.get(round);
    if (!own) this.stepSeconds.set(round, (own = new Map<number, number>()));
    own.set(device, (own.get(device) ?? 0) + total);
  }
}
